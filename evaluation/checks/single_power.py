"""What one series can show at all: smallest detectable change, power, exaggeration, wrong sign.

Gelman & Carlin (2014, Perspectives on Psychological Science 9:641–651). Depends on the width of the interval
only, never on the estimate, so that it can stand before the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from evaluation.result import Check, Interval

ASSUMED_RATIO = 0.8
"""The true effect that power and exaggeration are quoted for: a fifth fewer."""

WANTED_POWER = 0.80


@dataclass(frozen=True)
class DesignAnalysis:
    """Of a true log effect: chance that the 95 % interval excludes none (`power`); by how much an estimate that
    does exaggerates on average (`exaggeration`, ≥ 1); how often such an estimate has the wrong sign."""

    power: float
    exaggeration: float
    wrong_sign: float


def design_analysis(effect: float, deviation: float, critical: float) -> DesignAnalysis:
    """effect: true log rate ratio, not 0; deviation: sampling standard deviation of the estimate; critical: half
    width of the 95 % interval on the log scale. Normal sampling distribution, exact integrals."""
    lower = (-critical - effect) / deviation
    upper = (critical - effect) / deviation
    low, high = float(stats.norm.cdf(lower)), float(stats.norm.sf(upper))
    power = low + high
    mean_high = effect * high + deviation * stats.norm.pdf(upper)
    mean_low = effect * low - deviation * stats.norm.pdf(lower)
    wrong = low if effect > 0 else high
    return DesignAnalysis(
        power=power,
        exaggeration=float((mean_high - mean_low) / power / abs(effect)) if power > 0 else np.inf,
        wrong_sign=wrong / power if power > 0 else 0.0,
    )


def smallest_detectable(
    deviation: float, critical: float, power: float = WANTED_POWER
) -> tuple[float, float]:
    """Log effects (fewer, more) that the 95 % interval would tell from none with the given power."""

    def shortfall(effect: float) -> float:
        return design_analysis(effect, deviation, critical).power - power

    most = critical + 10 * deviation
    found = float(optimize.brentq(shortfall, 1e-9 * deviation, most))
    return -found, found


def detectable_change(interval: Interval) -> Check:
    """What the interval's width allows; fails when even a halving would likely be missed."""
    name = "detectable_change"
    error = interval.standard_error
    widths = (interval.lower_95, interval.upper_95)
    if error is None or not np.isfinite([error, *widths]).all() or error <= 0 or min(widths) <= 0:
        return Check(name, "informing", "cannot_run", "no_finite_interval")
    critical = float(np.log(widths[1]) - np.log(widths[0])) / 2
    fewer, more = smallest_detectable(error, critical)
    quoted = design_analysis(float(np.log(ASSUMED_RATIO)), error, critical)
    figures: dict[str, float | int | None] = {
        "smallest_decrease_percent": 100 * float(np.expm1(fewer)),
        "smallest_increase_percent": 100 * float(np.expm1(more)),
        "assumed_percent": 100 * (ASSUMED_RATIO - 1),
        "power": quoted.power,
        "exaggeration": quoted.exaggeration,
        "wrong_sign": quoted.wrong_sign,
    }
    if np.exp(fewer) < 0.5:
        return Check(name, "informing", "failed", "only_very_large_changes_visible", figures)
    return Check(name, "informing", "passed", None, figures)
