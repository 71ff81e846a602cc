"""Every fixed analysis of a program file, evaluated under all its registered readings.

An `[[analysis]]` asks one question; the public record answers it in several readings of the catchment, and
several comparison pools and baselines are defensible. All registered combinations are estimated; the headline
one carries checks, gates and verdict, and all the others as `Reading` rows beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pandas as pd

from evaluation.analysis_result import AnalysisResult
from evaluation.canonical import frame_sha256
from evaluation.checks.staggered_curve import Progress, silent
from evaluation.controlled_analysis import evaluate_controlled
from evaluation.cube import make_cube, select_rows
from evaluation.program import Analysis, Program, parse_program
from evaluation.result import Result
from evaluation.setting import Setting, clusters_of, default_levels, members_of
from evaluation.staggered import evaluate_staggered


def evaluate_program(
    program: Mapping[str, Any],
    panel: pd.DataFrame,
    areas: pd.DataFrame,
    neighbors: Collection[tuple[str, str]],
    levels: pd.Series | None = None,
    level_outcome: str = "robbery",
    geography: str = "neighborhood",
    only: Collection[str] | None = None,
    deep: Collection[str] | None = None,
    progress: Progress = silent,
    hours: Mapping[str, float] | None = None,
) -> list[AnalysisResult]:
    """Evaluate the analyses of one program whose geography is `geography`.

    program     the program file as a mapping (docs/architecture.md)
    panel       area, month, outcome, unit, count; may also hold geography and month_basis, which then select
    areas       column area, and columns that name the larger area each belongs to (community: the cluster)
    neighbors   pairs of areas that share a border
    levels      events of an earlier, different outcome by area; by default the first twelve months of
                `level_outcome` in the panel
    only        ids of the analyses wanted; None: all
    deep        ids of those that get simulated twin and specification curve; None: the primary ones
    hours       worker hours of the program by month (YYYY-MM), of the months that its log covers, for the dose check
    progress    called with what is being done, how much of it is done, and of how much

    Raises ProgramError for a program file that cannot be used, ValueError for counts that cannot.
    An analysis that cannot be estimated is a result with status not_estimable.
    """
    parsed = parse_program(program)
    wanted = [
        item for item in parsed.analyses if item.geography == geography and (only is None or item.id in only)
    ]
    found = []
    for basis in dict.fromkeys(item.month_basis for item in wanted):
        rows = select_rows(panel, geography, basis)
        cube = make_cube(rows)
        setting = Setting(
            parsed,
            cube,
            frozenset(tuple(sorted((str(a), str(b)))) for a, b in neighbors),  # type: ignore[misc]
            levels if levels is not None else default_levels(cube, level_outcome),
            clusters_of(areas),
            dict(hours or {}),
            members_of(areas),
        )
        digest = _digests(rows)
        for analysis in wanted:
            if analysis.month_basis == basis:
                fully = is_primary(analysis) if deep is None else analysis.id in deep
                result = evaluate_analysis(setting, analysis, fully, progress)
                found.append(_with_hashes(result, parsed, analysis, digest))
    order = {item.id: place for place, item in enumerate(parsed.analyses)}
    return sorted(found, key=lambda item: order[item.analysis])


def evaluate_analysis(
    setting: Setting, analysis: Analysis, deep: bool = True, progress: Progress = silent
) -> AnalysisResult:
    """One fixed analysis by its design: the headline in full, its readings, placebos and companions.

    deep: also the simulated twin and the specification curve.
    """
    if analysis.design == "pooled":
        return evaluate_staggered(setting, analysis, deep, progress)
    return evaluate_controlled(setting, analysis, deep, progress)


def is_primary(analysis: Analysis) -> bool:
    """Whether a program file lists the analysis as primary; one without a list is."""
    return str(analysis.raw.get("listed", "primary")) == "primary"


def _digests(rows: pd.DataFrame) -> Callable[[frozenset[str]], str]:
    """Hash of the rows of some outcomes, worked out once for each set of them."""

    @cache
    def digest(outcomes: frozenset[str]) -> str:
        used = rows[rows["outcome"].isin(outcomes)]
        return frame_sha256(used, ("area", "month", "outcome", "unit", "count"))

    return digest


def _with_hashes(
    result: AnalysisResult,
    program: Program,
    analysis: Analysis,
    digest: Callable[[frozenset[str]], str],
) -> AnalysisResult:
    outcomes = frozenset({analysis.outcome, *analysis.placebo_outcomes})
    spec, data = program.spec_sha256(analysis), digest(outcomes)

    def hashed(found: Result) -> Result:
        return replace(found, spec_sha256=spec, data_sha256=data)

    return replace(
        result,
        headline=hashed(result.headline),
        companions=tuple(replace(item, result=hashed(item.result)) for item in result.companions),
    )
