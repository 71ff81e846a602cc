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

BLOCK = {"month": 6, "week": 26, "year": 2, "index": 6}
"""Periods of a block by kind of time axis: half a year, or two years where periods are years."""
LEVEL = 0.10  # of the test of homogeneity
WANTED_POWER = 0.80
LONGEST = 10  # blocks before a start that are looked at in staggered panels


@dataclass(frozen=True)
class PrePeriod:
    """Baseline of one cohort: events of both sides, and the periods from its middle to the phase's.

    treated, comparison   (T0,) events by period, in order
    months_to_phase       periods from the middle of the baseline to the middle of the phase
    block                 periods of a block
    """

    treated: Array
    comparison: Array
    months_to_phase: float
    block: int = BLOCK["month"]


@dataclass(frozen=True)
class _Blocks:
    treated: Array
    comparison: Array
    dispersion_sum: float  # Pearson sum of months within blocks
    dispersion_df: int


def pre_period_ratio(cohorts: Sequence[PrePeriod], log_ratio: float) -> Check:
    """Gate 1: is the ratio constant over the baseline, and would a drift that erases the estimate show?

    log_ratio: the log rate ratio that a linear drift from the middle of the baseline to the middle of the
    phase would have to explain. Two quasi-binomial tests, dispersion from months within blocks and not
    under 1: blocks of half a year against each other (F), and a linear drift (t); p is twice the smaller
    (Bonferroni). The power is that of the drift test, at half the level, against that drift. Cohorts of a
    staggered program add up.
    """
    name = "pre_period_ratio"
    usable = [(cohort, block) for cohort in cohorts if (block := _blocks(cohort)) is not None]
    if not usable:
        return Check(name, "deciding", "cannot_run", "baseline_too_short")
    statistic, freedom = 0.0, 0
    score, information, slope_sum = 0.0, 0.0, 0.0
    pearson, pearson_df = 0.0, 0
    for cohort, block in usable:
        total = block.treated + block.comparison
        share = block.treated.sum() / total.sum()
        weight = total * share * (1 - share)
        statistic += float(((block.treated - total * share) ** 2 / weight).sum())
        freedom += len(total) - 1
        month_total = cohort.treated + cohort.comparison
        month_weight = month_total * share * (1 - share)
        time = np.arange(len(month_total)) - (len(month_total) - 1) / 2
        time = time - (month_weight * time).sum() / month_weight.sum()
        score += float((time * (cohort.treated - month_total * share)).sum())
        part = float((month_weight * time**2).sum())
        information += part
        slope_sum += part * log_ratio / cohort.months_to_phase
        pearson += block.dispersion_sum
        pearson_df += block.dispersion_df
    dispersion = max(1.0, pearson / pearson_df) if pearson_df else 1.0
    denominator = max(pearson_df, 1)
    p_blocks = float(stats.f.sf(statistic / dispersion / freedom, freedom, denominator))
    p_drift = float(2 * stats.t.sf(abs(score) / math.sqrt(information * dispersion), denominator))
    p = min(1.0, 2 * min(p_blocks, p_drift))
    # The drift that would erase the estimate, in standard errors of the fitted drift.
    erasing = abs(slope_sum / information) * math.sqrt(information / dispersion)
    critical = stats.t.ppf(1 - LEVEL / 4, denominator)
    power = float(stats.t.sf(critical - erasing, denominator) + stats.t.cdf(-critical - erasing, denominator))
    figures: dict[str, float | int | None] = {
        "p": p,
        "p_blocks": p_blocks,
        "p_drift": p_drift,
        "power": power,
        "blocks": sum(len(block.treated) for _, block in usable),
        "months": sum(len(cohort.treated) for cohort, _ in usable),
        "dispersion": dispersion,
        "drift_per_year": 12 * score / information,
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
    one seen before it would erase the estimate. Cohorts are lined up at their starts and added; each
    cohort's comparison events are scaled to its own treated total. The worst drift contains noise, which
    errs to caution.
    """
    name = "breakdown_value"
    usable = [cohort for cohort in cohorts if _blocks(cohort) is not None]
    if not usable:
        return Check(name, "deciding", "cannot_run", "baseline_too_short")
    months = int(np.median([len(cohort.treated) for cohort in usable]))
    observed, expected = np.zeros(months), np.zeros(months)
    for cohort in usable:
        length = min(months, len(cohort.treated))
        scale = cohort.treated[-length:].sum() / cohort.comparison[-length:].sum()
        observed[-length:] += cohort.treated[-length:]
        expected[-length:] += cohort.comparison[-length:] * scale
    parts = np.array_split(np.arange(months), max(2, round(months / usable[0].block)))
    logs = np.array([np.log(observed[p].sum() + 0.5) - np.log(expected[p].sum() + 0.5) for p in parts])
    worst = float(np.abs(np.diff(logs)).max())
    value = abs(log_ratio) / worst if worst > 0 else math.inf
    figures: dict[str, float | int | None] = {
        "breakdown_value": value if math.isfinite(value) else None,
        "drift_that_would_erase": log_ratio,
        "worst_pre_period_drift": worst,
        "pairs": len(parts) - 1,
    }
    if value < 1:
        return Check(name, "deciding", "failed", "pre_period_drift_as_large", figures)
    return Check(name, "deciding", "passed", None, figures)


def pooled_cohorts(
    counts: Array, starts: NDArray[np.int64], never: NDArray[np.bool_], block: int = BLOCK["month"]
) -> tuple[PrePeriod, ...]:
    """One PrePeriod for each cohort of a staggered panel: its areas against the never treated, over the ten
    blocks before its start at most."""
    periods = counts.shape[1]
    comparison = np.nansum(counts[never], axis=0)
    found = []
    for start in np.unique(starts[starts < periods]):
        if start <= 0:
            continue
        first = max(0, int(start) - LONGEST * block)
        treated = np.nansum(counts[starts == start], axis=0)
        distance = (start + periods - 1) / 2 - (first + start - 1) / 2
        found.append(PrePeriod(treated[first:start], comparison[first:start], float(distance), block))
    return tuple(found)


def _blocks(cohort: PrePeriod) -> _Blocks | None:
    """Adjacent blocks of nearly equal length, about six months each; None when the baseline is too short."""
    months = len(cohort.treated)
    number = max(2, round(months / cohort.block))
    if months < max(cohort.block, 4):
        return None
    parts = np.array_split(np.arange(months), number)
    treated = np.array([cohort.treated[part].sum() for part in parts])
    comparison = np.array([cohort.comparison[part].sum() for part in parts])
    total = treated + comparison
    if treated.sum() <= 0 or (comparison <= 0).all() or (total <= 0).any():
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
    return _Blocks(treated, comparison, pearson, freedom)
