"""Invented calls for help: who asked, when it was relayed, answered, arrived, and what came of it.

The scenario behind it: scene requests come from police at any hour, through dispatch, which can only
reach a team that is on shift; outside shift hours most of them end with nobody reached. Community
groups and businesses ask for areas to be added to routes, by day, and wait days for an answer.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from etl.simulate.clock import SHOOTING_WEEKDAYS, clear_of_changes, moment_in_month
from etl.simulate.places import QUIET, treated_from
from etl.simulate.providers import PROVIDERS, Provider, areas_worked, dose
from etl.simulate.rates import CONTRACTED, EXPORTED_AT, months
from etl.simulate.work import STREET_SHIFTS

# Requests a month when all teams work; co-response to 911 calls starts with the third wave.
MONTHLY = {
    "police_scene": 16.0,
    "co_response_911": 14.0,
    "community_group": 5.0,
    "business": 4.0,
    "resident": 6.0,
    "hospital": 4.0,
    "school": 2.0,
}
# How much more often than elsewhere an equally violent neighborhood with a team is asked for.
SERVED_WEIGHT = {"police_scene": 40.0, "co_response_911": 1_000.0}
CO_RESPONSE_FROM = "2022-07"
FIRST_REQUEST_MONTH = CONTRACTED[0]
# Neighborhoods without a team whose businesses keep asking to be added to a route.
HOPED_FOR = ("Wickermoss", "Kettlemere")
STILL_OPEN = 0.02

DAY_HOURS = np.array([0.2] * 8 + [2.0] * 10 + [1.0] * 4 + [0.3] * 2)


def requests(expected: pd.DataFrame, rng: np.random.Generator) -> list[dict[str, Any]]:
    """One row a request, by time received, as rows with datetimes or None.

    `expected` (shootings by month and neighborhood) says where scene requests come from.
    """
    rows = []
    rates = dict(expected.T.items())
    for month in months():
        if str(month) < FIRST_REQUEST_MONTH:
            continue
        for source, mean in MONTHLY.items():
            if source == "co_response_911" and str(month) < CO_RESPONSE_FROM:
                continue
            rate = mean * (0.4 if not _any_team(month) else 1.0)
            for _ in range(int(rng.poisson(rate))):
                rows.append(_request(rng, month, source, rates[month]))
    for row in rows:
        _cut_at_export(row)
    return sorted(rows, key=lambda row: (row["received_at"], row["source"]))


def _request(rng: np.random.Generator, month: pd.Period, source: str, rate: pd.Series) -> dict[str, Any]:
    urgent = source in ("police_scene", "co_response_911")
    received = (
        moment_in_month(rng, month.year, month.month)
        if urgent
        else moment_in_month(rng, month.year, month.month, DAY_HOURS, SHOOTING_WEEKDAYS[::-1])
    )
    received = clear_of_changes(received)
    area = _area(rng, source, rate)
    team = _team(area, month)
    row: dict[str, Any] = {
        "source": source,
        "purpose": _purpose(rng, source),
        "area": area,
        "received_at": received,
        "relayed_at": None,
        "answered_at": None,
        "arrived_at": None,
        "provider": "",
        "outcome": "",
        "note": "",
    }
    if row["purpose"] == "add_area":
        return _route_request(rng, row, received)
    return _team_request(rng, row, received, team, urgent)


def _route_request(rng: np.random.Generator, row: dict[str, Any], received: dt.datetime) -> dict[str, Any]:
    relayed = clear_of_changes(received + dt.timedelta(minutes=int(rng.integers(600, 7_200))))
    row["relayed_at"] = relayed
    draw = rng.random()
    if draw < 0.25:
        row["outcome"] = "open"
        return row
    row["answered_at"] = clear_of_changes(relayed + dt.timedelta(days=int(rng.integers(2, 40))))
    row["outcome"] = "accepted" if draw < 0.37 else "declined"
    return row


def _team_request(
    rng: np.random.Generator,
    row: dict[str, Any],
    received: dt.datetime,
    team: Provider | None,
    urgent: bool,
) -> dict[str, Any]:
    working = team is not None and _on_shift(received)
    if urgent and not working:
        # Dispatch has nobody to call, or calls and gets no answer.
        if rng.random() < 0.35:
            row["relayed_at"] = clear_of_changes(received + dt.timedelta(minutes=int(rng.integers(5, 40))))
        row["outcome"] = "unreached"
        return row
    if team is None:
        row["outcome"] = "declined" if rng.random() < 0.6 else "referred"
        row["answered_at"] = clear_of_changes(received + dt.timedelta(minutes=int(rng.integers(600, 8_000))))
        return row
    row["provider"] = team.id
    wait = int(rng.gamma(2.0, 5.0)) + 2 if urgent else int(rng.gamma(1.5, 300.0)) + 10
    relayed = clear_of_changes(received + dt.timedelta(minutes=wait))
    row["relayed_at"] = relayed
    draw = rng.random()
    if draw < STILL_OPEN:
        row["outcome"] = "open"
        return row
    if draw < 0.12:
        row["outcome"] = "unreached"
        return row
    answered = clear_of_changes(
        relayed + dt.timedelta(minutes=int(rng.gamma(1.5, 4.0 if urgent else 200.0)) + 1)
    )
    row["answered_at"] = answered
    if draw < 0.20:
        row["outcome"] = "declined"
        return row
    travel = int(rng.gamma(3.0, 6.0)) + 3 if urgent else int(rng.gamma(1.5, 500.0)) + 15
    row["arrived_at"] = clear_of_changes(answered + dt.timedelta(minutes=travel))
    row["outcome"] = "responded" if draw < 0.96 else "cancelled"
    return row


def _area(rng: np.random.Generator, source: str, rate: pd.Series) -> str:
    if source in ("business", "community_group") and rng.random() < 0.5:
        return HOPED_FOR[int(rng.integers(len(HOPED_FOR)))]
    served = treated_from()
    names = [name for name in rate.index if name not in QUIET]
    much = SERVED_WEIGHT.get(source, 6.0)
    weight = rate[names].to_numpy() * np.array([much if name in served else 1.0 for name in names])
    return str(rng.choice(names, p=weight / weight.sum()))


def _purpose(rng: np.random.Generator, source: str) -> str:
    if source == "police_scene":
        return "scene_response"
    if source == "co_response_911":
        return "call_response"
    if source in ("business", "community_group"):
        return "add_area" if rng.random() < 0.7 else "presence"
    if source == "hospital":
        return "hospital_response"
    return "mediation"


def _team(area: str, month: pd.Period) -> Provider | None:
    for provider in PROVIDERS:
        if area in areas_worked(provider, month):
            return provider
    return None


def _any_team(month: pd.Period) -> bool:
    return any(dose(provider, month) > 0 for provider in PROVIDERS)


def _on_shift(moment: dt.datetime) -> bool:
    hours = STREET_SHIFTS.get(moment.weekday())
    return hours is not None and hours[0] <= moment.hour < hours[0] + hours[1]


def _cut_at_export(row: dict[str, Any]) -> None:
    """What had not happened when the log was exported is not in it: the request is still open."""
    for step in ("relayed_at", "answered_at", "arrived_at"):
        if row[step] is not None and row[step] >= EXPORTED_AT:
            row[step] = None
            row["outcome"] = "open"
