"""From an effect in units of the outcome to the scale of the spec's family."""

from __future__ import annotations

import math

import numpy as np

from evaluation.intervals.fitted import average_effect, average_gradient
from evaluation.intervals.sandwich import symmetric_interval
from evaluation.numerics.symmetric import Array
from evaluation.regressors import Regressors
from evaluation.result import Interval
from evaluation.series import COUNT_FAMILIES, Series
from evaluation.spec import Spec


class NotAvailableError(Exception):
    """A comparison method that cannot be used on this series; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def linear_interval(
    name: str, spec: Spec, series: Series, terms: Regressors, beta: Array, covariance: Array, df: int | None
) -> Interval:
    """Average effect of a regression that is linear in the (logged) outcome; df None: normal quantile."""
    arguments = (terms.X, terms.without_program, terms.after, beta, terms.offset)
    if spec.family == "log-gaussian":
        gradient = average_gradient(*arguments, True)
        error = float(np.sqrt(gradient @ covariance @ gradient))
        return symmetric_interval(name, average_effect(*arguments, True), error, df, True)
    gradient = average_gradient(*arguments, False)
    error = float(np.sqrt(gradient @ covariance @ gradient))
    return interval_from_units(name, spec, series, terms, average_effect(*arguments, False), error, df)


def interval_from_units(
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


def log_linear_interval(name: str, spec: Spec, terms: Regressors, beta: Array, covariance: Array) -> Interval:
    """Average effect of a regression with log link, normal quantile; plain units for family gaussian."""
    ratio_scale = spec.family != "gaussian"
    arguments = (terms.X, terms.without_program, terms.after, beta, terms.offset, ratio_scale)
    gradient = average_gradient(*arguments)
    error = float(np.sqrt(gradient @ covariance @ gradient))
    return symmetric_interval(name, average_effect(*arguments), error, None, ratio_scale)


def outcome_of(spec: Spec, series: Series) -> Array:
    """The outcome, logged for family log-gaussian, (T,)."""
    if spec.family == "log-gaussian":
        return np.log(np.where(series.observed, series.outcome, 1.0))
    return series.outcome
