"""Coverage of the pooled design: cells of `python -m benchmarks.coverage`.

An inverted randomization interval holds the truth exactly when
randomization does not reject it, so one p value a history is enough. Beside it CR3 with t(treated clusters
− 1), and what is usual: clustered z, by area.
"""

from __future__ import annotations

import zlib

import numpy as np
from scipy import stats

from benchmarks.panel_histories import Cell, History, draw
from evaluation.designs.cluster_errors import clustered, jackknife
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.randomization import admissible_assignments, p_value
from evaluation.designs.two_way_poisson import fit_two_way_poisson

DRAWS = 299


def panel_of(history: History) -> Panel:
    """The history as a panel; areas without any event and, with one start, months that count as neither are out."""
    begun = history.starts < history.counts.shape[1]
    used = history.baseline | history.phase
    if len(np.unique(history.starts[begun])) > 1:
        used = np.ones(history.counts.shape[1], dtype=bool)
    counts = history.counts[:, used]
    keep = counts.sum(axis=1) > 0
    starts = np.where(begun, np.searchsorted(np.flatnonzero(used), history.starts), NEVER)[keep]
    names = tuple(str(index) for index in np.flatnonzero(keep))
    clusters = tuple(f"{cluster:02d}" for cluster in history.clusters[keep])
    periods = tuple(str(t) for t in np.flatnonzero(used))
    return Panel(names, periods, counts[keep], starts.astype(np.int64), clusters)


def coverage(cell: Cell, histories: int) -> list[dict[str, float | str | int]]:
    """Rows of one cell, one for each method; seeded by the cell's name."""
    rng = np.random.default_rng(zlib.crc32(cell.name.encode()))
    holds: dict[str, list[tuple[bool, bool]]] = {"randomization": [], "cr3": [], "clustered z, by area": []}
    widths: dict[str, list[float]] = {name: [] for name in holds}
    estimates = []
    assignments_seen = 0
    for _ in range(histories):
        history = draw(cell, rng)
        panel = panel_of(history)
        fit = fit_two_way_poisson(panel.counts, panel.treatment)
        value = float(fit.coefficient[0])
        if not np.isfinite(value):
            continue
        estimates.append(value)
        levels: dict[str, float] = {}
        for label, level in zip(history.clusters, np.exp(history.level), strict=True):
            levels[f"{label:02d}"] = levels.get(f"{label:02d}", 0.0) + float(level)
        assignments = admissible_assignments(panel, levels, draws=DRAWS)
        assignments_seen = assignments.number
        if assignments.can_run:
            truth = p_value(panel, assignments, cell.effect) > 0.05
            none = p_value(panel, assignments, 0.0) > 0.05 if cell.effect else truth
            holds["randomization"].append((truth, none))
        treated_clusters = len({c for c, s in zip(panel.clusters, panel.starts, strict=True) if s < NEVER})
        error, _ = jackknife(panel)
        half = float(stats.t.ppf(0.975, treated_clusters - 1)) * error
        holds["cr3"].append((abs(value - cell.effect) <= half, abs(value) <= half))
        widths["cr3"].append(2 * half)
        usual = 1.96 * clustered(fit, panel.counts, panel.areas)[0]
        holds["clustered z, by area"].append((abs(value - cell.effect) <= usual, abs(value) <= usual))
        widths["clustered z, by area"].append(2 * usual)
    rows: list[dict[str, float | str | int]] = []
    for name, found in holds.items():
        if found:
            rows.append(
                {
                    "cell": cell.name,
                    "interval": name,
                    "histories": len(found),
                    "admissible_assignments": float(assignments_seen),
                    "true_log_ratio": cell.effect,
                    "coverage": float(np.mean([truth for truth, _ in found])),
                    "excludes_none": float(np.mean([not none for _, none in found])),
                    "bias": float(np.median(np.array(estimates) - cell.effect)),
                    "median_width": float(np.median(widths[name])) if widths[name] else float("nan"),
                }
            )
    return rows
