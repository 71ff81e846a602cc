"""Invented paperwork: money, required records, conduct reports."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from etl.simulate.providers import PROVIDERS, dose, worked_months
from etl.simulate.rates import EXPORTED_AT, PAYMENT_GAP, months
from etl.simulate.work import Log

HOURLY_USD = 46
OVERHEAD = 1.35
CONDUCT_REPORTS = 46
CATEGORIES = ("absence", "false_hours", "conduct_on_shift", "complaint_by_resident", "arrest")


APPROPRIATIONS_USD = {2021: 900_000, 2022: 1_500_000, 2023: 2_100_000, 2024: 2_100_000, 2025: 700_000}


@dataclass(frozen=True)
class Contract:
    """One provider's contract of one year: days it covers and what it pays in all."""

    provider: str
    year: int
    start: dt.date
    end: dt.date
    amount_usd: int


def contracts() -> list[Contract]:
    """Contracts by provider and year. They stand in the program file, as a council's record would."""
    found = []
    for provider in PROVIDERS:
        worked = worked_months(provider, months())
        for year in sorted({month.year for month in worked}):
            spell = [month for month in worked if month.year == year]
            bought = sum(provider.hours_per_month * min(1.0, dose(provider, month) * 1.1) for month in spell)
            amount = round(bought * HOURLY_USD * OVERHEAD / 100) * 100
            start, end = spell[0].start_time.date(), spell[-1].end_time.date()
            found.append(Contract(provider.id, year, start, end, amount))
    return found


def payments() -> Log:
    """The funding log: quarterly payments on the contracts, none for the payment gap."""
    unpaid = pd.Period(PAYMENT_GAP[0], freq="M").asfreq("Q")
    rows = []
    for contract in contracts():
        spell = pd.period_range(str(contract.start), str(contract.end), freq="M")
        for quarter in sorted({month.asfreq("Q") for month in spell} - {unpaid}):
            part = [month for month in spell if month.asfreq("Q") == quarter]
            rows.append(
                {
                    "kind": "payment",
                    "date": str(quarter.end_time.date() + dt.timedelta(days=28)),
                    "period_start": str(part[0].start_time.date()),
                    "period_end": str(part[-1].end_time.date()),
                    "amount_usd": str(round(contract.amount_usd * len(part) / len(spell))),
                    "provider": contract.provider,
                    "description": f"Payment for {quarter}",
                    "source": "Larkhaven payment record (invented)",
                    "simulated": "true",
                }
            )
    rows.sort(key=lambda row: (row["date"], row["provider"]))
    return [{"funding": f"P{number:03d}", **row} for number, row in enumerate(rows, start=1)]


def required_records(rng: np.random.Generator) -> Log:
    """Monthly reports and time sheets: when each was due and when it was produced, if ever."""
    rows = []
    for provider in PROVIDERS:
        missing = 0.30 if provider.id == "tenth-bell" else 0.08
        for month in worked_months(provider, months()):
            for kind in ("monthly_report", "time_sheets"):
                due = (month + 1).start_time.date() + dt.timedelta(days=9)
                draw = rng.random()
                lag = int(rng.integers(-6, 1)) if draw < 0.72 else int(rng.integers(1, 75))
                day = due + dt.timedelta(days=lag)
                produced = "" if draw > 1 - missing or day >= EXPORTED_AT.date() else str(day)
                rows.append(
                    {
                        "provider": provider.id,
                        "kind": kind,
                        "month": f"{month}-01",
                        "due_on": str(due),
                        "produced_on": produced,
                    }
                )
    return _numbered(rows, "R", 4)


def conduct_reports(rng: np.random.Generator) -> Log:
    """Reports about workers' conduct, with status; no worker is named in them."""
    rows = []
    for _ in range(CONDUCT_REPORTS):
        provider = PROVIDERS[int(rng.choice(len(PROVIDERS), p=[0.2, 0.15, 0.2, 0.35, 0.1]))]
        worked = worked_months(provider, months())
        month = worked[int(rng.integers(len(worked)))]
        reported = month.start_time.date() + dt.timedelta(days=int(rng.integers(28)))
        draw = rng.random()
        day = reported + dt.timedelta(days=int(rng.integers(10, 150)))
        is_open = draw < 0.2 or day >= EXPORTED_AT.date()
        status = "open" if is_open else ("substantiated" if draw < 0.55 else "not_substantiated")
        closed = "" if is_open else str(day)
        category = CATEGORIES[int(rng.integers(len(CATEGORIES)))]
        rows.append(
            {
                "provider": provider.id,
                "reported_on": str(reported),
                "category": category,
                "status": status,
                "closed_on": closed,
                "note": "reviewed by the office",
            }
        )
    return _numbered(sorted(rows, key=lambda row: (row["reported_on"], row["provider"])), "C", 3)


def _numbered(rows: list[dict[str, str]], letter: str, digits: int) -> Log:
    return [
        {"record": f"{letter}{number:0{digits}d}", **row, "simulated": "true"}
        for number, row in enumerate(rows, start=1)
    ]
