"""Fixed analyses of the pooled design: areas with starts of their own, readings over catchments and pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluation.analysis_result import AnalysisResult, Specification
from evaluation.checks.claim import claim_of
from evaluation.checks.deciding import agreement_of_readings, comparison_pool, placebo_outcomes
from evaluation.checks.finite import finite
from evaluation.checks.staggered_curve import Progress, silent, staggered_curve
from evaluation.checks.staggered_twin import staggered_false_alarms
from evaluation.cube import Cube
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.pooled import DEFAULT, estimate_pooled, headline_interval, pooled_result
from evaluation.designs.randomization import admissible_assignments
from evaluation.pools import Pool, like_for_like
from evaluation.pools import comparison_pool as areas_of_pool
from evaluation.program import Analysis
from evaluation.ratings import with_ratings
from evaluation.result import Card, Check, Reading, Result
from evaluation.series import NotEstimableError
from evaluation.setting import Setting
from evaluation.staggered_checks import staggered_informing, staggered_ratio_checks
from evaluation.verdict import with_verdict

Key = tuple[str, str, str]


def evaluate_staggered(
    setting: Setting, analysis: Analysis, deep: bool = False, progress: Progress = silent
) -> AnalysisResult:
    """One pooled analysis: the headline with its checks, every reading, the placebo outcomes.

    deep: also the simulated twin and the specification curve.
    """
    key = analysis.headline
    outcome = (analysis.outcome, analysis.unit)
    card = Card(
        outcome=analysis.outcome, unit=analysis.unit, catchment=key[0], phase=analysis.phase, pool=key[1]
    )
    keys = [(c, p, b) for c in analysis.catchments for b in analysis.baselines for p in analysis.pools]
    levels = _cluster_levels(setting, analysis)
    try:
        if not setting.cube.has(*outcome):
            raise NotEstimableError("no_counts_of_outcome")
        panel, pool = staggered_panel(setting, analysis, outcome, key)
        asked = tuple(dict.fromkeys((*DEFAULT, *analysis.intervals)))
        result = pooled_result(panel, _with_window(card, panel), asked, levels=levels)
    except NotEstimableError as stop:
        refused = Result("pooled", "poisson", "not_estimable", card, n=0, reason=stop.reason)
        return AnalysisResult(setting.program.id, analysis.id, analysis.phase, key, with_verdict(refused))
    assert result.effect is not None and result.effect.rate_ratio is not None
    readings = [_reading(setting, analysis, outcome, one, result if one == key else None) for one in keys]
    claim = claim_of(result, analysis.margin)
    assert claim is not None
    placebos: dict[str, tuple[float, float] | None] = {}
    for name in analysis.placebo_outcomes:
        placebos[name] = _placebo(setting, analysis, name, key)
    treated = [area for area, yes in zip(panel.areas, panel.is_treated, strict=True) if yes]
    like = like_for_like(treated, pool.areas, setting.levels) if len(setting.levels) else None
    number = float(admissible_assignments(panel, levels, draws=1).number)
    replaced: list[Check] = [
        *staggered_ratio_checks(panel, claim.size),
        placebo_outcomes(claim.size, placebos, either_way=claim.is_little),
        comparison_pool(like, number, staggered=not panel.common_start),
        agreement_of_readings(readings, result.effect.rate_ratio, claim.margin),
        *staggered_informing(setting, analysis, panel, result, readings, key),
    ]
    specifications: tuple[Specification, ...] = ()
    if deep:
        curve, specifications = staggered_curve_of(setting, analysis, keys, panel, levels, progress)
        moves = admissible_assignments(panel, levels)
        replaced += [staggered_false_alarms(panel, moves, progress=progress), curve]
    first = int(panel.starts.min())
    names = {check.name for check in replaced}
    result = replace(
        result,
        checks=tuple(
            finite(check)
            for check in [*[item for item in result.checks if item.name not in names], *replaced]
        ),
        readings=tuple(readings),
        registration="confirmatory" if analysis.registration == "confirmatory" else "retrospective",
    )
    return AnalysisResult(
        setting.program.id,
        analysis.id,
        analysis.phase,
        key,
        with_ratings(with_verdict(result, analysis.margin), (first, len(panel.periods) - first)),
        specifications=specifications,
    )


def staggered_curve_of(
    setting: Setting,
    analysis: Analysis,
    keys: Sequence[Key],
    headline: Panel,
    levels: dict[str, float] | None,
    progress: Progress,
) -> tuple[Check, tuple[Specification, ...]]:
    """The specification curve over the registered readings, every unit that is counted, and windows."""
    panels: dict[str, Panel] = {}
    worst: dict[str, int | None] = {}
    dispersions: dict[str, float] = {}
    units = [unit for unit in ("incidents", "victims") if setting.cube.has(analysis.outcome, unit)]
    for key in keys:
        for unit in units:
            label = " | ".join((*key, unit))
            try:
                panel, _ = staggered_panel(setting, analysis, (analysis.outcome, unit), key)
                found = estimate_pooled(panel, ("standard", "poisson"))
            except NotEstimableError:
                continue
            if not panel.is_complete:
                continue
            wide, plain = (found.intervals[name].standard_error or 1.0 for name in ("standard", "poisson"))
            panels[label], dispersions[label] = panel, (wide / plain) ** 2
            worst[label] = _worst_month(setting, analysis, panel)
    check, rows = staggered_curve(
        panels, worst, dispersions, headline, admissible_assignments(headline, levels), progress
    )
    return check, tuple(rows)


def _worst_month(setting: Setting, analysis: Analysis, panel: Panel) -> int | None:
    """Position of the month with most victims beyond one an incident; None with one unit only."""
    cube, outcome = setting.cube, analysis.outcome
    if not (cube.has(outcome, "victims") and cube.has(outcome, "incidents")):
        return None
    extra = (cube.counts[outcome, "victims"] - cube.counts[outcome, "incidents"]).sum(axis=0)
    by_month = dict(zip(cube.months, extra, strict=True))
    return int(np.argmax([by_month[month] for month in panel.periods]))


def staggered_panel(
    setting: Setting, analysis: Analysis, outcome: tuple[str, str], key: Key
) -> tuple[Panel, Pool]:
    """Panel of one reading. Raises NotEstimableError.

    From the first month of the baseline to the last of the phase; months between the end of the baseline and
    the earliest start (a pilot, a shock) are left out, so that they count as neither.
    """
    catchment = setting.program.catchments[key[0]]
    baseline = setting.program.baselines[key[2]]
    phase = setting.program.phases[analysis.phase]
    inside = setting.areas_of(key[0], analysis.geography)
    first = {area: catchment.starts.get(area, phase.first) for area in inside}
    limit = analysis.exclude_starts_from
    kept = [area for area in inside if limit is None or first[area] < limit]
    if not kept:
        raise NotEstimableError("no_treated_area")
    begin = max(filter(None, (analysis.first_month, baseline.first)))
    last = min(filter(None, (analysis.end, phase.last, setting.cube.months[-1])))
    earliest = min(first[area] for area in kept)
    cube = setting.cube.months_where(
        lambda month: (
            begin <= month <= last and (month >= earliest or baseline.last is None or month <= baseline.last)
        )
    )
    if not cube.months:
        raise NotEstimableError("no_months")
    never = setting.ever_treated(analysis.geography) | set(catchment.leave_out)
    pool = areas_of_pool(key[1], kept, never, cube.areas, setting.neighbors, setting.levels)
    if pool.reason:
        raise NotEstimableError(pool.reason)
    rows = cube.rows([*kept, *pool.areas])
    names = tuple(cube.areas[row] for row in rows)
    treated = set(kept)
    starts = np.array(
        [_position(cube, first[name]) if name in treated else NEVER for name in names], dtype=np.int64
    )
    if not (starts < len(cube.months)).any():
        raise NotEstimableError("no_treated_area")
    own = str(analysis.raw.get("cluster", "")) == analysis.geography
    clusters = tuple(name if own else setting.clusters.get(name, name) for name in names)
    return Panel(names, cube.months, cube.counts[outcome][rows], starts, clusters), pool


def _position(cube: Cube, month: str) -> int:
    return next((index for index, found in enumerate(cube.months) if found >= month), NEVER)


def _reading(
    setting: Setting, analysis: Analysis, outcome: tuple[str, str], key: Key, headline: Result | None
) -> Reading:
    """One registered reading, its interval by the headline's method; without an 80 % interval to save time."""
    catchment, pool, baseline = key
    if headline is not None and headline.effect is not None:
        effect = headline.effect
        return Reading(catchment, pool, baseline, effect.rate_ratio, *effect.interval_95, *effect.interval_80)
    try:
        panel, _ = staggered_panel(setting, analysis, outcome, key)
        found = estimate_pooled(
            panel, ("randomization", "cr3"), _cluster_levels(setting, analysis), quick=True
        )
    except NotEstimableError as refusal:
        return Reading(
            catchment, pool, baseline, None, None, None, status="not_estimable", reason=refusal.reason
        )
    interval = headline_interval(("randomization", "cr3"), found)
    ends = interval.lower_95, interval.upper_95 if np.isfinite(interval.upper_95) else None
    return Reading(catchment, pool, baseline, float(np.exp(found.coefficient)), *ends)


