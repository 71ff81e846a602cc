"""Placebo dates: the same regression with the start moved to every other date of the series.

The real start is ranked among all dates by the size of its t statistic. The curve shows the reader how often a
"change" of that size turns up where nothing started.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.numerics.poisson import fit_poisson
from evaluation.regressors import Regressors
from evaluation.result import Check
from evaluation.series import Series
from evaluation.spec import Spec

FEWEST_EACH_SIDE = 6
FEWEST_DATES = 20
"""With fewer dates the smallest possible p is above 5 %."""


@dataclass(frozen=True)
class PlaceboDate:
    """Estimate with the start at one date; interval quasi-Poisson, dispersion floored at 1."""

    placebo: str
    rate_ratio: float
    lower_95: float
    upper_95: float
    is_start: bool
    statistic: float


def placebo_dates(spec: Spec, series: Series, terms: Regressors) -> tuple[Check, tuple[PlaceboDate, ...]]:
    """The curve over all dates with enough periods on either side, and its check.

    Baseline and headline phase only; the effect at each date is the level from there to the end of the phase.
    """
    name = "placebo_dates"
    curve = placebo_curve(spec, series, terms)
    real = [date for date in curve if date.is_start]
    if len(curve) < FEWEST_DATES or not real:
        figures: dict[str, float | int | None] = {"dates": len(curve), "fewest_dates": FEWEST_DATES}
        return Check(name, "informing", "cannot_run", "too_few_dates", figures), curve
    sizes = np.array([abs(date.statistic) for date in curve])
    rank = int((sizes >= abs(real[0].statistic) - 1e-12).sum())
    p = rank / len(curve)
    figures = {"dates": len(curve), "rank": rank, "p": p, "smallest_p": 1 / len(curve)}
    if p > 0.05:
        return Check(name, "informing", "failed", "as_large_at_other_dates", figures), curve
    return Check(name, "informing", "passed", None, figures), curve


def placebo_curve(spec: Spec, series: Series, terms: Regressors) -> tuple[PlaceboDate, ...]:
    """One batched fit for all dates; dates whose fit does not exist are left out."""
    chosen = terms.before | terms.after
    used = np.flatnonzero(chosen)
    margin = max(FEWEST_EACH_SIDE, len(used) // 6)
    candidates = used[margin : len(used) - margin + 1]
    start = int(np.flatnonzero(terms.headline)[0])
    if start not in candidates:
        candidates = np.sort(np.append(candidates, start))
    level, slope = terms.column("level"), terms.column("slope")
    keep = [
        at for at, one in enumerate(terms.names) if at not in (level, slope) and not one.startswith("phase:")
    ]
    position = np.arange(len(chosen))
    designs = np.stack(
        [np.column_stack([terms.X[:, keep], (position >= date).astype(float)]) for date in candidates]
    )
    y = np.where(chosen, series.outcome, 0.0)
    counts = np.repeat(y[None], len(candidates), axis=0)
    fit = fit_poisson(counts, designs, offset=terms.offset, observed=chosen)
    dispersion = np.maximum(fit.dispersion(counts, chosen), 1.0)
    error = np.sqrt(fit.bread[:, -1, -1] * dispersion)
    quantile = stats.t.ppf(0.975, len(used) - designs.shape[2])
    curve = []
    for at, date in enumerate(candidates):
        if not fit.converged[at]:
            continue
        value = float(fit.beta[at, -1])
        curve.append(
            PlaceboDate(
                placebo=series.timeline.label(int(date)),
                rate_ratio=float(np.exp(value)),
                lower_95=float(np.exp(value - quantile * error[at])),
                upper_95=float(np.exp(value + quantile * error[at])),
                is_start=bool(date == start),
                statistic=float(value / np.sqrt(fit.bread[at, -1, -1])),
            )
        )
    return tuple(curve)
