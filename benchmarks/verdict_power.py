"""Power of the whole verdict on made-up cities: `python -m benchmarks.verdict_power`.

How often all five gates and both intervals let a true effect be told, with a like-for-like pool, two readings of
the catchment and two placebo outcomes; and how often they say something when there is nothing. Writes
benchmarks/results/verdict_power.csv.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.simulated_program import World, make_city
from evaluation.readings import evaluate_program

RESULTS = Path(__file__).resolve().parent / "results" / "verdict_power.csv"
RATIOS = (0.5, 0.65, 0.8, 1.0)


def power(world: World, cities: int) -> dict[str, float]:
    """Shares of `cities` with each verdict and with each gate not passed."""
    verdicts: Counter[str] = Counter()
    stopped: Counter[int] = Counter()
    for seed in range(cities):
        result = evaluate_program(**make_city(world, seed), deep=())[0].headline
        verdicts[result.verdict] += 1
        for gate in result.gates:
            stopped[gate.gate] += gate.status != "passed"
    row = {
        name: verdicts[name] / cities for name in ("fewer_than_expected", "more_than_expected", "cannot_tell")
    }
    return row | {f"gate_{gate}_not_passed": stopped[gate] / cities for gate in range(1, 6)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cities", type=int, default=100)
    chosen = parser.parse_args()
    rows = []
    for ratio in RATIOS:
        for staggered in (True, False):
            world = World(effect=float(np.log(ratio)), staggered=staggered)
            design = "pooled, staggered starts" if staggered else "controlled, one start"
            rows.append(
                {
                    "design": design,
                    "true_rate_ratio": ratio,
                    "cities": chosen.cities,
                    "treated_areas": world.treated,
                    "areas": world.areas,
                    "months": world.months,
                    "events_a_month_and_area": world.mean,
                    **power(world, chosen.cities),
                }
            )
            print(rows[-1], flush=True)
            RESULTS.parent.mkdir(exist_ok=True)
            pd.DataFrame(rows).round(3).to_csv(RESULTS, index=False)


if __name__ == "__main__":
    main()
