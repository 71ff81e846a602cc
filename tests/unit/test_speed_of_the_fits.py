"""Batched fits give what statsmodels gives, in a small part of its time (quick form of the benchmark)."""

import pytest

from benchmarks.evaluation import SAME, placebo_dates, placebo_fits, randomization

ENOUGH = 30
"""A busy machine measures less than the hundredfold of a quiet one (benchmarks/results)."""


@pytest.mark.slow
def test_placebo_fits_are_many_times_faster_and_the_same():
    timing = placebo_fits(2000, 20)
    assert timing.times_faster > ENOUGH
    assert timing.largest_difference < SAME


@pytest.mark.slow
def test_randomization_is_many_times_faster_than_one_regression_at_a_time_and_the_same():
    timing = randomization(499, 3)
    assert timing.times_faster > ENOUGH
    assert timing.largest_difference < SAME


def test_placebo_dates_are_the_same():
    assert placebo_dates(5).largest_difference < SAME
