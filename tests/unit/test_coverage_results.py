"""The coverage table that ships is that of today's cells, keeps the rule where it must, and hides no failure."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from benchmarks.coverage import all_cells
from benchmarks.coverage_rows import LEAST_COVERAGE, MOST_FALSE_POSITIVES
from benchmarks.panel_histories import MINNEAPOLIS
from presentation.method import COVERAGE, coverage_tables

DESIGNS = ("single", "controlled", "pooled")


@cache
def rows(design: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (COVERAGE / f"coverage_{design}.json").read_text(encoding="utf-8")
    )
    return found


@pytest.mark.parametrize("design", DESIGNS)
def test_every_cell_is_in_the_table_that_the_method_page_shows(design: str) -> None:
    assert (MINNEAPOLIS / "counts_by_month.csv").exists()
    wanted = {cell.name for cell in all_cells() if cell.design == design}
    assert {row["cell"] for row in rows(design)} == wanted
    assert f"coverage_{design}" in [name for name, _ in coverage_tables()]


@pytest.mark.parametrize("design", DESIGNS)
def test_gated_rows_keep_the_rule(design: str) -> None:
    gated = [row for row in rows(design) if row["is_gated"]]
    assert len(gated) >= 20
    for row in gated:
        if row["effect"] == 0:
            assert row["excludes_none"] <= MOST_FALSE_POSITIVES, row["cell"]
        assert row["covers"] >= LEAST_COVERAGE, row["cell"]


@pytest.mark.parametrize("design", DESIGNS)
def test_rates_say_how_many_histories_they_stand_on(design: str) -> None:
    for row in rows(design):
        assert row["histories"] >= 300
        assert 0 <= row["monte_carlo_error"] <= 0.5 / row["estimable"] ** 0.5 + 1e-5
        assert row["estimable"] >= 0.9 * row["histories"], row["cell"]


def test_usual_intervals_are_shown_to_fail() -> None:
    failing = {
        (row["design"], row["interval"]) for design in DESIGNS for row in rows(design) if not row["passes"]
    }
    assert {("single", "standard"), ("single", "newey-west"), ("controlled", "standard")} <= failing
    assert ("pooled", "clustered z, by area") in failing
