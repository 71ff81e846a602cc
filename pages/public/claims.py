"""Claims: what was said in public, and what the data say about it."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view
from presentation import claims, words
from presentation.language import count_of, say

release = reading.open_release()
found = reading.records(release, "claims")
if not found:
    st.title(say("claims.menu"), anchor=False)
    st.info(say("claims.none"))
    footer(release)
    st.stop()

st.title(reading.kept(release, ("claims.title",), lambda: claims.title(found)), anchor=False)
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


def write(page: Content) -> None:
    """The claims chosen, each in a frame of its own, and all of them as a table."""
    shown = [c for c in found if verdict in ("all", c["verdict"]) and speaker in ("all", c["speaker"])]
    page.small(count_of("claims.count", len(shown), count=len(shown)))
    page.html("".join(claims.card(claim) for claim in shown))
    if shown:
        page.rows(pd.DataFrame(claims.table(shown)), "claims")


content(release, ("claims", verdict, speaker), write).show(release)
link_to_view(release, verdict=verdict, speaker=speaker)
footer(release)
