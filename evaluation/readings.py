"""Every fixed analysis of a program file, evaluated under all its registered readings.

An `[[analysis]]` asks one question; the public record answers it in several readings of the catchment, and
several comparison pools and baselines are defensible. All registered combinations are estimated; the headline
one carries checks, gates and verdict, and all the others as `Reading` rows beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.analysis_result import AnalysisResult, Companion, Placebo
from evaluation.canonical import frame_sha256
from evaluation.checks.deciding import agreement_of_readings, comparison_pool, placebo_outcomes
from evaluation.cube import Cube, make_cube, segment_codes
from evaluation.designs.controlled import controlled_result, ratio_checks, window_of
from evaluation.designs.level_gradient import level_shift
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.panel_rows import NotEstimable
from evaluation.designs.pooled import pooled_result
from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE, Estimates, TwoGroups, estimate_two_groups
from evaluation.pools import Pool, like_for_like
from evaluation.pools import comparison_pool as areas_of_pool
from evaluation.program import Analysis, Program, Window, parse_program
from evaluation.result import Card, Check, Reading, Result
from evaluation.verdict import with_verdict

Array = NDArray[np.float64]
Key = tuple[str, str, str]  # catchment, pool, baseline

OVERLAP = "baseline_overlaps_phase"


@dataclass(frozen=True)
class Setting:
    """What all analyses of one program at one geography share.

    levels: an earlier, different outcome by area; clusters: area → the unit that was chosen (community).
    """

    program: Program
    cube: Cube
    neighbors: frozenset[tuple[str, str]]
    levels: pd.Series
    clusters: dict[str, str]
    members: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def areas_of(self, catchment: str, geography: str) -> tuple[str, ...]:
        """Areas of a catchment at the geography of the counts, through the membership columns."""
        found = self.program.catchments[catchment]
        if found.geography == geography:
            return found.areas
        return tuple(
            area for name in found.areas for area in self.members.get((found.geography, name), ())
        )

    def ever_treated(self, geography: str) -> frozenset[str]:
        return frozenset(
            area for catchment in self.program.catchments for area in self.areas_of(catchment, geography)
        )


def evaluate_program(
    program: Mapping[str, Any],
    panel: pd.DataFrame,
    areas: pd.DataFrame,
    neighbors: Collection[tuple[str, str]],
    levels: pd.Series | None = None,
    level_outcome: str = "robbery",
    geography: str = "neighborhood",
    only: Collection[str] | None = None,
) -> list[AnalysisResult]:
    """Evaluate the analyses of one program whose geography is `geography`.

    program     the program file as a mapping (docs/architecture.md)
    panel       area, month, outcome, unit, count; may also hold geography and month_basis, which then select
    areas       column area, and columns that name the larger area each belongs to (community: the cluster)
    neighbors   pairs of areas that share a border
    levels      events of an earlier, different outcome by area; by default the first twelve months of
                `level_outcome` in the panel
    only        ids of the analyses wanted; None: all

    Raises ProgramError for a program file that cannot be used, ValueError for counts that cannot.
    An analysis that cannot be estimated is a result with status not_estimable.
    """
    parsed = parse_program(program)
    wanted = [
        item for item in parsed.analyses if item.geography == geography and (only is None or item.id in only)
    ]
    found = []
    for basis in dict.fromkeys(item.month_basis for item in wanted):
        rows = _select(panel, geography, basis)
        cube = make_cube(rows)
        setting = Setting(
            parsed,
            cube,
            frozenset(tuple(sorted((str(a), str(b)))) for a, b in neighbors),  # type: ignore[misc]
            levels if levels is not None else default_levels(cube, level_outcome),
            _clusters(areas),
            _members(areas),
        )
        for analysis in wanted:
            if analysis.month_basis == basis:
                result = evaluate_analysis(setting, analysis)
                found.append(_with_hashes(result, parsed, analysis, rows))
    order = {item.id: place for place, item in enumerate(parsed.analyses)}
    return sorted(found, key=lambda item: order[item.analysis])


def evaluate_analysis(setting: Setting, analysis: Analysis) -> AnalysisResult:
    """One fixed analysis: the headline in full, its readings, placebos and companions."""
    if analysis.design == "pooled":
        from evaluation.staggered import evaluate_staggered

        return evaluate_staggered(setting, analysis)
    return _evaluate_controlled(setting, analysis)


@dataclass(frozen=True)
class PairSet:
    """Pairs of series for several keys, ready to be estimated together."""

    keys: tuple[Key, ...]
    treated: Array
    comparison: Array
    codes: tuple[tuple[str, ...], ...]
    shift: Array
    shift_variance: Array
    refused: dict[Key, str]
    pools: dict[Key, Pool]

    def estimate(self, differential_trend: bool = False) -> Estimates:
        return estimate_two_groups(
            TwoGroups(
                self.treated,
                self.comparison,
                self.codes,
                differential_trend=differential_trend,
                shift=self.shift,
                shift_variance=self.shift_variance,
            )
        )


def _evaluate_controlled(setting: Setting, analysis: Analysis) -> AnalysisResult:
    outcome = (analysis.outcome, analysis.unit)
    phase = setting.program.phases[analysis.phase]
    key = analysis.headline
    if not setting.cube.has(*outcome):
        return _refused(setting, analysis, "no_counts_of_outcome")
    keys = [
        (catchment, pool, baseline)
        for catchment in analysis.catchments
        for baseline in analysis.baselines
        for pool in analysis.pools
    ]
    pairs = make_pairs(setting, analysis, outcome, phase, keys)
    if key in pairs.refused:
        return _refused(setting, analysis, pairs.refused[key])
    estimates = pairs.estimate(analysis.differential_trend)
    readings = readings_of(pairs, estimates, keys)
    number = pairs.keys.index(key)
    treated, comparison, codes = pairs.treated[number], pairs.comparison[number], pairs.codes[number]
    treated_areas = setting.areas_of(key[0], analysis.geography)
    pool = pairs.pools[key]
    card = Card(
        outcome=analysis.outcome,
        unit=analysis.unit,
        areas=tuple(sorted(treated_areas)),
        catchment=key[0],
        phase=analysis.phase,
        pool=key[1],
        comparison_areas=pool.areas,
        **window_of(codes, setting.cube.months),
    )
    result = controlled_result(
        treated,
        comparison,
        codes,
        setting.cube.months,
        estimates,
        number,
        card,
        (len(setting.cube.rows(treated_areas)), len(pool.areas)),
    )
    result = replace(
        result,
        readings=tuple(readings),
        registration="confirmatory" if analysis.registration == "confirmatory" else "retrospective",
    )
    placebos, found = _placebo_outcomes(setting, analysis, phase, key)
    if result.effect is None:
        return AnalysisResult(setting.program.id, analysis.id, analysis.phase, key, result)
    log_ratio = result.effect.coefficient
    like = like_for_like(treated_areas, pool.areas, setting.levels)
    checks = [
        *ratio_checks(treated, comparison, codes, log_ratio),
        placebo_outcomes(log_ratio, found),
        comparison_pool(like),
        agreement_of_readings(readings, result.effect.rate_ratio or 1.0),
    ]
    result = with_verdict(replace(result, checks=tuple(checks)), analysis.margin)
    companions = _companions(setting, analysis, key, pool, codes)
    return AnalysisResult(
        setting.program.id, analysis.id, analysis.phase, key, result, tuple(companions), tuple(placebos)
    )


def make_pairs(
    setting: Setting, analysis: Analysis, outcome: tuple[str, str], phase: Window, keys: Sequence[Key]
) -> PairSet:
    """Series of both groups for each key. Keys that are not defined go to `refused` with a reason."""
    cube, refused = setting.cube, {}
    pools: dict[Key, Pool] = {}
    treated, comparison, codes, shifts, variances, kept = [], [], [], [], [], []
    others = [
        (item.id, item.first, item.last)
        for item in setting.program.phases.values()
        if item.role == "phase" and item.id != phase.id
    ]
    ever = setting.ever_treated(analysis.geography)
    counts = cube.counts[outcome]
    for key in keys:
        catchment, pool_id, baseline_id = key
        baseline = setting.program.baselines[baseline_id]
        inside = setting.areas_of(catchment, analysis.geography)
        rows = cube.rows(inside)
        left_out = set(setting.program.catchments[catchment].leave_out)
        pool = areas_of_pool(
            pool_id, inside, ever | left_out, cube.areas, setting.neighbors, setting.levels
        )
        pools[key] = pool
        if any(a and b for a, b in zip(baseline.inside(cube.months), phase.inside(cube.months), strict=True)):
            refused[key] = OVERLAP
            continue
        if not len(rows):
            refused[key] = "no_treated_area"
            continue
        if pool.reason:
            refused[key] = pool.reason
            continue
        code = segment_codes(
            cube.months, (baseline.first, baseline.last), (phase.first, phase.last), others, BASELINE, PHASE
        )
        code = _cut_end(code, cube.months, analysis.end)
        shift, variance = 0.0, 0.0
        if pool_id == "d":
            before, after = ([item == side for item in code] for side in (BASELINE, PHASE))
            outside = cube.rows(pool.areas)
            names = [cube.areas[row] for row in outside]
            gradient = level_shift(
                counts[outside][:, before].sum(axis=1),
                counts[outside][:, after].sum(axis=1),
                setting.levels.reindex(names).to_numpy(float),
                setting.levels.reindex([cube.areas[row] for row in rows]).to_numpy(float),
            )
            if gradient is None:
                refused[key] = "no_level_gradient"
                continue
            shift, variance = gradient.shift, gradient.variance
        kept.append(key)
        treated.append(counts[rows].sum(axis=0))
        comparison.append(counts[cube.rows(pool.areas)].sum(axis=0))
        codes.append(code)
        shifts.append(shift)
        variances.append(variance)
    months = len(cube.months)
    return PairSet(
        tuple(kept),
        np.array(treated).reshape(-1, months),
        np.array(comparison).reshape(-1, months),
        tuple(codes),
        np.array(shifts),
        np.array(variances),
        refused,
        pools,
    )


def readings_of(pairs: PairSet, estimates: Estimates, keys: Sequence[Key]) -> list[Reading]:
    """One row for each registered key, estimated or with the reason why not."""
    rows = []
    for key in keys:
        catchment, pool, baseline = key
        reason = pairs.refused.get(key)
        number = -1 if reason else pairs.keys.index(key)
        if reason is None:
            reason = estimates.reason[number]
        if reason is not None:
            rows.append(
                Reading(catchment, pool, baseline, None, None, None, status="not_estimable", reason=reason)
            )
            continue
        ratio = float(np.exp(estimates.coefficient[number]))
        ends = np.exp([*estimates.integrated_95[number], *estimates.integrated_80[number]])
        rows.append(Reading(catchment, pool, baseline, ratio, *(float(end) for end in ends)))
    return rows


def _placebo_outcomes(
    setting: Setting, analysis: Analysis, phase: Window, key: Key
) -> tuple[list[Placebo], dict[str, tuple[float, float] | None]]:
    """The placebo outcomes through the headline's design."""
    rows, found = [], {}
    for name in analysis.placebo_outcomes:
        outcome = (name, "incidents")
        if not setting.cube.has(*outcome):
            found[name] = None
            continue
        pairs = make_pairs(setting, analysis, outcome, phase, [key])
        estimates = pairs.estimate(analysis.differential_trend) if pairs.keys else None
        if estimates is None or estimates.reason[0] is not None:
            found[name] = None
            rows.append(Placebo("outcome", name, None, None, None))
            continue
        value, ends = float(estimates.coefficient[0]), estimates.integrated_95[0]
        found[name] = (value, float((ends[1] - ends[0]) / (2 * 1.96)))
        rows.append(Placebo("outcome", name, *(float(x) for x in np.exp([value, *ends]))))
    return rows, found


