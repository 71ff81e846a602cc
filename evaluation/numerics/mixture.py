"""Finite mixtures of normals: the posterior of one contrast for many series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from evaluation.numerics.symmetric import Array


@dataclass(frozen=True)
class Mixture:
    """Posterior of one contrast for S series: normals (weights, means, variances, each (S, G)).

    For an interval each component is widened by t(df)/normal at that level, `df` being the residual
    degrees of freedom (S,): an allowance for few periods.
    """

    weights: Array
    means: Array
    variances: Array
    df: Array

    @property
    def mean(self) -> Array:
        """Posterior mean, (S,)."""
        return np.asarray((self.weights * self.means).sum(axis=1))

    @property
    def standard_deviation(self) -> Array:
        """Posterior standard deviation without the widening, (S,)."""
        second = (self.weights * (self.variances + self.means**2)).sum(axis=1)
        return np.asarray(np.sqrt(np.maximum(second - self.mean**2, 0.0)))

    def quantile(self, q: float) -> Array:
        """Quantile q (0 < q < 1) of each series, (S,); NaN where the series is not estimable."""
        factor = np.ones(len(self.weights))
        if q != 0.5:
            factor = stats.t.ppf(q, np.maximum(self.df, 1)) / special.ndtri(q)
        found = np.full(len(self.weights), np.nan)
        there = np.isfinite(self.means).all(axis=1)
        deviation = np.sqrt(self.variances[there]) * factor[there, None]
        found[there] = _mixture_quantile(q, self.weights[there], self.means[there], deviation)
        return found

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Equal-tailed interval of the given level: lower and upper ends, (S,) each."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)


def _mixture_quantile(q: float, weights: Array, means: Array, deviation: Array) -> Array:
    """Bisection, then Newton steps kept inside the bracket; to about 1e-12."""
    z = special.ndtri(q)
    ends = means + z * deviation
    used = weights > 0
    lower = np.where(used, ends, np.inf).min(axis=1)
    upper = np.where(used, ends, -np.inf).max(axis=1)
    point = (weights * ends).sum(axis=1)
    for _ in range(60):
        standard = (point[:, None] - means) / deviation
        error = (weights * special.ndtr(standard)).sum(axis=1) - q
        lower = np.where(error < 0, point, lower)
        upper = np.where(error > 0, point, upper)
        density = (weights * np.exp(-0.5 * standard**2) / deviation).sum(axis=1) / np.sqrt(2 * np.pi)
        newton = point - error / np.maximum(density, 1e-300)
        inside = (newton > lower) & (newton < upper)
        following = np.where(inside, newton, (lower + upper) / 2)
        moved = np.abs(following - point)
        point = following
        if not (moved > 1e-12).any():
            break
    return point
