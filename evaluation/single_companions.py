"""The single-series design on each side of a controlled question: which side moved, by the usual method too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from evaluation.analysis_result import Companion
from evaluation.designs.single import fit_single
from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE
from evaluation.pairs import Array
from evaluation.program import Analysis
from evaluation.result import Card
from evaluation.spec import DataSource, Phase, Spec

METHODS = (
    ("single", "companion", ("integrated", "ewc", "standard")),
    ("quasi_poisson", "standard", ("standard",)),
)


def single_companions(
    analysis: Analysis,
    card: Card,
    treated: Array,
    comparison: Array,
    codes: Sequence[str],
    months: Sequence[str],
) -> list[Companion]:
    """Four results: each side by the integrated AR-Poisson with EWC, and by quasi-Poisson regression.

    Months before the baseline are dropped, further phases have their own terms, months in none are missing.
    """
    first = next(index for index, code in enumerate(codes) if code == BASELINE)
    span = range(first, len(months))
    found = []
    for side, series, areas in (
        ("treated", treated, card.areas),
        ("comparison", comparison, card.comparison_areas),
    ):
        frame = pd.DataFrame(
            {"month": [months[index] + "-01" for index in span], "count": [series[index] for index in span]}
        )
        for name, role, intervals in METHODS:
            result = fit_single(single_spec(analysis, codes, months, first, intervals), frame)
            named = replace(
                result,
                card=replace(
                    result.card,
                    outcome=card.outcome,
                    unit=card.unit,
                    areas=areas,
                    catchment=card.catchment,
                    phase=card.phase,
                    comparison_areas=(),
                ),
            )
            found.append(Companion(f"{name}_{side}", role, named))  # type: ignore[arg-type]
    return found


def single_spec(
    analysis: Analysis, codes: Sequence[str], months: Sequence[str], first: int, intervals: tuple[str, ...]
) -> Spec:
    """The `[analysis]` keys of a program file on one series, its windows taken from the segments."""
    inside = [index for index, code in enumerate(codes) if code == PHASE]
    excluded: list[str] = []
    runs: list[tuple[str, int, int]] = []
    for index in range(first, len(months)):
        code = codes[index]
        if code in (BASELINE, PHASE):
            continue
        if code == LEFT_OUT or code.startswith("between_"):
            excluded.append(months[index])
        elif runs and runs[-1][0] == code and runs[-1][2] == index - 1:
            runs[-1] = (code, runs[-1][1], index)
        else:
            runs.append((code, index, index))
    seen: dict[str, int] = {}
    phases = []
    for code, begin, end in runs:
        seen[code] = seen.get(code, 0) + 1
        name = code if seen[code] == 1 else f"{code}_{seen[code]}"
        phases.append(Phase(name, months[begin], months[end]))
    raw = analysis.raw
    shock = raw.get("shock", "none")
    return Spec(
        data=DataSource(outcome="count", date="month", exclude=tuple(excluded), unit=analysis.unit),
        start=months[inside[0]],
        end=months[inside[-1]],
        phases=tuple(phases),
        trend=bool(raw.get("trend", True)),
        harmonics=int(raw.get("harmonics", 0)),
        days_offset=bool(raw.get("days_offset", True)),
        shock=None if shock == "none" else shock,
        intervals=intervals,
    )
