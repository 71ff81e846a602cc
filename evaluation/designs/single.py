"""Single-series interrupted time series: one log-linear (or linear) segmented regression.

The headline effect is the average over the phase; each interval asked for stands beside it by name.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.checks.single import single_checks
from evaluation.data import rows_sha256
from evaluation.intervals.fitted import Fitted, fit_counts, fit_linear
from evaluation.intervals.integrated import (
    IntegratedSeries,
    fit_integrated,
    half_life_code,
    integrated_interval,
)
from evaluation.intervals.long_run import ewc_fitted
from evaluation.intervals.sandwich import NAMES as SANDWICHES
from evaluation.intervals.sandwich import covariance, degrees_of_freedom, sandwich_interval
from evaluation.numerics.poisson import Array
from evaluation.regressors import Regressors, regressors
from evaluation.result import Card, Effect, Interval, Result, SeriesPoint
from evaluation.series import COUNT_FAMILIES, NotEstimableError, Series, read_series
from evaluation.spec import COMPARISONS, Spec, SpecError


def fit_single(spec: Spec, frame: pd.DataFrame) -> Result:
    """Estimate one spec on the rows of `frame`.

    Data that cannot answer give a Result with status "not_estimable" and a reason code. Raises
    SpecError or DataError only for specs and rows that cannot be read.
    """
    if spec.data.weights:
        raise SpecError("data.weights: a single series has no weights; leave them out or use design pooled")
    card = Card(outcome=spec.data.outcome, unit=spec.data.unit or spec.data.outcome)
    try:
        series = read_series(spec, frame)
        card = replace(card, areas=series.areas)
        terms = regressors(spec, series)
        card = _dated(card, series, terms)
        refuse_without_events(spec, series, terms)
        result = _estimate(spec, series, terms, card)
    except NotEstimableError as refusal:
        result = Result(
            design="single",
            family=spec.family,
            status="not_estimable",
            card=card,
            n=0,
            reason=refusal.reason,
        )
    return replace(result, spec_sha256=spec.sha256, data_sha256=rows_sha256(spec, frame))


def refuse_without_events(spec: Spec, series: Series, terms: Regressors) -> None:
    """Raise NotEstimableError where a ratio would be 0 or infinite."""
    if spec.family not in COUNT_FAMILIES:
        return
    outcome = series.outcome
    if not outcome[terms.used].any():
        raise NotEstimableError("no_events")
    if not outcome[terms.before].any():
        raise NotEstimableError("no_events_before")
    if not outcome[terms.after].any():
        raise NotEstimableError("no_events_after")


def _estimate(spec: Spec, series: Series, terms: Regressors, card: Card) -> Result:
    if spec.family in ("arima", "negative-binomial"):
        from evaluation.comparison.families import fit_by_likelihood

        like = replace(spec, family="poisson" if spec.family in COUNT_FAMILIES else "gaussian")
        return fit_by_likelihood(spec, series, fit_regression(like, series, terms)[1], card)
    fitted, chosen, note = fit_regression(spec, series, terms)
    integrated = None
    if "integrated" in spec.intervals:
        if spec.family != "poisson":
            raise SpecError(f"analysis.intervals: integrated needs family poisson, not {spec.family}")
        integrated = fit_integrated(series, terms)
    intervals = {}
    for name in spec.intervals:
        intervals[name] = _interval(name, spec, series, chosen, fitted, integrated, note)
    first = intervals[spec.intervals[0]]
    effect = effect_of(first, series, terms, fitted.ratio_scale)
    named = next((name for name in spec.intervals if name.partition(":")[0] in SANDWICHES), "standard")
    expected, lower, upper = _band(fitted, integrated if spec.intervals[0] == "integrated" else None)
    return Result(
        design="single",
        family=spec.family,
        status="estimated",
        card=card,
        n=fitted.n,
        effect=effect,
        terms=_terms(fitted, named) | _comparison_terms(spec, series, chosen),
        intervals=intervals,
        dispersion=fitted.dispersion,
        sides={"treated": first},
        additive=additive(effect, int(terms.after.sum())),
        series=_points(series, terms, expected, lower, upper),
        checks=single_checks(spec, series, chosen, fitted, first),
    )


def fit_regression(spec: Spec, series: Series, terms: Regressors) -> tuple[Fitted, Regressors, str | None]:
    """The regression of the spec; with a shock the half-life that fits best, the terms with it, and its code."""
    fits = []
    for X, without in terms.designs():
        if spec.family == "poisson":
            fits.append(fit_counts(series, terms, X, without))
        else:
            fits.append(fit_linear(series, terms, X, without, logged=spec.family == "log-gaussian"))
    best = int(np.argmax([_fit_quality(fit) for fit in fits]))
    return fits[best], terms.with_shape(best), half_life_code(best) if len(fits) > 1 else None


def _fit_quality(fitted: Fitted) -> float:
    y, mu = fitted.y[fitted.used], fitted.mu[fitted.used]
    if fitted.floored:
        return float((y * np.log(mu) - mu).sum())
    return -float(((y - mu) ** 2).sum())


def _interval(
    name: str,
    spec: Spec,
    series: Series,
    terms: Regressors,
    fitted: Fitted,
    integrated: IntegratedSeries | None,
    note: str | None,
) -> Interval:
    if name == "integrated" and integrated is not None:
        return integrated_interval(integrated)
    if name.partition(":")[0] in SANDWICHES:
        return sandwich_interval(fitted, name, note)
    if name == "ewc":
        return ewc_fitted(fitted, note)
    if name in COMPARISONS:
        from evaluation.comparison.methods import comparison_interval

        return comparison_interval(name, spec, series, terms)
    raise SpecError(f"analysis.intervals: {name} is not for a single series; take it out")


def effect_of(interval: Interval, series: Series, terms: Regressors, ratio_scale: bool) -> Effect:
    """The headline effect from its interval; expected = observed / rate ratio."""
    observed = float(series.outcome[terms.after].sum())
    months = int(terms.after.sum())
    ratio: float | None = None
    if ratio_scale:
        ratio = float(np.exp(interval.coefficient))
        expected = observed / float(np.exp(interval.coefficient))
        ends = (observed / interval.upper_95 - observed, observed / interval.lower_95 - observed)
    else:
        expected = observed - interval.coefficient * months
        ends = (-interval.upper_95 * months, -interval.lower_95 * months)
    return Effect(
        coefficient=interval.coefficient,
        standard_error=interval.standard_error,
        rate_ratio=ratio,
        interval_95=(interval.lower_95, interval.upper_95),
        interval_80=(interval.lower_80, interval.upper_80),
        interval_method=interval.name,
        observed=observed,
        expected=expected,
        averted=expected - observed,
        averted_interval_95=ends,
    )


def additive(effect: Effect, periods: int) -> dict[str, float | None]:
    """Change a period in units of the outcome: observed − expected, spread over the phase."""
    if effect.averted is None or effect.averted_interval_95 is None:
        return {}
    lower, upper = effect.averted_interval_95
    return {
        "per_month": -effect.averted / periods,
        "lower_95": -upper / periods,
        "upper_95": -lower / periods,
    }


def _terms(fitted: Fitted, name: str) -> dict[str, dict[str, float | None]]:
    """Every coefficient with the error of the named covariance, and the trend after the start."""
    matrix = covariance(fitted, name)
    df = degrees_of_freedom(fitted, name)
    quantile = float(stats.norm.ppf(0.975) if df is None else stats.t.ppf(0.975, df))
    vectors: dict[str, Array] = dict(zip(fitted.names, np.eye(len(fitted.names)), strict=True))
    if "trend" in vectors and "slope" in vectors:
        vectors["trend_after"] = vectors["trend"] + vectors["slope"]
    found: dict[str, dict[str, float | None]] = {}
    for term, vector in vectors.items():
        value = float(vector @ fitted.beta)
        error = math.sqrt(max(float(vector @ matrix @ vector), 0.0))
        found[term] = {
            "coefficient": value,
            "standard_error": error,
            "rate_ratio": float(np.exp(np.clip(value, -700, 700))) if fitted.ratio_scale else None,
            "lower_95": value - quantile * error,
            "upper_95": value + quantile * error,
        }
    return found


def _comparison_terms(spec: Spec, series: Series, terms: Regressors) -> dict[str, dict[str, float | None]]:
    """Coefficients of the autoregressive methods that were asked for: they can differ far from least squares."""
    from evaluation.comparison.autoregressive import fit_autoregressive
    from evaluation.comparison.scale import NotAvailableError

    found: dict[str, dict[str, float | None]] = {}
    for method in ("prais-winsten", "cochrane-orcutt"):
        if method not in spec.intervals:
            continue
        try:
            beta, matrix, _ = fit_autoregressive(method, spec, series, terms)
        except NotAvailableError:
            continue
        for name, value, error in zip(terms.names, beta, np.sqrt(np.diag(matrix)), strict=True):
            found[f"{method}:{name}"] = {"coefficient": float(value), "standard_error": float(error)}
    return found


def _band(fitted: Fitted, integrated: IntegratedSeries | None) -> tuple[Array, Array, Array]:
    """Expected without the program and its 95 % band, each (T,), in units of the outcome."""
    if integrated is not None:
        posterior = integrated.without_program()
        lower, upper = posterior.interval(0.95)
        return np.exp(posterior.quantile(0.5)), np.exp(lower), np.exp(upper)
    center = fitted.without_program @ fitted.beta + fitted.offset
    matrix = covariance(fitted, "standard")
    variance = np.einsum("ti,ij,tj->t", fitted.without_program, matrix, fitted.without_program)
    half = stats.t.ppf(0.975, fitted.df) * np.sqrt(np.maximum(variance, 0.0))
    if fitted.ratio_scale:
        return np.exp(center), np.exp(center - half), np.exp(center + half)
    return center, center - half, center + half


def _points(
    series: Series, terms: Regressors, expected: Array, lower: Array, upper: Array
) -> tuple[SeriesPoint, ...]:
    last = int(np.flatnonzero(terms.in_scope)[-1])
    points = []
    for position in range(last + 1):
        value = series.outcome[position]
        points.append(
            SeriesPoint(
                time=series.timeline.label(position),
                observed=float(value) if series.observed[position] else None,
                expected=float(expected[position]),
                lower_95=float(lower[position]),
                upper_95=float(upper[position]),
            )
        )
    return tuple(points)


def _dated(card: Card, series: Series, terms: Regressors) -> Card:
    label = series.timeline.label
    before, after = np.flatnonzero(terms.before), np.flatnonzero(terms.after)
    return replace(
        card,
        baseline_first=label(int(before[0])),
        baseline_last=label(int(before[-1])),
        phase_first=label(int(after[0])),
        phase_last=label(int(after[-1])),
    )
