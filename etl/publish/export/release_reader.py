"""A release as the exporter reads it: whole tables in key order, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from etl.dictionary import Dictionary, Table, load_dictionary
from etl.publish.export.errors import ExportError
from etl.publish.export.selection import Selection, select
from etl.warehouse import READ_ONLY_SETTINGS

BATCH_ROWS = 65_536


class ReleaseReader:
    """One release file, opened read-only with file access and settings locked.

    Use as a context manager. `path` is the DuckDB file. Raises ExportError (code "broken_release")
    if it cannot be opened or holds no meta_release row.
    """

    def __init__(self, path: Path, dictionary: Dictionary | None = None) -> None:
        self.path = Path(path)
        self.dictionary = dictionary or load_dictionary()
        try:
            # The settings of the read door: a process may open a file once, in one way.
            self._connection = duckdb.connect(str(self.path), read_only=True, config=dict(READ_ONLY_SETTINGS))
            rows = self._dicts("SELECT * FROM meta_release")
        except duckdb.Error as error:
            raise ExportError(
                "broken_release",
                f"The release file {self.path.name} cannot be read ({type(error).__name__}). "
                "Choose another release or build it again.",
            ) from error
        if len(rows) != 1:
            raise ExportError(
                "broken_release", f"The release file {self.path.name} does not say which release it is."
            )
        self.meta: dict[str, Any] = rows[0]
        self.selection: Selection = select(self.dictionary, self._columns_in_file())

    @property
    def id(self) -> str:
        return str(self.meta["release_id"])

    def __enter__(self) -> ReleaseReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def count(self, table: Table, filters: dict[str, str] | None = None) -> int:
        where, values = _where(table, filters)
        row = (
            self._connection.cursor()
            .execute(f'SELECT count(*) FROM "{table.name}"{where}', values)
            .fetchone()
        )
        return int(row[0]) if row else 0

    @contextmanager
    def batches(
        self, table: Table, filters: dict[str, str] | None = None, rows: int = BATCH_ROWS
    ) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """Stream a table in key order as Arrow record batches of at most `rows` rows."""
        where, values = _where(table, filters)
        columns = ", ".join(f'"{name}"' for name in table.column_names)
        order = ", ".join(f'"{name}" NULLS FIRST' for name in table.key or table.column_names)
        cursor = self._connection.cursor()
        try:
            relation = cursor.sql(
                f'SELECT {columns} FROM "{table.name}"{where} ORDER BY {order}', params=values
            )
            reader = relation.to_arrow_reader(rows)
            yield reader.schema, iter(reader)
        finally:
            cursor.close()

    def rows_of(self, name: str) -> list[dict[str, Any]]:
        """All rows of a small exported table as dictionaries, in key order."""
        with self.batches(self.selection[name]) as (_, batches):
            return [row for batch in batches for row in batch.to_pylist()]

    def frame(self, name: str, filters: dict[str, str] | None = None) -> pd.DataFrame:
        """A table, or the part that `filters` chooses, as a frame; dates are `datetime.date`."""
        with self.batches(self.selection[name], filters) as (schema, batches):
            return pa.Table.from_batches(batches, schema=schema).to_pandas(date_as_object=True)

    def has(self, name: str) -> bool:
        return name in self.selection.names

    def _columns_in_file(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'main' ORDER BY table_name, ordinal_position"
        )
        for row in self._dicts(sql):
            found.setdefault(row["table_name"], []).append(row["column_name"])
        return found

    def _dicts(self, sql: str) -> list[dict[str, Any]]:
        cursor = self._connection.cursor().execute(sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _where(table: Table, filters: dict[str, str] | None) -> tuple[str, list[str]]:
    """A WHERE clause with bound values. Raises ExportError (code "unknown_filter")."""
    filters = filters or {}
    for name in filters:
        if name not in filterable_columns(table):
            raise ExportError(
                "unknown_filter",
                f"Table {table.name} has no filter {name!r}. "
                f"Filters: {', '.join(filterable_columns(table)) or 'none'}.",
            )
    if not filters:
        return "", []
    clauses = " AND ".join(f'"{name}" = ?' for name in sorted(filters))
    return f" WHERE {clauses}", [filters[name] for name in sorted(filters)]


def filterable_columns(table: Table) -> list[str]:
    """Columns a part of the table can be chosen by: short text in the key, or with a closed list."""
    return [
        column.name
        for column in table.columns
        if column.type == "VARCHAR" and (column.name in table.key or column.allowed or column.name in BY_ID)
    ]


BY_ID = frozenset({"city", "program", "analysis", "outcome", "unit", "phase", "estimate_id", "source"})
