"""Requests and claims in words: sums recounted by hand, protected numbers never filled in."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pandas as pd
import pytest

from presentation import claims, requests


def cell(
    attribute: str, value: str, n: int | None, measure: str = "requests", year: int = 2024
) -> dict[str, Any]:
    kind = "year" if attribute == "hour_band" else "quarter"
    return {
        "period_kind": kind,
        "period": date(year, 1, 1),
        "measure": measure,
        "attribute": attribute,
        "attribute_value": value,
        "n": n,
        "n_flag": "published" if n is not None else "protected",
    }


LOG = pd.DataFrame(
    [
        cell("step", "asked", 100),
        cell("step", "asked", 50, year=2025),
        cell("step", "relayed", 60),
        cell("step", "answered", 40),
        cell("step", "answered", None, year=2025),
        cell("outcome", "unreached", 30),
        cell("outcome", "responded", 20),
        cell("outcome", "cancelled", None),
        cell("source", "police_scene", 45),
        cell("hour_band", "20-23", 40, "urgent_requests"),
        cell("hour_band", "20-23", 10, "answered_urgent_requests"),
        cell("hour_band", "00-03", 50, "urgent_requests"),
        cell("hour_band", "00-03", None, "answered_urgent_requests"),
    ]
)


def test_urgent_requests_are_counted_only_where_asked_and_answered_both_show() -> None:
    # 00-03 is left out: 50 asked, but the answered ones are protected.
    assert requests.title(LOG) == "10 of 40 urgent requests were answered by a team, 2024 to 2025."
    assert requests.needed(LOG) == "To answer nine in ten, about 26 more would have had to be answered."


def test_where_answers_are_protected_the_title_says_at_least() -> None:
    hidden = LOG[LOG["attribute"] != "hour_band"]
    assert requests.title(hidden).startswith(
        "Of 150 requests, nobody could be reached in at least 30, and a team came in at least 20"
    )


def test_without_a_log_nothing_is_counted() -> None:
    assert "cannot be told" in requests.title(LOG.iloc[0:0])


def test_a_protected_number_is_never_shown_as_zero() -> None:
    rows = {row["request_kind"]: row for row in requests.sources_and_outcomes(LOG)}
    assert rows["Cancelled"]["requests"] == "too few to show"
    assert rows["Police, to a scene"]["requests"] == "45"


def test_the_funnel_sums_what_may_be_shown() -> None:
    chart = requests.steps(LOG, "2026.1.0")
    assert chart is not None
    assert [(row["step"], row["requests"]) for row in chart.table] == [
        ("Received", 150),
        ("Relayed to a team", 60),
        ("Given an answer", 40),
    ]


@pytest.mark.parametrize(
    ("minutes", "words"), [(45.0, "45 min"), (600.0, "10.0 h"), (4320.0, "3.0 days"), (None, "not reached")]
)
def test_times_are_said_in_fitting_units(minutes: float | None, words: str) -> None:
    assert requests.duration(minutes) == words


def claim(test: str, verdict: str, reason: str, figures: dict[str, float], **columns: Any) -> dict[str, Any]:
    row = {"test": test, "verdict": verdict, "reason": reason, "figures_json": json.dumps(figures)}
    return (
        row | {"claimed": None, "computed": None, "lower_95": None, "upper_95": None, "unit": None} | columns
    )


COUNTS = {
    **{"claimed_first": 114, "claimed_second": 80, "victims_first": 139, "victims_second": 87},
    **{"incidents_first": 114, "incidents_second": 80},
}


def test_a_unit_mix_up_is_said_with_both_units() -> None:
    said = claims.found(
        claim("window_counts", "unit_mixed_up", "agrees_in_incidents", COUNTS, unit="victims")
    )
    assert (
        said == "114 and 80 are incidents: the records give 114, then 80 incidents, but 139, then 87 victims."
    )


def test_a_percent_claim_is_said_with_the_percent_of_its_own_figures() -> None:
    figures = COUNTS | {"percent_from_the_claims_own_figures": -29.8}
    row = claim(
        "window_counts",
        "not_supported",
        "percent_differs",
        figures,
        claimed=-50,
        computed=-37.4,
        unit="percent",
    )
    assert "139 victims, then 87" in claims.found(row)


@pytest.mark.parametrize("verdict", claims.VERDICTS)
def test_every_verdict_has_a_symbol_and_words(verdict: str) -> None:
    said = claims.verdict({"verdict": verdict})
    assert said[0] in "✓✗?⇄–" and len(said) > 4 and "_" not in said


def test_an_effect_is_said_with_its_interval_and_never_as_working() -> None:
    said = claims.found(
        claim("estimate", "cannot_tell", "cannot_tell", {}, computed=0.9, lower_95=0.5, upper_95=1.6)
    )
    assert "10% fewer than expected (95% interval from 50% fewer to 60% more)" in said
    assert "Cannot tell" in said


def test_what_a_claim_says_is_shown_as_text_and_never_as_markup() -> None:
    hostile = '<img src="x" onerror="alert(1)">'
    texts = {name: hostile for name in ("words", "who", "said", "source", "would_test", "rule", "needs")}
    card = claims.card(claim("none", "no_data", "no_data_public", {}, **texts))
    assert "<img" not in card
    assert card.count("&lt;img src=&quot;x&quot; onerror=&quot;alert(1)&quot;&gt;") == len(texts)
