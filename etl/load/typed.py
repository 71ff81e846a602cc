"""Raw to typed: the settings of a source become one SELECT over its raw table.

Each row gets a bit mask `faults`; a row with any fault is set aside with its reasons, no other row
is. Times are read as written: a local clock that is labelled UTC stays the local clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from etl.load.raw import RawTable
from etl.problems import BadInput, Problem
from etl.settings import GEOGRAPHIES, Source, TimeReading
from etl.sources.landing import Landed, require_columns
from etl.sql_text import identifier, literal, literals


@dataclass(frozen=True)
class Fault:
    """One thing that can be wrong with a row: its bit, column, condition, and what to say."""

    bit: int
    columns: tuple[str, ...]
    condition: str
    reason: str
    what_to_do: str


def header_of(source: Source, landed: Landed) -> dict[str, TimeReading | None]:
    """Check that the header has what the settings need; which time reading fits it."""
    rows = source.rows
    assert rows is not None
    chosen: dict[str, TimeReading | None] = {}
    needed = [rows.case, *rows.areas.values()]
    needed += [name for name in (rows.victims, rows.longitude, rows.latitude) if name]
    needed += [rule.column for rule in rows.outcomes if rule.column]
    for name, readings in (("occurred", rows.occurred), ("reported", rows.reported)):
        fitting = [reading for reading in readings if set(reading.columns) <= set(landed.header)]
        chosen[name] = fitting[0] if fitting else None
        if readings and not fitting:
            needed += readings[0].columns
    require_columns(landed, needed, source.settings_file.name)
    return chosen


def recognition_columns(source: Source) -> list[str]:
    """Columns that outcomes are recognized by, in a fixed order."""
    assert source.rows is not None
    return sorted({rule.column for rule in source.rows.outcomes if rule.column})


def typed_select(source: Source, landed: Landed, raw: RawTable, load_id: int) -> tuple[str, list[Fault]]:
    """The SELECT that types a raw table, and the faults it looks for.

    Columns: load_id, raw_row, case_number, occurred_at, reported_at, victims, one text column for
    each geography, longitude, latitude, recognized_1…, faults (names matter, order does not).
    """
    rows = source.rows
    assert rows is not None
    reading = header_of(source, landed)
    faults: list[Fault] = []
    case = _value(source, rows.case)
    parts = [f"{load_id} AS load_id", "raw.rowid AS raw_row", f"{case} AS case_number"]
    faults.append(
        _fault(faults, (rows.case,), f"{case} IS NULL", "no case number", "Give each row its case number")
    )
    for name in ("occurred", "reported"):
        parts.append(_time(source, name, reading[name], faults))
    dated = [reading_ for reading_ in reading.values() if reading_]
    absent = " AND ".join(f"{_text(source, reading_)} IS NULL" for reading_ in dated)
    columns = tuple(column for reading_ in dated for column in reading_.columns)
    faults.append(_fault(faults, columns, f"({absent})", "no date at all", "Give each row a date"))
    if rows.victims:
        text = _value(source, rows.victims)
        number = f"TRY_CAST({text} AS INTEGER)"
        parts.append(f"coalesce({number}, 1) AS victims")
        faults.append(
            _fault(
                faults,
                (rows.victims,),
                f"({text} IS NOT NULL AND ({number} IS NULL OR {number} < 0 OR {number} > 1000))",
                "not a count of people",
                "Write a whole number of 0 or more",
            )
        )
    else:
        parts.append("1 AS victims")
    joins = []
    for geography in sorted(GEOGRAPHIES, key=lambda kind: kind in rows.derived):
        column = rows.areas.get(geography)
        if geography in rows.derived:
            start = rows.derived[geography]
            joins.append(
                f"LEFT JOIN main_membership AS main_{geography} ON main_{geography}.city = {literal(source.city)} "
                f"AND main_{geography}.from_geography = {literal(start)} "
                f"AND main_{geography}.to_geography = {literal(geography)} "
                f"AND main_{geography}.from_area = known_{start}.area"
            )
            parts.append(f"main_{geography}.to_area AS {geography}")
            continue
        if column is None:
            parts.append(f"NULL::VARCHAR AS {geography}")
            continue
        label = _value(source, column)
        if rows.area_list == "from_rows":
            parts.append(f"{label} AS {geography}")
            continue
        joins.append(
            f"LEFT JOIN known_label AS known_{geography} ON known_{geography}.city = {literal(source.city)} "
            f"AND known_{geography}.geography = {literal(geography)} AND known_{geography}.label = {label}"
        )
        parts.append(f"known_{geography}.area AS {geography}")
        faults.append(
            _fault(
                faults,
                (column,),
                f"({label} IS NOT NULL AND known_{geography}.area IS NULL)",
                f"unknown {geography}",
                f"Correct the name, or add it under [areas.renames.{geography}] in {source.settings_file.name}",
            )
        )
    for axis, coordinate in (("longitude", rows.longitude), ("latitude", rows.latitude)):
        value = f"TRY_CAST({_value(source, coordinate)} AS DOUBLE)" if coordinate else "NULL::DOUBLE"
        parts.append(f"{value} AS {axis}")
    for position, recognized in enumerate(recognition_columns(source), start=1):
        parts.append(f"{_value(source, recognized)} AS recognized_{position}")
    if "simulated" in landed.header and not source.simulated:
        faults.append(
            _fault(
                faults,
                ("simulated",),
                f"(lower({_value(source, 'simulated')}) IN ('true', '1', 'yes'))",
                "a simulated row in a real city",
                "Keep simulated rows in a city of their own",
            )
        )
    mask = " + ".join(f"CASE WHEN {fault.condition} THEN {fault.bit} ELSE 0 END" for fault in faults)
    parts.append(f"({mask})::INTEGER AS faults")
    select = f"SELECT {', '.join(parts)} FROM {identifier(raw.name)} AS raw {' '.join(joins)}"
    return select, faults


def _value(source: Source, column: str) -> str:
    """The trimmed text of a column, NULL where it is one of the words for missing."""
    trimmed = f"trim(raw.{identifier(column)})"
    return f"CASE WHEN {trimmed} IN ({literals(source.missing)}) THEN NULL ELSE {trimmed} END"


def _text(source: Source, reading: TimeReading) -> str:
    """The columns of a time joined by a blank; NULL when one of them is missing."""
    return "(" + " || ' ' || ".join(_value(source, column) for column in reading.columns) + ")"


def _time(source: Source, name: str, reading: TimeReading | None, faults: list[Fault]) -> str:
    rows = source.rows
    assert rows is not None
    if reading is None:
        return f"NULL::TIMESTAMP AS {name}_at"
    text = _text(source, reading)
    formats = f"[{literals(reading.formats)}]"
    parsed = f"try_strptime({text}, {formats})"
    faults.append(
        _fault(
            faults,
            reading.columns,
            f"({text} IS NOT NULL AND ({parsed} IS NULL OR year({parsed}) NOT BETWEEN 1950 AND 2100))",
            "unreadable date",
            f"Write it as {reading.formats[0]}",
        )
    )
    if rows.clock == "utc":
        parsed = f"timezone({literal(rows.zone)}, timezone('UTC', {parsed}))"
    return f"{parsed} AS {name}_at"


def _fault(
    faults: list[Fault], columns: tuple[str, ...], condition: str, reason: str, what_to_do: str
) -> Fault:
    return Fault(1 << len(faults), columns, condition, reason, what_to_do)


def set_aside(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    raw: RawTable,
    landed: Landed,
    load_id: int,
    faults: list[Fault],
) -> list[Problem]:
    """Record every faulty row of a typed table in `meta_reject`, once for each reason.

    The row number counts like a spreadsheet: header 1, lines that could not be read included.
    """
    problems = []
    for fault in faults:
        shown_value = " || ' ' || ".join(
            f"coalesce(raw.{identifier(column)}, '')" for column in fault.columns
        )
        found = connection.execute(
            f"""
            SELECT typed.raw_row + 2 + (
                SELECT count(*) FROM meta_reject AS earlier
                WHERE earlier.load_id = {load_id} AND earlier.reason LIKE '%columns than the header'
                  AND earlier.file_row <= typed.raw_row + 2
              ) AS file_row,
              {shown_value} AS value, to_json(raw)::VARCHAR AS row_text
            FROM {table} AS typed JOIN {identifier(raw.name)} AS raw ON raw.rowid = typed.raw_row
            WHERE typed.load_id = {load_id} AND typed.faults & {fault.bit} <> 0
            ORDER BY file_row
            """
        ).fetchall()
        for file_row, value, row_text in found:
            column = " + ".join(fault.columns)
            connection.execute(
                "INSERT INTO meta_reject VALUES (?, ?, ?, ?, ?, ?)",
                [load_id, landed.name, file_row, column, fault.reason, row_text],
            )
            problems.append(
                Problem(
                    landed.name, f"{fault.reason} {value[:60]!r}", fault.what_to_do + ".", file_row, column
                )
            )
    return problems


def refuse(problems: list[Problem], rows: int, allowed_share: float, file: str) -> None:
    """Raise BadInput when more rows were set aside than allowed, showing the first of them."""
    if not problems or len({problem.row for problem in problems}) <= allowed_share * rows:
        return
    first = problems[:10]
    more = len(problems) - len(first)
    if more:
        first.append(
            Problem(file, f"{more:,} more rows with a fault", "`python -m etl check FILE` lists them all.")
        )
    raise BadInput(*first)
