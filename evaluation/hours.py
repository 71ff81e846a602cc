"""Do teams work when shootings happen? Shift hours against the hours of the week."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scipy import stats

HOURS_IN_WEEK = 168

HourOfWeek = tuple[int, int]  # ISO weekday 1..7, hour 0..23


@dataclass(frozen=True)
class Coverage:
    """Share of events in shift hours.

    share_of_week   what chance would cover: shift hours over 168
    best_share      what as many hours would cover, put where most happened (known afterwards only)
    """

    hours_a_week: int
    covered: int
    total: int
    share: float
    interval_95: tuple[float, float]
    share_of_week: float
    best_share: float


def hours_of_shift(weekdays: Iterable[int], start_hour: int, end_hour: int) -> set[HourOfWeek]:
    """Hours of a shift on each weekday, end not included; an end at or before the start is next morning.

    Raises ValueError for weekdays outside 1..7 or hours outside 0..24.
    """
    if not (0 <= start_hour <= 23 and 0 <= end_hour <= 24):
        raise ValueError("start 0 to 23, end 0 to 24")
    length = (end_hour - start_hour) % 24 or 24
    hours = set()
    for weekday in weekdays:
        if weekday not in range(1, 8):
            raise ValueError("ISO weekdays run from 1 (Monday) to 7")
        for step in range(start_hour, start_hour + length):
            hours.add(((weekday - 1 + step // 24) % 7 + 1, step % 24))
    return hours


def coverage(counts: Mapping[HourOfWeek, int], shift_hours: set[HourOfWeek]) -> Coverage:
    """How much of `counts` (events by hour of the week; missing hours are zero) fell in `shift_hours`.

    Interval by Wilson (1927). Raises ValueError when there is no event.
    """
    total = sum(counts.values())
    if total <= 0:
        raise ValueError("coverage needs at least one event")
    covered = sum(counts.get(hour, 0) for hour in shift_hours)
    best = sum(sorted(counts.values(), reverse=True)[: len(shift_hours)])
    return Coverage(
        hours_a_week=len(shift_hours),
        covered=covered,
        total=total,
        share=covered / total,
        interval_95=wilson_interval(covered, total),
        share_of_week=len(shift_hours) / HOURS_IN_WEEK,
        best_share=best / total,
    )


def wilson_interval(successes: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share (Wilson 1927), both ends in 0..1. Successes may be a mean over ties, so not whole."""
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError("needs 0 <= successes <= trials, trials at least 1")
    z = float(stats.norm.ppf(0.5 + level / 2))
    share = successes / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    return max(0.0, middle - half), min(1.0, middle + half)
