"""The shipped intervals keep their promise on simulated histories (quick form of `make coverage`)."""

import pytest

from benchmarks.coverage import all_cells, broken, run
from benchmarks.coverage_rows import Row

DESIGNS = sorted({cell.design for cell in all_cells()})


@pytest.mark.slow
def test_false_positives_and_coverage_of_the_default_interval():
    cells = [cell for cell in all_cells() if cell.design == "single" and cell.is_quick]
    assert len(cells) >= 6
    rows = run(cells, quick=True)
    assert {row.effect == 0 for row in rows if row.is_gated} == {True, False}
    assert [f"{row.cell}: {row.rate:.3f}" for row in broken(rows, quick=True)] == []


def test_every_design_has_at_least_six_gated_cells():
    for design in DESIGNS:
        assert sum(cell.is_gated for cell in all_cells() if cell.design == design) >= 6


def row(effect: float, excludes_none: float, covers: float) -> Row:
    return Row(
        "single",
        "cell",
        "integrated",
        effect,
        1000,
        1000,
        excludes_none,
        covers,
        1.0,
        0.0,
        None,
        None,
        True,
        True,
    )


def test_the_gate_fails_an_interval_that_cries_wolf_or_misses_the_truth():
    assert broken([row(0.0, 0.091, 0.909)], quick=False)
    assert not broken([row(0.0, 0.09, 0.91)], quick=False)
    assert broken([row(-0.22, 0.5, 0.899)], quick=False)
    assert not broken([row(-0.22, 0.5, 0.9)], quick=False)
    assert broken([row(0.0, 0.12, 0.88)], quick=True)


@pytest.mark.slow
def test_the_usual_interval_would_not_pass():
    """The gate can fail: quasi-Poisson and Newey–West break it as soon as months resemble one another."""
    cell = next(one for one in all_cells() if one.name == "60 months, 40 a month, AR .8")
    rates = {one.interval: one.excludes_none for one in cell.run(100, 1) if one.effect == 0}
    assert rates["standard"] > 0.15
    assert rates["newey-west"] > 0.15
