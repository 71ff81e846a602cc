"""Change by area: raw, partially pooled, with multiplicity control and the smallest change that could be seen.

Raw is the area's phase rate over its baseline rate, relative to the rest of the city. Partial pooling is
empirical Bayes on the log scale: true changes are normal around their mean with a variance τ² by restricted
maximum likelihood (Morris 1983), so that areas with few events are drawn to the mean of all areas of that
geography; its interval allows for the mean and, roughly, for τ² being estimated. Verdicts on single areas are
"cannot tell" unless the pooled interval, widened so that the whole table has 5 % false alarms (Šidák), and
the companion gate of power both allow more; of one ward that is nearly never the case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from evaluation.cube import Cube, make_cube, select_rows
from evaluation.program import Window, parse_program
from evaluation.result import Verdict

Array = NDArray[np.float64]

POWER_ERRORS = 1.96 + 0.8416
FEWEST_AREAS = 3


@dataclass(frozen=True)
class Pooled:
    """Partially pooled log ratios: mean and error of each area, and the mean and spread of all."""

    estimate: Array
    error: Array
    mean: float
    mean_error: float
    spread: float


def program_area_effects(program: Mapping[str, Any], panel: pd.DataFrame, geography: str) -> pd.DataFrame:
    """All area effects of a program at one geography, in the columns of out_area_effect but `simulated`.

    One table for each phase, baseline, outcome and unit that is the headline of a fixed analysis; panel as
    for `readings.evaluate_program`. `is_treated` is the headline reading, where that is of this geography.
    Outcomes that the panel lacks are left out. Raises ProgramError or ValueError as there.
    """
    parsed = parse_program(program)
    cube = make_cube(select_rows(panel, geography, "occurred"))
    parts, seen = [], set()
    for analysis in parsed.analyses:
        catchment, _, baseline_id = analysis.headline
        key = (analysis.phase, analysis.outcome, analysis.unit)
        baseline, phase = parsed.baselines[baseline_id], parsed.phases[analysis.phase]
        both = np.array(baseline.inside(cube.months)) & np.array(phase.inside(cube.months))
        if key in seen or not cube.has(analysis.outcome, analysis.unit) or both.any():
            continue
        seen.add(key)
        found = parsed.catchments[catchment]
        treated = found.areas if found.geography == geography else ()
        table = area_effects(cube, (analysis.outcome, analysis.unit), baseline, phase, treated)
        table.insert(0, "program", parsed.id)
        table.insert(1, "phase", phase.id)
        table.insert(2, "geography", geography)
        parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def area_effects(
    cube: Cube, outcome: tuple[str, str], baseline: Window, phase: Window, treated: Collection[str] = ()
) -> pd.DataFrame:
    """One row an area of the cube, in the columns of out_area_effect from `area` to `is_treated`.

    Counts are those of the months in baseline and phase; ratios are empty where the area, or the rest of
    the city, has no event in the baseline or the phase. Verdicts: see `area_verdict`.
    """
    counts = cube.counts[outcome]
    before, after = np.array(baseline.inside(cube.months)), np.array(phase.inside(cube.months))
    if (before & after).any():
        raise ValueError("the baseline overlaps the phase; choose an earlier baseline")
    base, then = np.nansum(counts[:, before], axis=1), np.nansum(counts[:, after], axis=1)
    log, error = raw_changes(counts, before, after)
    known = np.isfinite(log)
    frame = pd.DataFrame(
        {
            "area": cube.areas,
            "outcome": outcome[0],
            "unit": outcome[1],
            "baseline_count": base.astype(int),
            "phase_count": then.astype(int),
            "baseline_months": int(before.sum()),
            "phase_months": int(after.sum()),
            "rate_ratio_raw": np.exp(log),
            "raw_lower_95": np.exp(log - 1.96 * error),
            "raw_upper_95": np.exp(log + 1.96 * error),
        }
    )
    for name in ("rate_ratio_pooled", "pooled_lower_95", "pooled_upper_95"):
        frame[name] = np.nan
    frame["smallest_detectable_percent"] = smallest_detectable(
        base, after.sum() / max(before.sum(), 1), error
    )
    frame["verdict"] = "cannot_tell"
    if known.sum() >= FEWEST_AREAS:
        pooled = partial_pooling(log[known], error[known])
        place = np.flatnonzero(known)
        half = 1.96 * pooled.error
        frame.loc[place, "rate_ratio_pooled"] = np.exp(pooled.estimate)
        frame.loc[place, "pooled_lower_95"] = np.exp(pooled.estimate - half)
        frame.loc[place, "pooled_upper_95"] = np.exp(pooled.estimate + half)
        for row, index in enumerate(place):
            frame.loc[index, "verdict"] = area_verdict(
                float(log[index]),
                float(error[index]),
                float(pooled.estimate[row]),
                float(pooled.error[row]),
                int(known.sum()),
            )
    frame["is_treated"] = frame["area"].isin(set(treated))
    return frame


def raw_changes(counts: Array, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Log rate ratio of each area relative to all others, and its standard error; NaN where not estimable.

    Ratio of ratios of counts; quasi-Poisson error: 1/count summed over the four cells, times the dispersion
    of the area's months within baseline and phase (not under 1).
    """
    base, then = counts[:, before].sum(axis=1), counts[:, after].sum(axis=1)
    rest_base, rest_then = base.sum() - base, then.sum() - then
    parts = np.stack([base, then, rest_base, rest_then])
    good = np.isfinite(parts).all(axis=0) & (parts > 0).all(axis=0)
    safe = np.where(good, parts, 1.0)
    log = np.log(safe[1] / safe[0]) - np.log(safe[3] / safe[2])
    dispersion = _dispersion(counts, before, after)
    error = np.sqrt(dispersion * (1 / safe[0] + 1 / safe[1]) + 1 / safe[2] + 1 / safe[3])
    return np.where(good, log, np.nan), np.where(good, error, np.nan)


