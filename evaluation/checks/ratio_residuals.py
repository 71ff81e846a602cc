"""Autocorrelation of what the plain binomial fit of treated out of both leaves over.

In randomized quantile residuals (Dunn and Smyth 1996), binomial, or beta-binomial where months vary more. The default
interval allows for what is found; the check says whether it had to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.checks.headline import Array, Figures, Headline, cannot_run, outcome_of
from evaluation.checks.single_residuals import (
    FEWEST_PERIODS,
    LEVEL,
    REPETITIONS,
    autocorrelations,
    cumby_huizinga,
    ljung_box,
)
from evaluation.designs.two_groups import LEFT_OUT, design_matrix, usable_codes
from evaluation.numerics.binomial import fit_binomial
from evaluation.numerics.poisson import Flags
from evaluation.result import Check

NAMES = ("ljung_box", "cumby_huizinga")


@dataclass(frozen=True)
class Looked:
    """Which periods were fitted (T,), how many, and the regressors (T, p)."""

    used: Flags
    n: int
    X: Array


def ratio_autocorrelation(head: Headline, seed: int = 1996) -> tuple[Check, Check]:
    """Ljung–Box and Cumby–Huizinga on the residuals of the ratio, medians over seeded repetitions."""
    treated, comparison = head.treated.sum(axis=0), head.comparison.sum(axis=0)
    reason, codes = usable_codes(treated, comparison, head.codes)
    if reason is not None:
        return cannot_run(NAMES[0], reason), cannot_run(NAMES[1], reason)
    X, _, _ = design_matrix(codes)
    observed = np.array([code != LEFT_OUT for code in codes])
    y = np.where(observed, np.nan_to_num(treated), 0.0)
    total = np.where(observed, np.nan_to_num(treated + comparison), 0.0)
    fit = fit_binomial(y[None], total[None], X, observed=observed)
    used = observed & (total > 0)
    looked = Looked(used, int(used.sum()), X)
    if looked.n < FEWEST_PERIODS or not fit.converged[0]:
        short: Figures = {"periods": looked.n, "fewest_periods": FEWEST_PERIODS}
        reason = "too_few_periods" if looked.n < FEWEST_PERIODS else "no_convergence"
        return cannot_run(NAMES[0], reason, short), cannot_run(NAMES[1], reason, short)
    dispersion = float(fit.dispersion(y[None], total[None])[0])
    uniform = np.random.default_rng(seed).uniform(size=(REPETITIONS, looked.n))
    draws = np.zeros((REPETITIONS, len(y)))
    draws[:, used] = quantile_residuals(y[used], total[used], fit.share[0][used], dispersion, uniform)
    lags = min(12, looked.n // 6)
    found = []
    for name, test in zip(NAMES, (ljung_box, cumby_huizinga), strict=True):
        results = [test(draw, looked, lags) for draw in draws]
        statistic, p = (float(np.median([result[at] for result in results])) for at in (0, 1))
        figures: Figures = {
            "statistic": statistic,
            "p": p,
            "lags": lags,
            "first_autocorrelation": float(np.median([autocorrelations(draw, used, 1)[0] for draw in draws])),
        }
        found.append(outcome_of(name, p < LEVEL, "residuals_autocorrelated", figures))
    return found[0], found[1]


def quantile_residuals(y: Array, total: Array, share: Array, dispersion: float, uniform: Array) -> Array:
    """(repetitions, T) standard normal and independent if the shares and the dispersion are right."""
    extra = (dispersion - 1.0) / max(float(total.mean()) - 1.0, 1e-9)
    if extra > 1e-6:
        size = 1.0 / min(extra, 0.99) - 1.0
        distribution = stats.betabinom(total, share * size, (1 - share) * size)
    else:
        distribution = stats.binom(total, share)
    at = distribution.cdf(y)
    below = np.where(y > 0, at - distribution.pmf(y), 0.0)
    return np.asarray(stats.norm.ppf(np.clip(below + uniform * (at - below), 1e-12, 1 - 1e-12)))