def _companions(
    setting: Setting, analysis: Analysis, key: Key, pool: Pool, codes: Sequence[str]
) -> list[Companion]:
    """The pooled design on the same question, honestly labelled."""
    months = [index for index, code in enumerate(codes) if code in (BASELINE, PHASE)]
    inside = setting.areas_of(key[0], analysis.geography)
    panel = make_panel(setting, (analysis.outcome, analysis.unit), inside, pool.areas, months, codes)
    card = Card(
        outcome=analysis.outcome,
        unit=analysis.unit,
        catchment=key[0],
        phase=analysis.phase,
        pool=key[1],
        **window_of(codes, setting.cube.months),
    )
    try:
        result = pooled_result(panel, card, levels=cluster_levels(setting))
    except NotEstimable as stop:
        result = Result("pooled", "poisson", "not_estimable", card, n=panel.counts.size, reason=stop.reason)
    return [Companion("pooled", "companion", with_verdict(result, analysis.margin))]


def make_panel(
    setting: Setting,
    outcome: tuple[str, str],
    treated: Collection[str],
    comparison: Collection[str],
    months: Sequence[int],
    codes: Sequence[str],
) -> Panel:
    """Panel of baseline and phase months with one start, clustered by the unit that was chosen."""
    cube = setting.cube
    rows = cube.rows([*treated, *comparison])
    names = tuple(cube.areas[row] for row in rows)
    start = next(place for place, month in enumerate(months) if codes[month] == PHASE)
    inside = set(treated)
    return Panel(
        areas=names,
        periods=tuple(cube.months[month] for month in months),
        counts=cube.counts[outcome][np.ix_(rows, months)],
        starts=np.array([start if name in inside else NEVER for name in names], dtype=np.int64),
        clusters=tuple(setting.clusters.get(name, name) for name in names),
    )