def _placebo(setting: Setting, analysis: Analysis, name: str, key: Key) -> tuple[float, float] | None:
    """Coefficient and CR3 error of a placebo outcome in the headline's panel; None where not estimable."""
    if not setting.cube.has(name, "incidents"):
        return None
    try:
        panel, _ = staggered_panel(setting, analysis, (name, "incidents"), key)
        found = estimate_pooled(panel, ("cr3",))
    except NotEstimableError:
        return None
    error = found.intervals["cr3"].standard_error if "cr3" in found.intervals else None
    return None if error is None else (found.coefficient, error)


def _with_window(card: Card, panel: Panel) -> Card:
    first = int(panel.starts.min())
    return replace(
        card,
        phase_first=panel.periods[first],
        phase_last=panel.periods[-1],
        baseline_first=panel.periods[0],
        baseline_last=panel.periods[max(first - 1, 0)],
    )


def _cluster_levels(setting: Setting, analysis: Analysis) -> dict[str, float] | None:
    if not len(setting.levels):
        return None
    own = str(analysis.raw.get("cluster", "")) == analysis.geography
    labels: Sequence[str] = [
        str(area) if own else setting.clusters.get(str(area), str(area)) for area in setting.levels.index
    ]
    return {str(name): float(value) for name, value in setting.levels.groupby(list(labels)).sum().items()}
