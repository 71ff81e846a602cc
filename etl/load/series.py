"""Counts that a publisher (or this project, for the data that ships) has already summed by month.

A measure of four words (column, outcome, unit, month basis) goes to out_monthly; one of two words
(column, the publisher's name) goes to core_series_count and is joined with nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

import duckdb

from etl.load.ledger import Ledger
from etl.load.records import insert_records
from etl.problems import BadInput, Problem, shown
from etl.source_settings import GEOGRAPHIES, Measure, Series, Source
from etl.sources.landing import Landed

_FIRST_PROBLEMS = 10
COUNT = "(count)"  # the cell of a heading that is a month

Cell = tuple[str, str, date, str, str, str]  # geography, area, month, month basis, outcome, unit
NamedCell = tuple[str, str, date, str]  # geography, area, month, measure
Line = tuple[
    int, Mapping[str, str], date | None
]  # row number, cells by column, month where the sheet says it


@dataclass
class Counts:
    """What files of a series hold: cells of outcomes, cells under the publisher's own names, notes."""

    outcomes: dict[Cell, int] = field(default_factory=dict)
    named: dict[NamedCell, int] = field(default_factory=dict)
    rows: int = 0
    without_area: int = 0
    repeated: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class LoadedSeries:
    """A series source that was loaded."""

    source: Source
    ledger: list[Ledger] = field(default_factory=list)
    outcomes: set[str] = field(default_factory=set)
    first_month: date | None = None
    last_month: date | None = None


def read_lines(
    source: Source, landed: Landed, lines: Iterable[Line], areas: dict[str, set[str]], counts: Counts
) -> None:
    """Add the counts of some lines. An empty cell means not recorded, unless the settings say zero."""
    series = source.series
    assert series is not None
    labels = {kind: {_key(series, name): name for name in names} for kind, names in areas.items()}
    renames = {_key(series, old): new for old, new in series.renames.items()}
    problems: list[Problem] = []
    for number, row, sheet_month in lines:
        geography = row[series.geography_column].strip() if series.geography_column else series.geography
        text = (row.get(series.area) or "").strip() if series.area else source.city
        if sheet_month is not None and (not text or letters(text) in series.totals):
            continue
        counts.rows += 1
        month = sheet_month or _month(series, row)
        area = labels.get(geography, {}).get(_key(series, renames.get(_key(series, text), text)))
        if month is None:
            written = " ".join(row[name] or "" for name in series.month.columns)
            problems.append(
                _problem(
                    landed,
                    number,
                    ", ".join(series.month.columns) or None,
                    f"unreadable month {shown(written)}",
                )
            )
        elif area is None and text not in series.without_area:
            problems.append(_problem(landed, number, series.area, f"unknown {geography} {shown(text)}"))
        else:
            if area is None:
                counts.without_area += 1
            for measure, column in _measures(series, row):
                reason = _add(
                    source, counts, (geography, area), month, measure, (row.get(column) or "").strip()
                )
                if reason:
                    problems.append(_problem(landed, number, column, reason))
        if len(problems) >= _FIRST_PROBLEMS:
            break
    if problems:
        raise BadInput(*problems)


def _measures(series: Series, row: Mapping[str, str]) -> list[tuple[Measure, str]]:
    """Measures of a line and the column each stands in."""
    if series.measure_column:
        name = row[series.measure_column].strip()
        return [
            (measure, series.count_column or COUNT) for measure in series.measures if measure.column == name
        ]
    return [(measure, measure.column) for measure in series.measures]


