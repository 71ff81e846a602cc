"""Raw to typed: the settings of a source become one SELECT over its raw table.

Each row gets a bit mask `faults`; a row with any fault is set aside with its reasons, no other row
is. Times are read as written: a local clock that is labelled UTC stays the local clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import duckdb

from etl.load.raw import RawView
from etl.load.records import insert_records
from etl.problems import SAMPLE_TIME, BadInput, Problem, shown
from etl.source_settings import Source, TimeReading
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
    needed += [name for name in (rows.victims, rows.longitude, rows.latitude, rows.kind) if name]
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


def typed_select(source: Source, landed: Landed, raw: str, load_id: int) -> tuple[str, list[Fault]]:
    """The SELECT that types a raw view, and the faults it looks for.

    Columns: load_id, case_number, occurred_at, reported_at, victims, a column for each kind of area
    that the source labels, longitude, latitude, kind, recognized_1…, faults. It joins nothing, so the rows
    come out in the order of the file: a row's place in the result is its place in the file.
    """
    rows = source.rows
    assert rows is not None
    reading = header_of(source, landed)
    faults: list[Fault] = []
    case = _value(source, rows.case)
    parts = [f"{load_id} AS load_id", f"{case} AS case_number"]
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
    for geography, column in rows.areas.items():
        label = _value(source, column)
        if rows.area_list == "from_rows":
            parts.append(f"{label} AS {geography}")
            continue
        known = f"TRY_CAST({_renamed(source, geography, label)} AS {label_type(source, geography)})"
        parts.append(f"{known} AS {geography}")
        faults.append(
            _fault(
                faults,
                (column,),
                f"({label} IS NOT NULL AND {known} IS NULL)",
                f"unknown {geography}",
                f"Correct the name, or add it under [areas.renames.{geography}] in {source.settings_file.name}",
            )
        )
    for axis, coordinate in (("longitude", rows.longitude), ("latitude", rows.latitude)):
        value = f"TRY_CAST({_value(source, coordinate)} AS DOUBLE)" if coordinate else "NULL::DOUBLE"
        parts.append(f"{value} AS {axis}")
    parts.append(f"{_value(source, rows.kind) if rows.kind else 'NULL::VARCHAR'} AS kind")
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
    return f"SELECT {', '.join(parts)} FROM {identifier(raw)} AS raw", faults


def label_type(source: Source, geography: str) -> str:
    """Name of the type whose values are the known areas of one kind: a cast that fails is an unknown label."""
    return identifier(f"area_of_{source.id}_{geography}")


def make_label_types(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """A type for each kind of area that the source labels. Raises BadInput when none are known."""
    rows = source.rows
    assert rows is not None
    if rows.area_list == "from_rows":
        return
    for geography in rows.areas:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT area FROM core_area WHERE city = ? AND geography = ? ORDER BY area",
                [source.city, geography],
            ).fetchall()
        ]
        unknown = [area for area in rows.renames.get(geography, {}).values() if area not in names]
        if unknown or not names:
            reason = (
                f"{unknown[0]!r} is no {geography}"
                if unknown
                else f"no {geography} is known of {source.city}"
            )
            raise BadInput(
                Problem(
                    source.settings_file.name,
                    reason,
                    'Correct it, or set list = "from_rows" under [areas] to take the areas from the rows.',
                    column=f"areas.{geography}",
                )
            )
        connection.execute(f"DROP TYPE IF EXISTS {label_type(source, geography)}")
        connection.execute(f"CREATE TYPE {label_type(source, geography)} AS ENUM ({literals(names)})")


def _renamed(source: Source, geography: str, label: str) -> str:
    assert source.rows is not None
    names = source.rows.renames.get(geography, {})
    if not names:
        return label
    cases = " ".join(f"WHEN {literal(old)} THEN {literal(new)}" for old, new in sorted(names.items()))
    return f"CASE {label} {cases} ELSE {label} END"


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
            f"Write it like {SAMPLE_TIME:{reading.formats[0]}}",
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
    connection: duckdb.DuckDBPyConnection, raw: RawView, landed: Landed, load_id: int, faults: list[Fault]
) -> list[Problem]:
    """Record every faulty row of `typed_row` in `meta_reject`, once for each reason.

    The row number counts like a spreadsheet: header 1, lines that could not be read included.
    """
    found = connection.execute(
        "SELECT rowid - ?, faults FROM typed_row WHERE load_id = ? AND faults <> 0", [raw.first_row, load_id]
    ).fetchall()
    if not found:
        return []
    masks = dict(found)
    # Only now the file is read again, for the rows at fault.
    connection.execute("CREATE OR REPLACE TEMP TABLE faulty AS SELECT unnest(?) AS place", [sorted(masks)])
    names = [identifier(name) for name in landed.header]
    rows = connection.execute(
        f"SELECT place, {', '.join(names)} FROM (SELECT row_number() OVER () - 1 AS place, * FROM {identifier(raw.name)}) "
        "WHERE place IN (SELECT place FROM faulty) ORDER BY place"
    ).fetchall()
    problems, rejects = [], []
    for place, *values in rows:
        row = dict(zip(landed.header, values, strict=True))
        file_row = raw.file_row(place)
        text = json.dumps(row, ensure_ascii=False)
        for fault in faults:
            if masks[place] & fault.bit:
                column = " + ".join(fault.columns)
                value = " ".join(row[name] or "" for name in fault.columns)
                rejects.append((load_id, landed.name, file_row, column, fault.reason, text))
                reason = f"{fault.reason} {shown(value)}"
                problems.append(Problem(landed.name, reason, fault.what_to_do + ".", file_row, column))
    insert_records(connection, "meta_reject", rejects)
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
