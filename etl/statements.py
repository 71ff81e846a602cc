"""Named SQL statements: blocks of the files in `etl/sql`, each beginning `-- name: monthly`.

A block may declare `-- optional: area, year`: parameters that are bound to NULL when not given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SQL = Path(__file__).resolve().parent / "sql"
_HEAD = re.compile(r"^-- name:\s*(\w+)\s*$", re.MULTILINE)
_OPTIONAL = re.compile(r"^-- optional:\s*(.+)$", re.MULTILINE)
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True)
class Statement:
    """One named statement: its text and the parameters it takes."""

    name: str
    text: str
    parameters: frozenset[str]
    optional: frozenset[str]

    def bind(self, given: dict[str, object]) -> dict[str, object]:
        """The parameters to bind. Raises TypeError on a missing or unknown one."""
        unknown = sorted(set(given) - self.parameters)
        missing = sorted(self.parameters - self.optional - set(given))
        if unknown or missing:
            raise TypeError(f"statement {self.name}: unknown parameters {unknown}, missing {missing}")
        return {name: given.get(name) for name in self.parameters}


@cache
def load_statements(folder: str) -> dict[str, Statement]:
    """All statements of `etl/sql/<folder>/*.sql` by name, in file order.

    Raises ValueError when two blocks share a name.
    """
    found: dict[str, Statement] = {}
    for path in sorted((SQL / folder).glob("*.sql")):
        pieces = _HEAD.split(path.read_text(encoding="utf-8"))
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            if name in found:
                raise ValueError(f"{path.name}: a second statement is named {name}")
            optional = _OPTIONAL.search(text)
            names = {part.strip() for part in optional[1].split(",")} if optional else set()
            body = re.sub(r"--[^\n]*", "", text)
            found[name] = Statement(name, text.strip(), frozenset(_PARAMETER.findall(body)), frozenset(names))
    return found
