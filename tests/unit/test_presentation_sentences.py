"""What a result is allowed to say: unit, base, range over the readings, verdict; never more than the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.result import Card, Check, Effect, Gate, Reading, Result
from presentation import numbers, sentences
from tests.fixture_release import result

PLANTED = result().as_dict()


def with_readings(ratios: list[float], verdict: str = "cannot_tell") -> dict[str, Any]:
    readings = tuple(Reading("core", "a", "to_2020", r, r / 2, r * 2) for r in ratios)
    return replace(result(), readings=readings, verdict=verdict).as_dict()  # type: ignore[arg-type]


def test_the_finding_has_unit_place_months_range_interval_and_base() -> None:
    assert sentences.finding(PLANTED) == (
        "Cannot tell whether shooting incidents changed in the areas served (January 2021 to December 2022): "
        "estimates run from 38% fewer to 21% more than expected over 4 readings of the public record "
        "(median: 10% fewer), and their 95% intervals reach from 63% fewer to 94% more; "
        "1,203 were counted in 24 months."
    )


def test_the_unit_is_named_victims_are_not_incidents() -> None:
    assert "gunshot-wound victims" in sentences.finding(result("victims").as_dict())
    assert "shooting incidents" in sentences.finding(result("incidents").as_dict())


@settings(deadline=None)
@given(st.lists(st.floats(0.2, 3.5), min_size=2, max_size=30))
def test_several_readings_are_said_as_a_range_from_the_lowest_to_the_highest(ratios: list[float]) -> None:
    said = sentences.headline(with_readings(ratios))
    assert numbers.change_range(min(ratios), max(ratios)) in said


def test_a_single_estimate_is_said_with_its_interval() -> None:
    alone = replace(result(), readings=()).as_dict()
    assert "16% fewer" in sentences.headline(alone)
    assert "from 50% fewer to 40% more" in sentences.headline(alone)


@pytest.mark.parametrize("verdict", ["cannot_tell", "little_or_no_change"])
def test_without_a_verdict_of_change_no_sentence_opens_with_fewer_or_more(verdict: str) -> None:
    said = with_readings([0.4, 0.6], verdict)
    for text in (sentences.finding(said), sentences.headline(said)):
        assert not text.startswith(("Fewer", "More"))


def test_a_result_that_could_not_be_made_says_why() -> None:
    made = Result(
        "controlled", "poisson", "not_estimable", Card("gunshot", "victims"), n=0, reason="no_events"
    )
    assert sentences.finding(made.as_dict()) == (
        "No estimate can be made for gunshot-wound victims. No event was counted in these months."
    )


def test_a_bare_run_of_the_command_line_is_said_without_places_it_does_not_know() -> None:
    effect = Effect(-0.1116, 0.01, 0.8944, (0.8647, 0.9251), (0.875, 0.914), "standard")
    made = Result("single", "poisson", "estimated", Card("aces", ""), n=59, effect=effect)
    assert sentences.finding(made.as_dict()) == (
        "Cannot tell whether aces changed: the estimate is 11% fewer than expected, "
        "with a 95% interval from 14% to 7% fewer."
    )


def test_a_gaussian_result_is_said_in_units_of_its_outcome() -> None:
    effect = Effect(-20.06, 4.72, None, (-29.6, -10.5), (-26.3, -13.8), "hac:1")
    made = Result("single", "gaussian", "estimated", Card("cigarette_sales", ""), n=31, effect=effect)
    assert "−20.06" in sentences.finding(made.as_dict())
    assert "%" not in sentences.finding(made.as_dict()).replace("95%", "")


def test_ratio_and_count_that_disagree_are_called_so() -> None:
    opposite = {**PLANTED, "additive": {"per_month": 6.0, "lower_95": -5.9, "upper_95": 18.0}}
    assert "disagree" in sentences.additive(opposite)
    assert "disagree" not in sentences.additive(PLANTED)


@pytest.mark.parametrize(
    ("treated", "comparison", "meaning"),
    [
        ((-0.5, 0.5, 0.7), (0.02, 0.9, 1.2), "from the areas served"),
        ((0.02, 0.9, 1.2), (0.6, 1.4, 2.2), "not from the areas served"),
        ((0.1, 0.8, 1.5), (0.3, 0.7, 2.2), "Neither side"),
        ((-0.6, 0.4, 0.7), (-0.5, 0.5, 0.8), "by about as much"),
    ],
)
def test_which_side_moved_is_said(
    treated: tuple[float, float, float], comparison: tuple[float, float, float], meaning: str
) -> None:
    names = ("coefficient", "lower_95", "upper_95")
    sides = {
        "treated": dict(zip(names, treated, strict=True)),
        "comparison": dict(zip(names, comparison, strict=True)),
    }
    assert meaning in sentences.sides({**PLANTED, "sides": sides})


def test_a_unit_that_falls_on_the_other_side_is_called_so() -> None:
    assert "not the same side" in sentences.other_unit(with_readings([0.7, 0.8]), with_readings([1.2, 1.4]))
    assert ": the same side" in sentences.other_unit(with_readings([0.7, 0.8]), with_readings([0.6, 0.9]))


def test_each_unmet_gate_says_what_it_would_have_taken() -> None:
    for gate in sentences.unmet_gates(PLANTED):
        assert sentences.gate_would_take(gate).startswith("What it would have taken: ")
    assert len(sentences.unmet_gates(PLANTED)) == 3


def test_a_check_gives_its_figures_and_its_reason() -> None:
    check = Check("breakdown_value", "deciding", "failed", "pre_period_drift_as_large",
                  {"breakdown_value": 0.56, "worst_pre_period_drift": 0.67, "pairs": 2})  # fmt: skip
    said = sentences.check({**vars(check)})
    assert "0.56 times that drift; at least 1 is needed" in said


def test_a_check_with_figures_nobody_foresaw_still_shows_them() -> None:
    said = sentences.check(
        {"name": "new_check", "status": "failed", "reason": "odd_reason", "figures": {"size": 3}}
    )
    assert "odd reason" in said
    assert "size 3" in said


def test_a_gate_without_a_record_is_never_said_to_be_met() -> None:
    gates = tuple(Gate(number, "cannot_run", "not_evaluated") for number in range(1, 6))
    plain = replace(result(), gates=gates).as_dict()
    assert sentences.gates_summary(plain) == "None of the 5 conditions for a conclusion is met."
    assert "Yes" not in " ".join(sentences.gate(gate) for gate in plain["gates"])


def test_a_figure_that_is_not_known_never_stands_in_a_sentence() -> None:
    figures = {"areas_alike": None, "areas_wanted": None, "treated_areas": None, "admissible_assignments": 24}
    said = sentences.check({"name": "comparison_pool", "status": "passed", "figures": figures})
    assert said == "Starts are staggered; ways in which the areas could have been chosen: 24."
