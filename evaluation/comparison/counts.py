"""Count regressions of the field: Newey–West errors, negative binomial, and the logged outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import statsmodels.api as sm

from evaluation.comparison.scale import NotAvailableError, log_linear_interval, outcome_of
from evaluation.intervals.fitted import fit_counts, fit_linear
from evaluation.intervals.sandwich import sandwich_interval
from evaluation.numerics.symmetric import Array
from evaluation.regressors import Regressors
from evaluation.result import Interval
from evaluation.series import COUNT_FAMILIES, Series
from evaluation.spec import Spec


def newey_west(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """The regression with statsmodels' default HAC errors: floor(4 (T/100)^(2/9)) lags, normal quantile."""
    used = terms.used
    lags = int(np.floor(4 * (used.sum() / 100) ** (2 / 9)))
    if spec.family in COUNT_FAMILIES:
        model = sm.GLM(
            series.outcome[used], terms.X[used], family=sm.families.Poisson(), offset=terms.offset[used]
        )
    else:
        model = sm.OLS(outcome_of(spec, series)[used], terms.X[used])
    fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    return log_linear_interval(
        "newey-west", spec, terms, np.asarray(fit.params), np.asarray(fit.cov_params())
    )


def negative_binomial(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """NB2 regression by maximum likelihood, normal quantile."""
    beta, covariance, alpha = fit_negative_binomial(series, terms)
    note = None if alpha > 0 else "no_overdispersion"
    return replace(log_linear_interval("negative-binomial", spec, terms, beta, covariance), note=note)


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
