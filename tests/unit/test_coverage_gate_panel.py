"""The coverage gate of the controlled and the pooled design: at most 9 % false alarms, at least 90 % coverage.

The full table is made by `make coverage`.
"""

from __future__ import annotations

import pytest

from benchmarks import coverage_controlled, coverage_pooled
from benchmarks.panel_histories import GATE, MINNEAPOLIS, Cell, cell_named

FALSE_ALARMS = 0.09
COVERAGE = 0.90
CONTROLLED, POOLED = 400, 150


def cell(name: str) -> Cell:
    found = cell_named(name)
    if found.geography == "minneapolis" and not (MINNEAPOLIS / "counts_by_month.csv").exists():
        pytest.skip("needs the counts in data/minneapolis")
    return found


def allowed(rate: float, histories: int) -> float:
    """The bar plus two standard errors of a share estimated from this many histories."""
    return rate + 2 * (rate * (1 - rate) / histories) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", GATE)
def test_the_default_of_the_controlled_design_keeps_its_promise(name: str) -> None:
    rows = coverage_controlled.coverage(cell(name), CONTROLLED)
    default = next(row for row in rows if row["interval"] == "integrated")
    assert default["histories"] == CONTROLLED
    assert float(default["coverage"]) >= 1 - allowed(1 - COVERAGE, CONTROLLED)
    if default["true_log_ratio"] == 0:
        assert float(default["excludes_none"]) <= allowed(FALSE_ALARMS, CONTROLLED)


@pytest.mark.slow
@pytest.mark.parametrize("name", GATE)
def test_the_intervals_of_the_pooled_design_keep_their_promise(name: str) -> None:
    rows = coverage_pooled.coverage(cell(name), POOLED)
    for row in rows:
        if row["interval"] == "clustered z, by area":
            continue
        assert float(row["coverage"]) >= 1 - allowed(1 - COVERAGE, POOLED), row
        if row["true_log_ratio"] == 0:
            assert float(row["excludes_none"]) <= allowed(FALSE_ALARMS, POOLED), row
