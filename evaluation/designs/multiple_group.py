"""Multiple-group interrupted time series by least squares (Linden 2015, Stata Journal 15:480–500).

Treated and comparison areas are separate panels of one regression: trend, level and slope of the comparison
areas, and the differences of the treated areas from each of them. Errors are Newey–West within a panel.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.comparison.synthetic_control import NAME as SYNTHETIC
from evaluation.comparison.synthetic_control import synthetic_control, synthetic_interval
from evaluation.data import labels, rows_sha256
from evaluation.intervals.sandwich import symmetric_interval
from evaluation.numerics.poisson import Array
from evaluation.regressors import Regressors, regressors
from evaluation.result import Card, Effect, Interval, Result
from evaluation.series import NotEstimableError, read_series
from evaluation.spec import Spec, SpecError

LAGGED = "hac"


def fit_multiple_group(spec: Spec, frame: pd.DataFrame) -> Result:
    """Difference in the change between treated and comparison areas, average over the phase.

    Family gaussian (units of the outcome) or log-gaussian (rate ratio). Intervals `standard`, `hc1`, `hac:L`.
    """
    data = spec.data
    card = Card(outcome=data.outcome, unit=data.unit or data.outcome, areas=data.treated)
    try:
        result = _estimate(spec, frame, card)
    except NotEstimableError as refusal:
        result = Result("controlled", spec.family, "not_estimable", card, n=0, reason=refusal.reason)
    return replace(result, spec_sha256=spec.sha256, data_sha256=rows_sha256(spec, frame))


def _estimate(spec: Spec, frame: pd.DataFrame, card: Card) -> Result:
    data = spec.data
    present = sorted(set(labels(frame, str(data.area)).dropna()))
    comparison = data.comparison or tuple(name for name in present if name not in data.treated)
    if not comparison:
        raise NotEstimableError("no_comparison_area")
    panels: list[tuple[Array, Array]] = []
    names: tuple[str, ...] = ()
    treated_rows: list[np.ndarray] = []
    for area in (*data.treated, *comparison):
        series = read_series(spec, frame, (area,))
        terms = regressors(spec, series)
        outcome = np.where(terms.used, series.outcome, 1.0)
        y = np.log(outcome) if spec.family == "log-gaussian" else outcome
        is_treated = area in data.treated
        own, names = _with_differences(terms, is_treated)
        panels.append((np.where(terms.used, y, 0.0), own * terms.used[:, None]))
        treated_rows.append(terms.after & is_treated)
    X = np.concatenate([own for _, own in panels])
    y = np.concatenate([outcome for outcome, _ in panels])
    used = (X != 0).any(axis=1)
    n, p = int(used.sum()), X.shape[1]
    scale = np.abs(X).max(axis=0)
    if np.linalg.matrix_rank(X / scale) < p:
        raise NotEstimableError("collinear_terms")
    bread = np.linalg.inv((X / scale).T @ (X / scale)) / np.outer(scale, scale)
    beta = bread @ X.T @ y
    residual = (y - X @ beta) * used
    dispersion = float(residual @ residual / (n - p))

    program = np.array([name.startswith("difference:") and _is_program(name) for name in names])
    vector = (X[np.concatenate(treated_rows)] * program).mean(axis=0)
    ratio_scale = spec.family == "log-gaussian"
    linear = [name for name in spec.intervals if name != SYNTHETIC]
    if not linear:
        raise SpecError(
            f"analysis.intervals: {SYNTHETIC} stands beside another interval; add standard or hac:1"
        )
    covariances = {name: _covariance(name, panels, beta, bread, dispersion, n, p) for name in linear}
    intervals: dict[str, Interval] = {}
    for name, matrix in covariances.items():
        error = float(np.sqrt(vector @ matrix @ vector))
        intervals[name] = symmetric_interval(name, float(vector @ beta), error, n - p, ratio_scale)
    if SYNTHETIC in spec.intervals:
        intervals[SYNTHETIC] = _synthetic(spec, frame, comparison, ratio_scale)
    first = intervals[linear[0]]
    return Result(
        design="controlled",
        family=spec.family,
        status="estimated",
        card=replace(card, comparison_areas=comparison),
        n=n,
        effect=Effect(
            coefficient=first.coefficient,
            standard_error=first.standard_error,
            rate_ratio=float(np.exp(first.coefficient)) if ratio_scale else None,
            interval_95=(first.lower_95, first.upper_95),
            interval_80=(first.lower_80, first.upper_80),
            interval_method=first.name,
        ),
        terms=_terms(names, beta, covariances[linear[0]], n - p),
        intervals=intervals,
        dispersion=dispersion,
    )


def _synthetic(spec: Spec, frame: pd.DataFrame, comparison: tuple[str, ...], logged: bool) -> Interval:
    """Synthetic control of the one treated area; several are averaged (logged: on the log scale)."""
    series = [read_series(spec, frame, (area,)) for area in (*spec.data.treated, *comparison)]
    terms = regressors(spec, series[0])
    used = terms.used & np.all([one.observed for one in series], axis=0)
    used &= terms.before | terms.after
    table = np.array([one.outcome[used] for one in series])
    table = np.log(table) if logged else table
    size = len(spec.data.treated)
    found = synthetic_control(table[:size].mean(axis=0), table[size:], terms.before[used], False)
    return synthetic_interval(found, logged)


def _with_differences(terms: Regressors, is_treated: bool) -> tuple[Array, tuple[str, ...]]:
    """Columns of one area: every term, then its difference in the treated areas."""
    names = terms.names + tuple(f"difference:{name}" for name in terms.names)
    return np.column_stack([terms.X, terms.X * is_treated]), names


def _is_program(name: str) -> bool:
    return name.removeprefix("difference:") in ("level", "slope")


def _covariance(
    name: str, panels: list[tuple[Array, Array]], beta: Array, bread: Array, dispersion: float, n: int, p: int
) -> Array:
    kind, _, lags = name.partition(":")
    if kind == "standard":
        return bread * dispersion
    if kind not in ("hc1", LAGGED):
        raise SpecError(f"analysis.intervals: {name} is not for a linear controlled design; use hac:1")
    meat = np.zeros_like(bread)
    for y, X in panels:
        scores = X * (y - X @ beta)[:, None]
        meat += scores.T @ scores
        for lag in range(1, int(lags or 0) + 1):
            product = scores[lag:].T @ scores[:-lag]
            meat += (1 - lag / (int(lags) + 1)) * (product + product.T)
    return np.asarray(bread @ meat @ bread * n / (n - p))


def _terms(names: tuple[str, ...], beta: Array, matrix: Array, df: int) -> dict[str, dict[str, float | None]]:
    quantile = float(stats.t.ppf(0.975, df))
    found: dict[str, dict[str, float | None]] = {}
    vectors: dict[str, Array] = dict(zip(names, np.eye(len(names)), strict=True))
    if "trend" in vectors and "slope" in vectors:
        vectors["trend_after"] = vectors["trend"] + vectors["slope"]
    for name, vector in vectors.items():
        value, error = float(vector @ beta), float(np.sqrt(vector @ matrix @ vector))
        found[name] = {
            "coefficient": value,
            "standard_error": error,
            "p_value": float(2 * stats.t.sf(abs(value / error), df)),
            "lower_95": value - quantile * error,
            "upper_95": value + quantile * error,
        }
    return found
