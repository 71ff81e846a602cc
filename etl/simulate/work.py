"""Invented shifts and activities, as the teams would log them, before any fault is planted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from etl.simulate.clock import text
from etl.simulate.notes import note
from etl.simulate.places import neighborhoods
from etl.simulate.providers import PROVIDERS, Provider, areas_worked, dose
from etl.simulate.rates import months

Log = list[dict[str, str]]
"""A log as it is typed: one dictionary of text cells a row."""

# Street teams: Wednesday to Saturday 16 to 22, Sunday 14 to 20. Shootings peak later, so many hours at
# risk have no team. Hospital responders: Monday to Friday 9 to 17.
STREET_SHIFTS = {2: (16, 6), 3: (16, 6), 4: (16, 6), 5: (16, 6), 6: (14, 6)}
HOSPITAL_SHIFTS = {0: (9, 8), 1: (9, 8), 2: (9, 8), 3: (9, 8), 4: (9, 8)}

STREET_KINDS = {
    "contact": 0.60,
    "mediation": 0.12,
    "shooting_response": 0.05,
    "event": 0.03,
    "referral": 0.08,
    "follow_up": 0.09,
    "other": 0.03,
}
HOSPITAL_KINDS = {"hospital_response": 0.55, "follow_up": 0.25, "referral": 0.18, "other": 0.02}
OUTCOMES = {
    "mediation": {"resolved": 0.52, "temporarily_resolved": 0.22, "ongoing": 0.16, "not_resolved": 0.10},
    "shooting_response": {"completed": 0.9, "not_reached": 0.1},
    "hospital_response": {"completed": 0.7, "declined": 0.2, "not_reached": 0.1},
    "referral": {"completed": 0.5, "ongoing": 0.3, "declined": 0.2},
    "follow_up": {"completed": 0.6, "not_reached": 0.3, "declined": 0.1},
}
LEARNED_FROM = ("walking_by", "resident", "participant", "office", "police", "hospital", "school")
ACTIVITIES_PER_SHIFT = 1.9
# Two mediations of one area this close would look like one conflict logged twice; there are none by chance.
MEDIATION_SPACING = dt.timedelta(hours=4)
CATCH_ALL_PROVIDER = "harbor-kettle"
HOSPITAL_AREA = "Nightjar Bend"


@dataclass(frozen=True)
class Shift:
    """One worker's shift as logged."""

    provider: str
    worker: str
    area: str
    started_at: dt.datetime
    ended_at: dt.datetime
    funder: str
    logged_at: dt.datetime


def shifts(rng: np.random.Generator) -> list[Shift]:
    """All shifts, by start."""
    found: list[Shift] = []
    for provider in PROVIDERS:
        week = STREET_SHIFTS if provider.communities else HOSPITAL_SHIFTS
        for month in months():
            share = dose(provider, month)
            if share == 0:
                continue
            for number in range(month.days_in_month):
                day = month.start_time.to_pydatetime() + dt.timedelta(days=number)
                if day.weekday() in week:
                    found.extend(_day(rng, provider, day, week[day.weekday()], share))
    return sorted(found, key=lambda shift: (shift.started_at, shift.provider, shift.worker))


def activities(worked: list[Shift], rng: np.random.Generator) -> list[dict[str, Any]]:
    """What was done on those shifts, by time, as rows with datetimes."""
    providers = {provider.id: provider for provider in PROVIDERS}
    mediated: dict[str, list[dt.datetime]] = {}
    rows = []
    for shift in worked:
        provider = providers[shift.provider]
        minutes = (shift.ended_at - shift.started_at) // dt.timedelta(minutes=1)
        for offset in np.sort(rng.choice(minutes - 5, size=int(rng.poisson(ACTIVITIES_PER_SHIFT)))):
            moment = shift.started_at + dt.timedelta(minutes=int(offset))
            kind = _kind(rng, provider)
            if kind == "mediation":
                past = mediated.setdefault(shift.area, [])
                if any(abs(moment - other) < MEDIATION_SPACING for other in past[-12:]):
                    kind = "contact"
                else:
                    past.append(moment)
            area = shift.area if provider.communities else _anywhere(rng)
            rows.append(_activity(rng, provider, shift, kind, area, moment))
    return sorted(rows, key=lambda row: (row["occurred_at"], row["provider"], row["worker"]))


