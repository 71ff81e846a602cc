"""The database a build works in: every table of the dictionary, empty, in a file of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from etl.dictionary import create_table_sql, load_dictionary
from etl.statements import load_statements

MEMORY_LIMIT = "1500MB"


@contextmanager
def work_database(workplace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file with every table of the dictionary, empty, for raw and core rows."""
    path = workplace / f"work-{os.getpid()}-{uuid.uuid4().hex[:8]}.duckdb"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(workplace / "spill"),
    }
    with duckdb.connect(str(path), config=settings) as connection:
        connection.execute("BEGIN TRANSACTION")
        for table in load_dictionary().tables.values():
            statement = create_table_sql(table)[0]
            if table.name == "core_incident":
                # Used by this build alone; a temporary table is not compressed, which takes half the time.
                statement = statement.replace("CREATE TABLE", "CREATE TEMP TABLE", 1)
            connection.execute(statement)
        connection.execute("COMMIT")
        for statement in load_statements("core")["make_tables"].text.split(";"):
            connection.execute(statement)
        connection.execute(load_statements("core")["incident_columns"].text)
        yield connection
