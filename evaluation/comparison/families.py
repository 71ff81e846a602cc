"""Families fitted by statsmodels' likelihood as the main method of a spec: negative binomial and ARIMA."""

from __future__ import annotations

import numpy as np

from evaluation.comparison.counts import fit_negative_binomial
from evaluation.comparison.methods import comparison_interval
from evaluation.comparison.scale import NotAvailableError
from evaluation.numerics.poisson import Array
from evaluation.regressors import Regressors
from evaluation.result import Card, Interval, Result
from evaluation.series import NotEstimableError, Series
from evaluation.spec import COMPARISONS, Spec, SpecError


def fit_by_likelihood(spec: Spec, series: Series, terms: Regressors, card: Card) -> Result:
    """Result of family negative-binomial or arima; its own interval is called `standard`."""
    from evaluation.designs.single import additive, effect_of

    own = _own_interval(spec, series, terms)
    intervals = {}
    for name in spec.intervals:
        if name == "standard":
            intervals[name] = own
        elif name in COMPARISONS:
            intervals[name] = comparison_interval(name, spec, series, terms)
        else:
            raise SpecError(f"analysis.intervals: {name} is not for family {spec.family}; use standard")
    first = intervals[spec.intervals[0]]
    ratio_scale = spec.family == "negative-binomial"
    effect = effect_of(first, series, terms, ratio_scale)
    found: dict[str, dict[str, float | None]] = {}
    if ratio_scale:
        beta, covariance, alpha = _negative_binomial(series, terms)
        found = _terms(terms.names, beta, covariance)
        found["alpha"] = {"coefficient": alpha, "standard_error": None}
    return Result(
        design="single",
        family=spec.family,
        status="estimated",
        card=card,
        n=int(terms.used.sum()),
        effect=effect,
        terms=found,
        intervals=intervals,
        sides={"treated": first},
        additive=additive(effect, int(terms.after.sum())),
    )


def _own_interval(spec: Spec, series: Series, terms: Regressors) -> Interval:
    if spec.family == "negative-binomial":
        name = "negative-binomial"
    else:
        name = "sarimax-ramp" if spec.slope and not spec.level else "sarimax-step"
    found = comparison_interval(name, spec, series, terms)
    if not np.isfinite(found.coefficient):
        raise NotEstimableError(found.note or "no_convergence")
    return Interval(
        "standard",
        found.coefficient,
        found.standard_error,
        found.lower_95,
        found.upper_95,
        found.lower_80,
        found.upper_80,
        note=name.replace("-", "_"),
    )


def _negative_binomial(series: Series, terms: Regressors) -> tuple[Array, Array, float]:
    try:
        return fit_negative_binomial(series, terms)
    except NotAvailableError as refusal:
        raise NotEstimableError(refusal.reason) from None


def _terms(names: tuple[str, ...], beta: Array, covariance: Array) -> dict[str, dict[str, float | None]]:
    errors = np.sqrt(np.diag(covariance))
    return {
        name: {
            "coefficient": float(value),
            "standard_error": float(error),
            "rate_ratio": float(np.exp(value)),
            "lower_95": float(value - 1.959963984540054 * error),
            "upper_95": float(value + 1.959963984540054 * error),
        }
        for name, value, error in zip(names, beta, errors, strict=True)
    }
