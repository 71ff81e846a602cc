"""The funding review: what money bought, as far as it can be said, when a release is made."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from etl.publish.facts import loaded_programs
from etl.publish.rows import insert_rows
from etl.publish.ward_split import ward_rows
from etl.statements import load_statements
from evaluation.funding import (
    Figure,
    TwoPeriods,
    break_even,
    cost_per_averted,
    cost_per_unit,
    power_to_see,
    smallest_visible_change,
)

COSTS = Path(__file__).resolve().parents[2] / "data" / "costs.toml"
REVIEW_AFTER_MONTHS = (6, 12, 24, 36)
MONTHS_LOOKED_BACK = 24

Row = dict[str, Any]


def read_costs(path: Path = COSTS) -> list[dict[str, Any]]:
    """Published costs of a shooting: id, name, amount_usd, dollars_of, verified, counts, source."""
    costs: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["cost"]
    return costs


def write_funding(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill out_funding_review. Reads core_program, core_funding, core_phase, out_monthly, out_estimate."""
    rows: list[Row] = []
    costs = read_costs()
    for program in loaded_programs(connection):
        estimates = _read(connection, "averted_estimates", program=program["program"])
        found: list[Row] = []
        found += _unit_costs(program)
        found += _logged_costs(connection, program)
        for funding, phase, amount, reason in _money_by_phase(connection, program):
            found += _averted(funding, phase, amount, reason, estimates)
            found += _break_even(funding, phase, amount, costs, estimates)
        found += _visible_changes(program)
        found += _next_reviews(connection, program)
        found += ward_rows(connection, program)
        fixed = {"program": program["program"], "city": program["city"]}
        rows += [fixed | row | {"simulated": bool(program.get("simulated", False))} for row in found]
    insert_rows(connection, "out_funding_review", rows)


def _figure_row(figure: Figure, /, **columns: Any) -> Row:
    return {
        "status": figure.status,
        "reason": figure.reason,
        "value": figure.value,
        "lower_95": figure.lower_95,
        "upper_95": figure.upper_95,
        "inputs_json": json.dumps(figure.inputs),
    } | columns


def _unit_costs(program: Mapping[str, Any]) -> Iterator[Row]:
    facts = {fact["id"]: fact for fact in program.get("fact", [])}
    funding = {entry["id"]: entry for entry in program.get("funding", [])}
    for entry in program.get("unit_cost", []):
        fact, money = facts.get(entry.get("fact")), funding.get(entry.get("funding"))
        if fact and money:
            figure = cost_per_unit(float(money["amount_usd"]), float(fact["value"]), entry["reason"])
        else:
            figure = Figure("no_data", entry["reason"])
        yield _figure_row(
            figure,
            kind="cost_per_unit",
            figure=f"cost_per_{entry['id']}",
            basis=f"{entry.get('funding', 'none')}/{entry.get('fact', 'none')}",
            unit="US dollars",
            amount_usd=float(money["amount_usd"]) if money else None,
            denominator=float(fact["value"]) if fact else None,
            denominator_unit=fact["unit"] if fact else None,
        )


def _logged_costs(connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any]) -> Iterator[Row]:
    """Payments over logged work, where logs are loaded."""
    (work,) = _read(connection, "logged_work", program=program["program"])
    if not work["paid_usd"]:
        return
    for unit, column, named, reason in (
        ("shift_hour", "hours", "worker hours logged", "payments_over_logged_hours"),
        ("mediation", "mediations", "mediations that may be shown", "payments_over_protected_counts"),
        ("response", "responded", "requests to which a team came", "payments_over_protected_counts"),
        ("answered_call", "calls", "911 calls answered with police", "payments_of_years_shown"),
    ):
        paid = work["calls_paid_usd"] if column == "calls" else work["paid_usd"]
        if work[column] is None or not paid:
            continue
        figure = cost_per_unit(float(paid), float(work[column]), reason)
        yield _figure_row(
            figure,
            kind="cost_per_unit",
            figure=f"cost_per_{unit}",
            basis="payments/logs",
            unit="US dollars",
            amount_usd=float(paid),
            denominator=float(work[column]),
            denominator_unit=named,
        )


def _money_by_phase(
    connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any]
) -> Iterator[tuple[str, str, float, str]]:
    """Funding id, phase, amount, caveat: payments where there are any, else what is said to pay for a phase.

    Payments are set against the phases in which teams worked as planned.
    """
    paid = False
    for phase in program.get("phase", []):
        if phase.get("kind") not in {"pilot", "contracted"} or phase.get("role", "phase") != "phase":
            continue
        values = _read(connection, "payments_in_phase", program=program["program"], phase=phase["id"])
        if values and values[0]["amount_usd"] is not None:
            paid = True
            yield "payments", phase["id"], float(values[0]["amount_usd"]), "payments_of_the_phase"
    if paid:
        return
    for entry in program.get("funding", []):
        if "pays_for" in entry:
            sure = entry.get("pays_for_certainty") == "certain"
            reason = "amount_of_the_phase" if sure else "assumes_the_amount_paid_for_the_whole_phase"
            yield entry["id"], entry["pays_for"], float(entry["amount_usd"]), reason


