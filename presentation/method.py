"""Tables of the page on method and data: sources, known faults, measured coverage, how to cite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.language import say

Plain = dict[str, Any]
COVERAGE = Path(__file__).resolve().parent.parent / "benchmarks" / "results"


def sources_for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """Sources with what was read, kept and set aside."""
    return pd.DataFrame(
        [
            {
                "title": row["title"],
                "publisher": row["publisher"],
                "complete": numbers.month(row["last_complete_month"])
                if numbers.as_date(row["last_complete_month"])
                else say("numbers.unknown"),
                "rows_read": numbers.count(row["rows_read"]),
                "rows_accepted": numbers.count(row["rows_accepted"]),
                "rows_duplicate": numbers.count(row["rows_duplicate"]),
                "rows_rejected": numbers.count(row["rows_rejected"]),
                "licence": row["licence"],
                "url": row["url"],
            }
            for row in frame.to_dict("records")
        ]
    )


def quality_for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """Known faults: how many, out of how many, what is done about it."""
    return pd.DataFrame(
        [
            {
                "fault": words.word("quality", row["figure"]).capitalize(),
                "number": numbers.count(row["value"]),
                "base": numbers.count(row["base"]) if numbers.is_known(row["base"]) else "",
                "handled": row["note"],
            }
            for row in frame.to_dict("records")
        ]
    )


def coverage_tables(folder: Path = COVERAGE) -> list[tuple[str, pd.DataFrame]]:
    """Measured coverage of the intervals: one table a file `coverage*.json` of the benchmarks.

    Each file is a list of cells, or an object with the cells under `cells` or `rows`. Files that hold
    something else are left out.
    """
    tables = []
    for path in sorted(folder.glob("coverage*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = content.get("cells") or content.get("rows") if isinstance(content, dict) else content
        if isinstance(cells, list) and cells and all(isinstance(cell, dict) for cell in cells):
            tables.append((path.stem, pd.DataFrame(cells)))
    return tables


def citation(release: Plain, publishers: list[str]) -> str:
    """How to cite a release."""
    return say(
        "method.citation",
        release=release["release_id"],
        built=numbers.day(release["built_at"]),
        snapshot=str(release["snapshot_id"])[:16],
        code=release["code_version"],
        publishers="; ".join(publishers),
    )
