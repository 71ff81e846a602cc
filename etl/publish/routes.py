"""Routes into the release: where shootings gather, whether a choice of areas holds them, how well next month can be told.

Everything here is past, by whole quarters and a quarter late, for the safety of the workers and so that no block is
branded (docs/architecture.md). The forecast of next month never enters a release: `etl/publish/forecast.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from etl.publish.facts import loaded_programs
from etl.publish.rows import insert_rows
from etl.statements import load_statements
from evaluation.hot_spots import hot_spots
from evaluation.route_accuracy import Accuracy, accuracy, accuracy_of_set, curve, pooled, top_tenth
from evaluation.route_forecast import FIRST_USED, HELD_BACK, TUNING, Validation, validate

Row = dict[str, Any]
WINDOW = 12
"""Months that hot spots are counted over."""


def write_routes(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill out_hot_spot, out_route_accuracy, out_route_curve, out_forecast_check and out_forecast_bin.

    Reads out_monthly, out_route_coverage, core_area_link, core_call and core_program.
    """
    for city, simulated in connection.execute(load_statements("publish")["route_cities"].text).fetchall():
        fixed = {"city": city, "simulated": bool(simulated)}
        geography, monthly = monthly_counts(connection, city)
        # A negative count is named by the data tests, which stop the release.
        if monthly.empty or (monthly < 0).any(axis=None):
            continue
        shown = shown_months(monthly)
        where = fixed | {"geography": geography}
        _insert_hot_spots(
            connection, shown.iloc[-WINDOW:], where | {"outcome": "gunshot", "unit": "incidents"}
        )
        checks, bins = _forecast_rows(monthly, where)
        insert_rows(connection, "out_forecast_check", checks)
        insert_rows(connection, "out_forecast_bin", bins)
        for program in loaded_programs(connection):
            if program["city"] == city:
                rows, curves = _program_rows(connection, program, geography, quarters_of(shown))
                named = where | {"program": program["program"]}
                insert_rows(connection, "out_route_accuracy", [named | row for row in rows])
                insert_rows(connection, "out_route_curve", [named | row for row in curves])
    for city, simulated in connection.execute(
        "SELECT city, bool_or(simulated) FROM core_area WHERE geography = 'city' GROUP BY city ORDER BY city"
    ).fetchall():
        _write_calls(connection, str(city), bool(simulated))


def monthly_counts(
    connection: duckdb.DuckDBPyConnection, city: str, outcome: str = "gunshot", unit: str = "incidents"
) -> tuple[str, pd.DataFrame]:
    """Kind of area, and months × areas of the counts of the smallest areas there are. Empty without any."""
    text = load_statements("publish")["route_counts"].text
    found = connection.execute(text, {"city": city, "outcome": outcome, "unit": unit}).df()
    if found.empty:
        return "", pd.DataFrame()
    return str(found["geography"].iloc[0]), _months_by_area(found)


def shown_months(monthly: pd.DataFrame) -> pd.DataFrame:
    """The months that may be shown by area: whole quarters that ended at least a quarter before the record's end."""
    months = pd.DatetimeIndex(monthly.index)
    last = (months[-1] + pd.DateOffset(months=1)).to_period("Q") - 2
    return monthly[months.to_period("Q") <= last]


def quarters_of(monthly: pd.DataFrame) -> pd.DataFrame:
    """Quarters × areas: sums of whole quarters."""
    quarter = pd.DatetimeIndex(monthly.index).to_period("Q")
    whole = pd.Series(1, index=quarter).groupby(level=0).sum() == 3
    summed = monthly.groupby(quarter).sum()
    return summed[whole.reindex(summed.index).to_numpy()]


def _months_by_area(found: pd.DataFrame) -> pd.DataFrame:
    table = found.pivot_table(index="month", columns="area", values="count", aggfunc="sum").sort_index()
    every = pd.date_range(table.index.min(), table.index.max(), freq="MS")
    return table.reindex(every).fillna(0.0).astype(float)


def _insert_hot_spots(connection: duckdb.DuckDBPyConnection, window: pd.DataFrame, fixed: Row) -> None:
    counts = window.sum()
    if len(window) == 0 or len(counts) < 2 or counts.sum() <= 0:
        return
    top = top_tenth(len(counts))
    span = {
        "first_month": window.index[0].date(),
        "last_month": window.index[-1].date(),
        "months": len(window),
        "top_areas": top,
    }
    rows = [
        fixed
        | span
        | {
            "area": spot.area,
            "count": int(spot.count),
            "level": spot.rate,
            "lower_95": spot.lower_95,
            "upper_95": spot.upper_95,
            "weight_own": spot.weight_own,
            "rank": spot.rank,
            "rank_lower_95": spot.rank_lower_95,
            "rank_upper_95": spot.rank_upper_95,
            "chance_in_top": spot.chance_in_top,
        }
        for spot in hot_spots({str(area): float(n) for area, n in counts.items()}, 1, top)
    ]
    insert_rows(connection, "out_hot_spot", rows)


