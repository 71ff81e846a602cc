"""Which areas may stand for the treated ones, and when none can."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.checks.deciding import comparison_pool as gate_four
from evaluation.pools import adjacent, comparison_pool, like_for_like

AREAS = [f"n{index}" for index in range(12)]
# A row of areas, each bordering the next.
NEIGHBORS = {(f"n{index}", f"n{index + 1}") for index in range(11)}
LEVELS = pd.Series({f"n{index}": 10.0 * (index + 1) for index in range(12)})


def pool(name: str, treated: list[str], ever: list[str] | None = None) -> tuple[str, ...]:
    return comparison_pool(name, treated, ever or treated, AREAS, NEIGHBORS, LEVELS).areas


def test_pool_a_leaves_out_the_neighbors_of_treated_areas() -> None:
    assert pool("a", ["n3", "n4"]) == ("n0", "n1", "n10", "n11", "n6", "n7", "n8", "n9")
    assert adjacent(["n3", "n4"], NEIGHBORS) == {"n2", "n5"}


def test_pool_b_takes_the_untreated_nearest_in_level() -> None:
    assert set(pool("b", ["n5", "n7"])) == {"n6", "n8"} or set(pool("b", ["n5", "n7"])) == {"n4", "n6"}
    assert "n6" in pool("b", ["n5", "n7"])


def test_pool_c_and_d_take_all_that_were_never_treated() -> None:
    assert set(pool("c", ["n0"], ["n0", "n9"])) == set(AREAS) - {"n0", "n9"}
    assert pool("d", ["n0"], ["n0", "n9"]) == pool("c", ["n0"], ["n0", "n9"])


@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
def test_an_area_treated_under_any_reading_is_never_a_control(name: str) -> None:
    assert not {"n1", "n8"} & set(pool(name, ["n1"], ["n1", "n8"]))


def test_no_untreated_area_is_an_empty_pool_with_a_reason() -> None:
    found = comparison_pool("c", AREAS, AREAS, AREAS, NEIGHBORS, LEVELS)
    assert found.areas == ()
    assert found.reason == "no_comparison_area"


def test_like_for_like_wants_three_untreated_areas_of_half_to_twice_the_level_for_each_treated() -> None:
    untreated = [area for area in AREAS if area != "n5"]
    found = like_for_like(["n5"], untreated, LEVELS)
    assert found.treated_level == 60
    assert set(found.areas) == {"n2", "n3", "n4", "n6", "n7", "n8", "n9", "n10", "n11"}
    assert found.exists
    assert not like_for_like(["n5", "n6", "n7", "n8"], ["n4", "n9", "n10", "n11"], LEVELS).exists


def test_gate_four_is_like_for_like_or_staggered_with_twenty_assignments() -> None:
    no_pool = like_for_like(["n11"], ["n0", "n1"], LEVELS)
    assert gate_four(no_pool).status == "failed"
    assert gate_four(no_pool).reason == "no_like_for_like_pool"
    assert gate_four(no_pool, admissible_assignments=500).status == "failed"
    assert gate_four(no_pool, admissible_assignments=19, staggered=True).status == "failed"
    assert gate_four(no_pool, admissible_assignments=20, staggered=True).status == "passed"
    assert gate_four(None).status == "cannot_run"


def test_treated_areas_without_a_level_have_no_like_for_like_pool() -> None:
    assert not like_for_like(["unknown"], AREAS, LEVELS).exists
