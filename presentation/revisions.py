"""What changed from one release to the next, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.language import say
from presentation.program import Program

Plain = dict[str, Any]


def count_changes(old: pd.DataFrame, new: pd.DataFrame) -> list[Plain]:
    """Yearly totals that differ between two releases. Both frames: outcome, unit, year, total."""
    keys = ["outcome", "unit", "year"]
    both = new.merge(old, on=keys, how="outer", suffixes=("_new", "_old"))
    changed = both[both["total_new"].fillna(-1) != both["total_old"].fillna(-1)]
    return [
        {
            "year": str(int(row["year"])),
            "things": words.things(row["outcome"], row["unit"]),
            "before": _count(row["total_old"]),
            "now": _count(row["total_new"]),
        }
        for row in changed.sort_values(keys).to_dict("records")
    ]


def _count(value: float) -> str:
    return numbers.count(value) if numbers.is_known(value) else say("revisions.absent")


def estimate_changes(old: pd.DataFrame, new: pd.DataFrame, program: Program) -> list[Plain]:
    """Headline estimates that differ in the shown digits, in verdict or in their fixed analysis."""
    columns = ["analysis", "rate_ratio", "verdict", "spec_sha256"]
    before = old[old["role"] == "headline"][columns]
    both = new[new["role"] == "headline"][columns].merge(
        before, on="analysis", how="outer", suffixes=("_new", "_old")
    )
    rows = []
    for row in both.to_dict("records"):
        said = [_said(row, "old"), _said(row, "new")]
        spec_changed = row["spec_sha256_old"] != row["spec_sha256_new"]
        if said[0] == said[1] and not spec_changed:
            continue
        question = program.entry("analysis", row["analysis"]).get("question") or words.plain(row["analysis"])
        is_in_both = pd.notna(row["spec_sha256_old"]) and pd.notna(row["spec_sha256_new"])
        note = say("revisions.spec_changed") if spec_changed and is_in_both else ""
        rows.append({"question": question, "before": said[0], "now": said[1], "note": note})
    return rows


def _said(row: Plain, which: str) -> str:
    if pd.isna(row[f"verdict_{which}"]):
        return say("revisions.absent")
    return say(
        "revisions.estimate",
        verdict=words.word("verdict", row[f"verdict_{which}"]),
        change=numbers.change(row[f"rate_ratio_{which}"]),
    )
