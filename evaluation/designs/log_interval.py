"""An Interval on the rate-ratio scale from ends on the log scale."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evaluation.result import Interval

LARGEST_LOG = 700.0


def log_interval(
    name: str,
    coefficient: float,
    error: float | None,
    ends_95: Iterable[float],
    ends_80: Iterable[float],
    degrees_of_freedom: float | None = None,
    note: str | None = None,
) -> Interval:
    """Exponentiate both pairs of ends (lower, upper); beyond exp(±700) they are 0 or infinite."""
    lower_95, upper_95 = (_ratio(end) for end in ends_95)
    lower_80, upper_80 = (_ratio(end) for end in ends_80)
    return Interval(
        name, coefficient, error, lower_95, upper_95, lower_80, upper_80, degrees_of_freedom, note
    )


def _ratio(log: float) -> float:
    if log < -LARGEST_LOG:
        return 0.0
    return math.exp(log) if log < LARGEST_LOG else math.inf
