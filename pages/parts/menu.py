"""The public pages of the menu, looked up once: Streamlit would read the folder anew for each page in each run."""

from __future__ import annotations

import copy
from functools import lru_cache

import streamlit as st

from presentation.language import language, say


def public_pages(names: tuple[str, ...]) -> list[st.Page]:
    """Pages of `pages/public`, the first one at the root. Each run gets its own: Streamlit marks the open one."""
    return [copy.copy(page) for page in _pages(names, language())]


@lru_cache(maxsize=8)
def _pages(names: tuple[str, ...], _language: str) -> tuple[st.Page, ...]:
    return tuple(
        st.Page(f"pages/public/{name}.py", title=say(f"{name}.menu"), url_path=name, default=name == names[0])
        for name in names
    )
