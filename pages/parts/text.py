"""Pieces of markdown."""

from __future__ import annotations

from collections.abc import Iterable


def with_dollars(text: str) -> str:
    """Markdown in which dollar signs stay dollar signs: Streamlit reads what stands between two as a formula."""
    return text.replace("\\$", "$").replace("$", "\\$")


def headed(title: str) -> str:
    """A heading as `st.subheader` makes it, to stand in one text with what follows."""
    return f"### {title}"


def small(text: str) -> str:
    """Small print. A text whose brackets do not match stays as large as the rest, instead of showing the marks."""
    return f":small[{text}]" if _brackets_match(text) else text


def bullets(lines: Iterable[str]) -> str:
    """A list with a dot for each line."""
    return "\n".join(f"- {line}" for line in lines)


def _brackets_match(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if depth < 0:
            return False
    return depth == 0
