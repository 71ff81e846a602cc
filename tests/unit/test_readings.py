"""A whole program file: every registered reading, honest companions, and a finding where there is one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from benchmarks.simulated_program import World, make_city
from evaluation.analysis_result import AnalysisResult
from evaluation.program import ProgramError, parse_program
from evaluation.readings import evaluate_program

HALF = float(np.log(0.5))


@cache
def evaluated(world: World, seed: int, deep: bool = False) -> AnalysisResult:
    return evaluate_program(**make_city(world, seed), deep=None if deep else ())[0]


def passing(world: World) -> AnalysisResult:
    """The first of a few seeds whose pre-period test, which is meant to fail one time in ten, passes."""
    for seed in range(4):
        result = evaluated(world, seed)
        if result.headline.gates[0].status == "passed":
            return result
    raise AssertionError("gate 1 failed in four made-up cities in a row")


@pytest.mark.parametrize("staggered", [True, False])
def test_a_true_halving_with_a_like_for_like_pool_gets_its_finding(staggered: bool) -> None:
    found = passing(World(effect=HALF, staggered=staggered))
    assert [gate.status for gate in found.headline.gates] == ["passed"] * 5
    assert found.headline.verdict == "fewer_than_expected"
    assert found.headline.effect is not None
    low, high = found.headline.effect.interval_95
    assert low < 0.5 < high
    assert found.headline.registration == "retrospective"


@pytest.mark.parametrize("staggered", [pytest.param(True, marks=pytest.mark.slow), False])
def test_without_an_effect_there_is_no_finding(staggered: bool) -> None:
    for seed in range(3):
        assert evaluated(World(effect=0.0, staggered=staggered), seed).headline.verdict == "cannot_tell"


def test_every_combination_is_a_reading_and_none_is_left_out() -> None:
    found = evaluated(World(effect=HALF, staggered=False), 0)
    rows = {(row.catchment, row.pool, row.baseline) for row in found.headline.readings}
    assert rows == {
        (catchment, pool, baseline)
        for catchment in ("all", "without_one")
        for pool in ("a", "c")
        for baseline in ("whole", "later")
    }
    own = next(row for row in found.headline.readings if (row.catchment, row.pool, row.baseline) == found.key)
    assert found.headline.effect is not None
    assert own.rate_ratio == pytest.approx(found.headline.effect.rate_ratio)
    assert found.range_and_median is not None
    lowest, middle, highest = found.range_and_median
    assert lowest <= middle <= highest


def test_companions_say_which_side_moved_and_that_the_pooled_one_is_no_second_line_of_evidence() -> None:
    found = evaluated(World(effect=HALF, staggered=False), 0)
    names = [item.name for item in found.companions]
    assert names == [
        "pooled",
        "single_treated",
        "quasi_poisson_treated",
        "single_comparison",
        "quasi_poisson_comparison",
    ]
    assert {item.role for item in found.companions if item.name.startswith("quasi")} == {"standard"}
    pooled = found.companions[0].result
    check = next(item for item in pooled.checks if item.name == "own_line_of_evidence")
    assert check.reason == "equals_two_by_two_ratio"
    assert all(item.result.verdict == "cannot_tell" for item in found.companions)
    sides = found.headline.sides
    assert sides["treated"].coefficient < sides["comparison"].coefficient


def test_each_check_is_there_once_and_the_result_is_plain_json() -> None:
    found = evaluated(World(effect=HALF, staggered=False), 0)
    names = [check.name for check in found.headline.checks]
    assert len(names) == len(set(names))
    assert {
        "pre_period_ratio", "breakdown_value", "placebo_outcomes", "comparison_pool",
        "agreement_of_readings", "minimum_detectable_effect", "placebo_dates", "placebo_areas",
        "start_moved", "catchments", "incidents_against_victims", "leave_one_area_out",
        "leave_one_month_out", "mass_casualty_month", "overdispersion", "rings", "withdrawal",
        "confounder_tipping_point", "near_repeats", "regression_to_the_mean", "dose", "design_ratings",
            "ljung_box", "cumby_huizinga",
    } == set(names)  # fmt: skip
    for check in found.headline.checks:
        assert check.reason or check.status == "passed"
    text = json.dumps(found.headline.as_dict(), allow_nan=False)
    assert json.loads(text)["verdict"] == found.headline.verdict
    assert {row.kind for row in found.placebos} == {"date", "area", "outcome"}


@pytest.mark.slow
def test_twin_and_curve_come_with_the_primary_analysis() -> None:
    found = evaluated(World(areas=32, months=60, effect=HALF, staggered=False), 1, deep=True)
    checks = {check.name: check for check in found.headline.checks}
    twin = checks["simulated_twin"]
    assert twin.figures["histories"] == 1000
    assert twin.figures["false_alarm_percent_integrated"] <= 9
    curve = checks["specification_curve"]
    assert curve.figures["cells"] == len(found.specifications)
    assert 0.4 < curve.figures["median"] < 0.6


def test_changed_dates_or_areas_change_the_hash_and_wording_does_not() -> None:
    city = make_city(World(staggered=False), 0)
    before = parse_program(city["program"])
    reworded = _copy(city["program"])
    reworded["analysis"][0]["question"] = "In other words?"
    same = parse_program(reworded)
    assert same.spec_sha256(same.analyses[0]) == before.spec_sha256(before.analyses[0])
    moved = _copy(city["program"])
    moved["phase"][1]["first_month"] = "2018-02"
    other = parse_program(moved)
    assert other.spec_sha256(other.analyses[0]) != before.spec_sha256(before.analyses[0])


def test_a_program_file_that_names_what_it_does_not_define_is_refused_in_one_line() -> None:
    program = _copy(make_city(World(staggered=False), 0)["program"])
    program["analysis"][0]["catchments"] = ["all", "nowhere"]
    with pytest.raises(ProgramError, match="names the catchment 'nowhere', which is not defined; known are"):
        parse_program(program)


def test_an_outcome_without_counts_is_a_result_and_not_an_error() -> None:
    city = make_city(World(staggered=False), 0)
    program = _copy(city["program"])
    program["analysis"][0]["outcome"] = "homicide"
    found = evaluate_program(**(city | {"program": program}))[0]
    assert found.headline.status == "not_estimable"
    assert found.headline.reason == "no_counts_of_outcome"
    assert found.headline.verdict == "cannot_tell"


def test_a_baseline_that_overlaps_the_phase_is_no_reading_of_the_question() -> None:
    city = make_city(World(staggered=False), 0)
    program = _copy(city["program"])
    program["baseline"].append({"id": "too_long", "first_month": "2014-01", "last_month": "2020-01"})
    program["analysis"][0]["baselines"].append("too_long")
    found = evaluate_program(**(city | {"program": program}), deep=())[0]
    refused = [row for row in found.headline.readings if row.baseline == "too_long"]
    assert {row.reason for row in refused} == {"baseline_overlaps_phase"}
    agreement = next(check for check in found.headline.checks if check.name == "agreement_of_readings")
    assert agreement.figures["readings"] == 8


def test_duplicate_or_negative_counts_are_refused_in_one_line() -> None:
    city = make_city(World(areas=12, treated=2, staggered=False), 0)
    panel = city["panel"]
    for broken in (panel.assign(count=-panel["count"] - 1), panel.iloc[[0, *range(len(panel))]]):
        with pytest.raises(ValueError, match="counts by area and month"):
            evaluate_program(**(city | {"panel": broken}))


def _copy(program: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(program))
    return copied


def test_a_staggered_program_carries_its_own_checks() -> None:
    found = evaluated(World(effect=HALF, staggered=True), 0).headline
    checks = {check.name: check for check in found.checks}
    assert len(checks) == len(found.checks)
    assert {
        "randomization", "own_line_of_evidence", "event_study", "minimum_detectable_effect", "placebo_areas",
        "rings", "leave_one_cohort_out", "catchments", "confounder_tipping_point", "dose",
    } < set(checks)  # fmt: skip
    assert checks["own_line_of_evidence"].status == "passed"
    assert checks["randomization"].figures["p"] <= 0.01
    assert checks["placebo_areas"].figures["false_alarm_percent_cr3"] <= 9
    ring = checks["rings"]
    assert ring.figures["ring_areas"] > 4
    assert ring.figures["lower_95"] < 1 < ring.figures["upper_95"]
    json.dumps(found.as_dict(), allow_nan=False)
