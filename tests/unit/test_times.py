"""Waiting times agree with statsmodels, with binomial arithmetic and with what happens in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from evaluation.times import kaplan_meier, needed_answers, quantile_interval, waiting_quantile

# Remission times of 21 leukemia patients on 6-MP (Freireich 1963; Kaplan-Meier's textbook series):
# + is still open. The estimate at 6, 7, 10, 13, 16, 22 and 23 weeks is printed in every survival text.
WEEKS = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
FINISHED = [True] * 9 + [False] * 12


def test_the_textbook_series_comes_out() -> None:
    survival = kaplan_meier(WEEKS, FINISHED)
    assert survival.times == (6, 7, 10, 13, 16, 22, 23)
    expected = (0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448)
    assert survival.waiting == pytest.approx(expected, abs=5e-4)
    assert waiting_quantile(survival, 0.5).value == 23


def test_open_requests_are_handled_as_statsmodels_does() -> None:
    rng = np.random.default_rng(3)
    times = rng.exponential(40, 120).round(0) + 1
    finished = rng.random(120) < 0.7
    survival = kaplan_meier(times.tolist(), finished.tolist())
    peer = SurvfuncRight(times, finished.astype(int))
    assert survival.waiting == pytest.approx(tuple(peer.surv_prob))
    found = waiting_quantile(survival, 0.5)
    assert found.value == peer.quantile(0.5)
    low, high = peer.quantile_ci(0.5, alpha=0.05, method="cloglog")
    assert found.lower_95 == low
    assert found.upper_95 == (None if math.isinf(high) else high)


def test_dropping_open_requests_would_make_waits_look_shorter() -> None:
    survival = kaplan_meier(WEEKS, FINISHED)
    only_finished = [week for week, done in zip(WEEKS, FINISHED, strict=True) if done]
    kept = waiting_quantile(survival, 0.5).value
    assert kept is not None
    assert kept > np.median(only_finished)


def test_a_quantile_that_is_not_reached_is_not_given() -> None:
    survival = kaplan_meier([5, 10, 10, 10], [True, False, False, False])
    assert waiting_quantile(survival, 0.5).value is None


def test_without_open_requests_the_share_waiting_is_the_plain_share() -> None:
    times = [1, 2, 2, 3, 5, 8]
    survival = kaplan_meier(times, [True] * 6)
    assert survival.waiting == pytest.approx([sum(t > at for t in times) / 6 for at in survival.times])


@pytest.mark.parametrize("probability", [0.5, 0.9])
def test_order_statistic_intervals_hold_95_percent(probability: float) -> None:
    for n in (36, 57, 200):
        found = quantile_interval(list(range(1, n + 1)), probability)
        assert found.lower_95 is not None and found.upper_95 is not None
        # The true quantile lies between two order statistics with this binomial probability.
        low, high = int(found.lower_95), int(found.upper_95)
        inside = stats.binom.cdf(high - 1, n, probability) - stats.binom.cdf(low - 1, n, probability)
        assert inside >= 0.95


def test_five_times_bound_no_median_and_thirty_five_no_90th_percentile() -> None:
    five = quantile_interval([1, 2, 3, 4, 5], 0.5)
    assert five.lower_95 is None and five.upper_95 is None
    six = quantile_interval([1, 2, 3, 4, 5, 6], 0.5)
    assert (six.lower_95, six.upper_95) == (1, 6)
    assert quantile_interval(list(range(35)), 0.9).upper_95 is None


def test_how_many_more_answers_reach_ninety_percent() -> None:
    assert needed_answers(70, 100) == 20
    assert needed_answers(95, 100) == 0
    assert needed_answers(0, 7) == 7


def test_times_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        kaplan_meier([-1.0], [True])
    with pytest.raises(ValueError, match="at least one"):
        quantile_interval([], 0.5)
