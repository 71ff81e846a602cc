"""A fitted segmented regression, in the one form from which every interval is computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluation.numerics.poisson import Array, Flags, fit_poisson
from evaluation.regressors import Regressors
from evaluation.series import NotEstimableError, Series


@dataclass(frozen=True)
class Fitted:
    """One series of T periods on p terms.

    X, without_program (T, p); y (T,) with 0 in unused periods; mu (T,) fitted; weight (T,) working variance,
    0 in unused periods; bread (p, p) inverse of X' diag(weight) X; ratio_scale: True for a log link (or
    logged outcome), so that the effect is a rate ratio.
    """

    names: tuple[str, ...]
    X: Array
    without_program: Array
    offset: Array
    used: Flags
    after: Flags
    y: Array
    beta: Array
    mu: Array
    weight: Array
    bread: Array
    dispersion: float
    ratio_scale: bool
    floored: bool

    @property
    def n(self) -> int:
        return int(self.used.sum())

    @property
    def df(self) -> int:
        """Residual degrees of freedom, n − p."""
        return self.n - len(self.beta)

    @cached_property
    def residual(self) -> Array:
        return np.where(self.used, self.y - self.mu, 0.0)

    def gradient(self, beta: Array | None = None) -> Array:
        """Derivative of the average effect by beta, (p,); see `average_effect`."""
        beta = self.beta if beta is None else beta
        return average_gradient(self.X, self.without_program, self.after, beta, self.offset, self.ratio_scale)

    def average_effect(self, beta: Array | None = None) -> float:
        """Effect averaged over the observed periods of the headline phase.

        Ratio scale: log of (sum of fitted with the program / sum of fitted without). Otherwise the mean
        difference in units of the outcome.
        """
        beta = self.beta if beta is None else beta
        return average_effect(self.X, self.without_program, self.after, beta, self.offset, self.ratio_scale)


def average_effect(
    X: Array, without: Array, after: Flags, beta: Array, offset: Array, ratio_scale: bool
) -> float:
    """See `Fitted.average_effect`."""
    observed, expected = X[after] @ beta, without[after] @ beta
    if not ratio_scale:
        return float((observed - expected).mean())
    shift = offset[after]
    return float(_log_sum(observed + shift) - _log_sum(expected + shift))


def average_gradient(
    X: Array, without: Array, after: Flags, beta: Array, offset: Array, ratio_scale: bool
) -> Array:
    """Derivative of `average_effect` by beta, (p,)."""
    if not ratio_scale:
        return np.asarray((X[after] - without[after]).mean(axis=0))
    parts = []
    for matrix in (X[after], without[after]):
        predictor = matrix @ beta + offset[after]
        share = np.exp(predictor - predictor.max())
        parts.append(share @ matrix / share.sum())
    return np.asarray(parts[0] - parts[1])


def fit_counts(series: Series, terms: Regressors, X: Array, without: Array) -> Fitted:
    """Poisson regression. Raises NotEstimableError when there is nothing to fit or it does not converge."""
    used = terms.used
    y = np.where(used, series.outcome, 0.0)
    fit = fit_poisson(y[None], X, offset=terms.offset, observed=used)
    if not fit.converged[0]:
        raise NotEstimableError("separation")
    mu = fit.mu[0]
    return Fitted(
        names=terms.names,
        X=X,
        without_program=without,
        offset=terms.offset,
        used=used,
        after=terms.after,
        y=y,
        beta=fit.beta[0],
        mu=mu,
        weight=np.where(used, mu, 0.0),
        bread=fit.bread[0],
        dispersion=float(fit.dispersion(y[None], used)[0]),
        ratio_scale=True,
        floored=True,
    )


def fit_linear(series: Series, terms: Regressors, X: Array, without: Array, logged: bool) -> Fitted:
    """Ordinary least squares of the outcome, or of its logarithm."""
    used = terms.used
    outcome = np.where(used, series.outcome, 1.0)
    y = np.where(used, np.log(outcome) if logged else outcome, 0.0)
    scale = np.abs(X).max(axis=0)
    own = (X / scale) * used[:, None]
    bread = np.linalg.inv(own.T @ own)
    beta = bread @ own.T @ y / scale
    mu = X @ beta
    squares = float((np.where(used, y - mu, 0.0) ** 2).sum())
    total = float((np.where(used, y - y[used].mean(), 0.0) ** 2).sum())
    if squares <= 1e-20 * max(total, 1e-300) or total == 0:
        raise NotEstimableError("no_residual_variation")
    return Fitted(
        names=terms.names,
        X=X,
        without_program=without,
        offset=np.zeros(len(y)),
        used=used,
        after=terms.after,
        y=y,
        beta=beta,
        mu=mu,
        weight=used.astype(float),
        bread=bread / np.outer(scale, scale),
        dispersion=squares / (int(used.sum()) - X.shape[1]),
        ratio_scale=logged,
        floored=False,
    )


def _log_sum(values: Array) -> float:
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum()))
