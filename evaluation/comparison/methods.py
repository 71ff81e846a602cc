"""Comparison rows: each method by its name in a spec, the average effect with its usual interval.

Methods that are linear in the outcome (Prais–Winsten, SARIMAX, local level) give an effect in counts; for
count families it is turned into a rate ratio, observed / (observed − effect × periods).
A method that cannot be used on a series returns an interval of NaN whose note is the reason code.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import ConvergenceWarning, ModelWarning

from evaluation.intervals.fitted import average_effect, average_gradient, fit_counts, fit_linear
from evaluation.intervals.sandwich import sandwich_interval, symmetric_interval
from evaluation.numerics.poisson import Array
from evaluation.regressors import Regressors
from evaluation.result import Interval
from evaluation.series import COUNT_FAMILIES, NotEstimableError, Series
from evaluation.spec import Spec, SpecError


class NotAvailableError(Exception):
    """A comparison method that cannot be used on this series; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def comparison_interval(name: str, spec: Spec, series: Series, terms: Regressors) -> Interval:
    """The average effect of one series by the named method of the field.

    Raises SpecError for a method that needs comparison areas.
    """
    if name not in METHODS:
        raise SpecError(f"analysis.intervals: {name} is not for a single series; take it out")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", ConvergenceWarning)
            return METHODS[name](spec, series, terms)
    except (NotAvailableError, NotEstimableError) as refusal:
        return unavailable(name, refusal.reason)
    except (ConvergenceWarning, ModelWarning, np.linalg.LinAlgError, FloatingPointError):
        return unavailable(name, "no_convergence")


def unavailable(name: str, reason: str) -> Interval:
    """The row of a method that gave no answer."""
    gap = math.nan
    return Interval(name, gap, None, gap, gap, gap, gap, note=reason)


