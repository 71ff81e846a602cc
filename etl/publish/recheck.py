"""`python -m etl recheck PROGRAM/ANALYSIS`: simulated twin and specification curve of any analysis, on demand.

A release carries both for the primary analyses. For any other they are made here from the counts of a release, with
progress, and printed; `--csv` keeps every cell of the curve.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from etl import warehouse
from etl.publish.evaluate import inputs_of
from evaluation.analysis_result import AnalysisResult
from evaluation.readings import evaluate_program

DEEP = ("simulated_twin", "specification_curve")


def add_parser(commands: Any) -> None:
    """Add the command to those of `python -m etl`."""
    deep = commands.add_parser("recheck", help="simulated twin and specification curve of one analysis")
    deep.add_argument("analysis", help="program/analysis")
    deep.add_argument("--release", metavar="ID")
    deep.add_argument("--csv", type=Path, metavar="FILE", help="write every cell of the curve to this file")
    deep.set_defaults(run=_run)


def recheck(asked: str, release_id: str | None, progress: Any) -> AnalysisResult:
    """The analysis with both checks, from the counts of a release. Raises LookupError, ReleaseError, ProgramError."""
    release = warehouse.open_release(release_id)
    name, _, analysis = asked.partition("/")
    programs = [json.loads(text) for text in release.query("programs")["program_json"]]
    program = next((item for item in programs if item["program"] == name), None)
    entry = next((item for item in (program or {}).get("analysis", []) if item["id"] == analysis), None)
    if program is None or entry is None:
        known = [f"{item['program']}/{one['id']}" for item in programs for one in item.get("analysis", [])]
        raise LookupError(
            f"Release {release.id} has no analysis {asked!r}. There are:\n  " + "\n  ".join(known)
        )
    with duckdb.connect(
        str(release.path), read_only=True, config=dict(warehouse.READ_ONLY_SETTINGS)
    ) as connection:
        inputs = inputs_of(connection, program)
    kind = str(entry["geography"])
    found = evaluate_program(
        program,
        inputs.panel,
        inputs.areas[kind],
        inputs.neighbors,
        geography=kind,
        only=[analysis],
        deep=[analysis],
        progress=progress,
        hours=inputs.hours,
    )
    return found[0]


def _run(given: argparse.Namespace) -> int:
    found = recheck(given.analysis, given.release, _Progress())
    if found.headline.status != "estimated":
        print(f"not estimable: {found.headline.reason}")
        return 0
    for check in found.headline.checks:
        if check.name in DEEP:
            print(f"{check.name}: {check.status}" + (f" ({check.reason})" if check.reason else ""))
            for key, value in check.figures.items():
                shown = "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
                print(f"  {key.replace('_', ' '):<40}{shown}")
    if given.csv:
        with given.csv.open("w", newline="", encoding="utf-8") as opened:
            rows = csv.writer(opened)
            rows.writerow(["specification", "rate_ratio", "lower_95", "upper_95"])
            for cell in found.specifications:
                rows.writerow([cell.specification, cell.rate_ratio, cell.lower_95, cell.upper_95])
        print(f"{len(found.specifications):,} cells written to {given.csv}")
    return 0


class _Progress:
    """One line on standard error for each tenth of each step."""

    def __init__(self) -> None:
        self.said: set[tuple[str, int]] = set()

    def __call__(self, what: str, done: int, of: int) -> None:
        tenth = 10 * done // max(of, 1)
        if (what, tenth) not in self.said:
            self.said.add((what, tenth))
            print(f"{what}: {10 * tenth} %", file=sys.stderr, flush=True)
