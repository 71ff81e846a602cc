"""Rows to incidents: one row an outcome and case, timed, labelled, with every row accounted for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb

from etl.load.ledger import Ledger
from etl.load.raw import RawView, make_raw_view, unread_lines
from etl.load.typed import make_label_types, recognition_columns, refuse, set_aside, typed_select
from etl.problems import BadInput, Problem
from etl.source_settings import GEOGRAPHIES, OutcomeRule, Source
from etl.sources.landing import Landed
from etl.sql_text import identifier, literal, literals
from etl.statements import load_statements

# An outcome without an event in so many days before the end of the export counts as cut off there.
SPARSE_DAYS = 45


@dataclass
class LoadedRows:
    """A source that was loaded: its files, its outcomes and the months they are complete for.

    onto: the load number under which the cases of the last load stand, while nothing but a feed of changes
    differs from that load (etl/load/changes.py); is_counted: the store then holds what was counted of them.
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
    is_counted: bool = False


def load_rows(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    files: list[Landed],
    first_load_id: int,
    allowed_share: float = 0.0,
    take_remembered: Callable[[LoadedRows], None] | None = None,
) -> LoadedRows:
    """Load the files of a rows source into `core_incident`; `incident_now` shows them, and remembered cases beside them.

    `allowed_share` is the share of rows that may be set aside before the load is refused. `take_remembered`
    lets cases of earlier loads stand that the files do not hold (it sees the files in `typed_row`).
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
            if _count(connection, "repeated_case"):
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


def _find_spans(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """First and last complete month of each outcome.

    The export's last day is the latest date of any outcome; an outcome whose own last event lies
    more than 45 days before it was cut off there, and is complete to its own last month only.
    Where the settings name the last complete month (`last_month`), that is taken.
    """
    rows = loaded.source.rows
    assert rows is not None
    ends: dict[str, tuple[date, date]] = {}
    named = {rule.outcome for rule in rows.outcomes}
    for outcome, first, last in _extents(connection, loaded):
        if first is not None and last is not None and outcome in named:
            ends[outcome] = (first, last)
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


def _extents(
    connection: duckdb.DuckDBPyConnection, loaded: LoadedRows
) -> list[tuple[str, date | None, date | None]]:
    """Each outcome with its first and last day, from the table `outcome_extent` that is made of them."""
    core = load_statements("core")
    asked = {"source": loaded.source.id}
    of_outcomes = "SELECT outcome, first_date, last_date FROM outcome_extent"
    if loaded.is_counted:
        connection.execute(core["change_extents"].text, asked)
        if found := connection.execute(of_outcomes).fetchall():
            return found
    connection.execute(core["find_extents"].text, asked)
    return connection.execute(of_outcomes).fetchall()


def last_complete_month(last_day: date) -> date:
    """The month of `last_day` if it is that month's last day, else the month before."""
    following = last_day + timedelta(days=1)
    if following.day == 1:
        return last_day.replace(day=1)
    return (last_day.replace(day=1) - timedelta(days=1)).replace(day=1)
