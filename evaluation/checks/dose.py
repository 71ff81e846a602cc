"""Dose: were there fewer shootings, beside the comparison, in months when more hours were worked?

Within the phase only, so that before and after play no part. The share of events on the served side is regressed on
the hours of the month (conditional binomial, logit link: what moves both sides alike cancels), with the EWC interval.
Teams are sent where it is worst, which pushes the answer toward "more hours, more shootings"; the check informs and
decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evaluation.checks.headline import Array, Figures, cannot_run, outcome_of
from evaluation.numerics.binomial import fit_binomial
from evaluation.numerics.ewc import ewc
from evaluation.result import Check

FEWEST_MONTHS = 12
LEAST_VARIATION = 0.10  # standard deviation of monthly hours over their mean


def dose(
    treated: Array, comparison: Array, months: Sequence[str], hours: Mapping[str, float] | None
) -> Check:
    """Rate ratio of a month with twice the average hours against one with the average.

    treated, comparison (T,) events of both sides in the months of the phase, NaN where missing; months (T,) YYYY-MM;
    hours: worker hours by month, of the months that the log covers; None where no log is at hand.
    Fails when the 95 % interval lies wholly on the side of more shootings.
    """
    name = "dose"
    if not hours:
        return cannot_run(name, "no_hours_log")
    worked = np.array([hours.get(month, np.nan) for month in months], dtype=float)
    trials = np.asarray(treated, float) + np.asarray(comparison, float)
    kept = np.isfinite(worked) & np.isfinite(trials) & (np.nan_to_num(trials) > 0)
    figures: Figures = {"months": int(kept.sum())}
    if kept.sum() < FEWEST_MONTHS:
        return cannot_run(name, "too_few_months_with_hours", figures)
    y, n, x = treated[kept], trials[kept], worked[kept]
    mean = float(x.mean())
    variation = float(x.std() / mean) if mean > 0 else 0.0
    figures |= {"hours_a_month": mean, "variation": variation}
    if variation < LEAST_VARIATION:
        return cannot_run(name, "hours_hardly_vary", figures)
    X = np.column_stack([np.ones(len(x)), x / mean - 1])
    fit = fit_binomial(y[None], n[None], X)
    if not fit.converged[0]:
        return cannot_run(name, "perfect_separation", figures)
    loading = (X @ fit.bread[0][:, 1])[None]
    residual = (y - n * fit.share[0])[None]
    spread = ewc(loading * residual, loading, X, fit.weight, fit.bread)
    slope = fit.beta[:, 1]
    lower, upper = spread.interval(slope)
    figures |= {
        "rate_ratio": float(np.exp(slope[0])),
        "lower_95": float(np.exp(lower[0])),
        "upper_95": float(np.exp(upper[0])),
    }
    return outcome_of(name, bool(lower[0] > 0), "more_hours_more_events", figures)