def partial_pooling(log: Array, error: Array) -> Pooled:
    """Empirical-Bayes estimates of K ≥ 3 normal means with known errors (K,).

    τ² by restricted maximum likelihood; the error adds that of the mean, and Morris's (1983) allowance for
    an estimated τ².
    """
    spread_squared = _reml(log, error)
    weight = 1 / (error**2 + spread_squared)
    mean = float((weight * log).sum() / weight.sum())
    mean_variance = float(1 / weight.sum())
    number = len(log)
    shrink = (number - 3) / (number - 1) * error**2 * weight if number > 3 else error**2 * weight
    estimate = mean + (1 - shrink) * (log - mean)
    variance = error**2 * (1 - shrink * (1 - mean_variance * weight))
    variance += 2 / max(number - 3, 1) * (shrink * (log - mean)) ** 2
    return Pooled(
        estimate,
        np.sqrt(np.maximum(variance, 1e-12)),
        mean,
        float(np.sqrt(mean_variance)),
        float(np.sqrt(spread_squared)),
    )


def area_verdict(log: float, error: float, pooled: float, pooled_error: float, areas: int) -> Verdict:
    """ "fewer" or "more" only when raw and pooled interval, both at the Šidák level for `areas`, exclude none.

    A single area has no comparison of its own and no placebo, so this is about being unlike the rest of the
    city, and even that rarely shows.
    """
    level = 1 - (1 - 0.05) ** (1 / areas)
    z = float(stats.norm.isf(level / 2))
    ends = (log - z * error, log + z * error, pooled - z * pooled_error, pooled + z * pooled_error)
    if max(ends[1], ends[3]) < 0:
        return "fewer_than_expected"
    if min(ends[0], ends[2]) > 0:
        return "more_than_expected"
    return "cannot_tell"


def smallest_detectable(base: Array, length_ratio: float, error: Array) -> Array:
    """Smallest fall in percent seen with 80 % power by a 95 % interval of the raw ratio.

    Where the ratio is not estimable the error is that of a phase with as many events a month as the
    baseline; 100 where not even a fall to nothing would be seen; NaN without any event in the baseline.
    """
    expected = base * length_ratio
    with np.errstate(divide="ignore"):
        planned = np.sqrt(1 / base + 1 / expected)
    used = np.where(np.isfinite(error), error, planned)
    percent = 100 * (1 - np.exp(-POWER_ERRORS * used))
    return np.where(base > 0, percent, np.nan)


def _dispersion(counts: Array, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Array:
    """(N,) Pearson dispersion of each area's months around its two means, not under 1."""
    pearson, freedom = np.zeros(len(counts)), 0
    for span in (before, after):
        part = counts[:, span]
        mean = part.mean(axis=1, keepdims=True)
        pearson += (np.where(mean > 0, (part - mean) ** 2, 0.0) / np.where(mean > 0, mean, 1.0)).sum(axis=1)
        freedom += part.shape[1] - 1
    return np.maximum(1.0, pearson / max(freedom, 1))


def _reml(log: Array, error: Array) -> float:
    """Variance between areas that maximizes the restricted likelihood; 0 at the boundary."""

    def negative(spread_squared: float) -> float:
        variance = error**2 + spread_squared
        weight = 1 / variance
        mean = (weight * log).sum() / weight.sum()
        return float(
            0.5 * (np.log(variance).sum() + np.log(weight.sum()) + (weight * (log - mean) ** 2).sum())
        )

    upper = max(4 * float(np.var(log)), 1e-6)
    found = optimize.minimize_scalar(
        negative, bounds=(0.0, upper), method="bounded", options={"xatol": 1e-10}
    )
    inside = float(found.x)
    return inside if negative(inside) < negative(0.0) - 1e-10 else 0.0
