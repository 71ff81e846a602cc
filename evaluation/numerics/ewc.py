"""Equally weighted cosine (EWC) long-run variance with a finite-sample correction.

The influence series of an estimate is projected on the first B cosines; their mean square estimates the
long-run variance, with B degrees of freedom in large samples (Müller 2004, Econometrica 72; Lazarus, Lewis, Stock &
Watson 2018, JBES 36:541–559, which gives B = 0.4 T^(2/3)). In short series the
residuals are smaller and less free than the errors. So the expectation of the projections is worked
out for independent errors with the working variance, the variance is scaled to be unbiased there, and the
degrees of freedom are Satterthwaite's (the idea of Bell & McCaffrey 2002 for clusters).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.numerics.poisson import Array


@dataclass(frozen=True)
class EwcBatch:
    """Standard errors and degrees of freedom of S estimates, (S,) each."""

    standard_error: Array
    df: Array

    def interval(self, estimate: Array, level: float = 0.95) -> tuple[Array, Array]:
        """Ends of the interval of the given level around `estimate` (S,)."""
        half = stats.t.ppf((1 + level) / 2, self.df) * self.standard_error
        return estimate - half, estimate + half


def ewc(
    influence: Array,
    loading: Array,
    X: Array,
    weight: Array,
    bread: Array,
    cosines: int | None = None,
) -> EwcBatch:
    """EWC standard error of S linear contrasts.

    influence (S, T): loading × residual, 0 in a missing period; loading (S, T): contrast' bread x_t;
    X (T, p) or (S, T, p); weight (S, T): working variance of the residual up to a constant (Poisson:
    the mean; binomial: n p (1 − p); gaussian: 1), 0 in a missing period; bread (S, p, p): inverse of X'WX;
    cosines: how many, by default 0.4 T^(2/3) with T the number of periods that are there.
    A series whose errors cannot be told from the fit (no freedom left) gets infinite standard error and 1 df.
    """
    periods = influence.shape[1]
    if cosines is None:
        there = int(np.median((weight > 0).sum(axis=1)))
        cosines = max(1, int(0.4 * there ** (2 / 3)))
    basis = cosine_basis(periods, cosines)
    projection = influence @ basis.T
    root = np.sqrt(weight)
    loaded = basis[None] * loading[:, None, :]
    fitted = ((loaded * weight[:, None, :]) @ X) @ bread @ np.swapaxes(X, -1, -2)
    free = (loaded - fitted) * root[:, None, :]
    gram = free @ free.swapaxes(-1, -2)
    trace = np.einsum("sii->s", gram)
    target = (loading**2 * weight).sum(axis=1)
    df = trace**2 / np.maximum((gram**2).sum(axis=(1, 2)), 1e-300)
    usable = trace > 1e-10 * np.maximum(target, 1e-300)
    variance = (projection**2).sum(axis=1) / np.where(usable, trace, 1.0) * target
    return EwcBatch(np.where(usable, np.sqrt(variance), np.inf), np.where(usable, np.maximum(df, 1.0), 1.0))


def ewc_interval(
    influence: Array,
    loading: Array,
    X: Array,
    weight: Array,
    bread: Array,
    estimate: Array,
    level: float = 0.95,
    cosines: int | None = None,
) -> tuple[Array, Array]:
    """Interval of S estimates; arguments as in `ewc`."""
    return ewc(influence, loading, X, weight, bread, cosines).interval(estimate, level)


def cosine_basis(periods: int, cosines: int) -> Array:
    """First type II cosines, (cosines, periods), rows of unit length."""
    middle = np.arange(periods) + 0.5
    order = np.arange(1, cosines + 1)
    return np.asarray(np.sqrt(2 / periods) * np.cos(np.pi * np.outer(order, middle) / periods))