def _averted(funding: str, phase: str, amount: float, reason: str, estimates: list[Row]) -> Iterator[Row]:
    for estimate in estimates:
        if estimate["phase"] != phase:
            continue
        figure = cost_per_averted(
            amount, estimate["averted"], (estimate["averted_lower_95"], estimate["averted_upper_95"])
        )
        yield _figure_row(
            figure,
            inputs_json=json.dumps(figure.inputs | {"money": reason}),
            kind="cost_per_averted",
            figure=f"cost_per_averted/{funding}",
            basis=estimate["estimate_id"],
            unit="US dollars",
            amount_usd=amount,
            denominator=estimate["averted"],
            denominator_unit=f"{estimate['unit']} averted",
        )


def _break_even(
    funding: str, phase: str, amount: float, costs: list[dict[str, Any]], estimates: list[Row]
) -> Iterator[Row]:
    expected = next(
        (item["expected"] for item in estimates if item["phase"] == phase and item["unit"] == "victims"), None
    )
    for cost in costs:
        figure = break_even(amount, float(cost["amount_usd"]), expected)
        cited = {f"cost_{key}": cost[key] for key in ("name", "dollars_of", "counts", "source", "verified")}
        yield _figure_row(
            figure,
            inputs_json=json.dumps(figure.inputs | cited),
            kind="break_even",
            figure=f"break_even/{funding}/{phase}",
            basis=cost["id"],
            unit="people not shot",
            amount_usd=amount,
            denominator=float(cost["amount_usd"]),
            denominator_unit="US dollars a person shot",
        )


def _visible_changes(program: Mapping[str, Any]) -> Iterator[Row]:
    facts = {fact["id"]: fact for fact in program.get("fact", [])}
    phases = {phase["id"]: phase for phase in program.get("phase", [])}
    for entry in program.get("visible_change", []):
        monthly = float(np.mean([facts[name]["value"] for name in entry["facts"]])) / 12
        before, after = (_months(phases[entry[key]]) for key in ("before_phase", "after_phase"))
        percent = smallest_visible_change(TwoPeriods(monthly, before, after, entry["dispersion"]))
        expected = monthly * after
        inputs = {
            "events_a_month": monthly,
            "months_before": before,
            "months_after": after,
            "dispersion": entry["dispersion"],
            "expected_events": expected,
            "events_that_would_have_to_be_averted": None if percent is None else expected * percent / 100,
        }
        yield _visible_row(percent, inputs, "smallest_visible_change", entry["id"], entry["after_phase"])


def _next_reviews(connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any]) -> Iterator[Row]:
    """What a change that begins after the last month of data would have to be, to be seen by a later date.

    Looks back two years in the headline service areas; noise over chance and likeness of neighboring
    months are those of these two years, each kept from going under that of pure chance.
    """
    readings = [entry["id"] for entry in program.get("catchment", []) if entry.get("headline")]
    staggered = any("starts" in entry for entry in program.get("catchment", []))
    # Areas that started one after the other: what they hold together now, for a program with money to review.
    if not readings or (staggered and not program.get("funding")):
        return
    months = _read(
        connection, "recent_months", program=program["program"], city=program["city"], reading=readings[0]
    )
    if len(months) < MONTHS_LOOKED_BACK:
        return
    last: date = months[0]["month"]
    counts = np.array([float(row["incidents"]) for row in reversed(months)])
    # Around a straight line: a steady fall is not noise.
    index = np.arange(len(counts))
    line = np.polyval(np.polyfit(index, counts, 1), index)
    residual = counts - line
    dispersion = max(1.0, float((residual**2).sum() / (len(counts) - 2) / counts.mean()))
    likeness = float((residual[1:] * residual[:-1]).sum() / (residual**2).sum())
    for after in REVIEW_AFTER_MONTHS:
        periods = TwoPeriods(float(counts.mean()), len(counts), after, dispersion, max(0.0, likeness))
        inputs = {
            "events_a_month": float(counts.mean()),
            "months_before": len(counts),
            "months_after": after,
            "dispersion": dispersion,
            "autocorrelation": max(0.0, likeness),
            "power_to_see_10_percent": power_to_see(periods, 10),
            "power_to_see_20_percent": power_to_see(periods, 20),
            "power_to_see_30_percent": power_to_see(periods, 30),
        }
        by = _later(last, after)
        yield _visible_row(smallest_visible_change(periods), inputs, "next_review", f"by_{after}_months", by)


def _visible_row(percent: float | None, inputs: Row, kind: str, figure: str, basis: str) -> Row:
    return {
        "kind": kind,
        "figure": figure,
        "basis": basis,
        "status": "stated" if percent is not None else "cannot_be_stated",
        "reason": "best_case" if percent is not None else "nothing_would_be_seen",
        "value": percent,
        "unit": "percent fewer",
        "inputs_json": json.dumps(inputs),
    }


def _months(phase: Mapping[str, Any]) -> int:
    first, last = (date.fromisoformat(f"{phase[key]}-01") for key in ("first_month", "last_month"))
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _later(month: date, months: int) -> str:
    index = month.year * 12 + month.month - 1 + months
    return f"{index // 12}-{index % 12 + 1:02d}"


def _read(connection: duckdb.DuckDBPyConnection, name: str, **values: object) -> list[Row]:
    statement = load_statements("publish")[name]
    found = connection.execute(statement.text, statement.bind(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
