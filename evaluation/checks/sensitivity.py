"""Does the estimate hang on one area, one month, one start date, one reading, one unit?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.checks.headline import Array, Figures, Headline, cannot_run, outcome_of, refit
from evaluation.designs.two_groups import LEFT_OUT, PHASE, Estimates
from evaluation.result import Check, Reading

MOVES = 12  # months by which the start is moved each way
SAME_SIDE = 0.90


def leave_one_area_out(head: Headline) -> Check:
    """The plain estimate without each treated and each comparison area; fails when one decides the side."""
    treated, comparison = head.treated, head.comparison
    rows = []
    if len(treated) > 1:
        rows += [(treated.sum(axis=0) - row, comparison.sum(axis=0)) for row in treated]
    if len(comparison) > 1:
        rows += [(treated.sum(axis=0), comparison.sum(axis=0) - row) for row in comparison]
    if not rows:
        return cannot_run("leave_one_area_out", "one_area_each")
    found = refit(np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows]), head.codes)
    return _range_check("leave_one_area_out", head, found, "one_area_decides_the_side")


def leave_one_month_out(head: Headline) -> Check:
    """The plain estimate without each month of baseline and phase; fails when one decides the side."""
    months = [*head.baseline, *head.phase]
    treated = np.tile(head.treated.sum(axis=0), (len(months), 1))
    comparison = np.tile(head.comparison.sum(axis=0), (len(months), 1))
    codes = []
    for month in months:
        own = list(head.codes)
        own[month] = LEFT_OUT
        codes.append(tuple(own))
    found = refit(treated, comparison, codes)
    return _range_check("leave_one_month_out", head, found, "one_month_decides_the_side")


def mass_casualty_month(head: Headline) -> Check:
    """Victims without the month in which single incidents had most victims; fails when the side changes.

    The month is the one with most victims beyond one an incident, over both groups.
    """
    name = "mass_casualty_month"
    outcome = head.outcome[0]
    if not (head.cube.has(outcome, "victims") and head.cube.has(outcome, "incidents")):
        return cannot_run(name, "needs_incidents_and_victims")
    both = (*head.treated_areas, *head.comparison_areas)
    extra = head.cube.series((outcome, "victims"), both) - head.cube.series((outcome, "incidents"), both)
    used = np.isin(np.arange(len(head.codes)), np.concatenate([head.baseline, head.phase]))
    worst = int(np.argmax(np.where(used, extra, -np.inf)))
    codes = list(head.codes)
    codes[worst] = LEFT_OUT
    series = [
        head.cube.series((outcome, "victims"), group) for group in (head.treated_areas, head.comparison_areas)
    ]
    found = refit(
        np.stack([series[0], series[0]]), np.stack([series[1], series[1]]), [head.codes, tuple(codes)]
    )
    with_it, without = (float(value) for value in found.coefficient - head.shift)
    figures: Figures = {
        "victims_beyond_incidents": float(extra[worst]),
        "year": int(head.months[worst][:4]),
        "month": int(head.months[worst][5:7]),
        "rate_ratio_victims": float(np.exp(with_it)),
        "rate_ratio_without_month": float(np.exp(without)),
    }
    return outcome_of(name, with_it * without < 0, "one_month_decides_the_side", figures)


def start_moved(head: Headline) -> Check:
    """The phase's start moved by up to a year each way; fails when under 90 % stay on the estimate's side.

    Moved earlier, it takes months from those in between, and from the end of the baseline when it has to;
    moved later, the first months are left out.
    """
    codes, moves = [], []
    first = int(head.phase[0])
    for move in range(-MOVES, MOVES + 1):
        start = first + move
        if not 0 < start <= head.phase[-1]:
            continue
        own = list(head.codes)
        for month in range(start, first):
            own[month] = PHASE
        for month in range(first, start):
            own[month] = LEFT_OUT
        codes.append(tuple(own))
        moves.append(move)
    size = len(codes)
    found = refit(
        np.tile(head.treated.sum(axis=0), (size, 1)), np.tile(head.comparison.sum(axis=0), (size, 1)), codes
    )
    values = found.coefficient - head.shift
    good = np.isfinite(values)
    if good.sum() < 3:
        return cannot_run("start_moved", "too_few_months")
    same = float(np.mean(values[good] * head.plain > 0))
    figures: Figures = {
        "moves": int(good.sum()),
        "lowest": float(np.exp(values[good].min())),
        "highest": float(np.exp(values[good].max())),
        "share_same_side": same,
    }
    for move in (-12, -6, 6, 12):
        if move in moves and np.isfinite(values[moves.index(move)]):
            label = f"rate_ratio_{abs(move)}_months_{'earlier' if move < 0 else 'later'}"
            figures[label] = float(np.exp(values[moves.index(move)]))
    return outcome_of("start_moved", same < SAME_SIDE, "side_depends_on_start", figures)


def catchments(readings: Sequence[Reading], key: tuple[str, str, str], rate_ratio: float) -> Check:
    """Readings of the catchment with the headline's pool and baseline; fails when they lie on both sides."""
    found = [
        row.rate_ratio
        for row in readings
        if row.pool == key[1] and row.baseline == key[2] and row.rate_ratio is not None
    ]
    if len(found) < 2:
        return cannot_run("catchments", "one_reading_of_the_catchment")
    figures: Figures = {"readings": len(found), "lowest": min(found), "highest": max(found)}
    both = (min(found) < 1) != (max(found) < 1)
    return outcome_of("catchments", both, "side_depends_on_catchment", figures)


