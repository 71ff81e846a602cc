"""Batched fits give what statsmodels gives, in a small part of its time (quick form of the benchmark)."""

import pytest

from benchmarks.evaluation import placebo_dates, placebo_fits

ENOUGH = 30
"""A busy machine measures less than the hundredfold of a quiet one (benchmarks/results)."""


@pytest.mark.slow
def test_placebo_fits_are_many_times_faster_and_the_same():
    timing = placebo_fits(2000, 20)
    assert timing.times_faster is not None and timing.times_faster > ENOUGH
    assert timing.largest_difference is not None and timing.largest_difference < 1e-6


def test_placebo_dates_are_the_same():
    timing = placebo_dates(5)
    assert timing.largest_difference is not None and timing.largest_difference < 1e-6
