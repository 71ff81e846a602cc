"""How scales in common use would class a result, computed from its design and gates and shown as such.

Maryland Scientific Methods Scale (Sherman et al. 1998): 2 one series before and after, 3 with a comparison group,
4 with comparison areas like the served ones or many staggered starts, 5 random assignment, which no design here is.
EPOC (Cochrane): an interrupted time series has at least three points before and three after a stated date. In the manner
of CrimeSolutions: a study needs a comparison group, and one that cannot tell is inconclusive whatever its estimate.
"""

from __future__ import annotations

from dataclasses import replace

from evaluation.checks.finite import finite
from evaluation.result import Check, Result

NAME = "design_ratings"
FEWEST_POINTS = 3
CLASSES = {"fewer_than_expected": 1, "little_or_no_change": 0, "more_than_expected": -1}
"""Promising, no effects, negative effects; a verdict that is not here is inconclusive."""


def with_ratings(result: Result, points: tuple[int, int] | None = None) -> Result:
    """The result, its verdict given, with the check `design_ratings` added; unchanged when nothing was estimated.

    points: periods before and after the start; by default those of the result's series.
    """
    if result.status != "estimated":
        return result
    check = finite(design_ratings(result, points_of(result) if points is None else points))
    return replace(result, checks=(*[item for item in result.checks if item.name != NAME], check))


def design_ratings(result: Result, points: tuple[int, int] | None) -> Check:
    """Fails with a reason where a scale would not take the study, or would call it inconclusive."""
    comparison = result.design != "single"
    like = any(gate.gate == 4 and gate.status == "passed" for gate in result.gates)
    figures: dict[str, float | int | None] = {
        "maryland_scale": 2 if not comparison else 4 if like else 3,
        "epoc_points_before": points[0] if points else None,
        "epoc_points_after": points[1] if points else None,
        "crimesolutions_class": CLASSES.get(result.verdict) if comparison else None,
    }
    reason = None
    if points and min(points) < FEWEST_POINTS:
        reason = "fewer_points_than_epoc_asks"
    elif not comparison:
        reason = "no_comparison_group"
    elif result.verdict not in CLASSES:
        reason = "rated_inconclusive"
    return Check(NAME, "informing", "failed" if reason else "passed", reason, figures)


def points_of(result: Result) -> tuple[int, int] | None:
    """Observed periods of the baseline and of the phase; None for a result without a series."""
    card = result.card
    own = [point for point in result.series if point.side == "treated"]
    place = {point.time[: len(card.phase_first)]: at for at, point in enumerate(own)}
    ends = [
        place.get(label)
        for label in (card.baseline_first, card.baseline_last, card.phase_first, card.phase_last)
    ]
    if not own or any(end is None for end in ends):
        return None
    first, last, start, end = (int(at) for at in ends if at is not None)

    def seen(begin: int, stop: int) -> int:
        return sum(point.observed is not None for point in own[begin : stop + 1])

    return seen(first, last), seen(start, end)
