"""Published evaluations into the release: results, summaries, and the local estimate among them."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import duckdb

from etl.publish.rows import insert_rows
from etl.statements import load_statements
from evaluation.meta_analysis import Summary, error_from_interval, partially_pooled
from evaluation.published_results import SELECTIONS, EvidenceSummary, PublishedResult, read_study, summarize

EVIDENCE = Path(__file__).resolve().parents[2] / "data" / "evidence"
OUTCOMES = ("shootings", "homicide")
# Which published outcome a local outcome is measured against.
PUBLISHED_OUTCOME = {"gunshot": "shootings", "homicide": "homicide"}


def read_studies(folder: Path = EVIDENCE) -> list[dict[str, Any]]:
    """All study files, by name."""
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))]


def write_evidence(connection: duckdb.DuckDBPyConnection, folder: Path = EVIDENCE) -> None:
    """Fill out_published_result, out_evidence_summary and out_evidence_local. Reads out_estimate."""
    studies = read_studies(folder)
    results: list[PublishedResult] = []
    rows: list[dict[str, Any]] = []
    for study in studies:
        read = read_study(study)
        results += read
        rows += [_result_row(study, entry, item) for entry, item in zip(study["result"], read, strict=True)]
    insert_rows(connection, "out_published_result", rows)
    summaries = [summarize(results, outcome, selection) for outcome in OUTCOMES for selection in SELECTIONS]
    insert_rows(connection, "out_evidence_summary", [_summary_row(item) for item in summaries])
    priors = {item.outcome: item.summary for item in summaries if item.selection == "one_per_place"}
    insert_rows(connection, "out_evidence_local", _local_rows(connection, priors))


def _result_row(study: dict[str, Any], entry: dict[str, Any], item: PublishedResult) -> dict[str, Any]:
    effect, error = item.effect, item.standard_error
    return {
        "result": item.id,
        **{key: study[key] for key in ("study", "authors", "year", "place", "design", "intervention")},
        **{key: study[key] for key in ("maryland_scale", "risk_of_bias", "overlaps", "source")},
        **{key: entry[key] for key in ("site", "outcome", "measure", "published")},
        "period": study.get("period"),
        "sites": 1 if item.is_single_site else study.get("sites"),
        "is_single_site": item.is_single_site,
        "scale": item.scale,
        "log_rate_ratio": effect,
        "standard_error": error,
        "error_from": item.error_from,
        "rate_ratio": None if effect is None else math.exp(effect),
        "lower_95": None if effect is None or error is None else math.exp(effect - 1.959963985 * error),
        "upper_95": None if effect is None or error is None else math.exp(effect + 1.959963985 * error),
        "absolute_change": entry.get("absolute"),
        "absolute_error": entry.get("absolute_error"),
        "absolute_unit": entry.get("absolute_unit"),
        "in_pool": item.in_pool,
        "in_site_list": item.in_site_list,
    }


def _summary_row(item: EvidenceSummary) -> dict[str, Any]:
    found = item.summary
    equal = item.selection == "every_site_equal_weight"
    row: dict[str, Any] = {
        "summary": f"{item.outcome}.{item.selection}",
        "outcome": item.outcome,
        "selection": item.selection,
        "results": len(item.members),
        "members": " ".join(member.id for member in item.members),
        "places": len({member.place for member in item.members}),
        "status": "summarized" if found else "too_few",
        "method": "equal_weights" if equal else "reml_hartung_knapp",
        "egger_intercept": item.egger_intercept,
        "egger_p": item.egger_p,
    }
    if found:
        row |= {
            "rate_ratio": math.exp(found.mean),
            "lower_95": math.exp(found.interval_95[0]),
            "upper_95": math.exp(found.interval_95[1]),
            "tau": math.sqrt(found.tau_squared),
            "i_squared": found.i_squared,
        }
        if found.prediction_95:
            row["prediction_lower_95"], row["prediction_upper_95"] = map(math.exp, found.prediction_95)
    return row


def _local_rows(
    connection: duckdb.DuckDBPyConnection, priors: dict[str, Summary | None]
) -> list[dict[str, Any]]:
    """Headline estimates of real programs, drawn toward the published mean. Simulated ones are left out."""
    estimates = connection.execute(load_statements("publish")["local_estimates"].text).fetchall()
    rows = []
    for estimate_id, program, outcome, ratio, lower, upper in estimates:
        published = PUBLISHED_OUTCOME.get(outcome)
        prior = priors.get(published) if published else None
        # New York is itself one of the published results: it cannot be its own prior.
        if prior is None or program == "cure-violence-new-york":
            continue
        pooled = partially_pooled(math.log(ratio), error_from_interval(lower, upper), prior)
        rows.append(
            {
                "estimate_id": estimate_id,
                "program": program,
                "summary": f"{published}.one_per_place",
                "rate_ratio": ratio,
                "lower_95": lower,
                "upper_95": upper,
                "pooled_rate_ratio": math.exp(pooled.mean),
                "pooled_lower_95": math.exp(pooled.interval_95[0]),
                "pooled_upper_95": math.exp(pooled.interval_95[1]),
                "weight_local": pooled.weight_local,
            }
        )
    return rows
