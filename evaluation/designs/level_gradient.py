"""Pool d: the change that areas of the treated level would have had, from a gradient among the untreated.

Where busy areas fall more than quiet ones after a peak, comparing treated (busy) with untreated (quiet)
areas takes regression to the mean for an effect. The gradient moves the comparison to the treated level,
at the price of its own error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.numerics.binomial import fit_binomial

Array = NDArray[np.float64]
FEWEST_AREAS = 6


@dataclass(frozen=True)
class LevelShift:
    """Log change of the treated/comparison ratio to be expected from level alone, with its variance.

    slope: log rate ratio (phase to baseline) per unit of log level among the untreated areas.
    """

    shift: float
    variance: float
    slope: float
    slope_error: float
    areas: int


def level_shift(before: Array, after: Array, levels: Array, treated_levels: Array) -> LevelShift | None:
    """Fit the gradient on untreated areas and carry it to the treated level.

    before, after (N,): events of each untreated area in the baseline and the phase; levels (N,) and
    treated_levels (M,): earlier, different outcome, areas without it NaN. Given both, the events after are
    binomial with log odds linear in log level; quasi-binomial error with the dispersion not under 1.
    None where fewer than six areas can be used.
    """
    x = np.log(levels + 0.5)
    use = np.isfinite(x) & (before + after > 0)
    inside = np.log(treated_levels[np.isfinite(treated_levels)] + 0.5)
    if use.sum() < FEWEST_AREAS or len(inside) == 0:
        return None
    x, y, n = x[use], after[use], (before + after)[use]
    center = float(np.average(x, weights=n))
    X = np.column_stack([np.ones(len(x)), x - center])
    fit = fit_binomial(y[None], n[None], X)
    if not fit.converged[0]:
        return None
    slope = float(fit.beta[0, 1])
    dispersion = max(1.0, float(fit.dispersion(y[None], n[None])[0]))
    error = float(np.sqrt(fit.bread[0, 1, 1] * dispersion))
    treated_weight, pool_weight = np.exp(inside), np.maximum(before[use], 0.0)
    if pool_weight.sum() <= 0:
        return None
    shift, derivative = _shift(slope, inside - center, treated_weight, x - center, pool_weight)
    return LevelShift(shift, (derivative * error) ** 2, slope, error, int(use.sum()))


def _shift(slope: float, x1: Array, w1: Array, x0: Array, w0: Array) -> tuple[float, float]:
    """Log of the change of the treated group over that of the pool, and its derivative in the slope."""
    parts = []
    for x, w in ((x1, w1), (x0, w0)):
        grown = w * np.exp(slope * x)
        parts.append((np.log(grown.sum() / w.sum()), float((grown * x).sum() / grown.sum())))
    return float(parts[0][0] - parts[1][0]), parts[0][1] - parts[1][1]
