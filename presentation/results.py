"""Which of a release's results answers a question: picks by what people choose, never by how it came out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from presentation.program import Program

Plain = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A fixed analysis as people choose it: outcome, unit, phase, area group (the headline reading)."""

    analysis: str
    outcome: str
    unit: str
    phase: str
    group: str


# Rows of `estimate_list`: a frame, or its records where they are kept.
Estimates = pd.DataFrame | Sequence[Plain]


def questions(program: Program, estimates: Estimates) -> list[Question]:
    """The questions of a program that the release has a headline estimate for, the primary one first."""
    rows = {row["analysis"]: row for row in headline_rows(estimates)}
    order = [item["id"] for item in program.analyses()]
    known = [name for name in order if name in rows] + [name for name in rows if name not in order]
    return [
        Question(name, row["outcome"], row["unit"], row["phase"], row["catchment"])
        for name, row in ((name, rows[name]) for name in known)
    ]


def headline_rows(estimates: Estimates) -> list[Plain]:
    return [row for row in _records(estimates) if row["role"] == "headline"]


def _records(estimates: Estimates) -> Sequence[Plain]:
    return estimates.to_dict("records") if isinstance(estimates, pd.DataFrame) else estimates


def main_analysis(program: Program, estimates: Estimates) -> Plain | None:
    """The headline row of the program's primary analysis; None when nothing was estimated."""
    asked = questions(program, estimates)
    return headline_of(asked[0].analysis, estimates) if asked else None


def headline_of(analysis: str, estimates: Estimates) -> Plain | None:
    return next((row for row in headline_rows(estimates) if row["analysis"] == analysis), None)


def same_in_other_unit(row: Plain, estimates: Estimates) -> str | None:
    """Estimate id of the same question counted in the other unit."""
    for other in headline_rows(estimates):
        if other["unit"] != row["unit"] and all(
            other[name] == row[name] for name in ("outcome", "phase", "catchment", "design")
        ):
            return str(other["estimate_id"])
    return None


def beside(row: Plain, estimates: Estimates) -> list[Plain]:
    """The headline row and its companions in other designs, in a fixed order."""
    same = [item for item in _records(estimates) if item["analysis"] == row["analysis"]]
    order = {"headline": 0, "companion": 1, "standard": 2}
    return sorted(same, key=lambda item: order[item["role"]])


def distinct(values: Iterable[str]) -> list[str]:
    """Each value once, in the order of first appearance."""
    return list(dict.fromkeys(values))
