"""Least squares with AR(1) errors: Prais–Winsten and Cochrane–Orcutt."""

from __future__ import annotations

import math

import numpy as np
import statsmodels.api as sm

from evaluation.comparison.scale import NotAvailableError, linear_interval, outcome_of
from evaluation.numerics.symmetric import Array
from evaluation.regressors import Regressors
from evaluation.result import Interval
from evaluation.series import Series
from evaluation.spec import Spec


def prais_winsten(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """Least squares with AR(1) errors, the first period kept (see `fit_autoregressive`), t(n − p)."""
    return _autoregressive("prais-winsten", spec, series, terms)


def cochrane_orcutt(spec: Spec, series: Series, terms: Regressors) -> Interval:
    """Least squares with AR(1) errors, the first period dropped, as statsmodels' GLSAR does, t(n − 1 − p)."""
    return _autoregressive("cochrane-orcutt", spec, series, terms)


def _autoregressive(name: str, spec: Spec, series: Series, terms: Regressors) -> Interval:
    beta, covariance, df = fit_autoregressive(name, spec, series, terms)
    return linear_interval(name, spec, series, terms, beta, covariance, df)


def fit_autoregressive(name: str, spec: Spec, series: Series, terms: Regressors) -> tuple[Array, Array, int]:
    """Coefficients (p,), covariance and residual degrees of freedom, rho iterated to convergence.

    `prais-winsten` (Prais & Winsten 1954) keeps the first period, `cochrane-orcutt` (1949) drops it. In short
    series with a trend the two can differ a great deal, and both from least squares.
    Raises NotAvailableError for a series with a gap, or when rho runs to 1.
    """
    used = terms.used
    if (np.diff(np.flatnonzero(used)) != 1).any():
        raise NotAvailableError("missing_periods")
    X, y = terms.X[used], outcome_of(spec, series)[used]
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


def _whiten(values: Array, rho: float) -> Array:
    white = values.astype(float).copy()
    white[1:] = values[1:] - rho * values[:-1]
    white[0] = values[0] * np.sqrt(1 - rho**2)
    return white
