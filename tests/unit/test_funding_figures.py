"""Cost and power figures by another route: hand arithmetic, simulation, a limit that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.funding import (
    TwoPeriods,
    break_even,
    cost_per_averted,
    cost_per_unit,
    power_to_see,
    smallest_visible_change,
)


def test_sixty_thousand_dollars_over_forty_calls_is_fifteen_hundred_a_call() -> None:
    assert cost_per_unit(60_000, 40).value == 1500


def test_work_that_was_not_published_has_no_cost_per_unit() -> None:
    figure = cost_per_unit(7_500_000, None)
    assert (figure.status, figure.value) == ("no_data", None)


def test_cost_for_each_shooting_averted_carries_the_interval_upside_down() -> None:
    figure = cost_per_averted(1_000_000, 50, (20, 100))
    assert figure.status == "stated"
    assert (figure.lower_95, figure.value, figure.upper_95) == (10_000, 20_000, 50_000)


@pytest.mark.parametrize(
    ("averted", "interval", "reason"),
    [
        (30, (-10, 70), "interval_includes_none"),
        (30, (0, 70), "interval_includes_none"),
        (-5, (-40, 20), "interval_includes_none"),
        (-50, (-90, -10), "more_than_expected"),
    ],
)
def test_no_cost_is_stated_when_the_interval_reaches_none(
    averted: float, interval: tuple[float, float], reason: str
) -> None:
    figure = cost_per_averted(1_000_000, averted, interval)
    assert (figure.status, figure.reason) == ("cannot_be_stated", reason)
    assert figure.value is figure.lower_95 is figure.upper_95 is None


@given(
    amount=st.floats(1, 1e9),
    lower=st.floats(-1000, 1000),
    width=st.floats(0.01, 1000),
    place=st.floats(0, 1),
)
def test_a_stated_cost_always_has_finite_ends_around_it(
    amount: float, lower: float, width: float, place: float
) -> None:
    figure = cost_per_averted(amount, lower + place * width, (lower, lower + width))
    if figure.status == "stated":
        assert lower > 0
        assert figure.value is not None and figure.lower_95 is not None and figure.upper_95 is not None
        assert 0 < figure.lower_95 <= figure.value * (1 + 1e-9)
        assert figure.value <= figure.upper_95 * (1 + 1e-9) < math.inf


def test_break_even_returns_the_money() -> None:
    figure = break_even(7_500_000, 1_200_000, expected=500)
    assert figure.value is not None
    assert figure.value * 1_200_000 == pytest.approx(7_500_000)
    assert figure.inputs["percent_of_expected"] == pytest.approx(100 * 6.25 / 500)


def test_break_even_beyond_all_shootings_says_so() -> None:
    assert break_even(7_500_000, 107_020, expected=50).reason == "cannot_be_reached"


def test_the_smallest_visible_change_is_seen_four_times_in_five() -> None:
    rng = np.random.default_rng(4)
    periods = TwoPeriods(monthly=20, months_before=32, months_after=9)
    percent = smallest_visible_change(periods)
    assert percent is not None
    before = rng.poisson(20 * 32, 20_000)
    after = rng.poisson(20 * 9 * (1 - percent / 100), 20_000)
    z = np.log((after / 9) / (before / 32)) / np.sqrt(1 / after + 1 / before)
    assert np.mean(z < -1.959964) == pytest.approx(0.80, abs=0.02)


def test_no_change_is_seen_as_often_as_the_test_allows_and_power_meets_the_smallest_change() -> None:
    periods = TwoPeriods(8, 30, 30, dispersion=1.8, autocorrelation=0.3, comparison_monthly=15)
    percent = smallest_visible_change(periods)
    assert percent is not None
    assert power_to_see(periods, percent) == pytest.approx(0.80)
    assert power_to_see(periods, 1e-6) == pytest.approx(0.025, abs=1e-4)


def test_longer_series_see_smaller_changes_and_noise_hides_them() -> None:
    def seen(**changes: float) -> float:
        settings: dict[str, float] = {"monthly": 20, "months_before": 24, "months_after": 12, **changes}
        percent = smallest_visible_change(TwoPeriods(**settings))  # type: ignore[arg-type]
        assert percent is not None
        return percent

    assert seen(months_after=48) < seen() < seen(dispersion=3)
    assert seen() < seen(autocorrelation=0.5)
    assert seen() < seen(comparison_monthly=20)


def test_a_trickle_of_events_can_show_nothing() -> None:
    assert smallest_visible_change(TwoPeriods(0.3, 6, 2)) is None
