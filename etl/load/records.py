"""Many Python records into a table at once (row-by-row inserts take DuckDB a millisecond each)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from etl.sql_text import identifier


def insert_records(
    connection: duckdb.DuckDBPyConnection, table: str, records: Sequence[Sequence[Any]]
) -> None:
    """Insert records whose values stand in the table's column order."""
    if not records:
        return
    names = [f"c{position}" for position in range(len(records[0]))]
    columns = [pa.array([record[position] for record in records]) for position in range(len(names))]
    # A half-read result of an earlier fetchone() would forbid the registration.
    connection.execute("SELECT 1").fetchall()
    connection.register("incoming_records", pa.table(columns, names=names))
    try:
        connection.execute(f"INSERT INTO {identifier(table)} SELECT {', '.join(names)} FROM incoming_records")
    finally:
        connection.unregister("incoming_records")
