"""What a newer export changed, and a memory of every load from which any past count can be made again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from etl.load.changes import changes_of
from etl.load.incidents import LoadedRows
from etl.load.store import (
    CELLS,
    COLUMNS,
    PLACES,
    SUMS,
    LastLoad,
    attached,
    columns_of_store,
    last_load,
    make_store,
    store_path,
)
from etl.load.usual_share import rows_of
from etl.problems import BadInput, Problem
from etl.source_settings import Source
from etl.sql_text import literal
from etl.statements import load_statements

# A publisher withdraws a few cases between exports; more than this is a part of an export.
FALL_ALLOWED = 0.05
CASES_ALLOWED = 10
# Changes of cells are put together when they are more rows than the cells they change.
ROWS_A_CELL = 1
NOTHING_UNTOUCHED = "SELECT NULL::VARCHAR AS outcome, 0 AS cases, 0 AS victims WHERE false"


def compare(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    earlier: tuple[str, str],
    later: tuple[str, str],
    untouched: str = NOTHING_UNTOUCHED,
) -> None:
    """Rows of out_revision for two exports: (name of a table or view, name to show) each.

    untouched: SELECT of outcome, cases and victims that both hold and the two tables leave out.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE untouched_export AS {untouched}")
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


def compare_with_memory(
    connection: duckdb.DuckDBPyConnection, home: Path, loaded: LoadedRows, take_smaller: bool = False
) -> None:
    """Rows of out_revision against the last load of the source, where there was one.

    Raises BadInput when an outcome has over 5 % fewer cases than then, or ends earlier, unless `take_smaller`:
    an export that was cut short, or a file that was forgotten, looks like that.
    """
    if not store_path(home).is_file():
        return
    source = loaded.source
    with attached(connection, home):
        last = last_load(connection, source.id)
        if last is None or last.files == _files(loaded):
            return
        if not take_smaller:
            _refuse_smaller(connection, loaded, last)
        shown = (f"release {last.release_id}", loaded.ledger[-1].file)
        if loaded.onto is None:
            own = f"source = {literal(source.id)}"
            earlier = f"(FROM store.incident_version WHERE {own} AND valid_to_load IS NULL)"
            compare(connection, source, (earlier, shown[0]), (f"(FROM core_incident WHERE {own})", shown[1]))
            return
    earlier, later = changes_of(loaded)
    untouched = (
        "SELECT outcome, sum(cases) AS cases, sum(victims) AS victims FROM ("
        f"SELECT outcome, cases, victims FROM outcome_sum WHERE source = {literal(source.id)} UNION ALL "
        f"SELECT outcome, -count(*), -sum(victims) FROM {later} GROUP BY outcome) GROUP BY outcome "
        "HAVING sum(cases) > 0"
    )
    compare(connection, source, (earlier, shown[0]), (later, shown[1]), untouched)


def _refuse_smaller(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows, last: LastLoad) -> None:
    file, release_id = loaded.ledger[-1].file, last.release_id
    asked = {"source": loaded.source.id}
    before = load_statements("core")["outcomes_before" if last.counted else "outcomes_before_from_rows"].text
    connection.execute(f"CREATE OR REPLACE TEMP TABLE outcome_before AS {before}", asked)
    rows = connection.execute(load_statements("core")["smaller_outcomes"].text, asked).fetchall()
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
    with attached(connection, home, writing=True):
        there = columns_of_store(connection)
        connection.execute("BEGIN TRANSACTION")
        try:
            make_store(connection, there)
            for loaded in rows:
                _remember_source(connection, loaded, release_id)
            connection.execute("COMMIT")
        except duckdb.Error:
            connection.execute("ROLLBACK")
            raise
    store_path(home).chmod(0o600)


def _files(loaded: LoadedRows) -> str:
    return " ".join(entry.sha256 for entry in loaded.ledger)


