"""`python -m benchmarks.evaluation [--quick] [--json FILE]`: speed of the estimates beside statsmodels.

Rows compare the batched fit with a loop of `statsmodels.GLM` on the same series in the same run, and check that
both give the same coefficients. Times are process time, the best of several.
"""

from __future__ import annotations

import os

# One BLAS thread, before NumPy starts: the matrices here are small, and two threads only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray

from benchmarks.coverage_single import base_mean, histories
from evaluation.numerics.integrated import integrated_ar
from evaluation.numerics.poisson import fit_poisson

Array = NDArray[np.float64]
PERIODS, TERMS = 96, 8


@dataclass(frozen=True)
class Timing:
    """One row: milliseconds a fit here and at the peer, how often faster, largest difference of a coefficient."""

    what: str
    fits: int
    milliseconds: float
    peer: str | None = None
    peer_milliseconds: float | None = None
    times_faster: float | None = None
    largest_difference: float | None = None
    aim: str = ""


def design(start: int) -> Array:
    """96 × 8: intercept, trend, two harmonics, level, slope."""
    t = np.arange(PERIODS)
    columns = [np.ones(PERIODS), t / PERIODS]
    for k in (1, 2):
        columns += [np.sin(2 * np.pi * k * t / 12), np.cos(2 * np.pi * k * t / 12)]
    after = (t >= start).astype(float)
    return np.column_stack([*columns, after, after * (t - start + 1) / PERIODS])


def placebo_fits(number: int, loop: int) -> Timing:
    """`number` placebo fits of a 96 × 8 design, batched, against a loop over the first `loop` of them."""
    random = np.random.default_rng(96)
    y = histories(number, base_mean(PERIODS, 8.0), "AR .5", random)
    X = design(58)
    own = best(lambda: fit_poisson(y, X), repeats=5) / number
    sample = y[:loop]
    peer = best(lambda: [statsmodels_fit(row, X) for row in sample], repeats=3) / loop
    beta = fit_poisson(sample, X).beta
    peers = np.stack([sm.GLM(row, X, family=sm.families.Poisson()).fit(tol=1e-12).params for row in sample])
    return Timing(
        "placebo fits of a 96 × 8 design, Poisson",
        number,
        own,
        "loop of statsmodels.GLM",
        peer,
        peer / own,
        float(np.abs(beta - peers).max()),
        "100 times faster, same answers to 1e-6",
    )


def placebo_dates(loop: int) -> Timing:
    """One series, the start moved to each of 60 dates: a design for each fit."""
    random = np.random.default_rng(60)
    y = histories(1, base_mean(PERIODS, 8.0), "AR .5", random)
    dates = range(18, 78)
    designs = np.stack([design(date) for date in dates])
    counts = np.repeat(y, len(designs), axis=0)
    own = best(lambda: fit_poisson(counts, designs), repeats=9) / len(designs)
    peer = best(lambda: [statsmodels_fit(y[0], X) for X in designs[:loop]], repeats=3) / loop
    beta = fit_poisson(counts[:loop], designs[:loop]).beta
    peers = np.stack(
        [sm.GLM(y[0], X, family=sm.families.Poisson()).fit(tol=1e-12).params for X in designs[:loop]]
    )
    return Timing(
        "placebo dates of one series, 60 designs of 96 × 8",
        len(designs),
        own,
        "loop of statsmodels.GLM",
        peer,
        peer / own,
        float(np.abs(beta - peers).max()),
    )


def integrated(number: int, periods: int, harmonics: int, aim: str) -> Timing:
    """Integrated AR-Poisson with its 95 and 80 % intervals, batched."""
    random = np.random.default_rng(periods)
    y = histories(number, base_mean(periods, 8.0), "AR .5", random)
    X = design(58) if periods == PERIODS else _small(periods)
    contrast = np.eye(X.shape[1])[-2 if periods == PERIODS else -1]

    def run() -> None:
        fit = integrated_ar(y, X, contrast)
        fit.interval(0.95)
        fit.interval(0.80)

    own = best(run, repeats=5) / number
    what = f"integrated AR-Poisson, {periods} × {X.shape[1]}, 95 and 80 % intervals"
    return Timing(what if number > 1 else what + ", alone", number, own, aim=aim)


def _small(periods: int) -> Array:
    t = np.arange(periods)
    angle = 2 * np.pi * t / 12
    return np.column_stack(
        [np.ones(periods), t / periods, np.sin(angle), np.cos(angle), t >= round(0.6 * periods)]
    ).astype(float)


def statsmodels_fit(y: Array, X: Array) -> Array:
    return np.asarray(sm.GLM(y, X, family=sm.families.Poisson()).fit().params)


def best(work: Callable[[], object], repeats: int) -> float:
    """Milliseconds of process time of the fastest of several runs."""
    fastest = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        work()
        fastest = min(fastest, time.process_time() - began)
    return 1000 * fastest


def timings(quick: bool) -> list[Timing]:
    """All rows; `quick` uses fewer fits."""
    aim = "3 ms a fit at most"
    return [
        placebo_fits(2000 if quick else 10_000, 20 if quick else 200),
        placebo_dates(20 if quick else 60),
        integrated(50 if quick else 200, 96, 2, aim),
        integrated(50 if quick else 200, 60, 1, aim),
        integrated(1, 60, 1, ""),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer fits")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    chosen = parser.parse_args(arguments)
    rows = timings(chosen.quick)
    for row in rows:
        line = f"{row.what:<66}{row.milliseconds:>10.4f} ms a fit"
        if row.times_faster is not None:
            line += f"   {row.peer} {row.peer_milliseconds:.3f} ms: {row.times_faster:.0f} times"
            line += f", largest difference {row.largest_difference:.0e}"
        print(line + (f"   (aim: {row.aim})" if row.aim else ""))
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
