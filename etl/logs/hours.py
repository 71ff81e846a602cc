"""Hours on the street: by month, provider, weekday and hour, and by area beside the shootings.

Contractor data, the public's business: published without any worker. Hours that one worker logged twice
over count once, except where hours are shown as claimed.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from etl.logs.periods import covered, first_day, whereabouts_quarters

HOUR = timedelta(hours=1)


def on_the_street(shifts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Shifts (core_shift) with overlapping ones of one worker merged, apart for each value of `by`.

    Returns `by`, started_at, ended_at. Of two overlapping shifts the earlier one's columns stay.
    """
    columns = [*by, "started_at", "ended_at"]
    merged: list[dict[str, Any]] = []
    ordered = shifts.sort_values(["provider", "worker", "started_at", "ended_at"], kind="stable")
    last_worker: tuple[str, str] | None = None
    for row in ordered[list(dict.fromkeys([*columns, "provider", "worker"]))].to_dict("records"):
        worker = (row["provider"], row["worker"])
        until = merged[-1]["ended_at"] if merged and worker == last_worker else None
        last_worker = worker
        if until is None or row["started_at"] >= until:
            merged.append({name: row[name] for name in columns})
        elif row["ended_at"] > until:
            same = all(row[name] == merged[-1][name] for name in by)
            if same:
                merged[-1]["ended_at"] = row["ended_at"]
            else:
                merged.append(
                    {**{name: row[name] for name in by}, "started_at": until, "ended_at": row["ended_at"]}
                )
    frame = pd.DataFrame(merged, columns=columns)
    for name in ("started_at", "ended_at"):
        frame[name] = pd.to_datetime(frame[name])
    return frame.assign(hours=_hours_between(frame))


def shift_months(shifts: pd.DataFrame, first: date, exported_on: date) -> pd.DataFrame:
    """month, shifts, hours for every month covered, zeros kept (rows of out_shift)."""
    months = covered(first, exported_on, "month")
    worked = on_the_street(shifts, [])
    hours = worked.groupby(worked["started_at"].dt.to_period("M"))["hours"].sum()
    count = shifts.groupby(shifts["started_at"].dt.to_period("M")).size()
    return pd.DataFrame(
        {
            "month": [first_day(month) for month in months],
            "shifts": count.reindex(months, fill_value=0).to_numpy(),
            "hours": hours.reindex(months, fill_value=0.0).to_numpy(dtype=float).round(2),
        }
    )


def provider_months(
    providers: pd.DataFrame,
    shifts: pd.DataFrame,
    records: pd.DataFrame,
    payments: pd.DataFrame,
    first: date,
    exported_on: date,
) -> pd.DataFrame:
    """provider × month: hours contracted, logged, overlapping; records due, on time, late; payments (out_provider)."""
    months = covered(first, exported_on, "month")
    names = providers.drop_duplicates("provider").set_index("provider")["name"]
    grid = pd.MultiIndex.from_product([names.index, months], names=["provider", "month"])
    table = pd.DataFrame(index=grid)
    table["name"] = names.reindex(grid.get_level_values("provider")).to_numpy()
    table["contracted_hours"] = _contracted(providers, grid)
    month = shifts["started_at"].dt.to_period("M").rename("month")
    claimed = shifts.assign(clock=_hours_between(shifts)).groupby(["provider", month])
    worked = on_the_street(shifts, ["provider"])
    once = worked.groupby(["provider", worked["started_at"].dt.to_period("M").rename("month")])["hours"].sum()
    table["logged_hours"] = claimed["hours"].sum().astype(float).reindex(grid, fill_value=0.0).round(2)
    overlap = claimed["clock"].sum().reindex(grid, fill_value=0.0) - once.reindex(grid, fill_value=0.0)
    table["overlapping_hours"] = overlap.astype(float).clip(lower=0.0).round(2)
    table["shifts"] = claimed.size().reindex(grid, fill_value=0)
    due = records.loc[records["due_on"].dt.date <= exported_on]
    keys = [due["provider"], due["month"].dt.to_period("M").rename("month")]
    for name, counted in {
        "records_due": due["due_on"].notna(),
        "records_on_time": (due["produced_on"] <= due["due_on"]).fillna(False),
        "records_late": (due["produced_on"] > due["due_on"]).fillna(False),
    }.items():
        table[name] = counted.astype(int).groupby(keys).sum().reindex(grid, fill_value=0)
    paid = payments.loc[(payments["kind"] == "payment") & payments["provider"].notna()]
    paid_month = paid["date"].dt.to_period("M").rename("month")
    amounts = paid.groupby(["provider", paid_month])["amount_usd"].sum().astype(float)
    table["paid_usd"] = amounts.reindex(grid, fill_value=0.0)
    found = table.reset_index()
    return found.assign(month=[first_day(month) for month in found["month"]])


def weekday_hours(shifts: pd.DataFrame, first: date, exported_on: date) -> pd.DataFrame:
    """year, weekday, hour: worker hours and hours with at least one worker (out_hours_weekday_hour)."""
    quarters = whereabouts_quarters(first, exported_on)
    rows = []
    for year in sorted({quarter.year for quarter in quarters}):
        inside = [quarter for quarter in quarters if quarter.year == year]
        start, end = inside[0].start_time, inside[-1].end_time
        there = shifts.loc[shifts["started_at"].between(start, end)]
        worker = _by_weekday_hour(on_the_street(there, []))
        # One worker for all: overlaps of different workers merge as well.
        team = _by_weekday_hour(on_the_street(there.assign(provider="all", worker="all"), []))
        for weekday in range(1, 8):
            for hour in range(24):
                rows.append(
                    {
                        "year": year,
                        "weekday": weekday,
                        "hour": hour,
                        "hours": round(float(worker[weekday - 1, hour]), 2),
                        "team_hours": round(float(team[weekday - 1, hour]), 2),
                        "first_month": inside[0].start_time.normalize(),
                        "last_month": inside[-1].asfreq("M", how="end").start_time.normalize(),
                    }
                )
    return pd.DataFrame(rows)


