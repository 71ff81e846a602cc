"""The informing checks of a controlled headline, put together from the program file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.analysis_result import Placebo, Specification
from evaluation.checks.dose import dose
from evaluation.checks.headline import Headline
from evaluation.checks.placebos import placebo_areas, placebo_dates, rings, withdrawal
from evaluation.checks.power import confounder_tipping_point, minimum_detectable_effect
from evaluation.checks.ratio_residuals import ratio_autocorrelation
from evaluation.checks.sensitivity import (
    catchments,
    incidents_against_victims,
    leave_one_area_out,
    leave_one_month_out,
    mass_casualty_month,
    near_repeats,
    overdispersion,
    regression_to_the_mean,
    start_moved,
)
from evaluation.checks.specification_curve import Choices, specification_curve
from evaluation.checks.staggered_curve import Progress, silent
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.randomization import Assignments, admissible_assignments
from evaluation.pools import comparison_pool, never_treated
from evaluation.program import Analysis, Window
from evaluation.result import Check, Result
from evaluation.setting import Setting, cluster_levels

TRANSITIONS = (0, 3)  # months left out at the start of the phase
ENDS = (None, 24)  # months of the phase that count; None: all


def informing_checks(
    setting: Setting, analysis: Analysis, head: Headline, result: Result, deciding: Sequence[Check]
) -> tuple[list[Check], list[Placebo]]:
    """Every informing check but the twin and the curve, and the placebo estimates behind them."""
    assert result.effect is not None
    ratio = result.effect.rate_ratio or 1.0
    never = never_treated(setting.cube.areas, setting.ever_treated(analysis.geography))
    dates, date_rows = placebo_dates(head)
    areas, area_rows = placebo_areas(head, setting.clusters)
    checks = [
        minimum_detectable_effect(head.error),
        dates,
        areas,
        start_moved(head),
        catchments(result.readings, analysis.headline, ratio),
        incidents_against_victims(head),
        leave_one_area_out(head),
        leave_one_month_out(head),
        mass_casualty_month(head),
        overdispersion(result.dispersion or 1.0),
        *ratio_autocorrelation(head),
        rings(head, never, setting.neighbors),
        _withdrawal(setting, analysis, head),
        confounder_tipping_point(ratio, result.effect.interval_95),
        near_repeats(head),
        regression_to_the_mean(result.readings, analysis.headline),
        _dose(setting, head),
    ]
    return checks, [*date_rows, *area_rows]


def _dose(setting: Setting, head: Headline) -> Check:
    inside = head.phase
    return dose(
        head.treated.sum(axis=0)[inside],
        head.comparison.sum(axis=0)[inside],
        [head.months[place] for place in inside],
        setting.hours,
    )


def _withdrawal(setting: Setting, analysis: Analysis, head: Headline) -> Check:
    """The first withdrawn phase that follows the analyzed one; an analysis of that phase itself has none."""
    phases = setting.program.phases
    own = phases[analysis.phase]
    if own.kind == "withdrawn":
        return withdrawal(head, {}, "")
    later = sorted(
        (item for item in phases.values() if item.kind == "withdrawn" and item.first > own.first),
        key=lambda item: item.first,
    )
    if not later:
        return withdrawal(head, {}, "")
    ended = later[0]
    before = [month for month in head.months if month < ended.first]
    last = min(own.last or before[-1], before[-1])
    return withdrawal(head, {"first": ended.first, "last": ended.last}, last)


def curve_of(
    setting: Setting, analysis: Analysis, phase: Window, progress: Progress = silent
) -> tuple[Check, tuple[Specification, ...]]:
    """The specification curve of one analysis with its joint permutation test over clusters."""
    geography = analysis.geography
    ever = setting.ever_treated(geography)
    units = tuple(
        unit for unit in ("incidents", "victims", "calls") if setting.cube.has(analysis.outcome, unit)
    )
    cache: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}

    def pool_of(served: tuple[str, ...], pool: str) -> tuple[str, ...]:
        # Under the joint test other areas are served, and the truly served ones may then be controls.
        barred = ever if set(served) <= ever and served in catchment_areas.values() else frozenset(served)
        if (served, pool) not in cache:
            cache[served, pool] = comparison_pool(
                pool, served, barred, setting.cube.areas, setting.neighbors, setting.levels
            ).areas
        return cache[served, pool]

    catchment_areas = {name: setting.areas_of(name, geography) for name in analysis.catchments}
    choices = Choices(
        cube=setting.cube,
        outcome=analysis.outcome,
        units=units,
        catchments=catchment_areas,
        pools=analysis.pools,
        pool_of=pool_of,
        windows=_windows(setting, analysis, phase),
        levels={str(area): float(level) for area, level in setting.levels.items()},
    )
    members: dict[str, tuple[str, ...]] = {}
    for area in setting.cube.areas:
        label = setting.clusters.get(area, area)
        members[label] = (*members.get(label, ()), area)
    check, rows = specification_curve(choices, _whole_clusters(setting, analysis, members), members, progress)
    return check, tuple(rows)


def _windows(
    setting: Setting, analysis: Analysis, phase: Window
) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Baseline and phase masks of every combination of windows that leaves months on both sides."""
    months = setting.cube.months
    inside = np.array(phase.inside(months))
    if analysis.end is not None:
        inside &= np.array([month <= analysis.end for month in months])
    first = int(np.argmax(inside))
    since = np.arange(len(months)) - first
    gaps = np.zeros(len(months), dtype=bool)
    for item in setting.program.phases.values():
        if item.role == "dose_change":
            gaps |= np.array(item.inside(months))
    extra = _extra_victims(setting, analysis)
    found = {}
    for name in analysis.baselines:
        before = np.array(setting.program.baselines[name].inside(months))
        if (before & inside).any():
            continue
        for transition in TRANSITIONS:
            for end in ENDS:
                after = inside & (since >= transition)
                if end is not None:
                    after &= since < transition + end
                variants = {"all months": after}
                if (gaps & after).any():
                    variants["dose changes left out"] = after & ~gaps
                for label, mask in variants.items():
                    for without in (False, True):
                        kept = mask.copy()
                        if without:
                            kept[int(np.argmax(np.where(mask, extra, -np.inf)))] = False
                        if before.sum() < 3 or kept.sum() < 3:
                            continue
                        words = [
                            f"baseline {name}",
                            f"first {transition} months left out",
                            "whole phase" if end is None else f"first {end} months",
                            label,
                            "without the month with most victims" if without else "every month",
                        ]
                        found[" | ".join(words)] = (before, kept)
    return found


def _extra_victims(setting: Setting, analysis: Analysis) -> NDArray[np.float64]:
    """(T,) victims beyond one an incident in all areas; with one unit only, the counts themselves."""
    cube, outcome = setting.cube, analysis.outcome
    if not (cube.has(outcome, "victims") and cube.has(outcome, "incidents")):
        return np.asarray(cube.counts[outcome, analysis.unit].sum(axis=0))
    extra = cube.counts[outcome, "victims"] - cube.counts[outcome, "incidents"]
    return np.asarray(extra.sum(axis=0))


def _whole_clusters(
    setting: Setting, analysis: Analysis, members: dict[str, tuple[str, ...]]
) -> Assignments | None:
    """Assignments of one common start to whole clusters; a cluster counts as served with any served area."""
    served = set(setting.areas_of(analysis.headline[0], analysis.geography))
    labels = tuple(sorted(members))
    starts = np.array([0 if served & set(members[label]) else NEVER for label in labels], dtype=np.int64)
    if not (starts < NEVER).any() or (starts < NEVER).all():
        return None
    panel = Panel(labels, ("phase",), np.zeros((len(labels), 1)), starts, labels)
    return admissible_assignments(panel, cluster_levels(setting) if len(setting.levels) else None)
