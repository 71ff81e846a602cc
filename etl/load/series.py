"""Counts that a publisher (or this project, for the data that ships) has already summed by month."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from etl.load.incidents import Ledger
from etl.load.records import insert_records
from etl.problems import BadInput, Problem, shown
from etl.settings import GEOGRAPHIES, Series, Source
from etl.sources.landing import Landed, require_columns

_FIRST_PROBLEMS = 10


@dataclass
class LoadedSeries:
    """What a series source brought: counts by key, in the file's own cells."""

    source: Source
    ledger: list[Ledger] = field(default_factory=list)
    outcomes: set[str] = field(default_factory=set)
    first_month: date | None = None
    last_month: date | None = None


Cell = tuple[str, str, date, str, str, str]  # geography, area, month, month basis, outcome, unit


def read_series(source: Source, landed: Landed, areas: dict[str, set[str]]) -> dict[Cell, int]:
    """All counts of one file. An empty cell means not recorded, unless the settings say it is zero.

    `areas`: known area ids by geography. Raises BadInput with the first ten problems.
    """
    series = source.series
    assert series is not None
    needed = [*series.month.columns, *(measure.column for measure in series.measures)]
    needed += [name for name in (series.area, series.geography_column) if name]
    require_columns(landed, needed, source.settings_file.name)
    counts: dict[Cell, int] = {}
    problems: list[Problem] = []
    totals: dict[Cell, int] = defaultdict(int)
    with landed.path.open(encoding="utf-8", newline="") as opened:
        for number, row in enumerate(csv.DictReader(opened, delimiter=source.delimiter), start=2):
            geography = row[series.geography_column].strip() if series.geography_column else series.geography
            place = _area(series, row, geography, source.city)
            month = _month(series, row)
            if month is None:
                text = " ".join(row[name] or "" for name in series.month.columns)
                problems.append(
                    _problem(landed, number, series.month.columns[0], f"unreadable month {shown(text)}")
                )
            elif place not in areas.get(geography, set()):
                problems.append(_problem(landed, number, series.area, f"unknown {geography} {shown(place)}"))
            else:
                for measure in series.measures:
                    text = (row[measure.column] or "").strip()
                    if text in source.missing and not series.blank_is_zero:
                        continue
                    cell = (geography, place, month, measure.month_basis, measure.outcome, measure.unit)
                    count = 0 if text in source.missing else _count(text)
                    if count is None:
                        problems.append(
                            _problem(landed, number, measure.column, f"not a count {shown(text)}")
                        )
                    elif cell in counts:
                        problems.append(
                            _problem(landed, number, measure.column, "a second row for area and month")
                        )
                    else:
                        counts[cell] = count
                        totals[("city", source.city, *cell[2:])] += count
            if len(problems) >= _FIRST_PROBLEMS:
                break
    if problems:
        raise BadInput(*problems)
    if series.city_total:
        counts.update(totals)
    return counts


def insert_series(connection: duckdb.DuckDBPyConnection, source: Source, counts: dict[Cell, int]) -> None:
    """Counts and the months they cover, for the outcomes that no rows have supplied."""
    records = [(source.city, *key[:3], key[3], key[4], key[5], count) for key, count in counts.items()]
    insert_records(connection, "cell_count", records)
    spans: dict[tuple[str, str, str, str], list[date]] = defaultdict(list)
    for geography, _, month, basis, outcome, unit in counts:
        spans[(geography, basis, outcome, unit)].append(month)
    insert_records(
        connection,
        "count_span",
        [
            (source.city, geography, basis, outcome, unit, min(months), max(months), source.simulated)
            for (geography, basis, outcome, unit), months in sorted(spans.items())
        ],
    )


def known_areas(connection: duckdb.DuckDBPyConnection, city: str) -> dict[str, set[str]]:
    """Area ids of a city by geography."""
    found: dict[str, set[str]] = {kind: set() for kind in ("city", *GEOGRAPHIES)}
    rows = connection.execute("SELECT geography, area FROM core_area WHERE city = ?", [city]).fetchall()
    for geography, area in rows:
        found.setdefault(geography, set()).add(area)
    return found


def _area(series: Series, row: dict[str, str], geography: str, city: str) -> str:
    if geography == "city" and not series.area:
        return city
    text = (row[series.area] if series.area else "").strip()
    return series.renames.get(text, text)


def _month(series: Series, row: dict[str, str]) -> date | None:
    text = " ".join((row[name] or "").strip() for name in series.month.columns)
    for layout in series.month.formats:
        try:
            return datetime.strptime(text, layout).date().replace(day=1)
        except ValueError:
            continue
    return None


def _count(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number >= 0 and number == int(number) else None


def _problem(landed: Landed, row: int, column: str | None, reason: str) -> Problem:
    return Problem(landed.name, reason, "Correct the value.", row, column)
