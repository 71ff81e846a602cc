"""Promises: what can be relied on, which tests hold it, and what the release in use shows for it."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from presentation import promises
from presentation.language import say

release = reading.open_release()
programs = reading.programs(release)


def write(page: Content) -> None:
    """The promises, each with its tests."""
    page.title(say("promises.title")).text(say("promises.intro"))
    for number, promise in enumerate(promises.promises(), start=1):
        files = ", ".join(f"`{path}`" for path in promise.tests)
        page.heading(f"{number}. {promise.title}")
        page.text(promise.text).small(f"{say('promises.tested')} {files}")
    page.section(say("promises.release_title"), "release")
    page.text(promises.release_line(release.meta, release.path.stem.rpartition("-")[2]))


def write_kept(page: Content) -> None:
    """What the release in use shows for two of them."""
    sources = reading.read(release, "source_table", city=program.city)
    hidden = reading.read(release, "hidden_cells", program=program.id)
    page.heading(say("promises.rows_title")).text(promises.rows_line(sources))
    page.heading(say("promises.hidden_title")).text(promises.hidden_line(hidden))


content(release, ("promises",), write).show(release)
if programs:
    program = choose_program(programs)
    simulated_banner(program.is_simulated)
    content(release, ("promises", program.id), write_kept).show(release)
    link_to_view(release, program=program.id)
st.caption(say("promises.report"))
footer(release, None)