def shift_log(worked: list[Shift]) -> Log:
    return as_written([vars(shift) for shift in worked], "S")


def as_written(rows: list[dict[str, Any]], letter: str) -> Log:
    """The rows as a log: record numbers first, text cells, times as `2021-07-03 22:15`."""
    return [
        {
            "record": f"{letter}{number:05d}",
            **{name: _cell(value) for name, value in row.items()},
            "simulated": "true",
        }
        for number, row in enumerate(rows, start=1)
    ]


def entry_time(rng: np.random.Generator, after: dt.datetime) -> dt.datetime:
    """When an entry is typed in: mostly the same night, nearly always within two days."""
    draw = rng.random()
    if draw < 0.7:
        lag = int(rng.integers(5, 60))
    elif draw < 0.95:
        lag = int(rng.integers(600, 1_200))
    else:
        lag = int(rng.integers(1_440, 2_880))
    later = after + dt.timedelta(minutes=lag)
    # Nobody types in the small hours; this also keeps clear of the hours that clock changes touch.
    return later if later.hour >= 5 else later.replace(hour=9)


def _day(
    rng: np.random.Generator, provider: Provider, day: dt.datetime, hours: tuple[int, int], share: float
) -> list[Shift]:
    crew = 1.3 if not provider.communities else 2.5
    size = min(provider.workers, int(rng.binomial(4, min(1.0, crew * share / 4))))
    places = areas_worked(provider, pd.Period(day, freq="M")) or [HOSPITAL_AREA]
    area = places[int(rng.integers(len(places)))]
    start = day + dt.timedelta(hours=hours[0])
    end = start + dt.timedelta(hours=hours[1])
    found = []
    for index in rng.choice(provider.workers, size=size, replace=False):
        left = end - dt.timedelta(minutes=int(rng.choice([0, 0, 0, 15, 30, 60])))
        worker = provider.worker_ids[int(index)]
        found.append(Shift(provider.id, worker, area, start, left, "city", entry_time(rng, left)))
    return found


def _cell(value: object) -> str:
    if value is None or isinstance(value, dt.datetime):
        return text(value)
    return str(value)


def _kind(rng: np.random.Generator, provider: Provider) -> str:
    shares = STREET_KINDS if provider.communities else HOSPITAL_KINDS
    kind = str(rng.choice(list(shares), p=list(shares.values())))
    if provider.id == CATCH_ALL_PROVIDER and kind == "contact" and rng.random() < 0.7:
        return "other"
    return kind


def _activity(
    rng: np.random.Generator, provider: Provider, shift: Shift, kind: str, area: str, moment: dt.datetime
) -> dict[str, Any]:
    with_person = kind in ("referral", "follow_up", "hospital_response") or rng.random() < 0.15
    mediation = kind == "mediation"
    people = {"event": 12 + int(rng.integers(60)), "mediation": 2 + int(rng.poisson(1.2))}
    outcomes = OUTCOMES.get(kind)
    return {
        "provider": provider.id,
        "worker": shift.worker,
        "kind": kind,
        "area": area,
        "occurred_at": moment,
        "logged_at": entry_time(rng, shift.ended_at),
        "people": people.get(kind, 1 + int(rng.poisson(0.5))),
        "participant": f"{provider.initials}-P{int(rng.integers(1, 41)):03d}" if with_person else "",
        "learned_from": str(rng.choice(LEARNED_FROM)) if mediation else "",
        "retaliation": ("yes" if rng.random() < 0.4 else "no") if mediation else "",
        "weapon": ("yes" if rng.random() < 0.25 else "no") if mediation else "",
        "outcome": str(rng.choice(list(outcomes), p=list(outcomes.values()))) if outcomes else "",
        "note": note(rng, kind),
    }


def _anywhere(rng: np.random.Generator) -> str:
    places = neighborhoods()
    return places[int(rng.integers(len(places)))].name
