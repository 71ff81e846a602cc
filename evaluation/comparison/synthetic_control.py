"""Synthetic control: a weighted average of comparison areas that follows the treated series before the start.

Abadie, Diamond and Hainmueller (2010, JASA 105:493–505), on the outcome itself: weights are not negative, add up to 1
and make the squared difference before the start smallest. Inference by placebo: every comparison area
takes the part of the treated one in turn, and the interval holds the effects at which the treated
area's ratio of change to fit before the start does not stand out among theirs. The treated area is never a donor, so that
the placebos do not depend on the effect that is tested.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from evaluation.result import Interval

Array = NDArray[np.float64]
NAME = "synthetic-control"
FEWEST_DONORS = 2
SUM_WEIGHT = 1e4  # how much harder the sum of the weights is held to 1 than a period is fitted


@dataclass(frozen=True)
class SyntheticControl:
    """One treated series against its synthetic control.

    weights (N,) of the comparison areas; effect: average gap after the start, in units of the outcome or as a log
    ratio; statistic: its size over the root mean squared gap before; placebos (N,): the same statistic for each
    comparison area against the others.
    """

    weights: Array
    effect: float
    statistic: float
    placebos: Array

    @property
    def p(self) -> float:
        """Share of all series, the treated one among them, whose statistic is at least as large."""
        return float((1 + (self.placebos >= self.statistic - 1e-12).sum()) / (1 + len(self.placebos)))

    def interval(self, level: float) -> tuple[float, float]:
        """Effects that the placebo test does not reject; unbounded where too few areas could reject any."""
        ranked = np.sort(self.placebos)
        # Rejected where at most floor(alpha (N + 1)) series, the treated one among them, are as far out.
        allowed = math.floor((1 - level) * (len(ranked) + 1) + 1e-9)
        if allowed < 1:
            return -math.inf, math.inf
        fit = abs(self.effect) / self.statistic if self.statistic > 0 else 0.0
        half = float(ranked[len(ranked) - allowed]) * fit
        return self.effect - half, self.effect + half


def synthetic_control(
    treated: Array, donors: Array, before: NDArray[np.bool_], ratio: bool
) -> SyntheticControl | None:
    """treated (T,), donors (N, T), before (T,) the periods the weights are fitted on; all others count as after.

    ratio: series are divided by their mean before the start, so that areas of any size can be donors, and the effect
    is the log ratio of the treated total after the start to the synthetic one. Donors without events before are
    left out. None with fewer than two donors, or a total of zero where a ratio is wanted.
    """
    if ratio:
        donors = donors[donors[:, before].sum(axis=1) > 0]
    if len(donors) < FEWEST_DONORS or not before.any() or before.all():
        return None
    everyone = np.vstack([treated, donors])
    if ratio:
        means = everyone[:, before].mean(axis=1, keepdims=True)
        if means[0, 0] <= 0:
            return None
        everyone = everyone / means
    effects, fits, own = [], [], np.zeros(len(donors))
    for number in range(len(everyone)):
        others = [at for at in range(1, len(everyone)) if at != number]
        weights = convex_weights(everyone[number, before], everyone[others][:, before])
        if number == 0:
            own = weights
        effect, fit = _gap(everyone[number], weights @ everyone[others], before, ratio)
        effects.append(effect)
        fits.append(fit)
    if not math.isfinite(effects[0]):
        return None
    # A placebo without events after the start is as far from no change as can be.
    sizes = np.where(np.isfinite(effects), np.abs(effects), np.inf)
    statistics = sizes / np.maximum(fits, 1e-12)
    return SyntheticControl(own, float(effects[0]), float(statistics[0]), statistics[1:])


def convex_weights(target: Array, donors: Array) -> Array:
    """Weights (N,), not negative and adding up to 1, that bring weights @ donors (N, T) nearest to target (T,)."""
    scale = max(float(np.abs(donors).max()), 1e-300)
    system = np.vstack([donors.T / scale, np.full((1, len(donors)), SUM_WEIGHT)])
    found, _ = optimize.nnls(system, np.append(target / scale, SUM_WEIGHT), maxiter=50 * len(donors))
    return np.asarray(found / found.sum())


def synthetic_interval(found: SyntheticControl | None, ratio: bool) -> Interval:
    """The comparison row, as a rate ratio or in units of the outcome."""
    if found is None:
        gap = math.nan
        return Interval(NAME, gap, None, gap, gap, gap, gap, note="too_few_areas")
    wide, narrow = found.interval(0.95), found.interval(0.80)
    ends = [*wide, *narrow]
    if ratio:
        ends = [math.exp(min(end, 700.0)) if end < math.inf else math.inf for end in ends]
    note = f"placebo_p={found.p:.4g}, areas={len(found.placebos)}"
    lower_95, upper_95, lower_80, upper_80 = ends
    return Interval(NAME, found.effect, None, lower_95, upper_95, lower_80, upper_80, note=note)


def _gap(series: Array, synthetic: Array, before: NDArray[np.bool_], ratio: bool) -> tuple[float, float]:
    """Average effect after the start, and the root mean squared gap before it."""
    fit = float(np.sqrt(np.mean((series[before] - synthetic[before]) ** 2)))
    if not ratio:
        return float(np.mean(series[~before] - synthetic[~before])), fit
    one, other = float(series[~before].sum()), float(synthetic[~before].sum())
    return (math.log(one / other) if one > 0 and other > 0 else math.nan), fit
