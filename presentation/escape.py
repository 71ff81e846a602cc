"""Data values as text, wherever they are shown: a name from a file is never markup, a formula or a link.

Each function takes any value and returns text that its target shows as it is. Line breaks become spaces and
control characters go, because in all of these targets they change what follows.
"""

from __future__ import annotations

import html as _html
import re
import unicodedata
from typing import Any

LONGEST = 2000
# Streamlit's markdown: CommonMark and GitHub tables, LaTeX ($), colors and icons (:name:, :red[…]), HTML entities.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@=\"'/^])")
_TYPST = re.compile(r"([\\#$*_`<>@\[\]=+\-/~\"'.:])")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?")


def plain(value: Any) -> str:
    """One line of printable text, at most 2,000 characters."""
    text = "" if value is None else str(value)
    text = "".join(
        " " if character in "\n\r\t\v\f\x85\u2028\u2029" else character
        for character in text
        if character in "\n\r\t\v\f\x85"
        or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def markdown(value: Any) -> str:
    """Text for `st.markdown`, `st.write`, labels and titles, and for Markdown files: no link, image or markup.

    Renderers turn addresses into links after they have undone the escapes; an invisible word joiner (U+2060)
    inside an address keeps it text.
    """
    text = re.sub(r"(?i)(?<=https:)(?=//)|(?<=http:)(?=//)|(?<=www)(?=\.)|(?=@)", "\u2060", plain(value))
    return _MARKDOWN.sub(r"\\\1", text)


def html(value: Any) -> str:
    """Text for an HTML element or a quoted attribute."""
    return _html.escape(plain(value), quote=True)


def typst(value: Any) -> str:
    """Text for Typst markup. (Values passed to a template as data need no escaping.)"""
    return _TYPST.sub(r"\\\1", plain(value))


def cell(value: Any) -> Any:
    """A cell of a CSV or XLSX file: text that a spreadsheet would run as a formula gets an apostrophe before it.

    Numbers, dates and empty cells come back unchanged (OWASP, CSV injection).
    """
    if not isinstance(value, str):
        return value
    text = plain(value)
    if text.lstrip().startswith(_FORMULA_START) and not _NUMBER.fullmatch(text.strip()):
        return "'" + text
    return text


def file_name(value: Any, fallback: str = "file") -> str:
    """A name for a file: letters, digits, dot, dash and underscore; no folder, no leading dot."""
    name = re.sub(r"[^\w.-]+", "-", plain(value).replace("\\", "/").rsplit("/", 1)[-1], flags=re.ASCII)
    name = name.strip(".-")[:100]
    return name or fallback