def _write_calls(connection: duckdb.DuckDBPyConnection, city: str, simulated: bool) -> None:
    """Areas by volume of calls: of a call file where one is loaded, and of shots-fired calls where they are counted."""
    geography, counted = monthly_counts(connection, city, "shots_fired_call", "calls")
    fixed = {"city": city, "simulated": simulated, "unit": "calls"}
    if not counted.empty:
        where = fixed | {"geography": geography, "outcome": "shots_fired_call"}
        _insert_hot_spots(connection, counted.iloc[-WINDOW:], where)
    calls = connection.execute(load_statements("publish")["call_volume"].text, {"city": city}).df()
    if calls.empty:
        return
    kind = str(calls["geography"].iloc[0])
    known = connection.execute(
        "SELECT area FROM core_area WHERE city = ? AND geography = ?", [city, kind]
    ).fetchall()
    table = _months_by_area(calls)
    # An area without a call is an area with none, not one that is missing.
    table = table.reindex(columns=sorted({*table.columns, *(str(area) for (area,) in known)})).fillna(0.0)
    _insert_hot_spots(
        connection, table.iloc[-WINDOW:], fixed | {"geography": kind, "outcome": "call_for_service"}
    )


def _forecast_rows(monthly: pd.DataFrame, fixed: Row) -> tuple[list[Row], list[Row]]:
    if len(monthly) < HELD_BACK + FIRST_USED + TUNING or monthly.to_numpy().sum() <= 0:
        return [], []
    months = pd.DatetimeIndex(monthly.index)
    found: Validation = validate(monthly.to_numpy(dtype=float), months.month.to_numpy())
    held = {
        "first_month": months[found.first].date(),
        "last_month": months[-1].date(),
        "months": found.months,
        "areas": found.areas,
        "incidents": found.events,
        "top_areas": found.top,
    }
    checks = []
    for score in found.scores:
        of_model = score.method == "model"
        half_life = found.settings.share_half_life
        checks.append(
            fixed
            | held
            | {
                "method": score.method,
                "share_in_top": score.in_top,
                "deviance": score.deviance,
                "worse_by": score.worse_by,
                "worse_by_lower_95": score.worse_by_95[0],
                "worse_by_upper_95": score.worse_by_95[1],
                "observed_over_expected": score.observed_over_expected,
                # Alike everywhere in a month, such a forecast says nothing of areas: its slope has no meaning.
                "slope": None if score.method == "same_everywhere" else score.slope,
                "coverage_80": score.coverage_80,
                "level_half_life": found.settings.level_half_life if of_model else None,
                "share_half_life": half_life if of_model and np.isfinite(half_life) else None,
            }
        )
    bins = [
        fixed
        | {
            "bin": number,
            "area_months": item.area_months,
            "expected": item.expected,
            "observed": item.observed,
            "lower_95": item.lower_95,
            "upper_95": item.upper_95,
        }
        for number, item in enumerate(found.bins, start=1)
    ]
    return checks, bins


def _program_rows(
    connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any], geography: str, counts: pd.DataFrame
) -> tuple[list[Row], list[Row]]:
    """Rows of out_route_accuracy and out_route_curve of one program; `counts` are quarters × small areas."""
    before = counts.rolling(4).sum().shift(1)
    usable = counts.index[before.notna().all(axis=1).to_numpy() & (counts.sum(axis=1) > 0).to_numpy()]
    if len(usable) == 0:
        return [], []
    hours = _hours(connection, program, geography, counts)
    # Choices are compared over the same quarters: those with a log of hours, where there is one.
    compared = usable.intersection(hours.index) if len(hours) else usable
    scores = {"past_year": before, "foresight": counts}
    if len(hours):
        scores["hours"] = hours
    members = _area_sets(connection, program, geography, counts)
    top = top_tenth(counts.shape[1])
    by_quarter: dict[str, dict[pd.Period, tuple[Accuracy, float | None]]] = {}
    for quarter in usable:
        happened = counts.loc[quarter].to_numpy()
        worked = hours.loc[quarter].to_numpy() if quarter in hours.index else None
        for choice, score in scores.items():
            if quarter not in score.index:
                continue
            order = score.loc[quarter].to_numpy(dtype=float)
            spent = None if worked is None else _hours_in_top(order, worked, top)
            found = accuracy(order, happened, top)
            by_quarter.setdefault(choice, {})[quarter] = (found, spent)
        for choice, inside in members.items():
            marks = inside.loc[quarter].to_numpy(dtype=bool)
            if not marks.any():
                continue
            spent = (
                float(worked[marks].sum() / worked.sum()) if worked is not None and worked.sum() > 0 else None
            )
            by_quarter.setdefault(choice, {})[quarter] = (accuracy_of_set(marks, happened), spent)
    rows = [
        _accuracy_row(found, spent, choice, "quarter", quarter.start_time.date(), 1)
        for choice, quarters in by_quarter.items()
        for quarter, (found, spent) in quarters.items()
    ]
    curves: list[Row] = []
    for kind, start, quarters in _periods(pd.PeriodIndex(compared)):
        for choice, known in by_quarter.items():
            parts = [known[quarter] for quarter in quarters if quarter in known]
            if len(parts) < len(quarters) and choice not in members:
                continue
            if parts:
                found = pooled([item for item, _ in parts])
                rows.append(
                    _accuracy_row(
                        found, _pooled_hours(parts, hours, known, quarters), choice, kind, start, len(parts)
                    )
                )
        for choice, score in scores.items():
            wanted = [quarter for quarter in quarters if quarter in score.index]
            if len(wanted) == len(quarters):
                points = curve(score.loc[wanted].to_numpy(dtype=float), counts.loc[wanted].to_numpy())
                curves += [
                    {
                        "period_kind": kind,
                        "period": start,
                        "choice": choice,
                        "areas_in": number,
                        "share_of_areas": number / counts.shape[1],
                        "share_of_incidents": float(share),
                    }
                    for number, share in enumerate(points)
                ]
    return rows, curves


