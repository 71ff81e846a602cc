"""Beside the ratio of a controlled estimate: the change in counts, and the points of the chart."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE, design_matrix
from evaluation.numerics.ewc import ewc
from evaluation.result import Effect, SeriesPoint

Array = NDArray[np.float64]


def additive_change(
    treated: Array, comparison: Array, codes: Sequence[str], areas: tuple[int, int]
) -> dict[str, float | None]:
    """Change per month in counts: treated against comparison areas, area for area, with an EWC interval.

    The treated areas' mean change less that of as many comparison areas. It can differ in sign from the
    ratio when the two sides start at different levels; then both are to be said.
    """
    X, _, contrast = design_matrix(codes)
    observed = np.array([code != LEFT_OUT for code in codes]) & np.isfinite(treated) & np.isfinite(comparison)
    difference = np.where(observed, treated - comparison * areas[0] / areas[1], 0.0)
    weight = observed.astype(float)
    information = X.T @ (X * weight[:, None])
    if np.linalg.matrix_rank(information) < X.shape[1]:
        return {"per_month": None, "lower_95": None, "upper_95": None}
    bread = np.linalg.inv(information)
    beta = bread @ (X.T @ difference)
    loading = X @ bread @ contrast
    residual = (difference - X @ beta) * weight
    error = ewc((loading * residual)[None], loading[None], X, weight[None], bread[None])
    estimate = np.array([beta @ contrast])
    lower, upper = error.interval(estimate)
    ratio_sides = _mean(treated, codes, BASELINE), _mean(treated, codes, PHASE)
    return {
        "per_month": float(estimate[0]),
        "lower_95": float(lower[0]),
        "upper_95": float(upper[0]),
        "treated_per_month_baseline": ratio_sides[0],
        "treated_per_month_phase": ratio_sides[1],
        "comparison_per_month_baseline": _mean(comparison, codes, BASELINE),
        "comparison_per_month_phase": _mean(comparison, codes, PHASE),
    }


def chart_points(
    treated: Array, comparison: Array, codes: Sequence[str], labels: Sequence[str], effect: Effect
) -> tuple[SeriesPoint, ...]:
    """Observed treated events and, given the comparison events of the month, those to be expected.

    Expected = comparison events × baseline ratio; over the phase it adds up to the effect's `expected`, and
    its band is the effect's interval. Other periods carry no band.
    """
    phase = np.array([code == PHASE for code in codes])
    baseline = np.array([code == BASELINE for code in codes])
    before = float(np.nansum(treated[baseline]) / np.nansum(comparison[baseline]))
    after = float(effect.expected or 0.0) / float(np.nansum(comparison[phase]))
    observed_total = float(effect.observed or 0.0)
    points = []
    for index, label in enumerate(labels):
        scale = after if phase[index] else before
        expected = float(comparison[index] * scale)
        lower = upper = None
        if phase[index] and effect.expected:
            lower = expected * observed_total / effect.interval_95[1] / effect.expected
            upper = expected * observed_total / effect.interval_95[0] / effect.expected
        points.append(SeriesPoint(label, _number(treated[index]), _number(expected), lower, upper))
    points += [
        SeriesPoint(label, _number(comparison[index]), side="comparison")
        for index, label in enumerate(labels)
    ]
    return tuple(points)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _mean(values: Array, codes: Sequence[str], code: str) -> float | None:
    inside = values[np.array([item == code for item in codes])]
    return float(np.nanmean(inside)) if len(inside) else None