def prais_winsten(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """Least squares with AR(1) errors, the first period kept (see `fit_autoregressive`), t(n − p)."""
    return _autoregressive("prais-winsten", spec, series, terms)


def cochrane_orcutt(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """Least squares with AR(1) errors, the first period dropped, as statsmodels' GLSAR does, t(n − 1 − p)."""
    return _autoregressive("cochrane-orcutt", spec, series, terms)


def _autoregressive(name: str, spec: Spec, series: Series, terms: Regressors) -> Interval:
    beta, covariance, df = fit_autoregressive(name, spec, series, terms)
    return _linear(name, spec, series, terms, beta, covariance, df)


def fit_autoregressive(name: str, spec: Spec, series: Series, terms: Regressors) -> tuple[Array, Array, int]:
    """Coefficients (p,), covariance and residual degrees of freedom, rho iterated to convergence.

    `prais-winsten` (Prais & Winsten 1954) keeps the first period, `cochrane-orcutt` (1949) drops it. In short
    series with a trend the two can differ a great deal, and both from least squares.
    Raises NotAvailableError for a series with a gap, or when rho runs to 1.
    """
    used = terms.used
    if (np.diff(np.flatnonzero(used)) != 1).any():
        raise NotAvailableError("missing_periods")
    X, y = terms.X[used], _outcome(spec, series)[used]
    if name == "cochrane-orcutt":
        model = sm.GLSAR(y, X, rho=1)
        fit = model.iterative_fit(maxiter=500, rtol=1e-10)
        if not abs(model.rho[0]) < 1:
            raise NotAvailableError("no_convergence")
    else:
        white_X, white_y = X, y
        rho, previous = 0.0, math.inf
        for _ in range(500):
            if abs(rho - previous) < 1e-10:
                break
            beta = np.linalg.lstsq(white_X, white_y, rcond=None)[0]
            residual = y - X @ beta
            previous, rho = rho, float(residual[1:] @ residual[:-1] / (residual[:-1] @ residual[:-1]))
            if abs(rho) >= 1:
                raise NotAvailableError("no_convergence")
            white_X, white_y = _whiten(X, rho), _whiten(y, rho)
        fit = sm.OLS(white_y, white_X).fit()
    return np.asarray(fit.params), np.asarray(fit.cov_params()), int(fit.df_resid)


def newey_west(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """The regression with statsmodels' default HAC errors: floor(4 (T/100)^(2/9)) lags, normal quantile."""
    used = terms.used
    lags = int(np.floor(4 * (used.sum() / 100) ** (2 / 9)))
    if spec.family in COUNT_FAMILIES:
        model = sm.GLM(
            series.outcome[used], terms.X[used], family=sm.families.Poisson(), offset=terms.offset[used]
        )
    else:
        model = sm.OLS(_outcome(spec, series)[used], terms.X[used])
    fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    return _log_linear("newey-west", spec, terms, np.asarray(fit.params), np.asarray(fit.cov_params()))


def negative_binomial(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """NB2 regression by maximum likelihood, normal quantile."""
    beta, covariance, alpha = fit_negative_binomial(series, terms)
    note = None if alpha > 0 else "no_overdispersion"
    return replace(_log_linear("negative-binomial", spec, terms, beta, covariance), note=note)


def fit_negative_binomial(series: Series, terms: Regressors) -> tuple[Array, Array, float]:
    """Coefficients (p,), their covariance and the NB2 dispersion alpha. Raises NotAvailableError.

    Where the likelihood falls from alpha = 0 on (no overdispersion) the maximum is the Poisson fit, alpha 0.
    """
    used = terms.used
    y = series.outcome[used]
    scale = np.abs(terms.X[used]).max(axis=0)
    poisson = fit_counts(series, terms, terms.X, terms.without_program)
    mu = poisson.mu[used]
    if ((y - mu) ** 2 - y).sum() <= 0:
        return poisson.beta, poisson.bread, 0.0
    alpha = float(((y - mu) ** 2 - y).sum() / (mu**2).sum())
    model = sm.NegativeBinomial(y, terms.X[used] / scale, offset=terms.offset[used])
    fit = model.fit(start_params=np.append(poisson.beta * scale, alpha), disp=0, maxiter=500)
    beta = np.asarray(fit.params)[:-1] / scale
    covariance = np.asarray(fit.cov_params())[:-1, :-1] / np.outer(scale, scale)
    if not fit.mle_retvals["converged"] or not np.isfinite(covariance).all():
        raise NotAvailableError("no_convergence")
    return beta, covariance, float(np.asarray(fit.params)[-1])


def log_gaussian(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """Least squares of the logarithm; not for series with a period of zero."""
    outcome = series.outcome[terms.used]
    if (outcome <= 0).any():
        raise NotAvailableError("log_of_zero")
    fitted = fit_linear(series, terms, terms.X, terms.without_program, logged=True)
    plain = sandwich_interval(fitted, "standard")
    return Interval(
        "log-gaussian",
        plain.coefficient,
        plain.standard_error,
        plain.lower_95,
        plain.upper_95,
        plain.lower_80,
        plain.upper_80,
        plain.degrees_of_freedom,
    )


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
    outcome = np.where(terms.used, _outcome(spec, series), np.nan)[:last]
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
    return _from_units(name, spec, series, terms, effect, error, None)


def _linear(
    name: str, spec: Spec, series: Series, terms: Regressors, beta: Array, covariance: Array, df: int | None
) -> Interval:
    arguments = (terms.X, terms.without_program, terms.after, beta, terms.offset)
    if spec.family == "log-gaussian":
        gradient = average_gradient(*arguments, True)
        error = float(np.sqrt(gradient @ covariance @ gradient))
        return symmetric_interval(name, average_effect(*arguments, True), error, df, True)
    gradient = average_gradient(*arguments, False)
    error = float(np.sqrt(gradient @ covariance @ gradient))
    return _from_units(name, spec, series, terms, average_effect(*arguments, False), error, df)


def _from_units(
    name: str, spec: Spec, series: Series, terms: Regressors, effect: float, error: float, df: int | None
) -> Interval:
    """Interval of an effect in units of the (logged) outcome; a rate ratio for counts."""
    if spec.family not in COUNT_FAMILIES:
        return symmetric_interval(name, effect, error, df, spec.family == "log-gaussian")
    units = symmetric_interval(name, effect, error, df, False)
    mean = float(series.outcome[terms.after].mean())

    def ratio(value: float) -> float:
        return mean / (mean - value) if value < mean else math.inf

    if effect >= mean:
        raise NotAvailableError("expected_below_zero")
    return Interval(
        name,
        math.log(max(ratio(effect), 1e-300)),
        None,
        ratio(units.lower_95),
        ratio(units.upper_95),
        ratio(units.lower_80),
        ratio(units.upper_80),
        df,
    )


def _log_linear(name: str, spec: Spec, terms: Regressors, beta: Array, covariance: Array) -> Interval:
    ratio_scale = spec.family != "gaussian"
    arguments = (terms.X, terms.without_program, terms.after, beta, terms.offset, ratio_scale)
    gradient = average_gradient(*arguments)
    error = float(np.sqrt(gradient @ covariance @ gradient))
    return symmetric_interval(name, average_effect(*arguments), error, None, ratio_scale)


def _outcome(spec: Spec, series: Series) -> Array:
    if spec.family == "log-gaussian":
        return np.log(np.where(series.observed, series.outcome, 1.0))
    return series.outcome


def _whiten(values: Array, rho: float) -> Array:
    white = values.astype(float).copy()
    white[1:] = values[1:] - rho * values[:-1]
    white[0] = values[0] * np.sqrt(1 - rho**2)
    return white


METHODS: dict[str, Callable[[Spec, Series, Regressors], Interval]] = {
    "prais-winsten": prais_winsten,
    "cochrane-orcutt": cochrane_orcutt,
    "newey-west": newey_west,
    "negative-binomial": negative_binomial,
    "log-gaussian": log_gaussian,
    "sarimax-step": sarimax_step,
    "sarimax-ramp": sarimax_ramp,
    "local-level": local_level,
}
