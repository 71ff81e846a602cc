"""Deciding checks on the other evidence: placebo outcomes, the comparison pool, agreement of readings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from evaluation.pools import LikeForLike
from evaluation.result import Check, Reading

PLACEBO_SHARE = 1 / 3  # of the estimate, on the log scale
POWER_ERRORS = 1.96 + 0.84  # standard errors seen with 80 % power
FEWEST_READINGS = 2
SAME_SIDE = 0.90
EXCLUDING = 0.50
NOT_A_READING = ("baseline_overlaps_phase",)
"""Reasons that make a reading undefined rather than not estimable: it is not one of the readings."""


def placebo_outcomes(
    log_ratio: float, placebos: Mapping[str, tuple[float, float] | None], either_way: bool = False
) -> Check:
    """Gate 3: did an outcome that outreach should leave alone move the same way?

    log_ratio: of the claim (`checks.claim`); either_way: a movement in either direction counts, as it does
    for "little or no change". placebos: outcome → (log ratio, standard error) through the same design,
    None where that is not estimable. An outcome is powered when a movement as large as the estimate would
    have been seen with 80 % power. Fails when a powered one moved the same way by over a third of the
    estimate with a 95 % interval that excludes none; cannot be run when none is powered.
    """
    name = "placebo_outcomes"
    if not placebos:
        return Check(name, "deciding", "cannot_run", "no_placebo_outcome")
    figures: dict[str, float | int | None] = {"log_rate_ratio": log_ratio}
    powered, moved = 0, 0
    for outcome, found in placebos.items():
        if found is None:
            figures[f"{outcome}_log_rate_ratio"] = None
            continue
        value, error = found
        figures[f"{outcome}_log_rate_ratio"] = value
        figures[f"{outcome}_standard_error"] = error
        if not (math.isfinite(value) and math.isfinite(error) and error > 0):
            continue
        is_powered = error * POWER_ERRORS <= abs(log_ratio)
        figures[f"{outcome}_powered"] = int(is_powered)
        if not is_powered:
            continue
        powered += 1
        same_way = either_way or value * log_ratio > 0
        if same_way and abs(value) > PLACEBO_SHARE * abs(log_ratio) and abs(value) > 1.96 * error:
            moved += 1
    figures |= {"powered": powered, "moved_the_same_way": moved}
    if moved:
        return Check(name, "deciding", "failed", "placebo_outcome_moved", figures)
    if not powered:
        return Check(name, "deciding", "cannot_run", "unpowered", figures)
    return Check(name, "deciding", "passed", None, figures)


def comparison_pool(
    like: LikeForLike | None, admissible_assignments: float | None = None, staggered: bool = False
) -> Check:
    """Gate 4: a like-for-like pool, or staggered starts with at least 20 admissible assignments.

    like: untreated areas of the pool between half and twice the treated level, and how many are wanted.
    """
    name = "comparison_pool"
    figures: dict[str, float | int | None] = {
        "areas_alike": None if like is None else len(like.areas),
        "areas_wanted": None if like is None else like.wanted,
        "treated_areas": None if like is None else like.treated,
        "admissible_assignments": admissible_assignments,
    }
    if like is not None and like.exists:
        return Check(name, "deciding", "passed", None, figures)
    if staggered and (admissible_assignments or 0) >= 20:
        return Check(name, "deciding", "passed", None, figures)
    if like is None and admissible_assignments is None:
        return Check(name, "deciding", "cannot_run", "no_levels", figures)
    return Check(name, "deciding", "failed", "no_like_for_like_pool", figures)


def agreement_of_readings(
    readings: Sequence[Reading], rate_ratio: float, margin: float | None = None
) -> Check:
    """Gate 5: 90 % of the registered readings on the same side of 1, half of them excluding 1.

    A reading that cannot be estimated counts as not agreeing. With `margin` the claim is "little or no
    change": then 90 % of the estimates must lie within the margin and half of the intervals inside it.
    """
    name = "agreement_of_readings"
    counted = [item for item in readings if item.reason not in NOT_A_READING]
    estimated = [item for item in counted if item.status == "estimated" and item.rate_ratio is not None]
    figures: dict[str, float | int | None] = {"readings": len(counted), "estimated": len(estimated)}
    if len(counted) < FEWEST_READINGS:
        return Check(name, "deciding", "cannot_run", "too_few_readings", figures)
    agreeing = sum(_agrees(item, rate_ratio, margin) for item in estimated)
    excluding = sum(_agrees(item, rate_ratio, margin) and _excludes(item, margin) for item in estimated)
    figures |= {
        "agreeing": agreeing,
        "excluding_none": excluding,
        "share_agreeing": agreeing / len(counted),
        "share_excluding_none": excluding / len(counted),
        "lowest": min((item.rate_ratio or math.nan for item in estimated), default=None),
        "highest": max((item.rate_ratio or math.nan for item in estimated), default=None),
    }
    if agreeing < SAME_SIDE * len(counted):
        return Check(name, "deciding", "failed", "readings_disagree", figures)
    if excluding < EXCLUDING * len(counted):
        return Check(name, "deciding", "failed", "too_few_readings_exclude_none", figures)
    return Check(name, "deciding", "passed", None, figures)


def _agrees(item: Reading, rate_ratio: float, margin: float | None) -> bool:
    value = item.rate_ratio
    if value is None or not math.isfinite(value):
        return False
    if margin is not None:
        return 1 - margin < value < 1 + margin
    return (value < 1 and rate_ratio < 1) or (value > 1 and rate_ratio > 1)


def _excludes(item: Reading, margin: float | None) -> bool:
    if item.lower_95 is None or item.upper_95 is None:
        return False
    if margin is not None:
        return 1 - margin < item.lower_95 and item.upper_95 < 1 + margin
    return item.upper_95 < 1 or item.lower_95 > 1
