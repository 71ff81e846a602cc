"""Rows to incidents: one row an outcome and case, placed, timed, with every row accounted for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import numpy as np

from etl.load.ledger import Ledger
from etl.load.raw import RawView, make_raw_view, unread_lines
from etl.load.records import insert_records
from etl.load.typed import make_label_types, recognition_columns, refuse, set_aside, typed_select
from etl.problems import BadInput, Problem
from etl.source_settings import GEOGRAPHIES, OutcomeRule, Source
from etl.sources.boundaries import Area, locate
from etl.sources.landing import Landed
from etl.sql_text import identifier, literal, literals
from etl.statements import load_statements

# An outcome without an event in so many days before the end of the export counts as cut off there.
SPARSE_DAYS = 45


@dataclass
class LoadedRows:
    """A source that was loaded: its files, its outcomes and the months they are complete for.

    onto: the load number under which the cases of the last load stand, while nothing but a feed of changes
    differs from that load (etl/load/changes.py).
    """

    source: Source
    ledger: list[Ledger] = field(default_factory=list)
    spans: dict[str, tuple[date, date]] = field(default_factory=dict)
    first_date: date | None = None
    last_date: date | None = None
    cut_off: list[str] = field(default_factory=list)
    raw: list[RawView] = field(default_factory=list)
    disagreements: list[tuple[str, str, int, int]] = field(default_factory=list)
    onto: int | None = None


def load_rows(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    files: list[Landed],
    first_load_id: int,
    allowed_share: float = 0.0,
    take_remembered: Callable[[LoadedRows], None] | None = None,
) -> LoadedRows:
    """Load the files of a rows source into `core_incident`.

    `allowed_share` is the share of rows that may be set aside before the load is refused. `take_remembered`
    adds the cases of earlier loads that the files do not hold (it sees them in `typed_row`).
    Raises BadInput with the first ten problems.
    """
    assert source.rows is not None
    loaded = LoadedRows(source)
    connection.execute(load_statements("core")["make_main_membership"].text)
    make_label_types(connection, source)
    for number, landed in enumerate(files):
        load_id = first_load_id + number
        name = f"raw_{source.id}_{load_id}"
        make_raw_view(connection, landed, name, source.delimiter)
        select, faults = typed_select(source, landed, name, load_id)
        before = 0
        if number == 0:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE typed_row AS {select}")
        else:
            before = _count(connection, "typed_row")
            connection.execute(f"INSERT INTO typed_row BY NAME {select}")
        read = _count(connection, "typed_row") - before
        skipped, problems = unread_lines(connection, landed, load_id, read)
        raw = RawView(name, before, read, skipped)
        loaded.raw.append(raw)
        problems += set_aside(connection, raw, landed, load_id, faults)
        total = read + len(skipped)
        refuse(sorted(problems, key=lambda item: item.row or 0), total, allowed_share, landed.name)
        loaded.ledger.append(
            Ledger(
                load_id, landed.name, landed.bytes, landed.sha256, landed.encoding, total, note=landed.note
            )
        )
        loaded.ledger[-1].rows_rejected = len({problem.row for problem in problems})
    _insert_outcomes(connection, loaded)
    if take_remembered is not None:
        take_remembered(loaded)
    connection.execute("DROP TABLE typed_row")
    _find_spans(connection, loaded)
    return loaded


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {identifier(table)}").fetchone()
    assert row is not None
    return int(row[0])


def condition_of(source: Source, rule: OutcomeRule) -> str:
    """SQL that recognizes an outcome among typed rows."""
    if rule.column is None:
        return "TRUE"
    position = recognition_columns(source).index(rule.column) + 1
    return f"recognized_{position} IN ({literals(rule.values)})"


def _insert_outcomes(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Rows of each outcome into core_incident; rows that repeat a case of it are duplicates."""
    source = loaded.source
    rows = source.rows
    assert rows is not None
    core = load_statements("core")
    given = {"source": source.id, "city": source.city, "simulated": source.simulated}
    connection.execute("CREATE OR REPLACE TEMP TABLE dropped_row (load_id INTEGER, typed_id BIGINT)")
    for rule in rows.outcomes:
        connection.execute(_outcome_view(source, rule))
        if rows.row_is == "case":
            connection.execute(core["repeated_case"].text)
            connection.execute(core["insert_cases"].text, {**given, "outcome": rule.outcome})
            connection.execute(core["note_dropped_rows"].text)
        else:
            connection.execute(core["insert_victims"].text, {**given, "outcome": rule.outcome})
    connection.execute("DROP VIEW outcome_row")
    dropped = dict(
        connection.execute(
            "SELECT load_id, count(DISTINCT typed_id) FROM dropped_row GROUP BY load_id"
        ).fetchall()
    )
    for entry in loaded.ledger:
        entry.rows_duplicate = dropped.get(entry.load_id, 0)
        entry.rows_accepted = entry.rows_read - entry.rows_rejected - entry.rows_duplicate