def route_coverage(
    shifts: pd.DataFrame,
    areas: pd.DataFrame,
    links: pd.DataFrame,
    monthly: pd.DataFrame,
    first: date,
    exported_on: date,
) -> pd.DataFrame:
    """quarter × area: hours worked there beside shootings there and in the year before (out_route_coverage).

    areas, links: core_area and core_area_link of the city. monthly: out_monthly rows of gunshot incidents
    by occurred month, of the city's neighborhoods and wards. Hours logged for larger areas are in the
    shares' base only.
    """
    quarters = whereabouts_quarters(first, exported_on)
    worked = on_the_street(shifts, ["geography", "area"])
    worked["quarter"] = worked["started_at"].dt.to_period("Q")
    total = worked.groupby("quarter")["hours"].sum().reindex(quarters, fill_value=0.0)
    known = monthly.assign(quarter=pd.to_datetime(monthly["month"]).dt.to_period("Q"))
    parts = []
    for geography in ("neighborhood", "ward"):
        names = areas.loc[areas["geography"] == geography, "area"].astype(str).tolist()
        if not names:
            continue
        here = worked.loc[worked["geography"] == "neighborhood"]
        if geography != "neighborhood":
            here = here.assign(area=here["area"].map(parents(links, geography)))
        hours = here.pivot_table(index="quarter", columns="area", values="hours", aggfunc="sum")
        hours = hours.reindex(index=quarters, columns=names).fillna(0.0)
        counts = _by_whole_quarter(known.loc[known["geography"] == geography], names)
        before = counts.rolling(4).sum().shift(1).reindex(quarters)
        rank = before.rank(axis=1, method="min", ascending=False)
        tables = {
            "hours": hours,
            "incidents": counts.reindex(quarters),
            "incidents_year_before": before,
            "risk_rank": rank,
        }
        stacked = pd.concat({name: table.stack(future_stack=True) for name, table in tables.items()}, axis=1)
        stacked.index.names = ["quarter", "area"]
        parts.append(stacked.reset_index().assign(geography=geography))
    frame = pd.concat(parts, ignore_index=True)
    base = frame["quarter"].map(total).astype(float)
    frame["hours_share"] = np.where(base > 0, frame["hours"] / base.where(base > 0), np.nan)
    frame["hours"] = frame["hours"].round(2)
    frame["quarter"] = [first_day(quarter) for quarter in frame["quarter"]]
    for name in ("incidents", "incidents_year_before", "risk_rank"):
        frame[name] = frame[name].astype("Int64")
    return frame


def _by_whole_quarter(monthly: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Quarter × area sums of `count`; a quarter with a month missing from the record is empty, not low."""
    quarter = monthly["quarter"]
    counts = monthly.pivot_table(index=quarter, columns="area", values="count", aggfunc="sum")
    every = pd.period_range(quarter.min(), quarter.max(), freq="Q") if len(quarter) else counts.index
    counts = counts.reindex(index=every, columns=names).fillna(0)
    months = monthly.groupby(quarter)["month"].nunique().reindex(every).fillna(0)
    return counts.astype(float).where(months == 3, axis=0)


def parents(links: pd.DataFrame, geography: str) -> dict[str, str]:
    """Neighborhood → the area of `geography` that holds most of it."""
    member = links.loc[
        (links["link"] == "member")
        & (links["from_geography"] == "neighborhood")
        & (links["to_geography"] == geography)
    ].sort_values("share", kind="stable")
    return dict(zip(member["from_area"].astype(str), member["to_area"].astype(str), strict=True))


def _hours_between(frame: pd.DataFrame) -> pd.Series:
    """Hours by the local clock from started_at to ended_at."""
    return (frame["ended_at"] - frame["started_at"]).dt.total_seconds() / HOUR.total_seconds()


def _contracted(providers: pd.DataFrame, grid: pd.MultiIndex) -> list[float | None]:
    spells = providers.to_dict("records")
    found: list[float | None] = []
    for provider, month in grid:
        hours = [
            spell["contracted_hours_month"]
            for spell in spells
            if spell["provider"] == provider
            and spell["first_month"] <= month.start_time
            and (pd.isna(spell["last_month"]) or month.start_time <= spell["last_month"])
        ]
        known = [float(value) for value in hours if not pd.isna(value)]
        found.append(sum(known) if known else None)
    return found


def _by_weekday_hour(worked: pd.DataFrame) -> np.ndarray:
    """(7, 24) hours by weekday (Monday first) and hour of the local clock."""
    table = np.zeros((7, 24))
    for start, end in zip(worked["started_at"], worked["ended_at"], strict=True):
        moment, last = start.to_pydatetime(), end.to_pydatetime()
        while moment < last:
            turn = datetime(moment.year, moment.month, moment.day, moment.hour) + HOUR
            step = min(turn, last)
            table[moment.weekday(), moment.hour] += (step - moment) / HOUR
            moment = step
    return table
