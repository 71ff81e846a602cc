"""Covariance matrices of the coefficients, by the name an interval has in a spec.

`standard`  dispersion × inverse information; for counts the dispersion is never taken below 1, since a
            dispersion under 1 is chance or overfitting and would only narrow the interval. t(n − p).
`poisson`   inverse information, as if counts were independent and Poisson. Normal quantile.
`hc1`       White's sandwich × n/(n − p). t(n − p).
`hac:L`     Newey & West (1987) with Bartlett weights and L lags × n/(n − p), as Stata's `newey`. t(n − p).
            Lags count periods of the calendar, so a missing month is not skipped.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from evaluation.intervals.fitted import Fitted
from evaluation.numerics.poisson import Array
from evaluation.result import Interval

NAMES = ("standard", "poisson", "hc1", "hac")


def covariance(fitted: Fitted, name: str) -> Array:
    """Covariance of the coefficients, (p, p); `name` is one of this module's."""
    kind, _, lags = name.partition(":")
    if kind == "standard":
        return fitted.bread * (max(fitted.dispersion, 1.0) if fitted.floored else fitted.dispersion)
    if kind == "poisson":
        return fitted.bread
    scores = fitted.X * fitted.residual[:, None]
    meat = scores.T @ scores
    for lag in range(1, int(lags or 0) + 1):
        weight = 1 - lag / (int(lags) + 1)
        product = scores[lag:].T @ scores[:-lag]
        meat += weight * (product + product.T)
    return np.asarray(fitted.bread @ meat @ fitted.bread * fitted.n / fitted.df)


def degrees_of_freedom(fitted: Fitted, name: str) -> int | None:
    """n − p, or None where the reference distribution is normal."""
    return None if name == "poisson" else fitted.df


def sandwich_interval(fitted: Fitted, name: str, note: str | None = None) -> Interval:
    """Interval of the average effect with one of this module's covariances (delta method)."""
    gradient = fitted.gradient()
    variance = float(gradient @ covariance(fitted, name) @ gradient)
    return symmetric_interval(
        name,
        fitted.average_effect(),
        float(np.sqrt(max(variance, 0.0))),
        degrees_of_freedom(fitted, name),
        fitted.ratio_scale,
        note,
    )


def symmetric_interval(
    name: str,
    coefficient: float,
    standard_error: float,
    df: float | None,
    ratio_scale: bool,
    note: str | None = None,
) -> Interval:
    """coefficient ± quantile × standard error, both levels; exponentiated on the ratio scale."""
    lower_95, upper_95, lower_80, upper_80 = (
        _end(coefficient + sign * _quantile(level, df) * standard_error, ratio_scale)
        for level in (0.95, 0.80)
        for sign in (-1, 1)
    )
    return Interval(name, coefficient, standard_error, lower_95, upper_95, lower_80, upper_80, df, note)


def _quantile(level: float, df: float | None) -> float:
    if df is None:
        return float(stats.norm.ppf((1 + level) / 2))
    return float(stats.t.ppf((1 + level) / 2, df))


def _end(value: float, ratio_scale: bool) -> float:
    return float(np.exp(np.clip(value, -700, 700))) if ratio_scale else float(value)
