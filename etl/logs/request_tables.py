"""The path of requests, counted and timed at the grains that disclosure allows. Not yet protected."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from etl.logs.activity_tables import ALL, NOT_RECORDED, counted, names
from etl.logs.hours import parents
from etl.logs.periods import FREQUENCY, covered, first_day, is_provisional

URGENT = ("scene_response", "call_response")
CO_RESPONSE = "co_response_911"
STEPS = {"relayed": "relayed_at", "answered": "answered_at", "arrived": "arrived_at"}
BANDS = ("00-05", "06-11", "12-17", "18-23")
# An interval of a quantile is given only where its ends cannot be one of the few smallest or largest records.
FEWEST_FOR_INTERVAL = {0.5: 20, 0.9: 80}
Z_95 = 1.959963984540054
TIMES = (
    "median_minutes", "p90_minutes", "median_lower_95", "median_upper_95", "p90_lower_95", "p90_upper_95",
)  # fmt: skip


def request_counts(
    requests: pd.DataFrame,
    city: str,
    areas: pd.DataFrame,
    links: pd.DataFrame,
    first: date,
    exported_on: date,
) -> pd.DataFrame:
    """Rows of out_request with exact n: source, step and outcome by quarter, hour band by year, ward and neighborhood by year.

    Calls on which teams go with police (911 co-response) have measures of their own, by year: by hour band, police
    precinct and outcome. So have requests to add an area to a route, by neighborhood and year.
    """
    at = requests["received_at"]
    here = requests.assign(outcome=requests["outcome"].fillna(NOT_RECORDED), band=_band(at))
    whole = here.assign(area=city, hour_band=here["band"])
    inside = here.loc[here["geography"] == "neighborhood"]
    wards = inside.assign(area=inside["area"].map(parents(links, "ward")))
    urgent = whole.loc[whole["purpose"].isin(URGENT)]
    answered = urgent.loc[urgent["answered_at"].notna()]
    steps = _steps(whole)
    calls = whole.loc[(whole["source"] == CO_RESPONSE) & whole["purpose"].isin(URGENT)]
    calls_answered = calls.loc[calls["answered_at"].notna()]
    to_add = inside.loc[inside["purpose"] == "add_area"]
    districts = names(areas, "precinct")
    district = parents(links, "precinct")
    span = (first, exported_on)
    parts = [
        counted(whole, "city", [city], "quarter", at, "requests", "source", _values(whole["source"]), *span),
        counted(
            whole, "city", [city], "quarter", at, "requests", "outcome", _values(whole["outcome"]), *span
        ),
        counted(
            steps,
            "city",
            [city],
            "quarter",
            steps["received_at"],
            "requests",
            "step",
            ["asked", *STEPS],
            *span,
        ),
        counted(urgent, "city", [city], "year", at, "urgent_requests", ALL, [ALL], *span),
        counted(answered, "city", [city], "year", at, "answered_urgent_requests", ALL, [ALL], *span),
        counted(urgent, "city", [city], "year", at, "urgent_requests", "hour_band", list(BANDS), *span),
        counted(
            answered, "city", [city], "year", at, "answered_urgent_requests", "hour_band", list(BANDS), *span
        ),
        counted(wards, "ward", names(areas, "ward"), "year", at, "requests", ALL, [ALL], *span),
        counted(
            inside, "neighborhood", names(areas, "neighborhood"), "year", at, "requests", ALL, [ALL], *span
        ),
    ]
    parts.append(
        counted(
            to_add,
            "neighborhood",
            names(areas, "neighborhood"),
            "year",
            at,
            "add_area_requests",
            ALL,
            [ALL],
            *span,
        )
    )
    for measure, rows in (("calls_911", calls), ("answered_calls_911", calls_answered)):
        placed = inside.loc[inside.index.isin(rows.index)]
        placed = placed.assign(area=placed["area"].map(district))
        parts += [
            counted(rows, "city", [city], "year", at, measure, ALL, [ALL], *span),
            counted(rows, "city", [city], "year", at, measure, "hour_band", list(BANDS), *span),
            counted(placed, "precinct", districts, "year", at, measure, ALL, [ALL], *span),
        ]
    outcomes = _values(calls["outcome"])
    parts.append(counted(calls, "city", [city], "year", at, "calls_911", "outcome", outcomes, *span))
    return pd.concat([part for part in parts if not part.empty], ignore_index=True)


def request_times(requests: pd.DataFrame, city: str, first: date, exported_on: date) -> pd.DataFrame:
    """Rows of out_request_time: median and 90th percentile of the time to each step, open requests not dropped.

    By source and quarter; by hour band and year for urgent requests, which have measures of their own: counts
    of different requests under one name would contradict each other. Requests to add an area to a route
    have no arrival and are left out of that step.
    """
    here = requests.assign(hour_band=_band(requests["received_at"]))
    urgent = here.loc[here["purpose"].isin(URGENT)]
    rows = []
    for entries, kind, attribute, prefix in (
        (here, "quarter", "source", ""),
        (urgent, "year", "hour_band", "urgent_"),
    ):
        period = entries["received_at"].dt.to_period(FREQUENCY[kind]).rename("period")
        inside = set(covered(first, exported_on, kind))
        for (at, value), group in entries.groupby([period, entries[attribute]]):
            if not isinstance(at, pd.Period) or at not in inside:
                continue
            for step, column in STEPS.items():
                asked = group.loc[group["purpose"] != "add_area"] if step == "arrived" else group
                if asked.empty:
                    continue
                minutes, is_reached = waiting_minutes(asked, column, exported_on)
                rows.append(
                    {
                        "geography": "city",
                        "area": city,
                        "period_kind": kind,
                        "period": first_day(at),
                        "measure": f"{prefix}received_to_{step}",
                        "attribute": attribute,
                        "attribute_value": value,
                        "n": len(asked),
                        "median_minutes": waiting_quantile(minutes, is_reached, 0.5),
                        "p90_minutes": waiting_quantile(minutes, is_reached, 0.9),
                        **_interval_columns(minutes, is_reached),
                        "is_provisional": is_provisional(at, exported_on),
                    }
                )
    columns = ["geography", "area", "period_kind", "period", "measure", "attribute", "attribute_value", "n"]
    return pd.DataFrame(rows, columns=[*columns, *TIMES, "is_provisional"])


def waiting_minutes(requests: pd.DataFrame, column: str, exported_on: date) -> tuple[np.ndarray, np.ndarray]:
    """Minutes waited for a step, and whether it came.

    An open request has waited until the export. One that was settled without the step will never take it:
    it has waited for ever, so that it stays in the base of every percentage (Fine and Gray's way of
    keeping competing outcomes at risk).
    """
    reached = requests[column].notna().to_numpy()
    ends = requests[column].fillna(pd.Timestamp(exported_on) + pd.Timedelta(days=1))
    minutes = ((ends - requests["received_at"]).dt.total_seconds() / 60).to_numpy(dtype=float)
    settled = ~requests["outcome"].isin(["open"]).to_numpy() & requests["outcome"].notna().to_numpy()
    return np.where(settled & ~reached, np.inf, minutes), reached


def waiting_quantile(minutes: np.ndarray, is_reached: np.ndarray, share: float) -> float | None:
    """Time by which `share` of all had reached the step (Kaplan-Meier); None where they never did."""
    waiting = 1.0
    for moment in np.unique(minutes[is_reached]):
        at_risk = int((minutes >= moment).sum())
        events = int(((minutes == moment) & is_reached).sum())
        waiting *= 1 - events / at_risk
        if 1 - waiting >= share - 1e-12:
            return float(moment)
    return None


def waiting_interval(
    minutes: np.ndarray, is_reached: np.ndarray, share: float
) -> tuple[float | None, float | None]:
    """95 % interval of `waiting_quantile` (Brookmeyer and Crowley 1982, on the log(-log) scale); an end is None where
    it is not reached, both are with too few records (`FEWEST_FOR_INTERVAL`)."""
    if len(minutes) < FEWEST_FOR_INTERVAL[share]:
        return None, None
    waiting, greenwood = 1.0, 0.0
    lower: float | None = None
    upper: float | None = None
    for moment in np.unique(minutes[is_reached]):
        at_risk = int((minutes >= moment).sum())
        events = int(((minutes == moment) & is_reached).sum())
        waiting *= 1 - events / at_risk
        if waiting <= 0:
            break
        greenwood += events / (at_risk * (at_risk - events))
        half = Z_95 * np.sqrt(greenwood) / abs(np.log(waiting))
        if lower is None and waiting ** np.exp(half) <= 1 - share:
            lower = float(moment)
        if upper is None and waiting ** np.exp(-half) <= 1 - share:
            upper = float(moment)
    return lower, upper


def _interval_columns(minutes: np.ndarray, is_reached: np.ndarray) -> dict[str, float | None]:
    columns: dict[str, float | None] = {}
    for name, share in (("median", 0.5), ("p90", 0.9)):
        columns[f"{name}_lower_95"], columns[f"{name}_upper_95"] = waiting_interval(
            minutes, is_reached, share
        )
    return columns


def _steps(requests: pd.DataFrame) -> pd.DataFrame:
    """One row a request and step it reached: not a partition, each is out of those asked."""
    parts = [requests.assign(step="asked")]
    parts += [requests.loc[requests[column].notna()].assign(step=step) for step, column in STEPS.items()]
    return pd.concat(parts, ignore_index=True)


def _band(at: pd.Series) -> pd.Series:
    return at.dt.hour.map(lambda hour: BANDS[hour // 6])


def _values(column: pd.Series) -> list[str]:
    return sorted(column.unique())
