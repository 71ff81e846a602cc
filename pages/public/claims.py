"""Claims: what was said in public, and what the data say about it."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose
from pages.parts.figure import table_with_download
from pages.parts.frame import footer, link_to_view
from pages.parts.text import with_dollars
from presentation import claims, words
from presentation.language import count_of, say

release = reading.open_release()
found = reading.read(release, "claims").to_dict("records")
if not found:
    st.title(say("claims.menu"), anchor=False)
    st.info(say("claims.none"))
    footer(release)
    st.stop()

st.title(claims.title(found), anchor=False)
st.write(say("claims.intro", release=release.id))

left, right = st.columns(2)
present = [code for code in claims.VERDICTS if any(claim["verdict"] == code for claim in found)]
with left:
    verdict = choose(
        "verdict",
        say("claims.filter_verdict"),
        ["all", *present],
        lambda code: say("claims.all") if code == "all" else words.word("claim_verdict", code),
    )
with right:
    speakers = list(dict.fromkeys(claim["speaker"] for claim in found))
    speaker = choose(
        "speaker",
        say("claims.filter_speaker"),
        ["all", *speakers],
        lambda code: say("claims.all") if code == "all" else words.word("speaker", code),
    )

shown = [c for c in found if verdict in ("all", c["verdict"]) and speaker in ("all", c["speaker"])]
st.caption(count_of("claims.count", len(shown), count=len(shown)))
for claim in shown:
    with st.container(border=True):
        st.markdown(with_dollars(f"**{claims.verdict(claim)}** · {claim['words']}"))
        st.caption(claims.source_line(claim))
        st.write(claims.found(claim))
        with st.expander(say("claims.details")):
            for name in ("would_test", "rule", "needs"):
                st.markdown(with_dollars(f"**{say(f'claims.{name}')}** {claim[name]}"))

if shown:
    table_with_download(pd.DataFrame(claims.table(shown)), "claims", release)
link_to_view(release, verdict=verdict, speaker=speaker)
footer(release)