def incidents_against_victims(head: Headline) -> Check:
    """The same question in the other unit; fails when the two lie on different sides of no change."""
    name = "incidents_against_victims"
    outcome, unit = head.outcome
    other = {"incidents": "victims", "victims": "incidents"}.get(unit, "")
    if not head.cube.has(outcome, other):
        return cannot_run(name, "one_unit_only")
    found = refit(
        head.cube.series((outcome, other), head.treated_areas)[None],
        head.cube.series((outcome, other), head.comparison_areas)[None],
        head.codes,
        integrate=True,
    )
    if found.reason[0] is not None:
        return cannot_run(name, found.reason[0])
    value, ends = float(found.coefficient[0] - head.shift), np.exp(found.integrated_95[0] - head.shift)
    figures: Figures = {
        f"rate_ratio_{unit}": float(np.exp(head.log_ratio)),
        f"rate_ratio_{other}": float(np.exp(value)),
        f"lower_95_{other}": float(ends[0]),
        f"upper_95_{other}": float(ends[1]),
    }
    return outcome_of(name, value * head.log_ratio < 0, "units_disagree", figures)


def overdispersion(dispersion: float) -> Check:
    """Pearson dispersion of the plain fit; fails over 1.5: plain binomial errors would be far too small."""
    return outcome_of("overdispersion", dispersion > 1.5, "counts_overdispersed", {"dispersion": dispersion})


def near_repeats(head: Headline) -> Check:
    """Shootings within 14 days of another in the same neighborhood, through the same design."""
    name = "near_repeats"
    key = ("near_repeat_shooting", "incidents")
    if head.outcome == key:
        return cannot_run(name, "is_the_outcome")
    if not head.cube.has(*key):
        return cannot_run(name, "no_counts_of_outcome")
    found = refit(
        head.cube.series(key, head.treated_areas)[None],
        head.cube.series(key, head.comparison_areas)[None],
        head.codes,
        integrate=True,
    )
    if found.reason[0] is not None:
        return cannot_run(name, found.reason[0])
    ends = np.exp(found.integrated_95[0])
    figures: Figures = {
        "rate_ratio": float(np.exp(found.coefficient[0])),
        "lower_95": float(ends[0]),
        "upper_95": float(ends[1]),
    }
    opposite = float(found.coefficient[0]) * head.log_ratio < 0
    return outcome_of(name, opposite, "near_repeats_moved_the_other_way", figures)


def regression_to_the_mean(readings: Sequence[Reading], key: tuple[str, str, str]) -> Check:
    """All untreated areas with and without a gradient by level (pools c and d).

    Served areas were chosen because they were high, and high areas fall back. What the gradient takes away
    from the estimate is the part that areas of that level would have shown anyway; fails over a third.
    """
    name = "regression_to_the_mean"
    found = {
        row.pool: row.rate_ratio
        for row in readings
        if row.catchment == key[0] and row.baseline == key[2] and row.rate_ratio
    }
    if "c" not in found or "d" not in found:
        return cannot_run(name, "needs_pools_c_and_d")
    plain, level = np.log(found["c"]), np.log(found["d"])
    share = float(1 - level / plain) if plain else 0.0
    figures: Figures = {
        "rate_ratio_pool_c": found["c"],
        "rate_ratio_pool_d": found["d"],
        "share_explained_by_level": share,
    }
    return outcome_of(name, share > 1 / 3, "level_explains_part", figures)


def _range_check(name: str, head: Headline, found: Estimates, reason: str) -> Check:
    values: Array = found.coefficient - head.shift
    good = values[np.isfinite(values)]
    if not len(good):
        return cannot_run(name, "not_estimable")
    figures: Figures = {
        "refits": len(values),
        "not_estimable": int((~np.isfinite(values)).sum()),
        "rate_ratio": float(np.exp(head.plain)),
        "lowest": float(np.exp(good.min())),
        "highest": float(np.exp(good.max())),
    }
    # A refit that has no events left on one side hung on the one left out; one with too few months did not.
    separated = any(item == "perfect_separation" for item in found.reason)
    failed = bool((good * head.plain < 0).any()) or separated
    return outcome_of(name, failed, reason, figures)
