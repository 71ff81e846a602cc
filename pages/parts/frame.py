"""What every page has around its content: banner, link to the view, release, where the data come from."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from etl.warehouse import Release
from pages.parts.text import small
from presentation import numbers
from presentation.language import say
from presentation.program import Program

PARTS = Path(__file__).parent
# Read once: Streamlit would open the picture and the style sheet anew in every run of a page.
ICON = "data:image/png;base64," + b64encode((PARTS / "icon.png").read_bytes()).decode()
STYLE = f"<style>{(PARTS / 'page.css').read_text(encoding='utf-8')}</style>"


def simulated_banner(is_simulated: bool) -> None:
    """Over everything that is invented."""
    if is_simulated:
        st.warning(say("state.simulated"), icon=":material/science:")


def embed_caveat() -> None:
    """What must not get lost when a page is shown inside another: over everything else."""
    if st.context.is_embedded:
        link = (st.context.url or "").split("?")[0]
        query = urlencode([(key, st.query_params[key]) for key in st.query_params])
        st.markdown(f"{say('embed.caveat')} [{say('embed.whole')}]({link}{'?' + query if query else ''})")


def link_to_view(release: Release, **choices: str) -> None:
    """The link that opens this view again, with every choice and the release in it."""
    query = urlencode({**choices, "release": release.id})
    base = (st.context.url or "").split("?")[0]
    with st.popover(say("link.button"), icon=":material/link:"):
        st.write(say("link.text"))
        st.code(f"{base}?{query}", language=None, wrap_lines=True)


def footer(release: Release, program: Program | None = None) -> None:
    """The release under every page."""
    built = numbers.day(release.meta.get("built_at"))
    st.markdown(f"---\n\n{small(say('release.line', release=release.id, built=built))}")
