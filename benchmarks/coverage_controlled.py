"""Coverage of the controlled design's shipped intervals: cells of `python -m benchmarks.coverage`.

For each cell and interval the share of 95 % intervals that hold the truth, the share that exclude none, bias
and median width. Cells that fail are in the table too.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from benchmarks.panel_histories import Cell, History, draw
from evaluation.designs.level_gradient import level_shift
from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE, Estimates, TwoGroups, estimate_two_groups

GRADIENT = "integrated, level gradient"
LEVEL_EVENTS = 50.0  # events of the earlier outcome for each event a month: what the level is known from


def coverage(cell: Cell, histories: int) -> list[dict[str, float | str | int]]:
    """Rows of one cell, one for each interval; seeded by the cell's name.

    Staggered cells use the months in which all treated areas have started, against those before any has. Where
    growth depends on level, pool d (a gradient by level) stands beside the pool without.
    """
    rng = np.random.default_rng(zlib.crc32(cell.name.encode()))
    treated, comparison, codes, shifts = [], [], [], []
    for _ in range(histories):
        history = draw(cell, rng)
        inside = history.starts < cell.months
        treated.append(history.counts[inside].sum(axis=0))
        comparison.append(history.counts[~inside].sum(axis=0))
        codes.append(
            tuple(
                BASELINE if before else PHASE if after else LEFT_OUT
                for before, after in zip(history.baseline, history.phase, strict=True)
            )
        )
        if cell.growth:
            shifts.append(_gradient(history, inside, rng))
    pairs = TwoGroups(np.array(treated), np.array(comparison), tuple(codes))
    found = estimate_two_groups(pairs)
    rows = [
        _row(cell, "integrated", found, found.integrated_95),
        _row(cell, "ewc", found, found.ewc_interval(0.95)),
        _row(cell, "standard", found, found.standard_interval(0.95)),
    ]
    if shifts:
        shift, variance = np.array(shifts).T
        level = estimate_two_groups(
            TwoGroups(pairs.treated, pairs.comparison, pairs.segments, shift=shift, shift_variance=variance)
        )
        rows.append(_row(cell, GRADIENT, level, level.integrated_95))
    return rows


def _gradient(history: History, inside: NDArray[np.bool_], rng: np.random.Generator) -> tuple[float, float]:
    """Shift and variance of pool d, from an earlier outcome that is as unlike in level as the areas are."""
    earlier = rng.poisson(LEVEL_EVENTS * np.exp(history.level)).astype(float)
    found = level_shift(
        history.counts[~inside][:, history.baseline].sum(axis=1),
        history.counts[~inside][:, history.phase].sum(axis=1),
        earlier[~inside],
        earlier[inside],
    )
    return (np.nan, np.nan) if found is None else (found.shift, found.variance)


def _row(cell: Cell, name: str, found: Estimates, pair: NDArray[np.float64]) -> dict[str, float | str | int]:
    good = np.isfinite(pair).all(axis=1)
    low, high = pair[good].T
    center = found.ewc_coefficient[good] if name in ("ewc", "standard") else found.coefficient[good]
    return {
        "cell": cell.name,
        "interval": name,
        "histories": int(good.sum()),
        "not_estimable": int((~good).sum()),
        "true_log_ratio": cell.effect,
        "coverage": float(np.mean((low <= cell.effect) & (cell.effect <= high))),
        "excludes_none": float(np.mean((low > 0) | (high < 0))),
        "bias": float(np.median(center - cell.effect)),
        "median_width": float(np.median(high - low)),
    }
