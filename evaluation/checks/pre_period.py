"""Deciding checks on the time before the start: homogeneity of the ratio, and the breakdown value.

Both compare the ratio of treated to comparison events between blocks of about half a year of the baseline.
Whatever moves both sides alike drops out; what is left is what the design cannot remove.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.result import Check

Array = NDArray[np.float64]

BLOCK_MONTHS = 6
FEWEST_BLOCK_MONTHS = 3
LEVEL = 0.10  # of the test of homogeneity
WANTED_POWER = 0.80


@dataclass(frozen=True)
class PrePeriod:
    """Baseline of one cohort: monthly events of both sides, and the months from its middle to the phase's.

    treated, comparison   (T0,) events by month, in order
    months_to_phase       from the middle of the baseline to the middle of the phase
    """

    treated: Array
    comparison: Array
    months_to_phase: float


@dataclass(frozen=True)
class _Blocks:
    treated: Array
    comparison: Array
    centers: Array  # months from the middle of the baseline
    dispersion_sum: float  # Pearson sum of months within blocks
    dispersion_df: int


def pre_period_ratio(cohorts: Sequence[PrePeriod], log_ratio: float) -> Check:
    """Gate 1: is the ratio constant over the baseline, and would a drift that erases the estimate show?

    log_ratio: the log rate ratio (or margin) that a linear drift from the middle of the baseline to the
    middle of the phase would have to explain. Quasi-binomial F test of blocks against months within
    blocks (dispersion not under 1) at p < .10; power of the same test against that drift.
    Both cohorts' statistics add up where starts are staggered.
    """
    name = "pre_period_ratio"
    blocks = [_blocks(cohort) for cohort in cohorts]
    usable = [(cohort, block) for cohort, block in zip(cohorts, blocks, strict=True) if block is not None]
    if not usable:
        return Check(name, "deciding", "cannot_run", "baseline_too_short")
    statistic, freedom, noncentral = 0.0, 0, 0.0
    pearson, pearson_df = 0.0, 0
    for cohort, block in usable:
        total = block.treated + block.comparison
        share = block.treated.sum() / total.sum()
        information = total * share * (1 - share)
        statistic += float(((block.treated - total * share) ** 2 / information).sum())
        freedom += len(total) - 1
        drift = log_ratio / cohort.months_to_phase * block.centers
        drift = drift - (information * drift).sum() / information.sum()
        noncentral += float((information * drift**2).sum())
        pearson += block.dispersion_sum
        pearson_df += block.dispersion_df
    dispersion = max(1.0, pearson / pearson_df) if pearson_df else 1.0
    denominator = max(pearson_df, 1)
    critical = stats.f.ppf(1 - LEVEL, freedom, denominator)
    p = float(stats.f.sf(statistic / dispersion / freedom, freedom, denominator))
    power = float(stats.ncf.sf(critical, freedom, denominator, noncentral / dispersion))
    if not math.isfinite(power):
        power = 1.0 if noncentral / dispersion > 50 else 0.0
    figures: dict[str, float | int | None] = {
        "p": p,
        "power": power,
        "blocks": sum(len(block.treated) for _, block in usable),
        "dispersion": dispersion,
        "months": sum(len(cohort.treated) for cohort, _ in usable),
        "drift_that_would_erase": log_ratio,
    }
    if p < LEVEL:
        return Check(name, "deciding", "failed", "ratio_not_homogeneous", figures)
    if power < WANTED_POWER:
        return Check(name, "deciding", "failed", "unpowered", figures)
    return Check(name, "deciding", "passed", None, figures)


def breakdown_value(cohorts: Sequence[PrePeriod], log_ratio: float) -> Check:
    """Gate 2: |log_ratio| over the largest change of the log ratio between adjacent baseline blocks.

    In the manner of Rambachan and Roth (2023): 1 means that a drift after the start as large as the worst
    one seen before it would erase the estimate. The worst drift contains noise, which errs to caution.
    """
    name = "breakdown_value"
    worst = 0.0
    pairs = 0
    for cohort in cohorts:
        block = _blocks(cohort)
        if block is None:
            continue
        logs = np.log(block.treated + 0.5) - np.log(block.comparison + 0.5)
        worst = max(worst, float(np.abs(np.diff(logs)).max()))
        pairs += len(logs) - 1
    if pairs == 0:
        return Check(name, "deciding", "cannot_run", "baseline_too_short")
    value = abs(log_ratio) / worst if worst > 0 else math.inf
    figures: dict[str, float | int | None] = {
        "breakdown_value": value if math.isfinite(value) else None,
        "drift_that_would_erase": log_ratio,
        "worst_pre_period_drift": worst,
        "pairs": pairs,
    }
    if value < 1:
        return Check(name, "deciding", "failed", "pre_period_drift_as_large", figures)
    return Check(name, "deciding", "passed", None, figures)


def pooled_cohorts(
    counts: Array, starts: NDArray[np.int64], never: NDArray[np.bool_]
) -> tuple[PrePeriod, ...]:
    """One PrePeriod for each cohort of a staggered panel: its areas against the never treated."""
    periods = counts.shape[1]
    comparison = np.nansum(counts[never], axis=0)
    found = []
    for start in np.unique(starts[starts < periods]):
        if start <= 0:
            continue
        treated = np.nansum(counts[starts == start], axis=0)
        distance = (start + periods - 1) / 2 - (start - 1) / 2
        found.append(PrePeriod(treated[:start], comparison[:start], float(distance)))
    return tuple(found)


def _blocks(cohort: PrePeriod) -> _Blocks | None:
    """Adjacent blocks of nearly equal length, about six months each; None when the baseline is too short."""
    months = len(cohort.treated)
    number = max(2, round(months / BLOCK_MONTHS))
    if months < 2 * FEWEST_BLOCK_MONTHS:
        return None
    parts = np.array_split(np.arange(months), number)
    treated = np.array([cohort.treated[part].sum() for part in parts])
    comparison = np.array([cohort.comparison[part].sum() for part in parts])
    total = treated + comparison
    if treated.sum() <= 0 or comparison.sum() <= 0 or (total <= 0).any():
        return None
    pearson, freedom = 0.0, 0
    for part, inside, whole in zip(parts, treated, total, strict=True):
        share = inside / whole
        month_total = cohort.treated[part] + cohort.comparison[part]
        seen = month_total > 0
        if not 0 < share < 1 or seen.sum() < 2:
            continue
        variance = month_total[seen] * share * (1 - share)
        pearson += float(((cohort.treated[part][seen] - month_total[seen] * share) ** 2 / variance).sum())
        freedom += int(seen.sum()) - 1
    centers = np.array([part.mean() for part in parts]) - (months - 1) / 2
    return _Blocks(treated, comparison, centers, pearson, freedom)
