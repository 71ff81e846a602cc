"""Specification curve: every defensible way of asking the same question, and one joint test of all of them.

Simonsohn, Simmons and Nelson (2020). A cell is catchment × pool × baseline × unit × months left out at the
start × end of the phase × dose changes in or out × month with most victims in or out. Each is a 2×2 ratio of
ratios with a quasi-Poisson interval. The joint test moves the served areas among whole clusters that could
have been chosen and asks how often the median of the curve is as far from no change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from evaluation.analysis_result import Specification
from evaluation.checks.headline import Array, Figures, cannot_run, outcome_of
from evaluation.checks.staggered_curve import Progress, silent
from evaluation.cube import Cube
from evaluation.designs.level_gradient import level_shift
from evaluation.designs.panel import NEVER
from evaluation.designs.randomization import FEWEST_ASSIGNMENTS, Assignments
from evaluation.result import Check

FEWEST_CELLS = 20


@dataclass(frozen=True)
class Choices:
    """What the cells are made of.

    catchments   id → served areas; pools: ids; pool_of: (served areas, pool id) → comparison areas
    windows      label → (baseline months, phase months), masks (T,) each
    units        units of the outcome that have counts
    """

    cube: Cube
    outcome: str
    units: tuple[str, ...]
    catchments: dict[str, tuple[str, ...]]
    pools: tuple[str, ...]
    pool_of: Callable[[tuple[str, ...], str], tuple[str, ...]]
    windows: dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]
    levels: dict[str, float]

    @property
    def number(self) -> int:
        return len(self.catchments) * len(self.pools) * len(self.windows) * len(self.units)


def specification_curve(
    choices: Choices,
    assignments: Assignments | None,
    members: dict[str, tuple[str, ...]],
    progress: Progress = silent,
) -> tuple[Check, list[Specification]]:
    """All cells, and the check with the joint p. members: cluster → its areas.

    Fails when the curve lies on both sides of no change (under 90 % on one), or the joint p is over .05.
    Where there are too few assignments for a joint test the check says so and still prints the curve.
    """
    name = "specification_curve"
    rows = []
    for number, (catchment, areas) in enumerate(choices.catchments.items()):
        progress("cells", number, len(choices.catchments))
        for pool in choices.pools:
            rows += _cells(choices, f"{catchment} | {pool}", areas, pool)
    values = np.array([np.log(row.rate_ratio) for row in rows if row.rate_ratio])
    figures: Figures = {"cells": len(rows), "estimated": len(values)}
    if len(values) < FEWEST_CELLS:
        return cannot_run(name, "too_few_cells", figures), rows
    below = float(np.mean(values < 0))
    excluding = [row for row in rows if row.upper_95 is not None and row.lower_95 is not None]
    figures |= {
        "median": float(np.exp(np.median(values))),
        "lowest": float(np.exp(values.min())),
        "highest": float(np.exp(values.max())),
        "share_below_one": below,
        "share_excluding_none": float(
            np.mean([row.upper_95 < 1 or row.lower_95 > 1 for row in excluding])  # type: ignore[operator]
        ),
    }
    if assignments is None or not assignments.can_run:
        figures["admissible_assignments"] = 0 if assignments is None else float(assignments.number)
        return cannot_run(name, "too_few_assignments", figures), rows
    medians = joint_medians(choices, assignments, members, progress)
    p = float(np.mean(~(np.abs(medians) < abs(medians[0]) - 1e-12)))
    figures |= {
        "admissible_assignments": float(assignments.number),
        "smallest_p": assignments.smallest_p,
        "joint_p": p,
        "median_whole_clusters": float(np.exp(medians[0])),
    }
    if max(below, 1 - below) < 0.90:
        return outcome_of(name, True, "curve_on_both_sides", figures), rows
    return outcome_of(name, p > 0.05, "within_placebo_range", figures), rows


def joint_medians(
    choices: Choices,
    assignments: Assignments,
    members: dict[str, tuple[str, ...]],
    progress: Progress = silent,
) -> Array:
    """(M,) median log ratio over pools a–c, windows and units with each assignment's whole clusters served.

    The first entry is what happened, on whole clusters too, so that all are alike.
    """
    assert FEWEST_ASSIGNMENTS > 1
    pools = [pool for pool in choices.pools if pool != "d"]
    medians = []
    for number, starts in enumerate(assignments.starts):
        progress("joint test", number, len(assignments.starts))
        served = tuple(
            area
            for cluster, start in zip(assignments.clusters, starts, strict=True)
            if start < NEVER
            for area in members[cluster]
        )
        values = []
        for pool, unit in product(pools, choices.units):
            sums = _sums(choices, served, choices.pool_of(served, pool), unit)
            values.append(_log_ratios(*sums))
        joined = np.concatenate(values) if values else np.array([np.nan])
        finite = joined[np.isfinite(joined)]
        medians.append(float(np.median(finite)) if len(finite) else np.nan)
    return np.array(medians)


def _cells(choices: Choices, label: str, areas: tuple[str, ...], pool: str) -> list[Specification]:
    comparison = choices.pool_of(areas, pool)
    rows = []
    for unit in choices.units:
        sums = _sums(choices, areas, comparison, unit)
        values = _log_ratios(*sums)
        errors = np.sqrt(sum(1 / np.maximum(part, 1e-9) for part in sums))
        spread = _dispersion(choices, areas, comparison, unit)
        for k, window in enumerate(choices.windows):
            name = f"{label} | {unit} | {window}"
            value, error = float(values[k]), float(errors[k] * np.sqrt(spread[k]))
            if pool == "d" and np.isfinite(value):
                shift = _gradient(choices, areas, comparison, unit, window)
                if shift is None:
                    value = float("nan")
                else:
                    value, error = value - shift[0], float(np.hypot(error, np.sqrt(shift[1])))
            if not np.isfinite(value):
                rows.append(Specification(name, None, None, None))
                continue
            ends = np.exp([value, value - 1.96 * error, value + 1.96 * error])
            rows.append(Specification(name, *ends.tolist()))
    return rows


def _sums(
    choices: Choices, treated: Sequence[str], comparison: Sequence[str], unit: str
) -> tuple[Array, Array, Array, Array]:
    """Treated after, treated before, comparison after, comparison before: (W,) over the windows."""
    key = (choices.outcome, unit)
    one, other = choices.cube.series(key, treated), choices.cube.series(key, comparison)
    before = np.array([window[0] for window in choices.windows.values()], dtype=float)
    after = np.array([window[1] for window in choices.windows.values()], dtype=float)
    return after @ one, before @ one, after @ other, before @ other


def _log_ratios(
    treated_after: Array, treated_before: Array, comparison_after: Array, comparison_before: Array
) -> Array:
    parts = np.stack([treated_after, treated_before, comparison_after, comparison_before])
    logs = np.log(np.where(parts > 0, parts, np.nan))
    return np.asarray(logs[0] - logs[1] - logs[2] + logs[3])


def _dispersion(choices: Choices, treated: Sequence[str], comparison: Sequence[str], unit: str) -> Array:
    """(W,) Pearson dispersion of monthly shares within each window's two spans, not under 1."""
    key = (choices.outcome, unit)
    one, other = choices.cube.series(key, treated), choices.cube.series(key, comparison)
    total = one + other
    found = []
    for spans in choices.windows.values():
        pearson, freedom = 0.0, 0
        for span in spans:
            whole = total[span].sum()
            share = one[span].sum() / whole if whole else 0.0
            seen = span & (total > 0)
            if not 0 < share < 1:
                continue
            variance = total[seen] * share * (1 - share)
            pearson += float(((one[seen] - total[seen] * share) ** 2 / variance).sum())
            freedom += int(seen.sum()) - 1
        found.append(max(1.0, pearson / freedom) if freedom > 0 else 1.0)
    return np.array(found)


def _gradient(
    choices: Choices, areas: Sequence[str], comparison: Sequence[str], unit: str, window: str
) -> tuple[float, float] | None:
    counts = choices.cube.counts[choices.outcome, unit]
    rows = choices.cube.rows(comparison)
    before, after = choices.windows[window]
    names = [choices.cube.areas[row] for row in rows]
    level = np.array([choices.levels.get(name, np.nan) for name in names])
    own = np.array([choices.levels.get(name, np.nan) for name in areas])
    found = level_shift(counts[rows][:, before].sum(axis=1), counts[rows][:, after].sum(axis=1), level, own)
    return None if found is None else (found.shift, found.variance)
