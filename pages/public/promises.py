"""Promises: what can be relied on, which tests hold it, and what the release in use shows for it."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.frame import footer, link_to_view, simulated_banner
from presentation import promises
from presentation.language import say

release = reading.open_release()
programs = reading.programs(release)
st.title(say("promises.title"), anchor=False)
st.write(say("promises.intro"))

for number, promise in enumerate(promises.promises(), start=1):
    with st.container(border=True):
        st.markdown(f"**{number}. {promise.title}**")
        st.write(promise.text)
        files = ", ".join(f"`{path}`" for path in promise.tests)
        st.caption(f"{say('promises.tested')} {files}")

st.header(say("promises.release_title"), anchor=False)
st.write(promises.release_line(release.meta, release.path.stem.rpartition("-")[2]))
if programs:
    program = choose_program(programs)
    simulated_banner(program.is_simulated)
    st.subheader(say("promises.rows_title"), anchor=False)
    st.write(promises.rows_line(reading.read(release, "source_table", city=program.city)))
    st.subheader(say("promises.hidden_title"), anchor=False)
    st.write(promises.hidden_line(reading.read(release, "hidden_cells", program=program.id)))
    link_to_view(release, program=program.id)
st.caption(say("promises.report"))
footer(release, None)
