"""The dictionary of the warehouse: one meaning for each column of each table.

`data/dictionary.toml` makes the tables (`create_table_sql`), so a column that is not described
there cannot exist.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

# Raised whenever a table or column of the release is added, changed or taken away; CHANGES.md of a package lists it.
SCHEMA_VERSION = 2
DICTIONARY = Path(__file__).resolve().parent.parent / "data" / "dictionary.toml"


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, unit, meaning and who may see it."""

    name: str
    type: str
    meaning: str
    sensitivity: str
    unit: str = ""
    caveat: str = ""
    allowed: tuple[str, ...] = ()
    null: bool = False


@dataclass(frozen=True)
class Table:
    """One table: layer (raw, core, out, meta), grain, key and columns in order."""

    name: str
    layer: str
    grain: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    licence: str = ""
    store: str = "release"

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


@dataclass(frozen=True)
class Dictionary:
    tables: dict[str, Table] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]


@cache
def load_dictionary(path: Path = DICTIONARY) -> Dictionary:
    """Read the dictionary file. Raises tomllib.TOMLDecodeError or TypeError on a malformed one."""
    tables = {}
    for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
        columns = tuple(
            Column(name=column, **{**settings, "allowed": tuple(settings.get("allowed", ()))})
            for column, settings in entry["columns"].items()
        )
        rest = {key: value for key, value in entry.items() if key not in {"columns", "key"}}
        tables[name] = Table(name=name, columns=columns, key=tuple(entry.get("key", ())), **rest)
    return Dictionary(tables)


def create_table_sql(table: Table, database: str = "") -> list[str]:
    """Statements that make an empty table with its comments and constraints, in an attached database if one is named."""
    name = f"{_name(database)}.{_name(table.name)}" if database else _name(table.name)
    lines = []
    for column in table.columns:
        rule = "" if column.null else " NOT NULL"
        if column.allowed:
            values = ", ".join(_literal(value) for value in column.allowed)
            rule += f" CHECK ({_name(column.name)} IN ({values}))"
        lines.append(f"  {_name(column.name)} {column.type}{rule}")
    statements = [f"CREATE TABLE {name} (\n" + ",\n".join(lines) + "\n)"]
    statements.append(f"COMMENT ON TABLE {name} IS {_literal(table.description)}")
    for column in table.columns:
        target = f"{name}.{_name(column.name)}"
        statements.append(f"COMMENT ON COLUMN {target} IS {_literal(column.meaning)}")
    return statements


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
