"""Checks of a fixed analysis with staggered starts: deciding ones on the pre-period, and informing ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.checks.dose import dose
from evaluation.checks.headline import Figures, cannot_run, outcome_of
from evaluation.checks.power import confounder_tipping_point, minimum_detectable_effect
from evaluation.checks.pre_period import breakdown_value, pooled_cohorts, pre_period_ratio
from evaluation.checks.sensitivity import catchments
from evaluation.checks.staggered_placebos import placebo_clusters
from evaluation.designs.panel import NEVER, Panel, collapse
from evaluation.designs.pooled import estimate_pooled
from evaluation.designs.two_way_poisson import fit_two_way_poisson
from evaluation.pairs import Key
from evaluation.pools import never_treated
from evaluation.program import Analysis
from evaluation.result import Check, Reading, Result
from evaluation.series import NotEstimableError
from evaluation.setting import Setting


def staggered_ratio_checks(panel: Panel, size: float) -> tuple[Check, Check]:
    """Gates 1 and 2 over the cohorts of a panel."""
    cohorts = pooled_cohorts(panel.counts, panel.starts, ~panel.is_treated)
    return pre_period_ratio(cohorts, size), breakdown_value(cohorts, size)


def staggered_informing(
    setting: Setting,
    analysis: Analysis,
    panel: Panel,
    result: Result,
    readings: Sequence[Reading],
    key: Key,
) -> list[Check]:
    """Informing checks that a staggered panel carries."""
    assert result.effect is not None
    cr3 = result.intervals.get("cr3")
    lower, upper = result.effect.interval_95
    checks = [
        placebo_clusters(panel),
        staggered_rings(setting, analysis, panel),
        leave_one_cohort_out(panel, result.effect.coefficient),
        catchments(readings, key, result.effect.rate_ratio or 1.0),
        confounder_tipping_point(result.effect.rate_ratio or 1.0, (lower, upper)),
        staggered_dose(setting, panel),
    ]
    if cr3 is not None and cr3.standard_error:
        checks.insert(0, minimum_detectable_effect(cr3.standard_error))
    return checks


def staggered_dose(setting: Setting, panel: Panel) -> Check:
    """Dose over the months in which every area that ever starts has started: both sides stay the same areas."""
    inside = np.arange(len(panel.periods)) >= panel.starts[panel.is_treated].max()
    served, others = panel.counts[panel.is_treated], panel.counts[~panel.is_treated]
    months = [month for month, yes in zip(panel.periods, inside, strict=True) if yes]
    return dose(served.sum(axis=0)[inside], others.sum(axis=0)[inside], months, setting.hours)


def staggered_rings(setting: Setting, analysis: Analysis, panel: Panel) -> Check:
    """Never-treated areas that touch a treated one, from that one's start on, against those that touch none.

    Displacement shows as a rise, diffusion of benefits as a fall. CR3 interval; fails when it excludes none.
    """
    name = "rings"
    first = {
        area: int(start)
        for area, start in zip(panel.areas, panel.starts, strict=True)
        if start < len(panel.periods)
    }
    never = set(never_treated(setting.cube.areas, setting.ever_treated(analysis.geography)))
    starts: dict[str, int] = dict.fromkeys(never, NEVER)
    for pair in setting.neighbors:
        for one, other in (pair, pair[::-1]):
            if one in first and other in never:
                starts[other] = min(starts[other], first[one])
    ring = sum(start < NEVER for start in starts.values())
    figures: Figures = {"ring_areas": ring, "outside_areas": len(starts) - ring}
    if ring < 2 or len(starts) - ring < 2:
        return cannot_run(name, "no_ring" if ring < 2 else "no_area_outside_the_ring", figures)
    kept = set(panel.periods)
    cube = setting.cube.months_where(lambda month: month in kept)
    rows = cube.rows(starts)
    names = tuple(cube.areas[row] for row in rows)
    around = Panel(
        names,
        cube.months,
        cube.counts[analysis.outcome, analysis.unit][rows],
        np.array([starts[area] for area in names], dtype=np.int64),
        names,
    )
    try:
        found = estimate_pooled(around, ("cr3",))
    except NotEstimableError as refusal:
        return cannot_run(name, refusal.reason, figures)
    if "cr3" not in found.intervals:
        return cannot_run(name, "too_few_areas", figures)
    interval = found.intervals["cr3"]
    figures |= {
        "rate_ratio": float(np.exp(found.coefficient)),
        "lower_95": interval.lower_95,
        "upper_95": interval.upper_95,
    }
    return outcome_of(name, not interval.lower_95 <= 1 <= interval.upper_95, "ring_moved", figures)


def leave_one_cohort_out(panel: Panel, log_ratio: float) -> Check:
    """The estimate without each set of areas that started together; fails when one decides the side."""
    name = "leave_one_cohort_out"
    starts = np.unique(panel.starts[panel.is_treated])
    if len(starts) < 2:
        return cannot_run(name, "one_cohort")
    counts, treatment = collapse(panel)
    keep = (panel.starts[None, :] != starts[:, None]).astype(float)
    weights = np.ones_like(counts) * keep[:, :, None]
    values = fit_two_way_poisson(counts, treatment, weights).coefficient
    figures: Figures = {
        "cohorts": len(starts),
        "lowest": float(np.exp(np.nanmin(values))),
        "highest": float(np.exp(np.nanmax(values))),
    }
    failed = bool((values * log_ratio < 0).any() or not np.isfinite(values).all())
    return outcome_of(name, failed, "one_cohort_decides_the_side", figures)
