"""The invented providers: where they work, when, how many, what the contract buys."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from etl.simulate.places import CITY, TREATED, neighborhoods
from etl.simulate.rates import (
    CONTRACTED,
    PARTIAL_RETURN,
    PAYMENT_GAP,
    PILOT,
    PILOT_COMMUNITY,
    RETURNED_COMMUNITIES,
)

PROGRAM = "simulated-outreach"


@dataclass(frozen=True)
class Provider:
    """`communities` is empty for the hospital responders, who work city-wide."""

    id: str
    name: str
    initials: str
    communities: tuple[str, ...]
    workers: int
    hours_per_month: int

    @property
    def worker_ids(self) -> list[str]:
        return [f"{self.initials}-{number:02d}" for number in range(1, self.workers + 1)]


def _community(*waves: int) -> tuple[str, ...]:
    return tuple(TREATED[wave][0] for wave in waves)


PROVIDERS: tuple[Provider, ...] = (
    Provider("lantern-row", "Lantern Row Outreach (invented)", "LR", _community(0, 1), 7, 330),
    Provider("open-porch", "Open Porch Teams (invented)", "OP", _community(2), 6, 330),
    Provider("harbor-kettle", "Harbor Kettle Collective (invented)", "HK", _community(3, 4), 6, 330),
    Provider("tenth-bell", "Tenth Bell Street Teams (invented)", "TB", _community(5), 6, 330),
    Provider("quiet-corner", "Quiet Corner Hospital Responders (invented)", "QC", (), 3, 220),
)


def dose(provider: Provider, month: pd.Period) -> float:
    """Share of the contract's full hours that the provider works in a month."""
    at = str(month)
    start = dict(TREATED)[provider.communities[0]] if provider.communities else CONTRACTED[0]
    if PILOT_COMMUNITY in provider.communities and PILOT[0] <= at <= PILOT[1]:
        return 0.6
    if start <= at <= CONTRACTED[1]:
        return 1.0
    if PAYMENT_GAP[0] <= at <= PAYMENT_GAP[1]:
        return 0.3
    if PARTIAL_RETURN[0] <= at <= PARTIAL_RETURN[1] and set(provider.communities) & set(RETURNED_COMMUNITIES):
        return 0.6
    return 0.0


def areas_worked(provider: Provider, month: pd.Period) -> list[str]:
    """Neighborhoods in which the provider's street team works in a month."""
    at = str(month)
    there: tuple[str, ...] = provider.communities if dose(provider, month) > 0 else ()
    if PILOT[0] <= at <= PILOT[1]:
        there = tuple(name for name in there if name == PILOT_COMMUNITY)
    if PARTIAL_RETURN[0] <= at <= PARTIAL_RETURN[1]:
        there = tuple(name for name in there if name in RETURNED_COMMUNITIES)
    return [place.name for place in neighborhoods() if place.community in there]


def worked_months(provider: Provider, period: pd.PeriodIndex) -> list[pd.Period]:
    return [month for month in period if dose(provider, month) > 0]


def provider_frame(period: pd.PeriodIndex) -> pd.DataFrame:
    """The providers file: one row a provider and contract period, with the hours bought a month."""
    rows = []
    for provider in PROVIDERS:
        months = [str(month) for month in worked_months(provider, period)]
        spells = (
            (PILOT[0], PILOT[1], 0.6),
            (CONTRACTED[0], PAYMENT_GAP[1], 1.0),
            (PARTIAL_RETURN[0], PARTIAL_RETURN[1], 0.6),
        )
        for first, last, share in spells:
            spell = [month for month in months if first <= month <= last]
            if spell:
                rows.append(
                    {
                        "provider": provider.id,
                        "name": provider.name,
                        "first_month": f"{spell[0]}-01",
                        "last_month": f"{spell[-1]}-01",
                        "contracted_hours_month": round(provider.hours_per_month * share),
                        "city": CITY,
                        "program": PROGRAM,
                        "simulated": "true",
                    }
                )
    return pd.DataFrame(rows)