def _remember_source(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows, release_id: str) -> None:
    source = loaded.source.id
    number = connection.execute("SELECT coalesce(max(load_number), 0) + 1 FROM store.load_history").fetchone()
    assert number is not None
    load = int(number[0])
    rows = loaded.source.rows
    is_counted = rows is not None and rows.exports == "changes"
    history = [load, source, _files(loaded), release_id, datetime.now(UTC).replace(tzinfo=None)]
    connection.execute(
        "INSERT INTO store.load_history (load_number, source, files, release_id, loaded_at, rows_read, rows_rejected, "
        "counted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [*history, *rows_of(loaded), is_counted],
    )
    own = f"source = {literal(source)}"
    current = f"(FROM store.incident_version WHERE {own} AND valid_to_load IS NULL)"
    ended, now = (current, f"(FROM core_incident WHERE {own})") if loaded.onto is None else changes_of(loaded)
    keep = "false"
    if connection.execute(f"SELECT 1 FROM {ended} LIMIT 1").fetchone():
        keep = (
            "EXISTS (SELECT 1 FROM unchanged WHERE unchanged.outcome = version.outcome "
            "AND unchanged.case_number = version.case_number)"
        )
        _end_versions(connection, source, load, ended, now, keep)
    connection.execute(
        f"INSERT INTO store.incident_version ({COLUMNS}, {PLACES}, valid_from_load) "
        f"SELECT {COLUMNS}, {PLACES}, $load FROM {now} AS version WHERE NOT {keep}",
        {"load": load},
    )
    if is_counted:
        _remember_counts(connection, loaded, load)


def _end_versions(
    connection: duckdb.DuckDBPyConnection, source: str, load: int, ended: str, now: str, keep: str
) -> None:
    """The table `unchanged`; versions that are not in it are valid to this load. A case is the same version while
    every column is the same."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE unchanged AS SELECT {COLUMNS} FROM {ended} INTERSECT SELECT {COLUMNS} FROM {now}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE version_to_end AS SELECT outcome, case_number FROM {ended} AS version WHERE NOT {keep}"
    )
    connection.execute(
        "UPDATE store.incident_version AS version SET valid_to_load = $load FROM version_to_end AS ended "
        "WHERE version.source = $source AND version.valid_to_load IS NULL "
        "AND ended.outcome = version.outcome AND ended.case_number = version.case_number",
        {"source": source, "load": load},
    )


def _remember_counts(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows, load: int) -> None:
    """What this load added to the cells; put together with what was there when that has outgrown the first load."""
    source = loaded.source.id
    own = f"source = {literal(source)}"
    is_change = loaded.onto is not None and loaded.is_counted
    for cells in CELLS:
        kept, rows = (
            f"store.{cells}_change",
            f"(SELECT * EXCLUDE (load_number) FROM {cells}_change WHERE {own})",
        )
        if is_change and _outgrown(connection, kept, source):
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {cells} AS FROM {rows} UNION ALL SELECT * EXCLUDE (load_number) FROM {kept} WHERE {own}"
            )
            merged = load_statements("core")[f"merged_{cells}"].text
            connection.execute(f"CREATE OR REPLACE TEMP TABLE merged_cell AS {merged}")
            rows = "merged_cell"
        if not is_change or rows == "merged_cell":
            connection.execute(f"DELETE FROM {kept} WHERE {own}")
        connection.execute(f"INSERT INTO {kept} BY NAME SELECT *, ? AS load_number FROM {rows}", [load])
    connection.execute(f"DELETE FROM store.{SUMS} WHERE {own}")
    connection.execute(
        f"INSERT INTO store.{SUMS} BY NAME SELECT * REPLACE (? AS load_number) FROM {SUMS} WHERE {own}",
        [load],
    )


def _outgrown(connection: duckdb.DuckDBPyConnection, kept: str, source: str) -> bool:
    """Whether later loads have more rows than the first, the one with every cell."""
    row = connection.execute(
        f"SELECT count(*) FILTER (WHERE load_number > first) > {ROWS_A_CELL} * count(*) FILTER (WHERE load_number = first) "
        f"FROM (SELECT load_number, min(load_number) OVER () AS first FROM {kept} WHERE source = ?)",
        [source],
    ).fetchone()
    return row is not None and bool(row[0])


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
