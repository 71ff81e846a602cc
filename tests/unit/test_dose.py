"""The dose check: what more hours go with, measured within the phase against the comparison."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from evaluation.checks.dose import dose
from evaluation.cube import calendar_months

MONTHS = calendar_months("2021-01", "2024-12")


def planted(seed: int, effect: float, rho: float = 0.0) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Events on both sides over 48 months; twice the average hours multiplies the served side by exp(effect)."""
    rng = np.random.default_rng(seed)
    hours = rng.gamma(6, 200, len(MONTHS))
    shock = np.zeros(len(MONTHS))
    for month in range(1, len(MONTHS)):
        shock[month] = rho * shock[month - 1] + 0.15 * np.sqrt(1 - rho**2) * rng.standard_normal()
    served = rng.poisson(30 * np.exp(effect * (hours / hours.mean() - 1) + shock))
    others = rng.poisson(40, len(MONTHS))
    return served.astype(float), others.astype(float), dict(zip(MONTHS, hours, strict=True))


def test_the_rate_ratio_is_that_of_a_binomial_regression():
    served, others, hours = planted(1, -0.4)
    x = np.array([hours[month] for month in MONTHS])
    oracle = sm.GLM(
        np.column_stack([served, others]), sm.add_constant(x / x.mean() - 1), family=sm.families.Binomial()
    ).fit()
    assert dose(served, others, MONTHS, hours).figures["rate_ratio"] == pytest.approx(
        np.exp(oracle.params[1]), rel=1e-6
    )


@pytest.mark.parametrize(("effect", "rho"), [(0.0, 0.0), (0.0, 0.5), (-0.3, 0.5)])
def test_its_interval_holds_the_planted_truth(effect: float, rho: float):
    held = []
    for seed in range(300):
        figures = dose(*(planted(seed, effect, rho)[:2]), MONTHS, planted(seed, effect, rho)[2]).figures
        held.append(figures["lower_95"] <= np.exp(effect) <= figures["upper_95"])
    assert np.mean(held) >= 0.92


def test_it_fails_only_where_more_hours_clearly_go_with_more_events():
    assert dose(*planted(3, -0.6)[:2], MONTHS, planted(3, -0.6)[2]).status == "passed"
    found = dose(*planted(3, 0.6)[:2], MONTHS, planted(3, 0.6)[2])
    assert (found.status, found.reason) == ("failed", "more_hours_more_events")


def test_it_cannot_run_without_a_log_with_few_months_or_with_steady_hours():
    served, others, hours = planted(4, 0.0)
    assert dose(served, others, MONTHS, None).reason == "no_hours_log"
    few = {month: hours[month] for month in MONTHS[:11]}
    assert dose(served, others, MONTHS, few).reason == "too_few_months_with_hours"
    steady = dict.fromkeys(MONTHS, 1200.0)
    assert dose(served, others, MONTHS, steady).reason == "hours_hardly_vary"
    none_served = dose(np.zeros(len(MONTHS)), others, MONTHS, hours)
    assert (none_served.status, none_served.reason) == ("cannot_run", "perfect_separation")
    missing = served.copy()
    missing[:40] = np.nan
    assert dose(missing, others, MONTHS, hours).reason == "too_few_months_with_hours"
