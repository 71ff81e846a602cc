"""Blank logs to fill in, as they come with the project."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from presentation.language import say

FOLDER = Path(__file__).resolve().parents[2] / "data" / "templates"
TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
}


def offer_templates() -> None:
    """A download button for each blank log."""
    found = _templates()
    if not found:
        return
    inside = st.expander(say("outreach.templates"), key="open_templates", on_change="rerun")
    if inside.open:
        with inside, st.container(horizontal=True):
            _buttons(found)


@cache
def _templates() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*") if path.suffix in TYPES)


def _buttons(found: list[Path]) -> None:
    for path in found:
        st.download_button(
            path.name,
            data=path.read_bytes,
            file_name=path.name,
            mime=TYPES[path.suffix],
            key=f"template_{path.stem}_{path.suffix}",
            icon=":material/download:",
            on_click="ignore",
        )
