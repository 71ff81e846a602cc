"""Coverage of the controlled design's shipped intervals: `python -m benchmarks.coverage_controlled`.

Writes benchmarks/results/coverage_controlled.csv: for each cell and interval the share of 95 % intervals that
hold the truth, the share that exclude none, bias and median width. Cells that fail are in the table too.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.panel_histories import CELLS, Cell, draw
from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE, TwoGroups, estimate_two_groups

RESULTS = Path(__file__).resolve().parent / "results" / "coverage_controlled.csv"


def coverage(cell: Cell, histories: int) -> list[dict[str, float | str | int]]:
    """Rows of one cell, one for each interval; seeded by the cell's name.

    Staggered cells use the months in which all treated areas have started, against those before any has.
    """
    rng = np.random.default_rng(zlib.crc32(cell.name.encode()))
    treated, comparison, codes = [], [], []
    for _ in range(histories):
        history = draw(cell, rng)
        inside = history.starts < cell.months
        first, last = history.starts[inside].min(), history.starts[inside].max()
        treated.append(history.counts[inside].sum(axis=0))
        comparison.append(history.counts[~inside].sum(axis=0))
        codes.append(
            tuple(
                BASELINE if month < first else PHASE if month >= last else LEFT_OUT
                for month in range(cell.months)
            )
        )
    found = estimate_two_groups(TwoGroups(np.array(treated), np.array(comparison), tuple(codes)))
    ends = {
        "integrated": found.integrated_95,
        "ewc": found.ewc_interval(0.95),
        "standard": found.standard_interval(0.95),
    }
    rows: list[dict[str, float | str | int]] = []
    for name, pair in ends.items():
        good = np.isfinite(pair).all(axis=1)
        low, high = pair[good].T
        center = found.coefficient[good] if name == "integrated" else found.ewc_coefficient[good]
        rows.append(
            {
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
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--only", default="", help="cells whose name contains this")
    chosen = parser.parse_args()
    rows = []
    for cell in CELLS:
        if chosen.only in cell.name:
            rows += coverage(cell, chosen.histories)
            print({key: rows[-3][key] for key in ("cell", "coverage", "excludes_none")}, flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    pd.DataFrame(rows).round(4).to_csv(RESULTS, index=False)


if __name__ == "__main__":
    main()
