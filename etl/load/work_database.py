"""The database a build works in: every table of the dictionary, empty, in memory with the disk behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from etl.dictionary import create_table_sql, load_dictionary
from etl.load.store import make_incident_view
from etl.statements import load_statements

MEMORY_LIMIT = "1500MB"
# A database that is thrown away needs no checkpoint: one in the midst of a build costs as much as counting.
NEVER = "1TB"


@contextmanager
def work_database(workplace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with every table of the dictionary, empty, for raw and core rows.

    What does not fit into its memory goes to `workplace/spill`.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(workplace / "spill"),
        "wal_autocheckpoint": NEVER,
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        for table in load_dictionary().tables.values():
            connection.execute(create_table_sql(table)[0])
        for statement in load_statements("core")["make_tables"].text.split(";"):
            connection.execute(statement)
        make_incident_view(connection)
        yield connection
