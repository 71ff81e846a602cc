"""Names and texts from settings, quoted for SQL. Values from data are bound, never pasted."""

from __future__ import annotations

from collections.abc import Iterable


def identifier(name: str) -> str:
    """A column or table name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Texts in single quotes, separated by commas."""
    return ", ".join(literal(text) for text in texts)
