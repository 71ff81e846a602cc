"""Rows by column name into a table of the dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from etl.dictionary import load_dictionary
from etl.load.records import insert_records


def insert_rows(
    connection: duckdb.DuckDBPyConnection, table_name: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows; a column that a row leaves out is empty.

    Raises KeyError for a column that the dictionary does not have.
    """
    if not rows:
        return
    columns = load_dictionary()[table_name].column_names
    for row in rows:
        unknown = set(row) - set(columns)
        if unknown:
            raise KeyError(f"{table_name} has no column {sorted(unknown)[0]}")
    insert_records(connection, table_name, [[row.get(column) for column in columns] for row in rows])
