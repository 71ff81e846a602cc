"""Public claims and what this release says about each: one rule for each kind of test.

`data/claims.toml` holds words, sources and what to compare. Nothing computed is written there.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from etl.publish.rows import insert_rows
from etl.sql_text import identifier
from etl.statements import load_statements

CLAIMS = Path(__file__).resolve().parents[2] / "data" / "claims.toml"

EVENTS_APART, SHARE_APART, POINTS_APART = 3, 0.02, 5.0
LITTLE_OR_NO_CHANGE = 0.10
OTHER_UNIT = {"victims": "incidents", "incidents": "victims"}


@dataclass(frozen=True)
class Verdict:
    """What the data say. `reason` is a code; `figures` are all numbers behind the verdict."""

    verdict: str
    reason: str
    claimed: float | None = None
    computed: float | None = None
    lower_95: float | None = None
    upper_95: float | None = None
    unit: str | None = None
    figures: dict[str, float | None] = field(default_factory=dict)


def read_claims(path: Path = CLAIMS) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def write_claims(connection: duckdb.DuckDBPyConnection, path: Path = CLAIMS) -> None:
    """Fill out_claim and out_claim_verdict. Reads core_program and the out tables; run after them.

    Claims about programs that are not in this release are left out.
    """
    content = read_claims(path)
    programs = {row[0] for row in connection.execute("SELECT program FROM core_program").fetchall()}
    claims, verdicts = [], []
    for position, claim in enumerate(content["claim"], start=1):
        if claim["program"] not in programs:
            continue
        kept = ("program", "city", "words", "who", "speaker", "said", "source", "would_test", "test", "needs")
        claims.append(
            {
                "claim": claim["id"],
                "position": position,
                **{key: claim[key] for key in kept},
                "rule": content["rules"][claim["test"]],
            }
        )
        found = judge(connection, claim)
        values = {key: getattr(found, key) for key in ("verdict", "reason", "claimed", "computed", "unit")}
        values |= {"lower_95": found.lower_95, "upper_95": found.upper_95}
        verdicts.append({"claim": claim["id"], **values, "figures_json": json.dumps(found.figures)})
    insert_rows(connection, "out_claim", claims)
    insert_rows(connection, "out_claim_verdict", verdicts)


def judge(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    """The verdict on one claim. Raises KeyError for a test that does not exist."""
    return TESTS[claim["test"]](connection, claim)


def agrees(claimed: float, computed: float) -> bool:
    """Within 3 events or 2 percent, whichever is more: later reports move counts by a few."""
    return abs(claimed - computed) <= max(EVENTS_APART, SHARE_APART * abs(claimed))


def _window_counts(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    asked = claim["figures"]
    counted: dict[str, list[float]] = {}
    for unit in (asked["unit"], OTHER_UNIT[asked["unit"]]):
        counted[unit] = []
        for first, last in asked["windows"]:
            days, total = _one(
                connection,
                "claim_window",
                **_city_series(claim, unit),
                date_basis=asked["date_basis"],
                first_day=first,
                last_day=last,
            )
            if days != (last - first).days + 1:
                return Verdict("cannot_tell", "days_missing", unit=asked["unit"])
            counted[unit].append(float(total))
    verdict = _compare_units(asked["claimed"], counted, asked["unit"])
    if "claimed_percent" not in asked:
        return verdict
    percent = 100 * (counted[asked["unit"]][1] / counted[asked["unit"]][0] - 1)
    from_claim = 100 * (asked["claimed"][1] / asked["claimed"][0] - 1)
    close = abs(percent - asked["claimed_percent"]) <= POINTS_APART
    return Verdict(
        "supported" if close else "not_supported",
        "agrees" if close else "percent_differs",
        asked["claimed_percent"],
        percent,
        unit="percent",
        figures=verdict.figures | {"percent_from_the_claims_own_figures": from_claim},
    )


def _yearly_counts(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    asked = claim["figures"]
    counted: dict[str, list[float]] = {}
    for unit in (asked["unit"], OTHER_UNIT[asked["unit"]]):
        counted[unit] = []
        for year in asked["years"]:
            months, total = _one(
                connection,
                "claim_year",
                **_city_series(claim, unit),
                month_basis=asked["month_basis"],
                year=year,
            )
            if months != 12:
                return Verdict("cannot_tell", "months_missing", unit=asked["unit"])
            counted[unit].append(float(total))
    names = [str(year) for year in asked["years"]]
    return _compare_units(asked["claimed"], counted, asked["unit"], names, total=True)


def _compare_units(
    claimed: list[float],
    counted: dict[str, list[float]],
    unit: str,
    names: list[str] | None = None,
    total: bool = False,
) -> Verdict:
    names = names or ["first", "second"]
    figures: dict[str, float | None] = {}
    for kind, values in {"claimed": claimed, **counted}.items():
        figures |= {f"{kind}_{name}": value for name, value in zip(names, values, strict=True)}
    fits = {
        kind: all(agrees(said, found) for said, found in zip(claimed, values, strict=True))
        for kind, values in counted.items()
    }
    main = sum(claimed) if total else claimed[-1]
    found = sum(counted[unit]) if total else counted[unit][-1]
    if fits[unit]:
        return Verdict("supported", "agrees", main, found, unit=unit, figures=figures)
    if fits[OTHER_UNIT[unit]]:
        return Verdict(
            "unit_mixed_up", f"agrees_in_{OTHER_UNIT[unit]}", main, found, unit=unit, figures=figures
        )
    return Verdict("not_supported", "differs", main, found, unit=unit, figures=figures)


def _months_in_period(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    asked = claim["figures"]
    first, last = asked["period"]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    figures: dict[str, float | None] = {}
    for name, total in asked["totals"].items():
        figures[f"{name}_a_month_over_the_stated_period"] = total / months
        figures[f"{name}_a_month_as_claimed"] = total / asked["claimed_months"]
    same = months == asked["claimed_months"]
    return Verdict(
        "supported" if same else "not_supported",
        "agrees" if same else "period_is_longer" if months > asked["claimed_months"] else "period_is_shorter",
        asked["claimed_months"],
        months,
        unit="months",
        figures=figures,
    )


def _evidence_summary(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    row = _row(connection, "claim_summary", summary=claim["figures"]["summary"])
    if row is None:
        return Verdict("cannot_tell", "too_few_results", unit="rate_ratio")
    ratio, lower, upper, next_lower, next_upper, results = row
    figures = {
        "prediction_lower_95": next_lower,
        "prediction_upper_95": next_upper,
        "results": float(results),
    }

    def verdict(code: str, reason: str) -> Verdict:
        return Verdict(code, reason, None, ratio, lower, upper, "rate_ratio", figures)

    if lower > 1:
        return verdict("not_supported", "more_on_average")
    if lower > 1 - LITTLE_OR_NO_CHANGE and upper < 1 + LITTLE_OR_NO_CHANGE:
        return verdict("not_supported", "little_or_no_change_on_average")
    if upper < 1 and next_upper is not None and next_upper < 1:
        return verdict("supported", "fewer_on_average_and_for_the_next_place")
    if upper < 1:
        return verdict("cannot_tell", "the_next_place_may_differ")
    return verdict("cannot_tell", "mean_includes_no_change")


def _estimate(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    row = _row(connection, "claim_estimate", estimate=claim["figures"]["estimate"])
    if row is None or row[4] != "estimated":
        return Verdict("cannot_tell", "not_estimated", unit="rate_ratio")
    code = {
        "fewer_than_expected": "supported",
        "more_than_expected": "not_supported",
        "little_or_no_change": "not_supported",
        "cannot_tell": "cannot_tell",
    }[row[0]]
    return Verdict(code, row[0], None, row[1], row[2], row[3], "rate_ratio")


def _area_ranks(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    asked = claim["figures"]
    named_columns = ("outcome", "unit", "geography", "month_basis", "first_month", "last_month")
    ranked = _rows(
        connection, "claim_ranks", city=claim["city"], **{key: asked[key] for key in named_columns}
    )
    ranks = {area: rank for area, rank, _ in ranked}
    if not set(asked["areas"]) <= set(ranks):
        return Verdict("cannot_tell", "areas_missing", unit="areas")
    top = math.ceil(len(ranks) / 4)
    inside = sum(ranks[area] <= top for area in asked["areas"])
    total = sum(count for *_, count in ranked)
    named = sum(count for area, _, count in ranked if area in asked["areas"])
    figures: dict[str, float | None] = {"areas": float(len(ranks)), "top": float(top)}
    figures["percent_of_all_incidents_in_the_areas_named"] = (
        100 * float(named) / float(total) if total else None
    )
    figures |= {f"rank_of_{area}": float(ranks[area]) for area in asked["areas"]}
    share = inside / len(asked["areas"])
    code = "supported" if share >= 0.8 else "not_supported" if share < 0.5 else "cannot_tell"
    reason = {
        "supported": "in_top_quarter",
        "not_supported": "not_in_top_quarter",
        "cannot_tell": "some_in_top_quarter",
    }
    return Verdict(code, reason[code], len(asked["areas"]), inside, unit="areas", figures=figures)


def _rows_of_logs(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    present = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    figures: dict[str, float | None] = {}
    for table in claim["figures"]["tables"]:
        figures[table] = 0.0
        if table in present:
            counted = connection.execute(
                f"SELECT count(*) FROM {identifier(table)} WHERE city = ?", [claim["city"]]
            ).fetchone()
            figures[table] = float(counted[0]) if counted else 0.0
    total = sum(value or 0 for value in figures.values())
    if total:
        return Verdict("not_supported", "records_are_there", None, total, unit="rows", figures=figures)
    return Verdict("supported", "no_records", None, 0.0, unit="rows", figures=figures)


def _none(connection: duckdb.DuckDBPyConnection, claim: Mapping[str, Any]) -> Verdict:
    return Verdict("no_data", "no_data_public")


def _city_series(claim: Mapping[str, Any], unit: str) -> dict[str, Any]:
    return {"city": claim["city"], "outcome": claim["figures"]["outcome"], "unit": unit}


def _rows(connection: duckdb.DuckDBPyConnection, name: str, **values: object) -> list[tuple[Any, ...]]:
    statement = load_statements("publish")[name]
    return connection.execute(statement.text, statement.bind(values)).fetchall()


def _row(connection: duckdb.DuckDBPyConnection, name: str, **values: object) -> tuple[Any, ...] | None:
    found = _rows(connection, name, **values)
    return found[0] if found else None


def _one(connection: duckdb.DuckDBPyConnection, name: str, **values: object) -> tuple[Any, ...]:
    return _rows(connection, name, **values)[0]


TESTS: dict[str, Callable[[duckdb.DuckDBPyConnection, Mapping[str, Any]], Verdict]] = {
    "window_counts": _window_counts,
    "yearly_counts": _yearly_counts,
    "months_in_period": _months_in_period,
    "evidence_summary": _evidence_summary,
    "estimate": _estimate,
    "area_ranks": _area_ranks,
    "rows_of_logs": _rows_of_logs,
    "none": _none,
}
