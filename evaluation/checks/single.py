"""All checks of a single-series result, in the order in which they are shown."""

from __future__ import annotations

from evaluation.checks.single_dates import placebo_dates
from evaluation.checks.single_power import detectable_change
from evaluation.checks.single_residuals import overdispersion, residual_autocorrelation
from evaluation.intervals.fitted import Fitted
from evaluation.regressors import Regressors
from evaluation.result import Check, Interval
from evaluation.series import Series
from evaluation.spec import Spec

DECIDED_BY_COMPARISON = ("pre_period_ratio", "breakdown_value", "comparison_pool")


def single_checks(
    spec: Spec, series: Series, terms: Regressors, fitted: Fitted, interval: Interval
) -> tuple[Check, ...]:
    """Deciding checks that a single series cannot run, then the informing ones that it can."""
    checks = [Check(name, "deciding", "cannot_run", "no_comparison_series") for name in DECIDED_BY_COMPARISON]
    if fitted.ratio_scale:
        checks.append(detectable_change(interval))
    if spec.family == "poisson":
        checks.append(placebo_dates(spec, series, terms)[0])
        checks.append(overdispersion(fitted))
    checks += residual_autocorrelation(fitted)
    return tuple(checks)
