"""Estimates of the fixed analyses into the release: evaluated once, stored with their hashes.

Estimates made before from the same program file, the same counts and the same code are taken over
instead of being computed again (`etl/publish/estimate_store.py`).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import duckdb
import pandas as pd

from etl.publish.estimate_store import EstimateStore
from etl.publish.evidence_ledger import Entry
from etl.publish.ledger_entries import refuse_false_claims
from etl.publish.rows import insert_rows
from etl.statements import load_statements
from evaluation.analysis_result import AnalysisResult
from evaluation.area_effects import program_area_effects
from evaluation.program import Analysis, Program, ProgramError, parse_program
from evaluation.readings import evaluate_program
from evaluation.result import Reading, Result, plain

Rows = dict[str, list[dict[str, Any]]]
TABLES = (
    "out_estimate", "out_series", "out_check", "out_gate", "out_specification", "out_placebo", "out_area_effect",
)  # fmt: skip
WORTH_PROCESSES = 10  # analyses under which a process of its own takes longer to start than it saves


def evaluate_programs(
    connection: duckdb.DuckDBPyConnection,
    programs: Sequence[Mapping[str, Any]],
    progress: Callable[[str], None],
    quick: bool,
    store: EstimateStore,
    known: Sequence[Entry] = (),
) -> None:
    """Write out_estimate and its companions for every program with analyses.

    quick: only the first analysis of each program, without its slow checks. known: the evidence ledger, which decides
    whether an analysis may call itself confirmatory. A program that cannot be evaluated stops the build (ProgramError
    names the entry).
    """
    wanted: list[_Wanted] = []
    for program in programs:
        if not program.get("analysis"):
            continue
        inputs = inputs_of(connection, program)
        if inputs.panel.empty:
            progress(f"{program['program']}: no counts of {program['city']}, no estimates")
            continue
        refuse_false_claims(program, str(inputs.panel["month"].max())[:7], known)
        only = [str(program["analysis"][0]["id"])] if quick else None
        deep: list[str] | None = [] if quick else None
        key = store.key(program, inputs.panel, inputs.areas, inputs.neighbors, (only, deep, inputs.hours))
        wanted.append(_Wanted(program, inputs, only, deep, key, store.find(program["program"], key)))
    for item, rows in zip(wanted, _rows_of(wanted), strict=True):
        how = "taken over unchanged"
        if item.kept is None:
            store.keep(item.program["program"], item.key, rows.tables)
            how = f"{rows.seconds:.0f} s"
        for table in TABLES:
            insert_rows(connection, table, rows.tables.get(table, []))
        progress(f"{item.program['program']}: {len(rows.tables['out_estimate']):,} estimates ({how})")


@dataclass(frozen=True)
class _Wanted:
    """One program to evaluate, and the rows that are kept of it, if any."""

    program: Mapping[str, Any]
    inputs: Inputs
    only: list[str] | None
    deep: list[str] | None
    key: str
    kept: Rows | None


@dataclass(frozen=True)
class _Made:
    tables: Rows
    seconds: float


def _rows_of(wanted: Sequence[_Wanted]) -> Iterator[_Made]:
    """Rows of each program in order; several that have to be made are made side by side, a process each."""
    fresh = [item for item in wanted if item.kept is None]
    processes = min(len(fresh), os.cpu_count() or 1)
    work = sum(len(item.program["analysis"]) if item.only is None else len(item.only) for item in fresh)
    if processes < 2 or work < WORTH_PROCESSES:
        for item in wanted:
            yield _make(item)
        return
    # A fork would take the open database along; a process of its own starts without it.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        started = {item.key: pool.submit(_make, item) for item in fresh}
        for item in wanted:
            yield _make(item) if item.kept is not None else started[item.key].result()


def _make(item: _Wanted) -> _Made:
    if item.kept is not None:
        return _Made(item.kept, 0.0)
    began = time.monotonic()
    return _Made(estimate_rows(item.program, item.inputs, item.only, item.deep), time.monotonic() - began)


@dataclass(frozen=True)
class Inputs:
    """What the evaluation of one program reads.

    panel: counts of every kind of area; areas: by geography of an analysis, each area with the larger
    areas it lies in; kinds: geographies below the city that are counted; hours: worker hours by month, empty without a log.
    """

    panel: pd.DataFrame
    areas: dict[str, pd.DataFrame]
    neighbors: list[tuple[str, str]]
    kinds: tuple[str, ...]
    hours: dict[str, float]


def inputs_of(connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any]) -> Inputs:
    """Counts and geography of a program's city."""
    publish = load_statements("publish")
    city = {"city": program["city"]}
    panel = connection.execute(publish["panel"].text, city).df()
    analyzed = sorted({str(entry["geography"]) for entry in program["analysis"]})
    areas = {}
    for kind in analyzed:
        frame = connection.execute(publish["areas_of_kind"].text, {**city, "kind": kind}).df()
        larger = connection.execute(publish["larger_areas"].text, {**city, "kind": kind}).df()
        for name, part in larger.groupby("to_geography"):
            frame[str(name)] = frame["area"].map(dict(zip(part["from_area"], part["to_area"], strict=True)))
        areas[kind] = frame.fillna("")
    pairs = connection.execute(publish["neighbor_pairs"].text, {**city, "kinds": analyzed}).fetchall()
    kinds = tuple(sorted(set(panel["geography"]) - {"city"}))
    worked = connection.execute(publish["hours_by_month"].text, {"program": program["program"]}).fetchall()
    hours = {str(month): float(value) for month, value in worked}
    return Inputs(panel, areas, [(str(one), str(two)) for one, two in pairs], kinds, hours)


