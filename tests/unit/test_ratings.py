"""Rating scales follow from design, gates and verdict; none of them reads the estimate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluation.ratings import with_ratings
from evaluation.result import GATE_NAMES, Card, Check, Effect, Gate, Result, SeriesPoint

RESULT = Result(
    "controlled",
    "poisson",
    "estimated",
    Card("gunshot", "incidents"),
    n=60,
    effect=Effect(-0.7, 0.1, 0.5, (0.4, 0.6), (0.43, 0.57), "integrated"),
    gates=tuple(Gate(number, "passed") for number in GATE_NAMES),
    verdict="fewer_than_expected",
)
NO_POOL = tuple(Gate(number, "failed" if number == 4 else "passed", "x") for number in GATE_NAMES)


def rated(result: Result, points: tuple[int, int] | None = (24, 24)) -> Check:
    return next(check for check in with_ratings(result, points).checks if check.name == "design_ratings")


def test_maryland_scale_goes_with_the_comparison() -> None:
    assert rated(RESULT).figures["maryland_scale"] == 4
    assert rated(replace(RESULT, gates=NO_POOL, verdict="cannot_tell")).figures["maryland_scale"] == 3
    assert rated(replace(RESULT, design="single", verdict="cannot_tell")).figures["maryland_scale"] == 2


def test_what_cannot_tell_is_inconclusive_however_large_its_estimate() -> None:
    check = rated(replace(RESULT, verdict="cannot_tell"))
    assert (check.status, check.reason) == ("failed", "rated_inconclusive")
    assert check.figures["crimesolutions_class"] is None
    assert rated(RESULT).figures["crimesolutions_class"] == 1
    assert rated(RESULT).status == "passed"


def test_one_series_alone_is_not_taken() -> None:
    assert rated(replace(RESULT, design="single")).reason == "no_comparison_group"


@pytest.mark.parametrize(("points", "reason"), [((2, 24), "fewer_points_than_epoc_asks"), ((3, 3), None)])
def test_epoc_asks_for_three_points_each_side(points: tuple[int, int], reason: str | None) -> None:
    assert rated(RESULT, points).reason == reason


def test_points_are_counted_from_the_series_without_its_gaps() -> None:
    card = replace(
        RESULT.card,
        baseline_first="2020-01",
        baseline_last="2020-04",
        phase_first="2020-06",
        phase_last="2020-08",
    )
    series = tuple(SeriesPoint(f"2020-{month:02d}", None if month == 2 else 5.0) for month in range(1, 10))
    figures = rated(replace(RESULT, card=card, series=series), None).figures
    assert (figures["epoc_points_before"], figures["epoc_points_after"]) == (3, 3)


def test_nothing_estimated_is_not_rated() -> None:
    assert with_ratings(replace(RESULT, status="not_estimable", effect=None)).checks == ()
