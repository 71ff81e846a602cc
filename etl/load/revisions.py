"""What a newer export changed, and a memory of every load from which any past count can be made again.

The private store (`private/store.duckdb`) keeps each case with the loads it was valid from and to.
It is read while a release is built and written, in one transaction, after the release is published:
a build that dies in between leaves the memory as it was, and the next build sees both changes at once.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from etl.load.incidents import LoadedRows
from etl.load.ledger import Ledger
from etl.problems import BadInput, Problem
from etl.source_settings import Source
from etl.sql_text import literal
from etl.statements import load_statements

COLUMNS = "source, outcome, case_number, occurred_at, reported_at, victims, kind, neighborhood, community, ward, precinct, zone"
PLACES = "longitude, latitude, placed_by"
# A publisher withdraws a few cases between exports; more than this is a part of an export.
FALL_ALLOWED = 0.05
CASES_ALLOWED = 10
_STORE = f"""
CREATE TABLE IF NOT EXISTS store.load_history (
  load_number INTEGER, source VARCHAR, files VARCHAR, release_id VARCHAR, loaded_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS store.incident_version AS
SELECT {COLUMNS}, 0::INTEGER AS valid_from_load, NULL::INTEGER AS valid_to_load FROM incident_now WHERE false;
ALTER TABLE store.incident_version ADD COLUMN IF NOT EXISTS longitude DOUBLE;
ALTER TABLE store.incident_version ADD COLUMN IF NOT EXISTS latitude DOUBLE;
ALTER TABLE store.incident_version ADD COLUMN IF NOT EXISTS placed_by VARCHAR
"""


def compare(
    connection: duckdb.DuckDBPyConnection, source: Source, earlier: tuple[str, str], later: tuple[str, str]
) -> None:
    """Rows of out_revision for two exports: (name of a table or view, name to show) each."""
    for name, (table, _) in (("earlier_export", earlier), ("later_export", later)):
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT {COLUMNS} FROM {table}")
    connection.execute(
        load_statements("core")["compare_exports"].text,
        {
            "city": source.city,
            "source": source.id,
            "earlier": earlier[1],
            "later": later[1],
            "simulated": source.simulated,
        },
    )


def store_path(home: Path) -> Path:
    return home / "private" / "store.duckdb"


def compare_with_memory(
    connection: duckdb.DuckDBPyConnection, home: Path, loaded: LoadedRows, take_smaller: bool = False
) -> None:
    """Rows of out_revision against the last load of the source, where there was one.

    Raises BadInput when an outcome has over 5 % fewer cases than then, or ends earlier, unless `take_smaller`:
    an export that was cut short, or a file that was forgotten, looks like that.
    """
    path = store_path(home)
    if not path.is_file():
        return
    source = loaded.source
    connection.execute(f"ATTACH {literal(str(path))} AS store (READ_ONLY)")
    try:
        last = connection.execute(
            "SELECT load_number, release_id, files FROM store.load_history WHERE source = ? "
            "ORDER BY load_number DESC LIMIT 1",
            [source.id],
        ).fetchone()
        files = _files(loaded)
        if last is None or last[2] == files:
            return
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE remembered AS SELECT {COLUMNS} FROM store.incident_version "
            "WHERE source = ? AND valid_to_load IS NULL",
            [source.id],
        )
    finally:
        connection.execute("DETACH store")
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW loaded_now AS SELECT {COLUMNS} FROM incident_now WHERE source = "
        + literal(source.id)
    )
    if not take_smaller:
        _refuse_smaller(connection, loaded, str(last[1]))
    compare(connection, source, ("remembered", f"release {last[1]}"), ("loaded_now", loaded.ledger[-1].file))


def take_remembered(connection: duckdb.DuckDBPyConnection, home: Path, loaded: LoadedRows) -> None:
    """Cases of the last load that the files of changes do not hold again, into `core_incident`.

    They count in the ledger as a file of their own, named after the release they were loaded for.
    """
    path = store_path(home)
    if not path.is_file():
        return
    source = loaded.source
    load_id = loaded.ledger[-1].load_id + 1
    connection.execute(f"ATTACH {literal(str(path))} AS store (READ_ONLY)")
    try:
        last = connection.execute(
            "SELECT release_id, files FROM store.load_history WHERE source = ? ORDER BY load_number DESC LIMIT 1",
            [source.id],
        ).fetchone()
        if last is None:
            return
        asked = {"source": source.id, "city": source.city, "load_id": load_id, "simulated": source.simulated}
        statement = load_statements("core")["insert_remembered"].text
        taken = connection.execute(statement, asked).fetchone()
    finally:
        connection.execute("DETACH store")
    rows = int(taken[0]) if taken else 0
    content = hashlib.sha256(str(last[1]).encode()).hexdigest()
    loaded.ledger.append(Ledger(load_id, f"cases of release {last[0]}", 0, content, "", rows, rows))


def _refuse_smaller(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows, release_id: str) -> None:
    file = loaded.ledger[-1].file
    rows = connection.execute(load_statements("core")["smaller_outcomes"].text).fetchall()
    problems = []
    for outcome, was, now, until, ends in rows:
        if now < was * (1 - FALL_ALLOWED) and was - now > CASES_ALLOWED:
            reason = f"{now:,} cases of {outcome} where release {release_id} had {was:,}"
        elif ends is not None and ends < until:
            reason = f"{outcome} ends on {ends}, but in release {release_id} on {until}"
        else:
            continue
        fix = "Check that the export is whole and the newest; to load it all the same, build with --take-smaller."
        problems.append(Problem(file, reason, fix))
    if problems:
        raise BadInput(*problems)


def remember(
    connection: duckdb.DuckDBPyConnection, home: Path, rows: list[LoadedRows], release_id: str
) -> None:
    """Write what was loaded into the private store, in one transaction."""
    if not rows:
        return
    connection.execute(f"ATTACH {literal(str(store_path(home)))} AS store")
    try:
        connection.execute("BEGIN TRANSACTION")
        for statement in _STORE.split(";"):
            connection.execute(statement)
        for loaded in rows:
            _remember_source(connection, loaded, release_id)
        connection.execute("COMMIT")
    except duckdb.Error:
        connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("DETACH store")
    store_path(home).chmod(0o600)


def _files(loaded: LoadedRows) -> str:
    return " ".join(entry.sha256 for entry in loaded.ledger)


def _remember_source(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows, release_id: str) -> None:
    source = loaded.source.id
    number = connection.execute("SELECT coalesce(max(load_number), 0) + 1 FROM store.load_history").fetchone()
    assert number is not None
    load = int(number[0])
    connection.execute(
        "INSERT INTO store.load_history VALUES (?, ?, ?, ?, ?)",
        [load, source, _files(loaded), release_id, datetime.now(UTC).replace(tzinfo=None)],
    )
    # A case is the same version while every column is the same.
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE unchanged AS
        SELECT {COLUMNS} FROM store.incident_version WHERE source = $source AND valid_to_load IS NULL
        INTERSECT
        SELECT {COLUMNS} FROM incident_now WHERE source = $source
        """,
        {"source": source},
    )
    keep = "SELECT 1 FROM unchanged WHERE unchanged.outcome = version.outcome AND unchanged.case_number = version.case_number"
    connection.execute(
        f"UPDATE store.incident_version AS version SET valid_to_load = $load WHERE version.source = $source "
        f"AND version.valid_to_load IS NULL AND NOT EXISTS ({keep})",
        {"source": source, "load": load},
    )
    connection.execute(
        f"INSERT INTO store.incident_version ({COLUMNS}, {PLACES}, valid_from_load) "
        f"SELECT {COLUMNS}, {PLACES}, $load FROM incident_now AS version "
        f"WHERE version.source = $source AND NOT EXISTS ({keep})",
        {"source": source, "load": load},
    )


def counts_as_of(home: Path, source: str, release_id: str) -> list[tuple[str, str, int, int]]:
    """(outcome, month occurred, incidents, victims) of the whole city as the load of a release knew them."""
    with duckdb.connect(str(store_path(home)), read_only=True) as connection:
        return connection.execute(
            """
            SELECT outcome, strftime(occurred_at, '%Y-%m') AS month, count(*), sum(victims)::BIGINT
            FROM incident_version
            WHERE source = $source AND occurred_at IS NOT NULL
              AND valid_from_load <= $load AND (valid_to_load IS NULL OR valid_to_load > $load)
            GROUP BY outcome, strftime(occurred_at, '%Y-%m')
            ORDER BY outcome, month
            """,
            {"source": source, "load": _load_of(connection, source, release_id)},
        ).fetchall()


def _load_of(connection: duckdb.DuckDBPyConnection, source: str, release_id: str) -> int:
    row = connection.execute(
        "SELECT load_number FROM load_history WHERE source = ? AND release_id = ?", [source, release_id]
    ).fetchone()
    if row is None:
        raise LookupError(f"The store has no load of {source} for release {release_id}.")
    return int(row[0])
