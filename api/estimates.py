"""Estimates as JSON: the figures, the sentence people read, and where they come from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from api.catalog import ROOT, release_record
from api.errors import ApiError
from etl import warehouse
from presentation.sentences import finding

ESTIMATE_FILTERS = ("city", "program", "analysis", "role", "design", "outcome", "unit", "verdict", "status")
FIGURES = (
    "rate_ratio", "lower_95", "upper_95", "lower_80", "upper_80", "observed", "expected",
    "averted", "averted_lower_95", "averted_upper_95",
)  # fmt: skip
TEXTS = (
    "estimate_id", "city", "program", "analysis", "role", "design", "phase", "outcome", "unit", "catchment",
    "pool", "baseline", "status", "interval_method", "verdict", "registration", "spec_sha256", "data_sha256",
)  # fmt: skip


def estimate_list(release: warehouse.Release, filters: dict[str, str]) -> dict[str, Any]:
    """All estimates of a release that match the filters, in the order of their ids."""
    frame = release.table("out_estimate")
    for name, value in filters.items():
        frame = frame[frame[name] == value]
    return {
        **release_record(release),
        "filters": filters,
        "estimates": [summary(release, row) for row in frame.to_dict("records")],
    }


def estimate_detail(release: warehouse.Release, estimate_id: str) -> dict[str, Any]:
    """One estimate with its whole result object, checks, gates and series. Raises ApiError 404."""
    rows = release.query("estimate", estimate_id=estimate_id).to_dict("records")
    if not rows:
        raise ApiError(
            404,
            "unknown_estimate",
            f"Release {release.id} has no such estimate. {ROOT}/releases/{release.id}/estimates lists them.",
        )
    return {
        **release_record(release),
        **summary(release, rows[0]),
        "result": json.loads(rows[0]["result_json"]),
        "checks": _plain(release.query("checks", estimate_id=estimate_id).to_dict("records")),
        "gates": _plain(release.query("gates", estimate_id=estimate_id).to_dict("records")),
        "series": _plain(release.query("series", estimate_id=estimate_id).to_dict("records")),
    }


def summary(release: warehouse.Release, row: Mapping[Any, Any]) -> dict[str, Any]:
    """One row of out_estimate: ids, figures, sentence, address."""
    return {
        **{name: _value(row[name]) for name in TEXTS},
        **{name: _value(row[name]) for name in FIGURES},
        "simulated": bool(row["simulated"]),
        "sentence": sentence(row),
        "href": f"{ROOT}/releases/{release.id}/estimates/{row['estimate_id']}",
    }


def sentence(row: Mapping[Any, Any]) -> str:
    """The finding in words, the same as on the pages."""
    return finding(json.loads(row["result_json"]))


def _plain(records: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    return [{key: _value(value) for key, value in record.items()} for record in records]


def _value(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if hasattr(value, "isoformat"):
        return None if str(value) == "NaT" else value.isoformat()[:10]
    if hasattr(value, "item"):
        return value.item()
    return value