def _periods(quarters: pd.PeriodIndex) -> Iterator[tuple[str, Any, list[pd.Period]]]:
    """All quarters together, then each calendar year of them."""
    if len(quarters) == 0:
        return
    yield "all", quarters[0].start_time.date(), list(quarters)
    for year in sorted({quarter.year for quarter in quarters}):
        inside = [quarter for quarter in quarters if quarter.year == year]
        yield "year", inside[0].start_time.date().replace(month=1), inside


def _pooled_hours(
    parts: list[tuple[Accuracy, float | None]],
    hours: pd.DataFrame,
    known: Mapping[pd.Period, tuple[Accuracy, float | None]],
    quarters: list[pd.Period],
) -> float | None:
    """Share of the hours of several quarters that was worked in the areas chosen in each."""
    with_hours = [quarter for quarter in quarters if quarter in known and known[quarter][1] is not None]
    if not with_hours or len(with_hours) < len(parts):
        return None
    totals = hours.loc[with_hours].sum(axis=1).to_numpy()
    shares = np.array([known[quarter][1] for quarter in with_hours], dtype=float)
    return float((totals * shares).sum() / totals.sum()) if totals.sum() > 0 else None


def _accuracy_row(
    found: Accuracy, spent: float | None, choice: str, kind: str, start: Any, quarters: int
) -> Row:
    return {
        "period_kind": kind,
        "period": start,
        "quarters": quarters,
        "choice": choice,
        "chosen": found.chosen,
        "areas": found.areas,
        "inside": found.inside,
        "incidents": found.events,
        "share": found.share,
        "lower_95": found.interval_95[0],
        "upper_95": found.interval_95[1],
        "share_by_chance": found.by_chance,
        "best_share": found.best,
        "accuracy_index": found.index,
        "efficiency": found.efficiency,
        "hours_share": spent,
    }


def _hours_in_top(order: np.ndarray, worked: np.ndarray, top: int) -> float | None:
    return accuracy(order, worked, top).share if worked.sum() > 0 else None


def _hours(
    connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any], geography: str, counts: pd.DataFrame
) -> pd.DataFrame:
    """Quarters × areas of hours worked, quarters with any hours only; empty without a log."""
    asked = {"program": program["program"], "geography": geography}
    found = connection.execute(load_statements("publish")["route_hours"].text, asked).df()
    if found.empty:
        return pd.DataFrame(columns=counts.columns, index=pd.PeriodIndex([], freq="Q"))
    table = found.pivot(index="quarter", columns="area", values="hours")
    table.index = pd.DatetimeIndex(table.index).to_period("Q")
    table = table.reindex(columns=counts.columns).fillna(0.0)
    return table[(table.sum(axis=1) > 0).to_numpy()]


def _area_sets(
    connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any], geography: str, counts: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Quarters × areas, whether an area belongs: the areas served in the headline reading, and each named group.

    With staggered starts an area is served from the first whole quarter of its service.
    """
    found: dict[str, pd.DataFrame] = {}
    entries = [("served", entry) for entry in program.get("catchment", []) if entry.get("headline")][:1]
    entries += [(f"group/{entry['id']}", entry) for entry in program.get("area_group", [])]
    for name, entry in entries:
        starts = entry.get("starts", {})
        table = pd.DataFrame(False, index=counts.index, columns=counts.columns)
        if entry["geography"] == geography:
            small = {area: [area] for area in entry["areas"]}
        else:
            small = {
                area: _members(connection, str(program["city"]), geography, entry["geography"], area)
                for area in entry["areas"]
            }
        for area, parts in small.items():
            first = pd.Period(starts[area], freq="M").start_time if area in starts else None
            quarters = pd.PeriodIndex(counts.index)
            rows = quarters if first is None else quarters[quarters.start_time >= first]
            table.loc[rows, [part for part in parts if part in table.columns]] = True
        if table.to_numpy().any():
            found[name] = table
    return found


def _members(
    connection: duckdb.DuckDBPyConnection, city: str, geography: str, kind: str, area: str
) -> list[str]:
    text = load_statements("publish")["route_members"].text
    asked = {"city": city, "geography": geography, "kind": kind, "areas": [area]}
    return [str(row[0]) for row in connection.execute(text, asked).fetchall()]


__all__ = ("monthly_counts", "quarters_of", "shown_months", "write_routes")
