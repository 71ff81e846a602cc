"""A fixed analysis of the controlled design: headline with gates and verdict, readings, placebos, companions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluation.analysis_result import AnalysisResult, Companion, Placebo
from evaluation.checks.deciding import agreement_of_readings, comparison_pool, placebo_outcomes
from evaluation.designs.controlled import controlled_result, dated, ratio_checks
from evaluation.designs.pooled import pooled_result
from evaluation.designs.two_groups import BASELINE, PHASE
from evaluation.pairs import Key, make_pairs, make_panel, readings_of
from evaluation.pools import Pool, like_for_like
from evaluation.program import Analysis, Window
from evaluation.result import Card, Result
from evaluation.series import NotEstimableError
from evaluation.setting import Setting, cluster_levels
from evaluation.verdict import with_verdict


def evaluate_controlled(setting: Setting, analysis: Analysis) -> AnalysisResult:
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
    readings = readings_of(pairs, estimates, keys)
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
        readings=tuple(readings),
        registration="confirmatory" if analysis.registration == "confirmatory" else "retrospective",
    )
    placebos, found = _placebo_outcomes(setting, analysis, phase, key)
    if result.effect is None:
        return AnalysisResult(setting.program.id, analysis.id, analysis.phase, key, result)
    log_ratio = result.effect.coefficient
    like = like_for_like(treated_areas, pool.areas, setting.levels)
    checks = [
        *ratio_checks(treated, comparison, codes, log_ratio),
        placebo_outcomes(log_ratio, found),
        comparison_pool(like),
        agreement_of_readings(readings, result.effect.rate_ratio or 1.0),
    ]
    result = with_verdict(replace(result, checks=tuple(checks)), analysis.margin)
    companions = _companions(setting, analysis, key, pool, codes)
    return AnalysisResult(
        setting.program.id, analysis.id, analysis.phase, key, result, tuple(companions), tuple(placebos)
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


def _companions(
    setting: Setting, analysis: Analysis, key: Key, pool: Pool, codes: Sequence[str]
) -> list[Companion]:
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
    except NotEstimableError as stop:
        result = Result("pooled", "poisson", "not_estimable", card, n=panel.counts.size, reason=stop.reason)
    return [Companion("pooled", "companion", with_verdict(result, analysis.margin))]


def _refused(setting: Setting, analysis: Analysis, reason: str) -> AnalysisResult:
    card = Card(analysis.outcome, analysis.unit, catchment=analysis.headline[0], phase=analysis.phase)
    result = Result("controlled", "poisson", "not_estimable", card, n=0, reason=reason)
    return AnalysisResult(
        setting.program.id, analysis.id, analysis.phase, analysis.headline, with_verdict(result)
    )
