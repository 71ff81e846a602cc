"""What may leave: an allow-list made from the dictionary, never from what a file happens to hold.

A table is exported when it is stored in the release, lies in a layer that is read, and every column
is public or protected. One column that is not, and the whole table stays: a table with a hole would
look whole to whoever reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

from etl.dictionary import Dictionary, Table
from etl.publish.export.errors import ExportError

EXPORTED_SENSITIVITIES = frozenset({"public", "protected"})
EXPORTED_LAYERS = frozenset({"core", "out", "meta"})


@dataclass(frozen=True)
class Selection:
    """`tables` to export in dictionary order; `held_back` is {table name: why} for the rest."""

    tables: tuple[Table, ...]
    held_back: dict[str, str]

    def __getitem__(self, name: str) -> Table:
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @property
    def names(self) -> list[str]:
        return [table.name for table in self.tables]


def why_held_back(table: Table) -> str | None:
    """The reason a table may not be exported, or None if it may."""
    if table.layer not in EXPORTED_LAYERS:
        return f"layer {table.layer} is not exported"
    if table.store != "release":
        return f"kept in the {table.store} store"
    closed = [column.name for column in table.columns if column.sensitivity not in EXPORTED_SENSITIVITIES]
    if closed:
        return "columns that are neither public nor protected: " + ", ".join(closed)
    return None


def select(dictionary: Dictionary, columns_in_file: dict[str, list[str]]) -> Selection:
    """Choose what of a release may leave.

    `columns_in_file` is {table: [column]} as found in the release. Raises ExportError
    (code "not_in_dictionary") if an exportable table holds a column without a meaning; tables
    that the dictionary does not name are held back.
    """
    tables, held_back = [], {}
    for name, table in dictionary.tables.items():
        reason = why_held_back(table)
        if reason is not None:
            held_back[name] = reason
            continue
        if name not in columns_in_file:
            held_back[name] = "not in this release"
            continue
        unknown = [column for column in columns_in_file[name] if column not in table.column_names]
        missing = [column for column in table.column_names if column not in columns_in_file[name]]
        if unknown:
            raise ExportError(
                "not_in_dictionary",
                f"Table {name} holds columns that data/dictionary.toml does not describe: "
                f"{', '.join(unknown)}. Describe them there and build the release again.",
            )
        if missing:
            held_back[name] = "made by an older version without: " + ", ".join(missing)
            continue
        tables.append(table)
    for name in sorted(set(columns_in_file) - set(dictionary.tables)):
        held_back[name] = "not in the dictionary"
    return Selection(tuple(tables), held_back)
