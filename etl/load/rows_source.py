"""A source of rows: files in, counts by area and month out. A listing stops before the counts."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import duckdb

from etl.load.cells import count_areas, count_cells, sum_outcomes
from etl.load.changes import take_remembered
from etl.load.incidents import LoadedRows, load_rows
from etl.load.ledger import Ledger
from etl.load.loading import Loading
from etl.load.near_repeats import add_near_repeats
from etl.load.placing import place_by_point
from etl.load.quality import quality_of_rows
from etl.load.raw import RawView
from etl.load.records import insert_records
from etl.load.revisions import compare, compare_with_memory
from etl.load.usual_share import refuse_unusual
from etl.problems import SettingsError
from etl.source_settings import GEOGRAPHIES, Source
from etl.sources.landing import Landed
from etl.sources.tabular import land_table
from etl.sql_text import identifier
from etl.statements import load_statements


def load_rows_source(loading: Loading, source: Source) -> set[Path]:
    """Load the files of one source of kind rows or listing; give back the files. Raises BadInput."""
    paths = loading.paths(source)
    if not paths:
        return set()
    started = time.monotonic()
    rows = source.rows
    assert rows is not None
    landed = [land_table(path, loading.workplace, source.delimiter, source.sheet) for path in paths]
    if rows.exports == "whole":
        loaded = _load_exports(loading, source, landed)
    else:
        loaded = _load(loading, source, landed, loading.next_load_id())
    home = loading.options.home
    if home is not None and not loading.options.set_aside_unusual:
        refuse_unusual(loading.connection, home, loaded)
    place_by_point(loading.connection, loaded, loading.polygons(source.city))
    last_month = None
    if source.kind == "rows":
        _refuse_second_supplier(loading, loaded)
        add_near_repeats(loading.connection, loaded)
    sum_outcomes(loading.connection, loaded)
    if source.kind == "rows":
        insert_counts(loading.connection, loaded)
        insert_days(loading.connection, loaded)
        loading.rows.append(loaded)
        last_month = max((span[1] for span in loaded.spans.values()), default=None)
    elif source.call:
        _insert_calls(loading, loaded)
    if home is not None:
        compare_with_memory(loading.connection, home, loaded, loading.options.take_smaller)
    loading.loaded.append(loaded)
    loading.dates[source.id] = (loaded.first_date, loaded.last_date, last_month)
    loading.ledger += [(source.id, entry) for entry in loaded.ledger]
    loading.figures += quality_of_rows(loading.connection, loaded)
    loading.progress(f"{source.id}: {_told(loaded)} ({time.monotonic() - started:.1f} s)")
    for outcome in loaded.cut_off:
        span = loaded.spans.get(outcome)
        until = f"complete to {span[1]:%Y-%m}" if span else "no complete month"
        loading.progress(f"{source.id}: {outcome} ends earlier than the rest: {until}")
    return set(paths)


def _load(loading: Loading, source: Source, landed: list[Landed], load_id: int) -> LoadedRows:
    connection, home = loading.connection, loading.options.home
    remembered = None
    if source.rows is not None and source.rows.exports == "changes" and home is not None:
        remembered = partial(take_remembered, connection, home)
    return load_rows(connection, source, landed, load_id, loading.options.set_aside_share, remembered)


def _load_exports(loading: Loading, source: Source, landed: list[Landed]) -> LoadedRows:
    """Each file is the whole list on its day: the last is loaded, each is compared with the one before."""
    connection = loading.connection
    ledger: list[Ledger] = []
    raw: list[RawView] = []
    for number, export in enumerate(landed):
        loaded = _load(loading, source, [export], loading.next_load_id() + number)
        ledger += loaded.ledger
        raw += loaded.raw
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE export_{number} AS SELECT * FROM core_incident WHERE source = ?",
            [source.id],
        )
        if number:
            earlier = (f"export_{number - 1}", landed[number - 1].name)
            compare(connection, source, earlier, (f"export_{number}", export.name))
        if export is not landed[-1]:
            connection.execute("DELETE FROM core_incident WHERE source = ?", [source.id])
    # Quality figures are of every file that was read, so their base and their rows are the same files.
    loaded.ledger, loaded.raw = ledger, raw
    return loaded


def _insert_calls(loading: Loading, loaded: LoadedRows) -> None:
    """Calls for service into core_call, with their kind of problem."""
    source = loaded.source
    assert source.rows is not None
    for raw in loaded.raw:
        loading.connection.execute(
            f"""
            INSERT INTO core_call
            SELECT listed.source, listed.city, listed.case_number, listed.occurred_at, problem.problem,
                   listed.precinct, listed.neighborhood, listed.simulated
            FROM core_incident AS listed
            JOIN (
              SELECT trim({identifier(source.rows.case)}) AS call_number,
                     any_value(trim({identifier(source.call["problem"])})) AS problem
              FROM {identifier(raw.name)}
              GROUP BY trim({identifier(source.rows.case)})
            ) AS problem ON problem.call_number = listed.case_number
            WHERE listed.source = ?
            """,
            [source.id],
        )


def _refuse_second_supplier(loading: Loading, loaded: LoadedRows) -> None:
    for other in loading.rows:
        both = set(other.spans) & set(loaded.spans)
        if other.source.city == loaded.source.city and both:
            raise SettingsError(
                loaded.source.settings_file.name,
                f"{sorted(both)[0]} of {loaded.source.city} is already counted from {other.source.id}",
                'Make one of the two a listing (kind = "listing").',
                "outcome",
            )


def _told(loaded: LoadedRows) -> str:
    """What was read, for the person who builds. Remembered cases have no bytes: they are no rows of a file."""
    files = [entry for entry in loaded.ledger if entry.bytes]
    remembered = [entry for entry in loaded.ledger if not entry.bytes]
    read, duplicate = sum(entry.rows_read for entry in files), sum(entry.rows_duplicate for entry in files)
    onto = "".join(f", onto {entry.rows_read:,} {entry.file}" for entry in remembered)
    listed = ", a listing: not counted" if loaded.source.kind == "listing" else ""
    return (
        f"{read:,} rows of {len(files)} file{'' if len(files) == 1 else 's'}, {duplicate:,} duplicates dropped, "
        f"{sum(entry.rows_rejected for entry in files):,} set aside{onto}{listed}"
    )


def insert_counts(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Counts by area and month of a rows source, and the months they are complete for."""
    source, rows = loaded.source, loaded.source.rows
    assert rows is not None
    core = load_statements("core")
    units = {rule.outcome: rule.units for rule in rows.outcomes}
    bases = [
        name for name, readings in (("occurred", rows.occurred), ("reported", rows.reported)) if readings
    ]
    kinds = ["city", *(kind for kind in GEOGRAPHIES if kind in rows.areas or kind in rows.derived)]
    spans = [
        (source.city, kind, basis, outcome, unit, first, last, source.simulated)
        for outcome, (first, last) in loaded.spans.items()
        for unit in units.get(outcome, ("incidents",))
        for basis in bases
        for kind in kinds
    ]
    insert_records(connection, "count_span", spans)
    connection.execute(core["number_measures"].text, {"city": source.city})
    if rows.area_list == "from_rows":
        for kind in kinds[1:]:
            connection.execute(
                f"INSERT INTO core_area SELECT DISTINCT city, '{kind}', {kind}, {kind}, NULL, NULL::INTEGER, "
                "NULL::INTEGER, simulated FROM incident_now AS incident WHERE source = ? AND "
                f"{kind} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM core_area AS area WHERE "
                f"area.city = incident.city AND area.geography = '{kind}' AND area.area = incident.{kind})",
                [source.id],
            )
    count_cells(connection, loaded)
    count_areas(connection, loaded)
    asked = {"city": source.city}
    connection.execute(core["insert_weekday_hours"].text, asked)
    if rows.reported and rows.occurred:
        connection.execute(core["insert_triangle"].text, {**asked, "simulated": source.simulated})


def insert_days(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Counts by day, of the city and its neighborhoods, of a rows source that supplies whole outcomes."""
    source = loaded.source
    if source.rows is not None and source.rows.replaces == "all":
        core = load_statements("core")
        connection.execute(core["make_day_cell"].text, {"source": source.id, "city": source.city})
        connection.execute(core["insert_daily_counts"].text, {"city": source.city})