def _add(
    source: Source, counts: Counts, place: tuple[str, str | None], month: date, measure: Measure, text: str
) -> str | None:
    """Add one cell; the reason where it cannot be used."""
    series = source.series
    assert series is not None
    if text in source.missing:
        if not series.blank_is_zero:
            return None
        text = "0"
    count = _count(text)
    if count is None:
        return f"not a count {shown(text)}"
    geography, area = place
    kinds = [(geography, area)] if area is not None else []
    if series.city_total and geography != "city":
        kinds.append(("city", source.city))
    for kind, name in kinds:
        total = kind == "city" and geography != "city"
        if measure.outcome:
            cell = (kind, str(name), month, measure.month_basis, measure.outcome, measure.unit)
            if total:
                counts.outcomes[cell] = counts.outcomes.get(cell, 0) + count
            elif counts.outcomes.setdefault(cell, count) != count:
                return "a second row for area and month, with another count"
            continue
        named = (kind, str(name), month, measure.name)
        if total:
            counts.named[named] = counts.named.get(named, 0) + count
        elif named in counts.named:
            if counts.named[named] != count and not series.repeated_is_sum:
                return "a second row for area and month, with another count"
            counts.repeated += 1
            if series.repeated_is_sum:
                counts.named[named] += count
        else:
            counts.named[named] = count
    return None


def insert_outcomes(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    cells: dict[Cell, int],
    filled: set[tuple[str, date]],
) -> None:
    """Counts of outcomes and the months they cover. filled: outcome and month that rows have supplied."""
    kept = {key: count for key, count in cells.items() if (key[4], key[2]) not in filled}
    records = [(source.city, *key, count) for key, count in kept.items()]
    insert_records(connection, "cell_count", records)
    spans: dict[tuple[str, str, str, str], list[date]] = defaultdict(list)
    for geography, _, month, basis, outcome, unit in cells:
        spans[(geography, basis, outcome, unit)].append(month)
    # Rows that replace only some months have a span of their own inside this one.
    for kind, basis, outcome, unit in spans:
        connection.execute(
            "DELETE FROM count_span WHERE city = ? AND geography = ? AND month_basis = ? AND outcome = ? AND unit = ?",
            [source.city, kind, basis, outcome, unit],
        )
    insert_records(
        connection,
        "count_span",
        [
            (source.city, geography, basis, outcome, unit, min(months), max(months), source.simulated)
            for (geography, basis, outcome, unit), months in sorted(spans.items())
        ],
    )


def add_larger_areas(
    connection: duckdb.DuckDBPyConnection, source: Source, cells: dict[Cell, int]
) -> dict[Cell, int]:
    """Cells, and with them the sums of the larger areas named under `derived`."""
    series = source.series
    assert series is not None
    found = dict(cells)
    for larger in series.derived:
        links = dict(
            connection.execute(
                "SELECT from_area, arg_max(to_area, share) FROM core_area_link WHERE city = ? AND link = 'member' "
                "AND from_geography = ? AND to_geography = ? GROUP BY from_area",
                [source.city, series.geography, larger],
            ).fetchall()
        )
        for (geography, area, *rest), count in cells.items():
            if geography == series.geography and area in links:
                cell = (larger, links[area], *rest)
                found[cell] = found.get(cell, 0) + count  # type: ignore[index, arg-type]
    return found


def known_areas(connection: duckdb.DuckDBPyConnection, city: str) -> dict[str, set[str]]:
    """Area ids of a city by geography."""
    found: dict[str, set[str]] = {kind: set() for kind in ("city", *GEOGRAPHIES)}
    rows = connection.execute("SELECT geography, area FROM core_area WHERE city = ?", [city]).fetchall()
    for geography, area in rows:
        found.setdefault(geography, set()).add(area)
    return found


@lru_cache(maxsize=10_000)
def letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _key(series: Series, label: str) -> str:
    """How two spellings of a label are compared."""
    return letters(label) if series.labels == "letters" else label


def _month(series: Series, row: Mapping[str, str]) -> date | None:
    text = " ".join((row[name] or "").strip() for name in series.month.columns)
    found = (parsed_month(text, layout) for layout in series.month.formats)
    return next((month for month in found if month is not None), None)


@lru_cache(maxsize=10_000)  # tens of thousands of rows hold a few hundred months
def parsed_month(text: str, layout: str) -> date | None:
    try:
        return datetime.strptime(text, layout).date().replace(day=1)
    except ValueError:
        return None


def _count(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number >= 0 and number == int(number) else None


def _problem(landed: Landed, row: int, column: str | None, reason: str) -> Problem:
    return Problem(landed.name, reason, "Correct the value, or the settings of the source.", row, column)