def _outcome_view(source: Source, rule: OutcomeRule) -> str:
    """A view `outcome_row` of the typed rows of one outcome, with every kind of area as text."""
    rows = source.rows
    assert rows is not None
    places, joins = [], []
    for geography in GEOGRAPHIES:
        if geography in rows.areas:
            places.append(f"typed.{geography}::VARCHAR AS {geography}")
        elif geography in rows.derived:
            start = rows.derived[geography]
            joins.append(
                f"LEFT JOIN main_membership AS main_{geography} ON main_{geography}.city = {literal(source.city)} "
                f"AND main_{geography}.from_geography = {literal(start)} "
                f"AND main_{geography}.to_geography = {literal(geography)} "
                f"AND main_{geography}.from_area = typed.{start}::VARCHAR"
            )
            places.append(f"main_{geography}.to_area AS {geography}")
        else:
            places.append(f"NULL::VARCHAR AS {geography}")
    return (
        "CREATE OR REPLACE TEMP VIEW outcome_row AS SELECT typed.rowid AS typed_id, load_id, case_number, "
        f"occurred_at, reported_at, victims, kind, {', '.join(places)}, longitude, latitude FROM typed_row AS typed "
        f"{' '.join(joins)} WHERE faults = 0 AND {condition_of(source, rule)}"
    )


def place_by_point(
    connection: duckdb.DuckDBPyConnection, loaded: LoadedRows, polygons: dict[str, list[Area]]
) -> None:
    """The area each point lies in, beside the label; where the label is missing, the point's area is taken.

    How often label and point disagree is noted in `loaded.disagreements`; the label stands.
    """
    source = loaded.source
    rows = source.rows
    assert rows is not None
    core = load_statements("core")
    for geography in rows.areas:
        areas = polygons.get(geography)
        if not areas or not rows.longitude:
            continue
        points = connection.execute(core["points"].text, {"source": source.id}).fetchnumpy()
        longitudes, latitudes = np.asarray(points["longitude"]), np.asarray(points["latitude"])
        found = locate(areas, longitudes, latitudes)
        records = [
            (source.id, float(longitude), float(latitude), geography, area)
            for longitude, latitude, area in zip(longitudes, latitudes, found, strict=True)
            if area is not None
        ]
        insert_records(connection, "core_point_area", records)
        asked = {"source": source.id, "geography": geography}
        for outcome, differing, both in connection.execute(core["disagreements"].text, asked).fetchall():
            loaded.disagreements.append((outcome, geography, int(differing), int(both)))
        if (
            loaded.onto is not None
            and connection.execute(
                "SELECT 1 FROM core_incident AS incident JOIN core_point_area AS point ON point.source = incident.source "
                "AND point.longitude = incident.longitude AND point.latitude = incident.latitude "
                f"WHERE point.geography = $geography AND incident.source = $source AND incident.{geography} IS NULL "
                "AND incident.load_id = $load_id LIMIT 1",
                {**asked, "load_id": loaded.onto},
            ).fetchone()
        ):
            loaded.onto = None
        connection.execute(
            f"UPDATE core_incident SET {geography} = point.area, placed_by = concat_ws(' ', placed_by, $geography) "
            "FROM core_point_area AS point WHERE point.source = $source AND point.geography = $geography "
            f"AND core_incident.source = $source AND core_incident.{geography} IS NULL "
            "AND core_incident.longitude = point.longitude AND core_incident.latitude = point.latitude",
            asked,
        )
    if rows.derived.get("community") == "neighborhood":
        if (
            loaded.onto is not None
            and connection.execute(
                core["derivable"].text, {"source": source.id, "city": source.city, "load_id": loaded.onto}
            ).fetchone()
        ):
            loaded.onto = None
        connection.execute(core["derive_placed"].text, {"source": source.id, "city": source.city})


def add_near_repeats(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Shootings within 14 days after another in the same neighborhood, as an outcome of their own."""
    rows = loaded.source.rows
    assert rows is not None
    if "neighborhood" in rows.areas and "gunshot" in loaded.spans:
        connection.execute(load_statements("core")["insert_near_repeats"].text, {"source": loaded.source.id})
        loaded.spans["near_repeat_shooting"] = loaded.spans["gunshot"]


def _find_spans(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """First and last complete month of each outcome.

    The export's last day is the latest date of any outcome; an outcome whose own last event lies
    more than 45 days before it was cut off there, and is complete to its own last month only.
    Where the settings name the last complete month (`last_month`), that is taken.
    """
    rows = loaded.source.rows
    assert rows is not None
    ends: dict[str, tuple[date, date]] = {}
    for rule in rows.outcomes:
        first, last = connection.execute(
            load_statements("core")["date_span"].text, {"source": loaded.source.id, "outcome": rule.outcome}
        ).fetchone() or (None, None)
        if last is not None:
            ends[rule.outcome] = (first, last)
    if not ends:
        wanted = ", ".join(sorted({value for rule in rows.outcomes for value in rule.values})[:6])
        raise BadInput(
            Problem(
                loaded.ledger[0].file,
                f"no row is any of the outcomes of {loaded.source.settings_file.name} ({wanted})",
                "Check that the right file was given, or correct the [[outcome]] values.",
            )
        )
    loaded.first_date = min(first for first, _ in ends.values())
    loaded.last_date = max(last for _, last in ends.values())
    for rule in rows.outcomes:
        if rule.outcome not in ends:
            continue
        last = ends[rule.outcome][1]
        if rows.last_month is None and (loaded.last_date - last).days > SPARSE_DAYS:
            loaded.cut_off.append(rule.outcome)
        else:
            last = loaded.last_date
        first_month = rule.first_month or rows.first_month
        last_month = rows.last_month or last_complete_month(last)
        if last_month >= first_month:
            loaded.spans[rule.outcome] = (first_month, last_month)


def last_complete_month(last_day: date) -> date:
    """The month of `last_day` if it is that month's last day, else the month before."""
    following = last_day + timedelta(days=1)
    if following.day == 1:
        return last_day.replace(day=1)
    return (last_day.replace(day=1) - timedelta(days=1)).replace(day=1)