def estimate_rows(
    program: Mapping[str, Any],
    inputs: Inputs,
    only: Sequence[str] | None = None,
    deep: Sequence[str] | None = None,
) -> Rows:
    """Rows of every table of estimates for one program.

    only, deep: as in `evaluation.readings.evaluate_program`.
    """
    try:
        parsed = parse_program(program)
        rows: Rows = {table: [] for table in TABLES}
        for kind, areas in inputs.areas.items():
            found = evaluate_program(
                program,
                inputs.panel,
                areas,
                inputs.neighbors,
                geography=kind,
                only=only,
                deep=deep,
                hours=inputs.hours,
            )
            analyses = {item.id: item for item in parsed.analyses}
            for result in found:
                _add(rows, program, parsed, analyses[result.analysis], result)
        for kind in inputs.kinds:
            effects = program_area_effects(program, inputs.panel, kind)
            simulated = bool(program.get("simulated", False))
            names = [str(name) for name in effects.columns]
            for record in effects.itertuples(index=False):
                rows["out_area_effect"].append(
                    {**dict(zip(names, record, strict=True)), "simulated": simulated}
                )
    except ProgramError as error:
        raise ProgramError(f"{program['program']}.toml: {error}") from error
    # An interval end that is not bounded is stored as empty: no number would be true.
    return {table: plain(entries) for table, entries in rows.items()}


def _add(
    rows: Rows, program: Mapping[str, Any], parsed: Program, analysis: Analysis, found: AnalysisResult
) -> None:
    fixed = {
        "city": program["city"],
        "program": found.program,
        "analysis": found.analysis,
        "phase": found.phase,
        "simulated": bool(program.get("simulated", False)),
    }
    base = f"{found.program}/{found.analysis}"
    windows = {name: f"{window.first}/{window.last or ''}" for name, window in parsed.baselines.items()}
    catchment, pool, baseline = found.key
    place = {"catchment": catchment, "pool": pool, "baseline": windows.get(baseline, baseline)}
    rows["out_estimate"].append(_estimate(base, "headline", found.headline, {**fixed, **place}))
    for companion in found.companions:
        row = _estimate(f"{base}/{companion.name}", companion.role, companion.result, {**fixed, **place})
        rows["out_estimate"].append(row)
    for reading in found.headline.readings:
        rows["out_estimate"].append(_reading(base, reading, found.headline, fixed, windows))
    for estimate_id, result in [
        (base, found.headline),
        *((f"{base}/{companion.name}", companion.result) for companion in found.companions),
    ]:
        _add_checks(rows, estimate_id, result)
    for point in found.headline.series:
        rows["out_series"].append(
            {
                "estimate_id": base,
                "side": point.side,
                "month": f"{point.time[:7]}-01",
                "observed": point.observed,
                "expected": point.expected,
                "expected_lower_95": point.lower_95,
                "expected_upper_95": point.upper_95,
            }
        )
    asked = {"program": found.program, "analysis": found.analysis}
    seen: set[str] = set()
    for cell in found.specifications or _readings_as_specifications(found.headline):
        name = cell["specification"] if isinstance(cell, dict) else cell.specification
        if name not in seen:
            seen.add(name)
            rows["out_specification"].append({**asked, **(cell if isinstance(cell, dict) else vars(cell))})
    for placebo in found.placebos:
        rows["out_placebo"].append({**asked, **vars(placebo)})