def cluster_levels(setting: Setting) -> dict[str, float]:
    """Events of the level outcome by cluster: which of them could have been chosen."""
    labels = [setting.clusters.get(str(area), str(area)) for area in setting.levels.index]
    return {str(name): float(value) for name, value in setting.levels.groupby(labels).sum().items()}


def default_levels(cube: Cube, outcome: str) -> pd.Series:
    """First twelve months of the level outcome by area; empty when the panel does not have it."""
    if not cube.has(outcome, "incidents"):
        return pd.Series(dtype=float)
    return pd.Series(cube.counts[outcome, "incidents"][:, :12].sum(axis=1), index=list(cube.areas))


def _refused(setting: Setting, analysis: Analysis, reason: str) -> AnalysisResult:
    card = Card(analysis.outcome, analysis.unit, catchment=analysis.headline[0], phase=analysis.phase)
    result = Result("controlled", "poisson", "not_estimable", card, n=0, reason=reason)
    return AnalysisResult(
        setting.program.id, analysis.id, analysis.phase, analysis.headline, with_verdict(result)
    )


def _cut_end(codes: tuple[str, ...], months: Sequence[str], end: str | None) -> tuple[str, ...]:
    if end is None:
        return codes
    return tuple(LEFT_OUT if month > end else code for code, month in zip(codes, months, strict=True))


