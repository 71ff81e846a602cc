"""Comparison rows: each method by its name in a spec, the average effect with its usual interval.

Methods that are linear in the outcome (Prais–Winsten, SARIMAX, local level) give an effect in counts; for
count families it is turned into a rate ratio, observed / (observed − effect × periods).
A method that cannot be used on a series returns an interval of NaN whose note is the reason code.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
from statsmodels.tools.sm_exceptions import ConvergenceWarning, ModelWarning

from evaluation.comparison.autoregressive import cochrane_orcutt, prais_winsten
from evaluation.comparison.counts import log_gaussian, negative_binomial, newey_west
from evaluation.comparison.scale import NotAvailableError
from evaluation.comparison.state_space import local_level, sarimax_ramp, sarimax_step
from evaluation.regressors import Regressors
from evaluation.result import Interval
from evaluation.series import NotEstimableError, Series
from evaluation.spec import Spec, SpecError


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
