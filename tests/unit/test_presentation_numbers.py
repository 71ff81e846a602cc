"""Numbers, changes and dates as people read them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from presentation import numbers


@pytest.mark.parametrize(
    ("rate_ratio", "words"),
    [
        (0.62, "38% fewer"),
        (1.21, "21% more"),
        (1.0, "no change"),
        (0.9999, "no change"),
        (2.5, "150% more"),
        (5.2, "5.2 times as many"),
        (float("nan"), "not known"),
        (None, "not known"),
    ],
)
def test_a_rate_ratio_is_said_as_a_change(rate_ratio: float | None, words: str) -> None:
    assert numbers.change(rate_ratio) == words


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.62, 1.21), "from 38% fewer to 21% more"),
        ((0.39, 0.82), "from 61% to 18% fewer"),
        ((1.1, 1.4), "from 10% to 40% more"),
        ((0.5, 5.7), "from 50% fewer to 5.7 times as many"),
        ((1.5, 6.0), "from 50% more to 6.0 times as many"),
        ((0.9999, 1.2), "from no change to 20% more"),
        ((0.8, 0.8), "20% fewer"),
        ((0.8, None), "not known"),
    ],
)
def test_two_rate_ratios_are_said_as_a_range(ends: tuple[float, float | None], words: str) -> None:
    assert numbers.change_range(*ends) == words


@settings(deadline=None)
@given(st.floats(0.01, 100))
def test_a_change_never_points_the_wrong_way(rate_ratio: float) -> None:
    words = numbers.change(rate_ratio)
    assert ("fewer" in words) == (rate_ratio < 1 and words != "no change")
    assert ("more" in words or "times" in words) == (rate_ratio > 1 and words != "no change")


def test_numbers_have_group_marks_and_a_true_minus() -> None:
    assert numbers.count(1234567.4) == "1,234,567"
    assert numbers.decimal(-1234.56, 1) == "−1,234.6"
    assert numbers.decimal(-0.001, 1) == "0.0"
    assert numbers.dollars(7_500_000) == "$7,500,000"


def test_a_percent_that_rounds_to_nothing_is_not_said_as_zero() -> None:
    assert numbers.percent(0.2) == "less than 1%"
    assert numbers.percent(0) == "0%"


@pytest.mark.parametrize(
    "value", ["2021-06", "2021-06-01", date(2021, 6, 1), pd.Timestamp("2021-06-01")], ids=str
)
def test_a_month_is_said_alike_however_it_is_stored(value: object) -> None:
    assert numbers.month(value) == "June 2021"
    assert numbers.month(value, short=True) == "Jun 2021"


def test_a_time_index_stays_what_it_is_and_a_missing_date_is_no_date() -> None:
    assert numbers.month("17") == "17"
    assert numbers.as_date(pd.NaT) is None
    assert numbers.day(None) == "not known"


def test_months_are_counted_with_both_ends() -> None:
    assert numbers.month_count("2021-06", "2025-03") == 46
    assert numbers.months_between("2021-06", "2025-03") == "June 2021 to March 2025"
    assert numbers.months_between("2025-06", None) == "since June 2025"


def test_hours_are_said_by_the_clock() -> None:
    assert [numbers.hour(hour) for hour in (0, 2, 12, 16, 23)] == ["12 am", "2 am", "12 pm", "4 pm", "11 pm"]


def test_a_p_value_is_never_zero() -> None:
    assert numbers.probability(0.0000001) == "p < 0.001"
    assert numbers.probability(0.034) == "p = 0.034"
