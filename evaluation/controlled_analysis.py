"""A fixed analysis of the controlled design: headline with gates and verdict, readings, placebos, companions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluation.analysis_result import AnalysisResult, Companion, Placebo, Specification
from evaluation.checks.claim import claim_of
from evaluation.checks.deciding import agreement_of_readings, comparison_pool, placebo_outcomes
from evaluation.checks.finite import finite
from evaluation.checks.headline import headline_of
from evaluation.checks.staggered_curve import Progress, silent
from evaluation.checks.twin import HISTORIES, false_alarms
from evaluation.controlled_checks import curve_of, informing_checks
from evaluation.designs.controlled import controlled_result, dated, ratio_checks
from evaluation.designs.pooled import pooled_result
from evaluation.designs.two_groups import BASELINE, PHASE
from evaluation.pairs import Key, make_pairs, make_panel, readings_of
from evaluation.pools import Pool, like_for_like
from evaluation.program import Analysis, Window
from evaluation.ratings import with_ratings
from evaluation.result import Card, Result
from evaluation.series import NotEstimableError
from evaluation.setting import Setting, cluster_levels
from evaluation.single_companions import single_companions
from evaluation.verdict import with_verdict


def evaluate_controlled(
    setting: Setting, analysis: Analysis, deep: bool = True, progress: Progress = silent
) -> AnalysisResult:
    """One controlled analysis. deep: also the simulated twin and the specification curve."""
    outcome = (analysis.outcome, analysis.unit)
    phase = setting.program.phases[analysis.phase]
    key = analysis.headline
    if not setting.cube.has(*outcome):
        return _refused(setting, analysis, "no_counts_of_outcome")
    keys = [
        (catchment, pool, baseline)
        for catchment in analysis.catchments
        for baseline in analysis.baselines
        for pool in analysis.pools
    ]
    pairs = make_pairs(setting, analysis, outcome, phase, keys)
    if key in pairs.refused:
        return _refused(setting, analysis, pairs.refused[key])
    estimates = pairs.estimate(analysis.differential_trend)
    readings = tuple(readings_of(pairs, estimates, keys))
    number = pairs.keys.index(key)
    treated, comparison, codes = pairs.treated[number], pairs.comparison[number], pairs.codes[number]
    treated_areas = setting.areas_of(key[0], analysis.geography)
    pool = pairs.pools[key]
    card = Card(
        outcome=analysis.outcome,
        unit=analysis.unit,
        areas=tuple(sorted(treated_areas)),
        catchment=key[0],
        phase=analysis.phase,
        pool=key[1],
        comparison_areas=pool.areas,
    )
    card = dated(card, codes, setting.cube.months)
    result = controlled_result(
        treated,
        comparison,
        codes,
        setting.cube.months,
        estimates,
        number,
        card,
        (len(setting.cube.rows(treated_areas)), len(pool.areas)),
    )
    result = replace(
        result,
        readings=readings,
        registration="confirmatory" if analysis.registration == "confirmatory" else "retrospective",
    )
    claim = claim_of(result, analysis.margin)
    head = headline_of(result, setting.cube, codes, float(pairs.shift[number]))
    if claim is None or head is None or result.effect is None:
        return AnalysisResult(
            setting.program.id, analysis.id, analysis.phase, key, with_verdict(result, analysis.margin)
        )
    placebos, found = _placebo_outcomes(setting, analysis, phase, key)
    deciding = [
        *ratio_checks(treated, comparison, codes, claim.size),
        placebo_outcomes(claim.size, found, either_way=claim.is_little),
        comparison_pool(like_for_like(treated_areas, pool.areas, setting.levels)),
        agreement_of_readings(readings, result.effect.rate_ratio or 1.0, claim.margin),
    ]
    informing, more = informing_checks(setting, analysis, head, result, deciding)
    specifications: tuple[Specification, ...] = ()
    if deep:
        curve, specifications = curve_of(setting, analysis, phase, progress)
        progress("made-up histories", 0, HISTORIES)
        informing += [false_alarms(head), curve]
        progress("made-up histories", HISTORIES, HISTORIES)
    checks = tuple(finite(check) for check in (*deciding, *informing))
    points = len(head.baseline), len(head.phase)
    result = with_ratings(with_verdict(replace(result, checks=checks), analysis.margin), points)
    companions = [
        _pooled_companion(setting, analysis, key, pool, codes),
        *single_companions(analysis, card, treated, comparison, codes, setting.cube.months),
    ]
    companions = [replace(item, result=with_verdict(item.result, analysis.margin)) for item in companions]
    return AnalysisResult(
        setting.program.id,
        analysis.id,
        analysis.phase,
        key,
        result,
        tuple(companions),
        (*placebos, *more),
        specifications,
    )


def _placebo_outcomes(
    setting: Setting, analysis: Analysis, phase: Window, key: Key
) -> tuple[list[Placebo], dict[str, tuple[float, float] | None]]:
    """The placebo outcomes through the headline's design."""
    rows: list[Placebo] = []
    found: dict[str, tuple[float, float] | None] = {}
    for name in analysis.placebo_outcomes:
        outcome = (name, "incidents")
        if not setting.cube.has(*outcome):
            found[name] = None
            continue
        pairs = make_pairs(setting, analysis, outcome, phase, [key])
        estimates = pairs.estimate(analysis.differential_trend) if pairs.keys else None
        if estimates is None or estimates.reason[0] is not None:
            found[name] = None
            rows.append(Placebo("outcome", name, None, None, None))
            continue
        value, ends = float(estimates.coefficient[0]), estimates.integrated_95[0]
        found[name] = (value, float((ends[1] - ends[0]) / (2 * 1.96)))
        rows.append(Placebo("outcome", name, *(float(x) for x in np.exp([value, *ends]))))
    return rows, found


def _pooled_companion(
    setting: Setting, analysis: Analysis, key: Key, pool: Pool, codes: Sequence[str]
) -> Companion:
    """The pooled design on the same question, honestly labelled."""
    months = [index for index, code in enumerate(codes) if code in (BASELINE, PHASE)]
    inside = setting.areas_of(key[0], analysis.geography)
    panel = make_panel(setting, (analysis.outcome, analysis.unit), inside, pool.areas, months, codes)
    card = Card(
        outcome=analysis.outcome,
        unit=analysis.unit,
        catchment=key[0],
        phase=analysis.phase,
        pool=key[1],
    )
    card = dated(card, codes, setting.cube.months)
    try:
        result = pooled_result(panel, card, levels=cluster_levels(setting))
    except NotEstimableError as refusal:
        result = Result("pooled", "poisson", "not_estimable", card, n=0, reason=refusal.reason)
    return Companion("pooled", "companion", result)


def _refused(setting: Setting, analysis: Analysis, reason: str) -> AnalysisResult:
    card = Card(analysis.outcome, analysis.unit, catchment=analysis.headline[0], phase=analysis.phase)
    result = Result("controlled", "poisson", "not_estimable", card, n=0, reason=reason)
    return AnalysisResult(
        setting.program.id, analysis.id, analysis.phase, analysis.headline, with_verdict(result)
    )
