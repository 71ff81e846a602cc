"""The page of promises: what is promised, which tests hold it, and what this release itself can show for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from presentation import numbers
from presentation.language import say

TESTS = {
    "whole_loads": (
        "tests/data/test_publishing.py",
        "tests/trust/test_log_intake.py",
        "tests/trust/kills.py",
    ),
    "whole_releases": ("tests/data/test_publishing.py", "tests/trust/test_faults.py"),
    "no_lost_rows": ("tests/unit/test_bad_input.py", "tests/trust/test_log_intake.py"),
    "damage": (
        "tests/unit/test_warehouse.py",
        "tests/unit/test_audit_log.py",
        "tests/trust/test_backup.py",
    ),
    "rebuilt": ("tests/data/test_publishing.py", "tests/data/test_export_replication.py"),
    "small_numbers": (
        "tests/unit/test_disclosure_counts.py",
        "tests/unit/test_disclosure_attack.py",
        "tests/trust/test_nothing_leaks.py",
    ),
    "differences": ("tests/unit/test_disclosure_attack.py", "tests/trust/test_nothing_leaks.py"),
    "hostile_visitor": (
        "tests/trust/test_hostile_visitor.py",
        "tests/trust/test_cold_server.py",
        "tests/trust/test_sign_in.py",
    ),
    "crowd": ("benchmarks/load.py", "tests/unit/test_turns.py", "tests/trust/test_behind_proxy.py"),
    "safe_exports": ("tests/unit/test_escape.py", "tests/data/test_export_package.py"),
    "no_beacon": ("tests/trust/test_no_beacon.py",),
}


@dataclass(frozen=True)
class Promise:
    """One promise in words, and the files that try to break it."""

    title: str
    text: str
    tests: tuple[str, ...]


def promises() -> list[Promise]:
    return [
        Promise(say(f"promise.{name}.title"), say(f"promise.{name}.text"), tests)
        for name, tests in TESTS.items()
    ]


def release_line(meta: dict[str, Any], sha: str) -> str:
    """What was checked when the release was opened: its row of `meta_release`, the start of its SHA-256."""
    return say(
        "promises.release_text",
        release=meta["release_id"],
        built=numbers.day(meta["built_at"]),
        code=meta["code_version"],
        sha=sha,
    )


def rows_line(sources: pd.DataFrame) -> str:
    """Rows read against rows accounted for, over the sources that are rows of events."""
    known = sources.dropna(subset=["rows_read", "rows_accepted"])
    if known.empty:
        return say("promises.no_rows")
    totals = {
        name: int(known[f"rows_{name}"].fillna(0).sum())
        for name in ("read", "accepted", "duplicate", "rejected")
    }
    lost = totals["read"] - totals["accepted"] - totals["duplicate"] - totals["rejected"]
    return say(
        "promises.rows_text",
        **{name: numbers.count(value) for name, value in totals.items()},
        lost=numbers.count(lost),
    )


def hidden_line(cells: pd.DataFrame) -> str:
    """How many protected cells of people-linked tables are hidden. `cells` has one row: hidden, all_cells."""
    total = int(cells["all_cells"].iloc[0]) if len(cells) else 0
    if total == 0:
        return say("promises.no_hidden")
    return say(
        "promises.hidden_text",
        hidden=numbers.count(int(cells["hidden"].iloc[0])),
        all=numbers.count(total),
    )