def _readings_as_specifications(headline: Result) -> list[dict[str, Any]]:
    return [
        {
            "specification": " | ".join(filter(None, (item.catchment, item.pool, item.baseline))),
            "rate_ratio": item.rate_ratio,
            "lower_95": item.lower_95,
            "upper_95": item.upper_95,
        }
        for item in headline.readings
    ]


def _estimate(estimate_id: str, role: str, result: Result, fixed: Mapping[str, Any]) -> dict[str, Any]:
    effect = result.effect
    row = {
        **fixed,
        "estimate_id": estimate_id,
        "role": role,
        "design": result.design,
        "outcome": result.card.outcome,
        "unit": result.card.unit,
        "status": result.status,
        "interval_method": "none",
        "verdict": result.verdict,
        "registration": result.registration,
        "result_json": json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False),
        "spec_sha256": result.spec_sha256,
        "data_sha256": result.data_sha256,
    }
    if effect is not None:
        row |= {
            "rate_ratio": effect.rate_ratio,
            "lower_95": effect.interval_95[0],
            "upper_95": effect.interval_95[1],
            "lower_80": effect.interval_80[0],
            "upper_80": effect.interval_80[1],
            "interval_method": effect.interval_method,
            "observed": effect.observed,
            "expected": effect.expected,
            "averted": effect.averted,
        }
        if effect.averted_interval_95 is not None:
            row["averted_lower_95"], row["averted_upper_95"] = effect.averted_interval_95
    return row


def _reading(
    base: str, reading: Reading, headline: Result, fixed: Mapping[str, Any], windows: Mapping[str, str]
) -> dict[str, Any]:
    effect = headline.effect
    return {
        **fixed,
        "estimate_id": f"{base}/{reading.catchment}|{reading.pool or ''}|{reading.baseline}",
        "role": "reading",
        "design": headline.design,
        "outcome": headline.card.outcome,
        "unit": headline.card.unit,
        "catchment": reading.catchment,
        "pool": reading.pool,
        "baseline": windows.get(reading.baseline, reading.baseline),
        "status": reading.status,
        "rate_ratio": reading.rate_ratio,
        "lower_95": reading.lower_95,
        "upper_95": reading.upper_95,
        "lower_80": reading.lower_80,
        "upper_80": reading.upper_80,
        "interval_method": effect.interval_method if effect and reading.status == "estimated" else "none",
        "verdict": "cannot_tell",
        "registration": headline.registration,
        "result_json": json.dumps(plain(vars(reading)), ensure_ascii=False, allow_nan=False),
        "spec_sha256": headline.spec_sha256,
        "data_sha256": headline.data_sha256,
    }


def _add_checks(rows: Rows, estimate_id: str, result: Result) -> None:
    for check in result.checks:
        rows["out_check"].append(
            {
                "estimate_id": estimate_id,
                "check_name": check.name,
                "kind": check.kind,
                "status": check.status,
                "reason": check.reason,
                "figures_json": json.dumps(plain(check.figures), allow_nan=False),
            }
        )
    for gate in result.gates:
        rows["out_gate"].append(
            {
                "estimate_id": estimate_id,
                "gate": gate.gate,
                "name": gate.name,
                "status": gate.status,
                "reason": gate.reason,
            }
        )
