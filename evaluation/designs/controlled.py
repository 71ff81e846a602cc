"""Design 1: controlled interrupted time series, treated areas against a comparison pool.

Default interval: conditional binomial with a latent AR(1) process, integrated; companion: EWC. Beside it
the single-series change of each side, since a ratio does not say which side moved, and the change in counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.calendar import Timeline
from evaluation.checks.finite import finite
from evaluation.checks.pre_period import BLOCK, PrePeriod, breakdown_value, pre_period_ratio
from evaluation.comparison.synthetic_control import NAME as SYNTHETIC
from evaluation.comparison.synthetic_control import synthetic_control, synthetic_interval
from evaluation.data import rows_sha256
from evaluation.designs.controlled_scales import additive_change, chart_points
from evaluation.designs.log_interval import log_interval
from evaluation.designs.one_side import side_changes
from evaluation.designs.panel_rows import read_panel
from evaluation.designs.two_groups import (
    BASELINE,
    LEFT_OUT,
    PHASE,
    Estimates,
    TwoGroups,
    estimate_two_groups,
)
from evaluation.regressors import phase_masks
from evaluation.result import Card, Check, Effect, Interval, Result
from evaluation.series import NotEstimableError
from evaluation.spec import Spec, SpecError
from evaluation.verdict import with_verdict

Array = NDArray[np.float64]
OWN_INTERVALS = ("integrated", "ewc", "standard")


def fit_controlled(spec: Spec, frame: pd.DataFrame) -> Result:
    """Evaluate a controlled spec on rows of area × period. Never raises for bad counts: see Result.reason.

    The baseline is everything before the first start; further phases have their own terms; periods after
    `end` that belong to no phase are left out.
    """
    data = spec.data
    for name in spec.intervals:
        if name not in (*OWN_INTERVALS, SYNTHETIC):
            known = ", ".join((*OWN_INTERVALS, SYNTHETIC))
            raise SpecError(f"analysis.intervals: {name} is not for a controlled design; known are {known}")
    card = Card(outcome=data.outcome, unit=data.unit or data.outcome)
    try:
        panel, axis = read_panel(spec, frame)
        codes = spec_codes(spec, axis)
    except NotEstimableError as refusal:
        return Result(
            "controlled",
            "poisson",
            "not_estimable",
            card,
            n=0,
            reason=refusal.reason,
            spec_sha256=spec.sha256,
            data_sha256=rows_sha256(spec, frame),
        )
    inside = np.isin(panel.areas, data.treated)
    treated, comparison = panel.counts[inside].sum(axis=0), panel.counts[~inside].sum(axis=0)
    pair = TwoGroups(
        treated[None],
        comparison[None],
        (codes,),
        differential_trend=spec.differential_trend,
        slope=spec.slope,
        slope_origin=spec.slope_origin,
    )
    estimates = estimate_two_groups(pair)
    card = replace(
        card,
        areas=tuple(area for area, yes in zip(panel.areas, inside, strict=True) if yes),
        comparison_areas=tuple(area for area, yes in zip(panel.areas, inside, strict=True) if not yes),
    )
    card = dated(card, codes, panel.periods)
    checks = tuple(
        map(
            finite,
            ratio_checks(treated, comparison, codes, float(estimates.coefficient[0]), BLOCK[axis.kind]),
        )
    )
    areas = int(inside.sum()), int((~inside).sum())
    result = controlled_result(treated, comparison, codes, panel.periods, estimates, 0, card, areas, checks)
    if SYNTHETIC in spec.intervals and result.effect is not None:
        row = synthetic_row(treated, panel.counts[~inside], codes)
        result = replace(result, intervals={**result.intervals, SYNTHETIC: row})
    asked = [name for name in spec.intervals if name in result.intervals]
    if result.effect is not None and asked and asked[0] != "integrated":
        result = replace(result, effect=_with_interval(result.effect, result.intervals[asked[0]]))
    hashed = replace(result, spec_sha256=spec.sha256, data_sha256=rows_sha256(spec, frame))
    return with_verdict(hashed, spec.margin)


def synthetic_row(treated: Array, donors: Array, codes: Sequence[str]) -> Interval:
    """Synthetic control of the treated total (T,) from comparison areas (N, T): baseline against phase."""
    counted = np.array([code in (BASELINE, PHASE) for code in codes]) & np.isfinite(treated)
    counted &= np.isfinite(donors).all(axis=0)
    before = np.array([code == BASELINE for code in codes])[counted]
    return synthetic_interval(synthetic_control(treated[counted], donors[:, counted], before, True), True)


def spec_codes(spec: Spec, axis: Timeline) -> tuple[str, ...]:
    """Segment of each period under a spec. Raises NotEstimableError, or SpecError for overlapping phases."""
    headline, phases = phase_masks(spec, axis)
    codes = np.full(axis.count, LEFT_OUT, dtype=object)
    codes[headline] = PHASE
    for name, mask in phases.items():
        codes[mask] = name
    in_phase = codes != LEFT_OUT
    codes[: int(np.flatnonzero(in_phase)[0])] = BASELINE
    return tuple(codes)


def ratio_checks(
    treated: Array,
    comparison: Array,
    codes: Sequence[str],
    log_ratio: float,
    block: int = BLOCK["month"],
) -> tuple[Check, ...]:
    """Gates 1 and 2 of one pair of series."""
    if not math.isfinite(log_ratio):
        return ()
    baseline = np.flatnonzero([code == BASELINE for code in codes])
    phase = np.flatnonzero([code == PHASE for code in codes])
    cohort = PrePeriod(treated[baseline], comparison[baseline], float(phase.mean() - baseline.mean()), block)
    return pre_period_ratio([cohort], log_ratio), breakdown_value([cohort], log_ratio)


def dated(card: Card, codes: Sequence[str], labels: Sequence[str]) -> Card:
    """The card with first and last period of baseline and phase."""
    ends = []
    for code in (BASELINE, PHASE):
        inside = [label for label, item in zip(labels, codes, strict=True) if item == code]
        ends.append((inside[0], inside[-1]) if inside else ("", ""))
    (baseline_first, baseline_last), (phase_first, phase_last) = ends
    return replace(
        card,
        baseline_first=baseline_first,
        baseline_last=baseline_last,
        phase_first=phase_first,
        phase_last=phase_last,
    )


def _with_interval(effect: Effect, interval: Interval) -> Effect:
    """The effect with another of its intervals, and the coefficient that goes with that one."""
    ratio = math.exp(interval.coefficient)
    observed = effect.observed or 0.0
    return replace(
        effect,
        coefficient=interval.coefficient,
        standard_error=interval.standard_error,
        rate_ratio=ratio,
        interval_95=(interval.lower_95, interval.upper_95),
        interval_80=(interval.lower_80, interval.upper_80),
        interval_method=interval.name,
        expected=observed / ratio,
        averted=observed / ratio - observed,
        averted_interval_95=(
            observed / interval.upper_95 - observed,
            observed / interval.lower_95 - observed,
        ),
    )


def controlled_result(
    treated: Array,
    comparison: Array,
    codes: Sequence[str],
    labels: Sequence[str],
    estimates: Estimates,
    number: int,
    card: Card,
    areas: tuple[int, int],
    checks: Sequence[Check] = (),
) -> Result:
    """Result of pair `number` of `estimates`.

    treated, comparison (T,) events; codes (T,) segment of each period; labels (T,) its month or index;
    areas: number of treated and of comparison areas, for the additive scale.
    """
    seen = np.isfinite(treated) & np.isfinite(comparison)
    n = int(sum(code != LEFT_OUT for code, there in zip(codes, seen, strict=True) if there))
    reason = estimates.reason[number]
    if reason is not None:
        return Result(
            "controlled", "poisson", "not_estimable", card, n=n, reason=reason, checks=tuple(checks)
        )
    coefficient = float(estimates.coefficient[number])
    intervals = intervals_of(estimates, number)
    first = intervals["integrated"]
    phase = np.array([code == PHASE for code in codes])
    observed = float(np.nansum(treated[phase]))
    ratio = math.exp(coefficient)
    effect = Effect(
        coefficient=coefficient,
        standard_error=float(estimates.standard_error[number]),
        rate_ratio=ratio,
        interval_95=(first.lower_95, first.upper_95),
        interval_80=(first.lower_80, first.upper_80),
        interval_method="integrated",
        observed=observed,
        expected=observed / ratio,
        averted=observed / ratio - observed,
        averted_interval_95=(observed / first.upper_95 - observed, observed / first.lower_95 - observed),
    )
    changes = side_changes(np.stack([treated, comparison]), codes, labels)
    sides = {
        side: change
        for side, change in zip(("treated", "comparison"), changes, strict=True)
        if change is not None
    }
    return Result(
        design="controlled",
        family="poisson",
        status="estimated",
        card=card,
        n=n,
        effect=effect,
        terms={
            name: {"coefficient": value, "standard_error": error}
            for name, (value, error) in estimates.terms[number].items()
        },
        intervals=intervals,
        dispersion=float(estimates.dispersion[number]),
        sides=sides,
        additive=additive_change(treated, comparison, codes, areas),
        series=chart_points(treated, comparison, codes, labels, effect),
        checks=tuple(checks),
    )


def intervals_of(estimates: Estimates, number: int) -> dict[str, Interval]:
    """integrated, ewc and standard (quasi-binomial, t) of one pair, on the rate-ratio scale."""

    plain = float(estimates.ewc_coefficient[number])
    return {
        "integrated": log_interval(
            "integrated",
            float(estimates.coefficient[number]),
            float(estimates.standard_error[number]),
            estimates.integrated_95[number],
            estimates.integrated_80[number],
        ),
        "ewc": log_interval(
            "ewc",
            plain,
            float(estimates.ewc_error[number]),
            estimates.ewc_interval(0.95)[number],
            estimates.ewc_interval(0.80)[number],
            float(estimates.ewc_df[number]),
        ),
        "standard": log_interval(
            "standard",
            plain,
            float(estimates.standard_error_quasi[number]),
            estimates.standard_interval(0.95)[number],
            estimates.standard_interval(0.80)[number],
            float(estimates.df[number]),
        ),
    }
