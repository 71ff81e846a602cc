"""The private store: each case with the loads it was valid from and to, and the cells counted of a feed of changes.

It is read while a release is built and written, in one transaction, after the release is published: a build that
dies in between leaves the memory as it was, and the next build sees both changes at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.sql_text import literal

COLUMNS = "source, outcome, case_number, occurred_at, reported_at, victims, kind, neighborhood, community, ward, precinct, zone"
PLACES = "longitude, latitude, placed_by"
# Tables of cells, in a build and in the store. Whoever changes what a cell is gives its table another name.
CELLS = ("month_cell", "hour_cell")


@dataclass(frozen=True)
class LastLoad:
    """The newest load of a source: its number, release, and the SHA-256 of its files."""

    number: int
    release_id: str
    files: str


def store_path(home: Path) -> Path:
    return home / "private" / "store.duckdb"


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, home: Path, writing: bool = False) -> Iterator[None]:
    """The store of `home` beside the tables of a build, under the name `store`."""
    options = "" if writing else " (READ_ONLY)"
    connection.execute(f"ATTACH {literal(str(store_path(home)))} AS store{options}")
    try:
        yield
    finally:
        connection.execute("DETACH store")


def last_load(connection: duckdb.DuckDBPyConnection, source: str) -> LastLoad | None:
    """The newest load of a source in the attached `store`, or None."""
    row = connection.execute(
        "SELECT load_number, release_id, files FROM store.load_history WHERE source = ? "
        "ORDER BY load_number DESC LIMIT 1",
        [source],
    ).fetchone()
    return None if row is None else LastLoad(int(row[0]), str(row[1]), str(row[2]))


def make_store(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables of the attached `store`, where they are not there yet."""
    statements = [
        "CREATE TABLE IF NOT EXISTS store.load_history (load_number INTEGER, source VARCHAR, files VARCHAR, "
        "release_id VARCHAR, loaded_at TIMESTAMP)",
        f"CREATE TABLE IF NOT EXISTS store.incident_version AS SELECT {COLUMNS}, 0::INTEGER AS valid_from_load, "
        "NULL::INTEGER AS valid_to_load FROM incident_now WHERE false",
        "ALTER TABLE store.incident_version ADD COLUMN IF NOT EXISTS longitude DOUBLE",
        "ALTER TABLE store.incident_version ADD COLUMN IF NOT EXISTS latitude DOUBLE",
        "ALTER TABLE store.incident_version ADD COLUMN IF NOT EXISTS placed_by VARCHAR",
        "ALTER TABLE store.load_history ADD COLUMN IF NOT EXISTS rows_read BIGINT",
        "ALTER TABLE store.load_history ADD COLUMN IF NOT EXISTS rows_rejected BIGINT",
        *(
            f"CREATE TABLE IF NOT EXISTS store.{cells} AS SELECT *, 0::INTEGER AS load_number FROM {cells} WHERE false"
            for cells in CELLS
        ),
    ]
    for statement in statements:
        connection.execute(statement)
