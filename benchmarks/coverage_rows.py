"""What a coverage cell is and how its rates are counted, for every design.

A cell simulates many histories with a known effect and computes the shipped intervals on each. Two rates count:
how often an interval excludes "no change" when there is none (false positives), and how often it
contains the planted effect (coverage). No history is dropped for having a large estimate; one that is not
estimable gives no claim, so it counts neither way and is reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

MOST_FALSE_POSITIVES = 0.09
LEAST_COVERAGE = 0.90


@dataclass(frozen=True)
class Row:
    """Rates of one interval in one cell, as shares of the estimable histories.

    effect: planted log rate ratio; width: median width of the 95 % interval on the log scale; exaggeration and
    wrong_sign: of the estimates whose interval excludes none, where the effect is not zero.
    """

    design: str
    cell: str
    interval: str
    effect: float
    histories: int
    estimable: int
    excludes_none: float
    covers: float
    width: float
    bias: float
    exaggeration: float | None
    wrong_sign: float | None
    is_default: bool
    is_gated: bool
    is_quick: bool = False

    @property
    def rate(self) -> float:
        """The rate that the gate looks at: false positives at zero effect, missed truths otherwise."""
        return self.excludes_none if self.effect == 0 else 1 - self.covers

    @property
    def limit(self) -> float:
        return MOST_FALSE_POSITIVES if self.effect == 0 else 1 - LEAST_COVERAGE

    def passes(self, quick: bool = False) -> bool:
        """Whether the rate is within its limit; a quick run allows two standard errors for its few histories."""
        allowance = 2 * math.sqrt(self.limit * (1 - self.limit) / max(self.estimable, 1)) if quick else 0.0
        return self.rate <= self.limit + allowance

    @property
    def monte_carlo_error(self) -> float:
        """Standard error of the rate, for the number of histories it was counted on."""
        return math.sqrt(self.rate * (1 - self.rate) / max(self.estimable, 1))

    def as_dict(self) -> dict[str, object]:
        """Fields as JSON can hold them, with whether the rule is kept and how sure the rate is."""
        known = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in asdict(self).items()
        }
        return known | {"passes": self.passes(), "monte_carlo_error": round(self.monte_carlo_error, 5)}


@dataclass(frozen=True)
class Cell:
    """One setting. `run(histories, seed)` gives its rows; gated cells must keep the rule, others are only shown."""

    design: str
    name: str
    run: Callable[[int, int], list[Row]]
    histories: int = 1000
    is_gated: bool = True
    is_quick: bool = False
    quick_histories: int = 250


def count(
    design: str,
    cell: str,
    interval: str,
    effect: float,
    estimate: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    estimable: NDArray[np.bool_],
    is_default: bool,
    is_gated: bool,
) -> Row:
    """A row from the estimates and interval ends of all histories, log scale, (histories,) each."""
    there = estimable & np.isfinite(lower) & np.isfinite(upper)
    value, low, high = estimate[there], lower[there], upper[there]
    excludes = (low > 0) | (high < 0)
    seen = value[excludes]
    planted = effect != 0 and len(seen) > 0
    return Row(
        design=design,
        cell=cell,
        interval=interval,
        effect=effect,
        histories=len(estimate),
        estimable=int(there.sum()),
        excludes_none=float(excludes.mean()) if len(value) else math.nan,
        covers=float(((low <= effect) & (effect <= high)).mean()) if len(value) else math.nan,
        width=float(np.median(high - low)) if len(value) else math.nan,
        bias=float(np.median(value) - effect) if len(value) else math.nan,
        exaggeration=float(np.abs(seen).mean() / abs(effect)) if planted else None,
        wrong_sign=float((np.sign(seen) != np.sign(effect)).mean()) if planted else None,
        is_default=is_default,
        is_gated=is_gated,
    )
