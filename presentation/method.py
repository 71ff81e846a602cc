"""Tables of the page on method and data: sources, known faults, measured coverage, how to cite."""

from __future__ import annotations

import json
import math
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


def quality_for_people(frame: pd.DataFrame, first: str = "gunshot") -> pd.DataFrame:
    """Known faults that occurred: what and how it is handled, how many, out of how many.

    Only those of the outcome `first` where it has any; counts that are no fault (rows read, victims in all) are
    left out.
    """
    rows = [
        {
            "fault": row["note"],
            "number": numbers.count(row["value"]),
            "base": numbers.count(row["base"]) if numbers.is_known(row["base"]) else "",
            "share": numbers.share(row["value"], row["base"]) if row["base"] else "",
            "is_first": row["figure"].startswith(first),
        }
        for row in frame.to_dict("records")
        if row["value"] and numbers.is_known(row["base"]) and not row["figure"].endswith(NO_FAULTS)
    ]
    rows = [row for row in rows if row["is_first"]] or rows
    return pd.DataFrame(rows, columns=["fault", "number", "base", "share"])


NO_FAULTS = ("_in_all", "_in_one_case", "rows_read")


def log_faults(frame: pd.DataFrame, program: str) -> pd.DataFrame:
    """What was late, doubled, incomplete or set aside in the logs of a program, by log."""
    rows = []
    for row in frame.to_dict("records"):
        owner, _, log = row["source"].partition("/")
        if owner == program and log and row["value"] and numbers.is_known(row["base"]):
            rows.append(
                {
                    "log": words.plain(log).capitalize(),
                    "fault": row["note"],
                    "number": numbers.count(row["value"]),
                    "base": numbers.count(row["base"]),
                    "share": numbers.share(row["value"], row["base"]),
                }
            )
    return pd.DataFrame(rows)


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


def coverage_for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """The coverage of the interval in use, by kind of series and true change; the whole frame where it is another table."""
    needed = {"cell", "effect", "histories", "covers", "excludes_none"}
    if not needed <= set(frame.columns):
        return frame
    used = frame[frame["is_default"]] if "is_default" in frame else frame
    rows = []
    for row in used.to_dict("records"):
        is_null = not row["effect"]
        rows.append(
            {
                "series": row["cell"],
                "true_change": say("numbers.no_change")
                if is_null
                else numbers.signed_percent(math.exp(row["effect"])),
                "histories": numbers.count(row["histories"]),
                "holds_truth": numbers.percent(100 * row["covers"], 1),
                "false_alarms": numbers.percent(100 * row["excludes_none"], 1) if is_null else "",
            }
        )
    return pd.DataFrame(rows)


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
