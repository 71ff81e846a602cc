"""Treated and comparison series of each reading, and the rows that come out of estimating them together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.cube import segment_codes
from evaluation.designs.level_gradient import level_shift
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE, Estimates, TwoGroups, estimate_two_groups
from evaluation.pools import Pool
from evaluation.pools import comparison_pool as areas_of_pool
from evaluation.program import Analysis, Window
from evaluation.result import Reading
from evaluation.setting import Setting

Array = NDArray[np.float64]
Key = tuple[str, str, str]  # catchment, pool, baseline

OVERLAP = "baseline_overlaps_phase"


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
        pool = areas_of_pool(pool_id, inside, ever | left_out, cube.areas, setting.neighbors, setting.levels)
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
        rows.append(Reading(catchment, pool, baseline, ratio, *ends.tolist()))
    return rows


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
        counts=cube.counts[outcome][np.ix_(rows, np.array(months, dtype=np.int64))],
        starts=np.array([start if name in inside else NEVER for name in names], dtype=np.int64),
        clusters=tuple(setting.clusters.get(name, name) for name in names),
    )


def _cut_end(codes: tuple[str, ...], months: Sequence[str], end: str | None) -> tuple[str, ...]:
    if end is None:
        return codes
    return tuple(LEFT_OUT if month > end else code for code, month in zip(codes, months, strict=True))
