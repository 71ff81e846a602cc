"""Invented paperwork: money, required records, conduct reports."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from etl.simulate.providers import PROVIDERS, dose, worked_months
from etl.simulate.rates import PAYMENT_GAP, months

HOURLY_USD = 46
OVERHEAD = 1.35
CONDUCT_REPORTS = 46
CATEGORIES = ("absence", "false_hours", "conduct_on_shift", "complaint_by_resident", "arrest")


def funding() -> pd.DataFrame:
    """Appropriations, contracts by provider and year, quarterly payments (none in the payment gap)."""
    rows: list[dict[str, object]] = []

    def add(kind: str, date: str, start: str, end: str, amount: float, provider: str, words: str) -> None:
        rows.append(
            {
                "funding": f"F{len(rows) + 1:03d}",
                "kind": kind,
                "date": date,
                "period_start": start,
                "period_end": end,
                "amount_usd": f"{amount:.0f}",
                "provider": provider,
                "description": words,
                "source": "Larkhaven council record (invented)",
                "simulated": "true",
            }
        )

    for year, amount in ((2021, 900_000), (2022, 1_500_000), (2023, 2_100_000), (2024, 2_100_000), (2025, 700_000)):
        add(
            "appropriation",
            f"{year - 1}-12-10",
            f"{year}-01-01",
            f"{year}-12-31",
            amount,
            "",
            "Council appropriation for outreach teams",
        )
    for provider in PROVIDERS:
        worked = worked_months(provider, months())
        for year in sorted({month.year for month in worked}):
            spell = [month for month in worked if month.year == year]
            bought = sum(provider.hours_per_month * min(1.0, dose(provider, month) * 1.1) for month in spell)
            start, end = spell[0].start_time.date(), spell[-1].end_time.date()
            signed = str(start - dt.timedelta(days=12))
            amount = round(bought * HOURLY_USD * OVERHEAD, -2)
            add("contract", signed, str(start), str(end), amount, provider.id, f"Contract {year}")
            for quarter in sorted({month.asfreq("Q") for month in spell}):
                if quarter == pd.Period(PAYMENT_GAP[0], freq="M").asfreq("Q"):
                    continue
                part = [month for month in spell if month.asfreq("Q") == quarter]
                paid = amount * len(part) / len(spell)
                day = quarter.end_time.date() + dt.timedelta(days=28)
                add(
                    "payment",
                    str(day),
                    str(part[0].start_time.date()),
                    str(part[-1].end_time.date()),
                    round(paid, -1),
                    provider.id,
                    f"Payment {quarter}",
                )
    return pd.DataFrame(rows)


def required_records(rng: np.random.Generator) -> pd.DataFrame:
    """Monthly reports and time sheets: when each was due and when it was produced, if ever."""
    rows = []
    for provider in PROVIDERS:
        missing = 0.30 if provider.id == "tenth-bell" else 0.08
        for month in worked_months(provider, months()):
            for kind in ("monthly_report", "time_sheets"):
                due = (month + 1).start_time.date() + dt.timedelta(days=9)
                draw = rng.random()
                lag = int(rng.integers(-6, 1)) if draw < 0.72 else int(rng.integers(1, 75))
                produced = "" if draw > 1 - missing else str(due + dt.timedelta(days=lag))
                rows.append((provider.id, kind, f"{month}-01", str(due), produced))
    frame = pd.DataFrame(rows, columns=["provider", "kind", "month", "due_on", "produced_on"])
    frame.insert(0, "record", [f"R{number:04d}" for number in range(1, len(frame) + 1)])
    return frame.assign(simulated="true")


def conduct_reports(rng: np.random.Generator) -> pd.DataFrame:
    """Reports about workers' conduct, with status; no worker is named in them."""
    rows = []
    for _ in range(CONDUCT_REPORTS):
        provider = PROVIDERS[int(rng.choice(len(PROVIDERS), p=[0.2, 0.15, 0.2, 0.35, 0.1]))]
        worked = worked_months(provider, months())
        month = worked[int(rng.integers(len(worked)))]
        reported = month.start_time.date() + dt.timedelta(days=int(rng.integers(28)))
        draw = rng.random()
        status = "open" if draw < 0.2 else ("substantiated" if draw < 0.55 else "not_substantiated")
        closed = "" if status == "open" else str(reported + dt.timedelta(days=int(rng.integers(10, 150))))
        category = CATEGORIES[int(rng.integers(len(CATEGORIES)))]
        rows.append((provider.id, str(reported), category, status, closed, "reviewed by the office"))
    frame = pd.DataFrame(
        rows, columns=["provider", "reported_on", "category", "status", "closed_on", "note"]
    ).sort_values(["reported_on", "provider"], kind="stable", ignore_index=True)
    frame.insert(0, "record", [f"C{number:03d}" for number in range(1, len(frame) + 1)])
    return frame.assign(simulated="true")
