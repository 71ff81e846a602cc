"""Design 2: pooled two-way Poisson over areas, with randomization over what could have been chosen.

With staggered starts it is evidence of its own. With one common start it equals the 2×2 ratio of ratios
(treated after / before) / (comparison after / before), and the result says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.checks.deciding import comparison_pool
from evaluation.checks.finite import finite
from evaluation.checks.pre_period import BLOCK, breakdown_value, pooled_cohorts, pre_period_ratio
from evaluation.data import rows_sha256
from evaluation.designs.cluster_errors import clustered, hc1, jackknife
from evaluation.designs.event_study import EventSpan, average_effect, event_study, lead_test
from evaluation.designs.log_interval import log_interval
from evaluation.designs.panel import Panel, two_by_two
from evaluation.designs.panel_rows import read_panel, seen_periods
from evaluation.designs.randomization import (
    DRAWS,
    FEWEST_ASSIGNMENTS,
    Assignments,
    admissible_assignments,
    cluster_starts,
    inverted_intervals,
    p_value,
)
from evaluation.designs.two_way_poisson import TwoWayFit, fit_two_way_poisson
from evaluation.result import Card, Check, Effect, Interval, Result
from evaluation.series import NotEstimableError
from evaluation.spec import Spec
from evaluation.verdict import with_verdict

DEFAULT = ("randomization", "cr3", "cluster", "hc1")
NO_INTERVAL = "none"


@dataclass(frozen=True)
class PooledEstimate:
    """The coefficient with every interval asked for, and what randomization could do."""

    coefficient: float
    intervals: dict[str, Interval]
    assignments: Assignments
    p: float | None
    fit: TwoWayFit


def fit_pooled(spec: Spec, frame: pd.DataFrame) -> Result:
    """Evaluate a pooled spec on rows of area × period. Never raises for bad counts: see Result.reason."""
    card = Card(outcome=spec.data.outcome, unit=spec.data.unit or spec.data.outcome)
    try:
        panel, axis = read_panel(spec, frame)
        last = None if spec.end is None else axis.last_position(spec.end, "analysis.end")
        panel = seen_periods(panel, last=last)
        if not panel.is_treated.any():
            raise NotEstimableError("start_outside_data")
        result = pooled_result(panel, card, spec.intervals or DEFAULT, block=BLOCK[axis.kind])
    except NotEstimableError as refusal:
        result = Result("pooled", "poisson", "not_estimable", card, n=0, reason=refusal.reason)
    hashed = replace(result, spec_sha256=spec.sha256, data_sha256=rows_sha256(spec, frame))
    return with_verdict(hashed, spec.margin)


def pooled_result(
    panel: Panel,
    card: Card,
    asked: Sequence[str] = DEFAULT,
    levels: Mapping[str, float] | None = None,
    block: int = BLOCK["month"],
) -> Result:
    """The pooled result of one panel, with its checks and without verdict. Raises NotEstimableError.

    levels: of clusters, from an earlier different outcome: which of them could have been chosen; block:
    periods of a block of the pre-period checks and of a span of the event study.
    """
    found = estimate_pooled(panel, asked, levels)
    observed, _ = average_effect(panel)
    ratio = math.exp(found.coefficient)
    expected = observed / ratio
    first = headline_interval(asked, found)
    effect = Effect(
        coefficient=found.coefficient,
        standard_error=first.standard_error,
        rate_ratio=ratio,
        interval_95=(first.lower_95, first.upper_95),
        interval_80=(first.lower_80, first.upper_80),
        interval_method=first.name,
        observed=observed,
        expected=expected,
        averted=expected - observed,
        averted_interval_95=(observed / first.upper_95 - observed, _averted_upper(observed, first.lower_95)),
    )
    spans = event_study(panel, block)
    treated = tuple(area for area, inside in zip(panel.areas, panel.is_treated, strict=True) if inside)
    others = tuple(area for area, inside in zip(panel.areas, panel.is_treated, strict=True) if not inside)
    return Result(
        design="pooled",
        family="poisson",
        status="estimated",
        card=replace(
            card,
            areas=card.areas or treated,
            comparison_areas=card.comparison_areas or others,
            is_not=card.is_not + (("second_line_of_evidence",) if panel.common_start else ()),
        ),
        n=int((found.fit.weights[0] > 0).sum()),
        effect=effect,
        terms={"treated": {"coefficient": found.coefficient, "standard_error": first.standard_error}},
        intervals=found.intervals,
        dispersion=_dispersion(panel, found.fit),
        checks=tuple(finite(check) for check in _checks(panel, found, spans, block)),
    )


def estimate_pooled(
    panel: Panel,
    asked: Sequence[str] = DEFAULT,
    levels: Mapping[str, float] | None = None,
    quick: bool = False,
) -> PooledEstimate:
    """Coefficient and intervals of a panel.

    quick: half as many random assignments, and no 80 % interval by randomization, which costs as much.

    Raises NotEstimableError: perfect_separation where a side of the comparison has no events.
    """
    counts = np.nan_to_num(panel.counts)
    fit = fit_two_way_poisson(counts, panel.treatment, panel.cell_weights)
    coefficient = float(fit.coefficient[0])
    treated = panel.treatment * (panel.cell_weights > 0) > 0
    if not math.isfinite(coefficient) or counts[treated].sum() == 0:
        raise NotEstimableError("perfect_separation")
    _, starts = cluster_starts(panel)
    treated_clusters = int((starts < len(panel.periods)).sum())
    assignments = admissible_assignments(panel, levels, draws=DRAWS // 2 if quick else DRAWS)
    intervals: dict[str, Interval] = {}
    p = None
    for name in asked:
        if name == "hc1":
            error, n, k = hc1(fit, counts)
            intervals[name] = _interval(name, coefficient, error, None, f"n={n}, k={k}")
        elif name == "cluster":
            error, groups = clustered(fit, counts, panel.clusters)
            intervals[name] = _interval(name, coefficient, error, None, f"clusters={groups}")
        elif name == "poisson":
            intervals[name] = _interval(name, coefficient, float(fit.information[0] ** -0.5), None)
        elif name == "standard":
            error = float((_dispersion(panel, fit, floor=1.0) / fit.information[0]) ** 0.5)
            intervals[name] = _interval(name, coefficient, error, None)
        elif name == "cr3":
            error, _ = jackknife(panel)
            if treated_clusters >= 2 and math.isfinite(error):
                intervals[name] = _interval(name, coefficient, error, treated_clusters - 1)
        elif name == "randomization" and panel.is_complete and assignments.can_run:
            p = p_value(panel, assignments)
            guess = clustered(fit, counts, panel.clusters)[0]
            wanted = (0.95,) if quick else (0.95, 0.80)
            found = inverted_intervals(panel, assignments, coefficient, guess, wanted)
            wide, narrow = found[0], found[-1]
            intervals[name] = log_interval(name, coefficient, None, wide, narrow)
    return PooledEstimate(coefficient, intervals, assignments, p, fit)


def headline_interval(asked: Sequence[str], found: PooledEstimate) -> Interval:
    """The first interval asked for; where that is randomization or CR3, never one of the narrow ones instead.

    With too few clusters for either the effect has no interval: from 0 to infinity.
    """
    sound = [name for name in asked if name in ("randomization", "cr3")]
    wanted = sound if asked and asked[0] in sound else list(asked)
    for name in wanted:
        if name in found.intervals:
            return found.intervals[name]
    return Interval(NO_INTERVAL, found.coefficient, None, 0.0, math.inf, 0.0, math.inf)


def _checks(panel: Panel, found: PooledEstimate, spans: Sequence[EventSpan], block: int) -> list[Check]:
    """Deciding checks that one panel carries, and the informing ones of this design."""
    cohorts = (
        pooled_cohorts(panel.counts, panel.starts, ~panel.is_treated, block) if panel.is_complete else ()
    )
    assignments = found.assignments
    checks = [
        pre_period_ratio(cohorts, found.coefficient),
        breakdown_value(cohorts, found.coefficient),
        comparison_pool(None, _printable(assignments.number), staggered=not panel.common_start),
    ]
    figures: dict[str, float | int | None] = {
        "admissible_assignments": _printable(assignments.number),
        "smallest_p": assignments.smallest_p,
        "p": found.p,
    }
    if not assignments.can_run:
        figures["p"] = None
        figures["needed"] = FEWEST_ASSIGNMENTS
        checks.append(Check("randomization", "informing", "cannot_run", "too_few_assignments", figures))
    elif found.p is not None:
        passed = found.p < 0.05
        checks.append(
            Check(
                "randomization",
                "informing",
                "passed" if passed else "failed",
                None if passed else "within_placebo_range",
                figures,
            )
        )
    if panel.common_start:
        checks.append(
            Check(
                "own_line_of_evidence",
                "informing",
                "failed",
                "equals_two_by_two_ratio",
                {**two_by_two(panel)},
            )
        )
    else:
        cohorts_seen = len(np.unique(panel.starts[panel.is_treated]))
        checks.append(Check("own_line_of_evidence", "informing", "passed", None, {"cohorts": cohorts_seen}))
    checks.append(event_study_check(spans, len(set(panel.clusters))))
    return checks


def event_study_check(spans: Sequence[EventSpan], clusters: int) -> Check:
    """Observed over expected by time since the start; fails when the time before it already differs."""
    figures: dict[str, float | int | None] = {}
    for span in spans:
        label = f"from_{span.first}" if span.first >= 0 else f"before_{-span.first}"
        figures[f"{label}_rate_ratio"] = span.observed / span.expected if span.expected > 0 else None
        figures[f"{label}_standard_error"] = span.standard_error
    tested = lead_test(tuple(spans), clusters)
    if tested is None:
        return Check("event_study", "informing", "cannot_run", "too_few_periods_or_clusters", figures)
    p, leads = tested
    figures |= {"p_before_start": p, "spans_before_start": leads}
    if p < 0.10:
        return Check("event_study", "informing", "failed", "differs_before_start", figures)
    return Check("event_study", "informing", "passed", None, figures)


def _interval(
    name: str, coefficient: float, error: float, freedom: float | None, note: str | None = None
) -> Interval:
    quantiles = [
        stats.norm.ppf(tail) if freedom is None else stats.t.ppf(tail, freedom) for tail in (0.975, 0.90)
    ]
    wide, narrow = ((coefficient - q * error, coefficient + q * error) for q in quantiles)
    return log_interval(name, coefficient, error, wide, narrow, freedom, note)


def _printable(number: int) -> int | float:
    """Whole numbers that JSON readers keep exactly, larger ones rounded."""
    return number if number < 2**53 else float(number)


def _averted_upper(observed: float, lower: float) -> float:
    return observed / lower - observed if lower > 0 else math.inf


def _dispersion(panel: Panel, fit: TwoWayFit, floor: float = 0.0) -> float:
    weight = fit.weights[0]
    squares = weight * (np.nan_to_num(panel.counts) - fit.fitted[0]) ** 2 / fit.fitted[0]
    used = weight > 0
    freedom = int(used.sum()) - int(used.any(axis=1).sum()) - int(used.any(axis=0).sum())
    return max(floor, float(squares.sum()) / max(freedom, 1))
