"""What is expected where and when: the planted truth behind the invented counts.

The log of the expected count of an area and month is a sum of: level of the area, slow trend, season,
length of the month, a common shock from June 2020 that halves every 14 months, AR(1) shocks shared by
the city, by a community and by one neighborhood, and, in treated neighborhoods, the effect. Counts are
Poisson around that times a gamma variable of mean 1 (overdispersion).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from etl.simulate.places import QUIET, TREATED, neighborhoods, treated_from

FIRST_MONTH, LAST_MONTH = "2019-01", "2025-12"
# When the invented logs were exported: work to the end of the last month, entries and answers a month longer.
EXPORTED_AT = dt.datetime(2026, 1, 31)

# Ratio of expected incidents to what would have come without the program, by period of its work.
PILOT = ("2021-04", "2021-06", 0.85)
CONTRACTED = ("2021-07", "2024-09", 0.65)
PAYMENT_GAP = ("2024-10", "2024-12", 0.85)
WITHDRAWN = ("2025-01", "2025-06", 1.0)
PARTIAL_RETURN = ("2025-07", "2025-12", 0.82)
PILOT_COMMUNITY = TREATED[0][0]
RETURNED_COMMUNITIES = (TREATED[0][0], TREATED[2][0])

SHOCK_MONTH = "2020-06"
SHOCK_SIZE = 0.60
SHOCK_HALF_LIFE_MONTHS = 14


@dataclass(frozen=True)
class Noise:
    """AR(1) shocks (autocorrelation, stationary standard deviation on the log scale) and the gamma variance."""

    city: tuple[float, float] = (0.7, 0.10)
    community: tuple[float, float] = (0.6, 0.08)
    neighborhood: tuple[float, float] = (0.5, 0.18)
    gamma_variance: float = 0.08


@dataclass(frozen=True)
class Outcome:
    """Mean per neighborhood and month in 2019, share of the 2020 shock that it takes, and whether the program acts."""

    name: str
    mean: float
    shock_share: float
    effect_power: float
    trend_per_year: float
    season: float


GUNSHOT = Outcome("gunshot", 2.1, 1.0, 1.0, -0.03, 0.28)
ROBBERY = Outcome("robbery", 3.4, 0.0, 0.0, -0.04, 0.10)
DOMESTIC = Outcome("domestic_aggravated_assault", 2.6, 0.25, 0.0, 0.01, 0.12)
SHOTS_FIRED = Outcome("shots_fired_call", 9.0, 1.0, 0.5, -0.02, 0.30)
OUTCOMES = (GUNSHOT, ROBBERY, DOMESTIC, SHOTS_FIRED)


def months() -> pd.PeriodIndex:
    """The 84 months of the record."""
    return pd.period_range(FIRST_MONTH, LAST_MONTH, freq="M")


def effect_ratio() -> pd.DataFrame:
    """Planted ratio for gunshot incidents by month (rows) and neighborhood (columns); 1 where nothing acts."""
    places = neighborhoods()
    ratio = pd.DataFrame(1.0, index=months(), columns=[place.name for place in places])
    starts = treated_from()
    for place in places:
        if place.name not in starts:
            continue
        if place.community == PILOT_COMMUNITY:
            ratio.loc[PILOT[0] : PILOT[1], place.name] = PILOT[2]
        ratio.loc[starts[place.name] : CONTRACTED[1], place.name] = CONTRACTED[2]
        ratio.loc[PAYMENT_GAP[0] : PAYMENT_GAP[1], place.name] = PAYMENT_GAP[2]
        if place.community in RETURNED_COMMUNITIES:
            ratio.loc[PARTIAL_RETURN[0] : PARTIAL_RETURN[1], place.name] = PARTIAL_RETURN[2]
    return ratio


def area_levels(rng: np.random.Generator) -> np.ndarray:
    """Level of each neighborhood (mean near 1), shared by all outcomes.

    Treated and untreated neighborhoods draw from one distribution (the communities were drawn by lot),
    cut so that a like-for-like pool exists; the quiet ones stay far below.
    """
    places = neighborhoods()
    level = np.clip(np.exp(rng.normal(0.0, 0.16, size=len(places))), 0.70, 1.40)
    level[[place.name in QUIET for place in places]] = 0.2
    return level


def expected_counts(
    outcome: Outcome, levels: np.ndarray, rng: np.random.Generator, noise: Noise | None = None
) -> pd.DataFrame:
    """Expected count by month and neighborhood, with shocks, gamma noise and the effect inside."""
    noise = noise or Noise()
    places, period = neighborhoods(), months()
    count = len(period)
    communities = list(dict.fromkeys(place.community for place in places))
    position = np.array([communities.index(place.community) for place in places])

    log_rate = np.full((count, len(places)), np.log(outcome.mean))
    log_rate += np.log(levels) + rng.normal(0.0, 0.08, size=len(places))
    time = np.arange(count)
    calendar = outcome.trend_per_year * time / 12 + _season(period.month.to_numpy(), outcome.season)
    calendar += np.log(period.days_in_month.to_numpy() / 30.44) + outcome.shock_share * shock()
    calendar += _autoregression(rng, count, 1, *noise.city)[:, 0]
    log_rate += calendar[:, None]
    log_rate += _autoregression(rng, count, len(communities), *noise.community)[:, position]
    log_rate += _autoregression(rng, count, len(places), *noise.neighborhood)
    shape = 1 / noise.gamma_variance
    rate = np.exp(log_rate) * rng.gamma(shape, 1 / shape, size=log_rate.shape)
    rate *= effect_ratio().to_numpy() ** outcome.effect_power
    return pd.DataFrame(rate, index=period, columns=[place.name for place in places])


def shock() -> np.ndarray:
    """The common shock on the log scale, one value a month."""
    since = np.arange(len(months())) - list(months()).index(pd.Period(SHOCK_MONTH, freq="M"))
    size = np.log1p(SHOCK_SIZE)
    return np.where(since < 0, 0.0, size * 0.5 ** (np.maximum(since, 0) / SHOCK_HALF_LIFE_MONTHS))


def _season(month: np.ndarray, height: float) -> np.ndarray:
    return height * np.cos(2 * np.pi * (month - 7.2) / 12)


def _autoregression(
    rng: np.random.Generator, length: int, width: int, correlation: float, deviation: float
) -> np.ndarray:
    innovation = rng.normal(0.0, deviation * np.sqrt(1 - correlation**2), size=(length, width))
    series = np.empty((length, width))
    series[0] = rng.normal(0.0, deviation, size=width)
    for step in range(1, length):
        series[step] = correlation * series[step - 1] + innovation[step]
    return series
