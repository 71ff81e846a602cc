"""Informing checks of one fitted count series: overdispersion and autocorrelation of its residuals.

Autocorrelation is looked for in randomized quantile residuals (Dunn & Smyth 1996, JCGS 5:236–244), which are
standard normal and independent when the model is right, however small the counts. The randomization is
seeded and repeated; the figures are medians over the repetitions.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import stats

from evaluation.intervals.fitted import Fitted
from evaluation.numerics.poisson import Array, Flags
from evaluation.result import Check

LEVEL = 0.05
REPETITIONS = 51
FEWEST_PERIODS = 16


class Regressed(Protocol):
    """What the tests need of a fit: which periods were used (T,), how many, and the regressors (T, p)."""

    @property
    def used(self) -> Flags: ...
    @property
    def n(self) -> int: ...
    @property
    def X(self) -> Array: ...


def overdispersion(fitted: Fitted) -> Check:
    """Do the counts vary more than Poisson counts would around the fitted mean?

    Pearson's chi-squared against n − p degrees of freedom.
    """
    name = "overdispersion"
    statistic = fitted.dispersion * fitted.df
    p = float(stats.chi2.sf(statistic, fitted.df))
    figures: dict[str, float | int | None] = {"dispersion": fitted.dispersion, "p": p}
    if p < LEVEL:
        return Check(name, "informing", "failed", "counts_overdispersed", figures)
    return Check(name, "informing", "passed", None, figures)


def residual_autocorrelation(fitted: Fitted) -> tuple[Check, Check]:
    """Ljung–Box and Cumby–Huizinga checks, in this order.

    Lags: a sixth of the periods, at most 12. Cannot be run under 16 periods.
    """
    names = ("ljung_box", "cumby_huizinga")
    if fitted.n < FEWEST_PERIODS:
        short: dict[str, float | int | None] = {"periods": fitted.n, "fewest_periods": FEWEST_PERIODS}
        first, second = (Check(name, "informing", "cannot_run", "too_few_periods", short) for name in names)
        return first, second
    lags = min(12, fitted.n // 6)
    draws = quantile_residuals(fitted)
    found = []
    for name, test in zip(names, (ljung_box, cumby_huizinga), strict=True):
        results = [test(draw, fitted, lags) for draw in draws]
        statistic, p = (float(np.median([result[at] for result in results])) for at in (0, 1))
        first_lag = float(np.median([autocorrelations(draw, fitted.used, 1)[0] for draw in draws]))
        figures: dict[str, float | int | None] = {
            "statistic": statistic,
            "p": p,
            "lags": lags,
            "first_autocorrelation": first_lag,
        }
        failed = p < LEVEL
        found.append(
            Check(
                name,
                "informing",
                "failed" if failed else "passed",
                "residuals_autocorrelated" if failed else None,
                figures,
            )
        )
    return found[0], found[1]


def quantile_residuals(fitted: Fitted, repetitions: int = REPETITIONS, seed: int = 1996) -> Array:
    """Randomized quantile residuals, (repetitions, T), 0 in unused periods.

    The distribution has the fitted mean and variance dispersion × mean: negative binomial when the
    dispersion is over 1, otherwise Poisson; normal for linear families.
    """
    if not fitted.floored:
        scaled = np.where(fitted.used, fitted.residual / np.sqrt(fitted.dispersion), 0.0)
        return np.repeat(scaled[None], 1, axis=0)
    y, mu = fitted.y, fitted.mu
    if fitted.dispersion > 1.0 + 1e-6:
        size = mu / (fitted.dispersion - 1.0)
        distribution = stats.nbinom(size, 1.0 / fitted.dispersion)
    else:
        distribution = stats.poisson(mu)
    below, at = distribution.cdf(y - 1), distribution.cdf(y)
    uniform = np.random.default_rng(seed).uniform(size=(repetitions, len(y)))
    quantile = np.clip(below + uniform * (at - below), 1e-12, 1 - 1e-12)
    return np.where(fitted.used, stats.norm.ppf(quantile), 0.0)


def autocorrelations(residual: Array, used: Flags, lags: int) -> Array:
    """Autocorrelation at lags 1…lags over the calendar, (lags,); missing periods are left out."""
    centered = np.where(used, residual - residual[used].mean(), 0.0)
    total = centered @ centered
    return np.array([centered[lag:] @ centered[:-lag] / total for lag in range(1, lags + 1)])


def ljung_box(residual: Array, fitted: Regressed, lags: int) -> tuple[float, float]:
    """Ljung & Box (1978): statistic and p against chi-squared with `lags` degrees of freedom."""
    rho = autocorrelations(residual, fitted.used, lags)
    n = fitted.n
    statistic = float(n * (n + 2) * (rho**2 / (n - np.arange(1, lags + 1))).sum())
    return statistic, float(stats.chi2.sf(statistic, lags))


def cumby_huizinga(residual: Array, fitted: Regressed, lags: int) -> tuple[float, float]:
    """Cumby & Huizinga (1992, Econometrica 60:185–195), null: no autocorrelation at lags 1…lags.

    The variance of the autocorrelations allows for unequal variances and for the estimation of the
    coefficients. Statistic and p against chi-squared with `lags` degrees of freedom.
    """
    used = fitted.used
    e = np.where(used, residual - residual[used].mean(), 0.0)
    X = fitted.X * used[:, None]
    X = X / np.maximum(np.abs(X).max(axis=0), 1e-300)
    n = fitted.n
    variance = float(e @ e) / n
    inverse = np.linalg.inv(X.T @ X / n)
    influence = np.zeros((len(e), lags))
    rho = np.empty(lags)
    for lag in range(1, lags + 1):
        product = np.zeros(len(e))
        product[lag:] = e[lag:] * e[:-lag]
        rho[lag - 1] = product.sum() / (n * variance)
        slope = -(e[lag:] @ X[:-lag] + e[:-lag] @ X[lag:]) / (n * variance)
        influence[:, lag - 1] = product / variance + (X * e[:, None]) @ (inverse @ slope)
    covariance = influence.T @ influence / n
    statistic = float(n * rho @ np.linalg.pinv(covariance) @ rho)
    return statistic, float(stats.chi2.sf(statistic, lags))
