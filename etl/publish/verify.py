"""`python -m etl verify`: make the numbers of a release again and compare them.

The file must have the SHA-256 that its name holds the start of (the read door checks it). The counts are made again from
the files and settings that the build kept (`rebuild.py`), and each estimate from the counts the release holds, with
today's code: texts and counts must be the same, other numbers to 1e-9.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from etl import warehouse
from etl.publish.evaluate import TABLES, Rows, estimate_rows, inputs_of
from etl.publish.rebuild import rebuild
from etl.publish.release import run_data_tests

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Verification:
    """How many numbers were compared, and each that differs, in words."""

    compared: int
    differences: tuple[str, ...]


def verify(result: str | None, release_id: str | None, progress: Callable[[str], None]) -> Verification:
    """Verify a release, or one analysis of it (`program/analysis`, a reading's id names its analysis).

    Raises ReleaseError when the release cannot be read, LookupError when there is no such result.
    """
    release = warehouse.open_release(release_id)
    differences: list[str] = []
    compared = 1
    asked = result.split("/") if result else []
    with duckdb.connect(
        str(release.path), read_only=True, config=dict(warehouse.READ_ONLY_SETTINGS)
    ) as connection:
        if not asked:
            run_data_tests(connection)
        programs = [json.loads(text) for text in release.query("programs")["program_json"]]
        wanted = [item for item in programs if not asked or item["program"] == asked[0]]
        for program in wanted:
            stored = _stored(release, program["program"], asked[1] if len(asked) > 1 else None)
            analyses = sorted({row["analysis"] for row in stored["out_estimate"]})
            if not analyses:
                continue
            made = estimate_rows(program, inputs_of(connection, program), analyses)
            count, found = compare(stored, made)
            compared += count
            differences += found
            progress(f"{program['program']}: {len(analyses)} analyses made again, {count:,} numbers compared")
        if not asked:
            count, found = rebuild(connection, release, progress)
            compared += count
            differences += found
        if asked and compared == 1:
            raise LookupError(
                f"Release {release.id} has no result {result!r}. `python -m etl explain` lists them."
            )
    return Verification(compared, tuple(differences))


def _stored(release: warehouse.Release, program: str, analysis: str | None) -> Rows:
    rows: Rows = {}
    for table in TABLES:
        frame = release.table(table)
        if "program" in frame:
            chosen = frame["program"] == program
            if analysis and "analysis" in frame:
                chosen &= frame["analysis"] == analysis
        else:
            base = f"{program}/{analysis}" if analysis else program
            chosen = (frame["estimate_id"] == base) | frame["estimate_id"].str.startswith(base + "/")
        plain = frame[chosen].astype(object).where(frame[chosen].notna(), None)
        names = [str(name) for name in plain.columns]
        rows[table] = [dict(zip(names, record, strict=True)) for record in plain.itertuples(index=False)]
    return rows


def compare(stored: Rows, made: Rows) -> tuple[int, list[str]]:
    """Numbers and texts compared, and one line for each that differs."""
    compared = 0
    differences = []
    for table, keys in KEYS.items():
        new = {tuple(_text(row.get(key)) for key in keys): row for row in made.get(table, [])}
        for row in stored[table]:
            name = "/".join(_text(row[key]) for key in keys)
            again = new.pop(tuple(_text(row[key]) for key in keys), None)
            if again is None:
                differences.append(f"{table} {name}: not made again")
                continue
            for column, value in row.items():
                if column in keys:
                    continue
                compared += 1
                if not same(value, again.get(column)):
                    differences.append(
                        f"{table} {name} {column}: {value!r} is now {again.get(column)!r}"[:300]
                    )
        differences += [f"{table} {'/'.join(key)}: not in the release" for key in new]
    return compared, differences


KEYS = {
    "out_estimate": ("estimate_id",),
    "out_series": ("estimate_id", "side", "month"),
    "out_check": ("estimate_id", "check_name"),
    "out_gate": ("estimate_id", "gate"),
    "out_specification": ("program", "analysis", "specification"),
    "out_placebo": ("program", "analysis", "kind", "placebo"),
    "out_area_effect": ("program", "phase", "geography", "area", "outcome", "unit"),
}


def same(one: Any, two: Any) -> bool:
    """Equal, numbers to 1e-9 of their size, JSON texts by their content."""
    if isinstance(one, str) and isinstance(two, str) and one[:1] == "{" and one != two:
        return same(json.loads(one), json.loads(two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        return len(one) == len(two) and all(same(a, b) for a, b in zip(one, two, strict=True))
    if isinstance(one, bool) or isinstance(two, bool):
        return bool(one) == bool(two)
    if isinstance(one, int | float) and isinstance(two, int | float):
        return math.isclose(one, two, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return _text(one) == _text(two)


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text[:10] if text.endswith("T00:00:00") else text
