"""Randomization against one regression at a time: `python -m benchmarks.randomization_speed`.

9,999 random assignments of staggered starts on 60 areas × 60 months, all by the collapsed batched fit, beside
the same estimates by pyfixest one at a time (timed on a few, in the same run, on one thread).
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.designs.panel import NEVER, Panel, treatment_of
from evaluation.designs.randomization import admissible_assignments, estimates, moved_tables

RESULTS = Path(__file__).resolve().parent / "results" / "randomization_speed.csv"
DRAWS, REFITS = 9_999, 20


def main() -> None:
    import pyfixest

    rng = np.random.default_rng(1)
    level = rng.normal(1.0, 0.5, (60, 1))
    counts = rng.poisson(np.exp(level + np.zeros(60))).astype(float)
    starts = np.full(60, NEVER, dtype=np.int64)
    starts[:8] = [30, 30, 36, 36, 42, 42, 48, 48]
    names = tuple(f"a{index:02d}" for index in range(60))
    panel = Panel(names, tuple(str(t) for t in range(60)), counts, starts, names)
    assignments = admissible_assignments(panel, draws=DRAWS)
    began = time.perf_counter()
    found, _ = estimates(moved_tables(counts, panel, assignments))
    ours = (time.perf_counter() - began) / len(found)
    frame = pd.DataFrame(
        {"y": counts.ravel(), "area": np.repeat(names, 60), "month": np.tile(np.arange(60), 60)}
    )
    theirs, furthest = 0.0, 0.0
    for row in range(REFITS + 1):
        own = np.array([assignments.starts[row][assignments.clusters.index(name)] for name in names])
        frame["d"] = treatment_of(own, 60).ravel()
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = pyfixest.fepois("y ~ d | area + month", data=frame, vcov="iid")
        # The first call compiles.
        theirs += (time.perf_counter() - began) * (row > 0)
        furthest = max(furthest, abs(float(fit.coef()["d"]) - float(found[row])))
    theirs /= REFITS
    rows = pd.DataFrame(
        [
            {
                "case": "randomization vs pyfixest, 60 areas x 60 months, 4 starts",
                "draws": len(found),
                "ours_microseconds_a_draw": round(ours * 1e6, 1),
                "pyfixest_milliseconds_a_fit": round(theirs * 1e3, 2),
                "ratio": round(theirs / ours),
                "largest_difference": furthest,
            }
        ]
    )
    RESULTS.parent.mkdir(exist_ok=True)
    rows.to_csv(RESULTS, index=False)
    print(rows.T.to_string())


if __name__ == "__main__":
    main()
