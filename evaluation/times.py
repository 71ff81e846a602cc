"""How long things take: quantiles with intervals, and requests that are still open.

An open request is not dropped: it has lasted at least until now (Kaplan and Meier 1958).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Quantile:
    """A quantile with its 95 % interval. None: not reached, or too few to bound."""

    probability: float
    value: float | None
    lower_95: float | None
    upper_95: float | None
    n: int


@dataclass(frozen=True)
class Survival:
    """Share still waiting after each time at which something was finished.

    `lower_95` and `upper_95`: log(-log) intervals on Greenwood's variance, pointwise.
    """

    times: tuple[float, ...]
    waiting: tuple[float, ...]
    lower_95: tuple[float, ...]
    upper_95: tuple[float, ...]
    n: int
    finished: int


def quantile_interval(times: Sequence[float], probability: float) -> Quantile:
    """Quantile of finished times with its exact order-statistic interval (at least 95 %).

    An end is None where even the extreme time is not extreme enough: with under six times the
    median has no 95 % interval, with under 36 the 90th percentile has no upper end.
    """
    _check_probability(probability)
    ordered = np.sort(_times(times))
    n = len(ordered)
    value = float(np.quantile(ordered, probability))
    # P(X_(r) <= q) >= .975 and P(X_(s) >= q) >= .975, from the binomial count of times below q.
    lower_rank = int(stats.binom.ppf(0.025, n, probability))
    upper_rank = int(stats.binom.ppf(0.975, n, probability)) + 1
    return Quantile(
        probability,
        value,
        float(ordered[lower_rank - 1]) if lower_rank >= 1 else None,
        float(ordered[upper_rank - 1]) if upper_rank <= n else None,
        n,
    )


def kaplan_meier(times: Sequence[float], finished: Sequence[bool]) -> Survival:
    """Share still waiting. `times` in any unit; `finished` False for those still open at that time.

    Raises ValueError for negative times or lists of different length.
    """
    waited = _times(times)
    done = np.asarray(finished, dtype=bool)
    if len(done) != len(waited):
        raise ValueError("each time needs to be finished or open")
    at = np.unique(waited[done])
    share, greenwood = 1.0, 0.0
    waiting, lower, upper = [], [], []
    z = float(stats.norm.ppf(0.975))
    for time in at:
        at_risk = int(np.sum(waited >= time))
        events = int(np.sum((waited == time) & done))
        share *= 1 - events / at_risk
        greenwood += events / (at_risk * (at_risk - events)) if at_risk > events else math.inf
        waiting.append(share)
        if 0 < share < 1:
            theta = z * math.sqrt(greenwood) / math.log(share)
            lower.append(share ** math.exp(-theta))
            upper.append(share ** math.exp(theta))
        else:
            lower.append(share)
            upper.append(share)
    return Survival(
        tuple(map(float, at)), tuple(waiting), tuple(lower), tuple(upper), len(waited), int(done.sum())
    )


def waiting_quantile(survival: Survival, probability: float) -> Quantile:
    """Time by which `probability` were finished, open requests counted (Brookmeyer and Crowley 1982).

    Value or upper end is None while too many are still open.
    """
    _check_probability(probability)
    left = 1 - probability

    def first(shares: Sequence[float]) -> float | None:
        for time, share in zip(survival.times, shares, strict=True):
            if share <= left + 1e-12:
                return time
        return None

    return Quantile(
        probability, first(survival.waiting), first(survival.lower_95), first(survival.upper_95), survival.n
    )


def needed_answers(answered: int, asked: int, target: float = 0.90) -> int:
    """How many more of the requests would have had to be answered to reach `target` (0..1)."""
    if asked < 1 or not 0 <= answered <= asked or not 0 < target <= 1:
        raise ValueError("needs 0 <= answered <= asked, asked at least 1, target over 0")
    return max(0, math.ceil(target * asked - 1e-9) - answered)


def _times(times: Sequence[float]) -> np.ndarray:
    values = np.asarray(times, dtype=float)
    if len(values) == 0:
        raise ValueError("needs at least one time")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("times must be finite and not negative")
    return values


def _check_probability(probability: float) -> None:
    if not 0 < probability < 1:
        raise ValueError("a quantile lies between 0 and 1")
