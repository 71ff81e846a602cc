"""The private store: each case with the loads it was valid from and to, and what was counted of a feed of changes.

It is read while a release is built and written, in one transaction, after the release is published: a build that
dies in between leaves the memory as it was, and the next build sees both changes at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.dictionary import create_table_sql, load_dictionary
from etl.sql_text import identifier, literal
from etl.statements import load_statements

COLUMNS = "source, outcome, case_number, occurred_at, reported_at, victims, kind, neighborhood, community, ward, precinct, zone"
PLACES = "longitude, latitude, placed_by"
# Cells, in a build and in the store each as a table of what a load adds to them (month_cell_change).
# Whoever changes what a cell is gives its table another name.
CELLS = ("month_cell", "hour_cell")
SUMS = "outcome_sum"
TABLES = ("load_history", "incident_version", *(f"{cells}_change" for cells in CELLS), SUMS)
# Cells as an older version kept them, whole after each load, are counted again from the cases.
OLDER_TABLES = CELLS


@dataclass(frozen=True)
class LastLoad:
    """The newest load of a source: its number, release, the SHA-256 of its files, whether its counts are kept."""

    number: int
    release_id: str
    files: str
    counted: bool


def store_path(home: Path) -> Path:
    return home / "private" / "store.duckdb"


def attach(connection: duckdb.DuckDBPyConnection, home: Path) -> None:
    """The store of `home` beside the tables of a build, to read, under the name `store`, until it is written."""
    if not _is_attached(connection):
        connection.execute(f"ATTACH {literal(str(store_path(home)))} AS store (READ_ONLY)")


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, home: Path, writing: bool = False) -> Iterator[None]:
    """The store of `home` beside the tables of a build, under the name `store`, for a while."""
    if _is_attached(connection):
        if not writing:
            yield
            return
        connection.execute("DETACH store")
    options = "" if writing else " (READ_ONLY)"
    connection.execute(f"ATTACH {literal(str(store_path(home)))} AS store{options}")
    try:
        yield
    finally:
        connection.execute("DETACH store")


def _is_attached(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = 'store'").fetchone()
    return found is not None


def last_load(connection: duckdb.DuckDBPyConnection, source: str) -> LastLoad | None:
    """The newest load of a source in the attached `store`, or None."""
    found = connection.execute(
        "SELECT * FROM store.load_history WHERE source = ? ORDER BY load_number DESC LIMIT 1", [source]
    )
    names = [str(column[0]) for column in found.description or []]
    row = found.fetchone()
    if row is None:
        return None
    load = dict(zip(names, row, strict=True))
    return LastLoad(
        int(load["load_number"]), str(load["release_id"]), str(load["files"]), bool(load.get("counted"))
    )


def columns_of_store(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Columns of each table that the attached `store` holds. (Its catalog would take ten times as long.)

    Not inside a transaction: a table that is not there would end it.
    """
    found: dict[str, set[str]] = {}
    for table in dict.fromkeys((*TABLES, *OLDER_TABLES)):
        try:
            columns = connection.execute(f"SELECT * FROM store.{table} LIMIT 0").description or []
        except duckdb.CatalogException:
            continue
        found[table] = {str(column[0]) for column in columns}
    return found


def make_incident_view(connection: duckdb.DuckDBPyConnection, with_store: bool = False) -> None:
    """The view `incident_now`: cases of the files, and `with_store` those of the last load that still stand."""
    core = load_statements("core")
    remembered = f"UNION ALL BY NAME {core['remembered_cases'].text}" if with_store else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW incident_now AS SELECT * FROM core_incident {remembered}"
    )


def make_store(connection: duckdb.DuckDBPyConnection, there: dict[str, set[str]]) -> None:
    """The tables of the attached `store` as the dictionary describes them; an older store gets what it lacks.

    there: `columns_of_store`.
    """
    for name in TABLES:
        table = load_dictionary()[name]
        if name not in there:
            for statement in create_table_sql(table, "store"):
                connection.execute(statement)
            continue
        for column in table.columns:
            if column.name not in there[name]:
                kind = f"{identifier(column.name)} {column.type}"
                connection.execute(f"ALTER TABLE store.{name} ADD COLUMN {kind}")
    for name in OLDER_TABLES:
        if name in there:
            connection.execute(f"DROP TABLE store.{name}")