def _select(panel: pd.DataFrame, geography: str, basis: str) -> pd.DataFrame:
    rows = panel
    if "geography" in rows:
        rows = rows[rows["geography"] == geography]
    if "month_basis" in rows:
        rows = rows[rows["month_basis"] == basis]
    return rows


def _clusters(areas: pd.DataFrame) -> dict[str, str]:
    """area → community, or → itself where there is no such column."""
    names = areas["area"].astype(str)
    column = "cluster" if "cluster" in areas else "community"
    labels = areas[column].astype(str) if column in areas else names
    return dict(zip(names, labels, strict=True))


def _members(areas: pd.DataFrame) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for column in areas.columns:
        if column == "area":
            continue
        for name, part in areas.groupby(column)["area"]:
            found[str(column), str(name)] = tuple(part.astype(str))
    return found


def _with_hashes(
    result: AnalysisResult, program: Program, analysis: Analysis, rows: pd.DataFrame
) -> AnalysisResult:
    outcomes = {analysis.outcome, *analysis.placebo_outcomes}
    used = rows[rows["outcome"].isin(outcomes)]
    hashes = {
        "spec_sha256": program.spec_sha256(analysis),
        "data_sha256": frame_sha256(used, ("area", "month", "outcome", "unit", "count")),
    }
    return replace(
        result,
        headline=replace(result.headline, **hashes),
        companions=tuple(
            replace(item, result=replace(item.result, **hashes)) for item in result.companions
        ),
    )
