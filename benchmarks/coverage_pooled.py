"""Coverage of the pooled design: `python -m benchmarks.coverage_pooled`.

Writes benchmarks/results/coverage_pooled.csv. An inverted randomization interval holds the truth exactly when
randomization does not reject it, so one p value a history is enough. Beside it CR3 with t(treated clusters
− 1), and what is usual: clustered z, by area.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.panel_histories import CELLS, Cell, History, draw
from evaluation.designs.cluster_errors import clustered, jackknife
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.randomization import admissible_assignments, p_value
from evaluation.designs.two_way_poisson import fit_two_way_poisson

RESULTS = Path(__file__).resolve().parent / "results" / "coverage_pooled.csv"
DRAWS = 299


def panel_of(history: History) -> Panel:
    """The history as a panel; areas without any event are left out."""
    keep = history.counts.sum(axis=1) > 0
    months = history.counts.shape[1]
    starts = np.where(history.starts < months, history.starts, NEVER)[keep].astype(np.int64)
    names = tuple(str(index) for index in np.flatnonzero(keep))
    clusters = tuple(f"{cluster:02d}" for cluster in history.clusters[keep])
    return Panel(names, tuple(str(t) for t in range(months)), history.counts[keep], starts, clusters)


def coverage(cell: Cell, histories: int) -> list[dict[str, float | str | int]]:
    """Rows of one cell, one for each method; seeded by the cell's name."""
    rng = np.random.default_rng(zlib.crc32(cell.name.encode()))
    holds: dict[str, list[tuple[bool, bool]]] = {"randomization": [], "cr3": [], "clustered z, by area": []}
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
        usual = 1.96 * clustered(fit, panel.counts, panel.areas)[0]
        holds["clustered z, by area"].append((abs(value - cell.effect) <= usual, abs(value) <= usual))
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
                }
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=300)
    parser.add_argument("--only", default="", help="cells whose name contains this")
    chosen = parser.parse_args()
    rows = []
    for cell in CELLS:
        if chosen.only in cell.name:
            found = coverage(cell, chosen.histories)
            rows += found
            print(
                {key: found[0][key] for key in ("cell", "interval", "coverage", "excludes_none")}, flush=True
            )
    RESULTS.parent.mkdir(exist_ok=True)
    pd.DataFrame(rows).round(4).to_csv(RESULTS, index=False)


if __name__ == "__main__":
    main()
