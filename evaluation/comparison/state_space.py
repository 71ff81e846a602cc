"""ARIMA errors and structural time series by statsmodels' state space models.

The outcome is divided by its standard deviation first, because likelihoods of raw units can stop in a wrong place;
errors are from the approximate Hessian, since the default (outer products) can be double the right ones.
"""

from __future__ import annotations

import numpy as np
import statsmodels.api as sm

from evaluation.comparison.scale import NotAvailableError, interval_from_units, outcome_of
from evaluation.numerics.symmetric import Array
from evaluation.regressors import Regressors
from evaluation.result import Interval
from evaluation.series import Series
from evaluation.spec import Spec


def sarimax_step(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """ARIMA errors (the spec's orders) with a step at the start."""
    return _sarimax("sarimax-step", "level", spec, series, terms)


def sarimax_ramp(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """ARIMA errors (the spec's orders) with a ramp that begins at the start."""
    return _sarimax("sarimax-ramp", "slope", spec, series, terms)


def local_level(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """Structural time series: random-walk level with the other terms as regressors (Harvey 1989)."""
    keep = [at for at, name in enumerate(terms.names) if name not in ("intercept", "trend")]
    return _state_space("local-level", spec, series, terms, keep)


def _sarimax(name: str, form: str, spec: Spec, series: Series, terms: Regressors) -> Interval:
    headline = terms.headline
    ramp = np.cumsum(headline).astype(float) * headline
    shape = headline.astype(float) if form == "level" else ramp
    # Each difference takes a power of time out of the series: the intercept first, then the trend.
    differences = spec.order[1] + spec.seasonal_order[1]
    dropped = {"level", "slope", *("intercept", "trend")[: min(differences, 2)]}
    others = [at for at, one in enumerate(terms.names) if one not in dropped]
    exog = np.column_stack([terms.X[:, others], shape])
    endog, scale = _scaled(spec, series, terms)
    model = sm.tsa.SARIMAX(
        endog,
        exog=exog[: len(endog)],
        order=spec.order,
        seasonal_order=(*spec.seasonal_order, spec.period if any(spec.seasonal_order) else 0),
    )
    fit = model.fit(disp=0, maxiter=500, cov_type="approx")
    effect = np.zeros(len(fit.params))
    effect[exog.shape[1] - 1] = shape[terms.after].mean() * scale
    return _in_outcome(
        name, spec, series, terms, float(effect @ fit.params), _deviation(fit, effect), fit.mle_retvals
    )


def _state_space(name: str, spec: Spec, series: Series, terms: Regressors, keep: list[int]) -> Interval:
    endog, scale = _scaled(spec, series, terms)
    exog = terms.X[: len(endog), keep]
    fit = sm.tsa.UnobservedComponents(endog, "local level", exog=exog).fit(
        disp=0, maxiter=500, cov_type="approx"
    )
    gradient = (terms.X - terms.without_program)[terms.after].mean(axis=0)[keep] * scale
    effect = np.zeros(len(fit.params))
    effect[len(effect) - len(keep) :] = gradient
    return _in_outcome(
        name, spec, series, terms, float(effect @ fit.params), _deviation(fit, effect), fit.mle_retvals
    )


def _deviation(fit: object, effect: Array) -> float:
    covariance = np.asarray(fit.cov_params())  # type: ignore[attr-defined]
    used = effect != 0
    return float(np.sqrt(effect[used] @ covariance[np.ix_(used, used)] @ effect[used]))


def _scaled(spec: Spec, series: Series, terms: Regressors) -> tuple[Array, float]:
    """Outcome over its standard deviation, NaN where unused: likelihoods of raw units stop in wrong places."""
    last = int(np.flatnonzero(terms.used)[-1]) + 1
    outcome = np.where(terms.used, outcome_of(spec, series), np.nan)[:last]
    scale = float(np.nanstd(outcome))
    return outcome / scale, scale


def _in_outcome(
    name: str,
    spec: Spec,
    series: Series,
    terms: Regressors,
    effect: float,
    error: float,
    status: dict[str, object],
) -> Interval:
    if not status.get("converged", True) or not np.isfinite(error):
        raise NotAvailableError("no_convergence")
    return interval_from_units(name, spec, series, terms, effect, error, None)
