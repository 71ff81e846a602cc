"""Public claims in words: what was said, what the records say, and by which rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from presentation import numbers, words
from presentation.escape import html
from presentation.language import say

Plain = dict[str, Any]
VERDICTS = ("supported", "not_supported", "unit_mixed_up", "cannot_tell", "no_data")
OTHER_UNIT = {"victims": "incidents", "incidents": "victims"}


def title(claims: Sequence[Plain]) -> str:
    """How many claims, by verdict."""
    counted = {code: sum(claim["verdict"] == code for claim in claims) for code in VERDICTS}
    return say("claims.title", total=len(claims), **counted)


def verdict(claim: Plain) -> str:
    """Verdict with its symbol, so that color is not alone."""
    code = claim["verdict"]
    return f"{words.word('claim_symbol', code)} {words.word('claim_verdict', code)}"


def source_line(claim: Plain) -> str:
    return say("claims.by", who=claim["who"], said=claim["said"], source=claim["source"])


def found(claim: Plain) -> str:
    """What the data of the release say about a claim, with its numbers."""
    figures = json.loads(claim["figures_json"])
    test, reason = claim["test"], claim["reason"]
    if reason in {"days_missing", "months_missing", "too_few_results", "not_estimated", "areas_missing"}:
        return say(f"claim_found.{reason}")
    if test == "window_counts":
        return _windows(claim, figures)
    if test == "yearly_counts":
        return _years(claim, figures)
    if test == "months_in_period":
        return _months(claim, figures)
    if test == "evidence_summary":
        return _evidence(claim, figures)
    if test == "estimate":
        return say(
            "claim_found.estimate",
            change=numbers.change(claim["computed"]),
            range=numbers.change_range(claim["lower_95"], claim["upper_95"]),
            verdict=words.word("verdict", reason),
        )
    if test == "area_ranks":
        return say(
            "claim_found.areas",
            inside=numbers.count(claim["computed"]),
            named=numbers.count(claim["claimed"]),
            top=numbers.count(figures["top"]),
            areas=numbers.count(figures["areas"]),
            percent=numbers.percent(figures["percent_of_all_incidents_in_the_areas_named"]),
        )
    if test == "rows_of_logs":
        return say(f"claim_found.{reason}", count=numbers.count(claim["computed"]))
    return say("claim_found.no_data_public")


def card(claim: Plain) -> str:
    """A claim as HTML: verdict and words, source, what the records say, and under a fold how it was judged."""
    rules = "".join(
        f"<p><strong>{html(say(f'claims.{name}'))}</strong> {html(claim[name])}</p>"
        for name in ("would_test", "rule", "needs")
    )
    return (
        f'<div class="card"><p><strong>{html(verdict(claim))}</strong> · {html(claim["words"])}</p>'
        f'<p class="small">{html(source_line(claim))}</p><p>{html(found(claim))}</p>'
        f"<details><summary>{html(say('claims.details'))}</summary>{rules}</details></div>"
    )


def table(claims: Sequence[Plain]) -> list[Plain]:
    """One row a claim, for the table and the download."""
    return [
        {
            "claim": claim["claim"],
            "words": claim["words"],
            "who": claim["who"],
            "said": claim["said"],
            "source": claim["source"],
            "verdict": words.word("claim_verdict", claim["verdict"]),
            "found": found(claim),
            "rule": claim["rule"],
            "needs": claim["needs"],
        }
        for claim in claims
    ]


def _windows(claim: Plain, figures: Plain) -> str:
    reason = claim["reason"]
    unit = _unit_of(claim, figures)
    other = OTHER_UNIT[unit]
    parts = {
        "unit": words.word("claim_unit", unit),
        "other_unit": words.word("claim_unit", other),
        "first": numbers.count(figures[f"{unit}_first"]),
        "second": numbers.count(figures[f"{unit}_second"]),
        "other_first": numbers.count(figures[f"{other}_first"]),
        "other_second": numbers.count(figures[f"{other}_second"]),
        "claimed_first": numbers.count(figures["claimed_first"]),
        "claimed_second": numbers.count(figures["claimed_second"]),
    }
    if "percent_from_the_claims_own_figures" in figures:
        own = figures["percent_from_the_claims_own_figures"]
        key = "percent_agrees" if reason == "agrees" else "percent_differs"
        return say(
            f"claim_found.{key}",
            computed=numbers.percent(claim["computed"]),
            claimed=numbers.percent(claim["claimed"]),
            own=numbers.percent(own),
            **parts,
        )
    if reason == "agrees":
        return say("claim_found.counts_agree", **parts)
    if reason.startswith("agrees_in_"):
        return say("claim_found.unit_mixed_up", **parts)
    return say("claim_found.counts_differ", **parts)


def _unit_of(claim: Plain, figures: Plain) -> str:
    """The unit the claim named; a percent claim carries its unit in its figures, named unit first."""
    if claim["unit"] in OTHER_UNIT:
        return str(claim["unit"])
    return next(name.removesuffix("_first") for name in figures if name.endswith("_first") and name[0] != "c")


def _years(claim: Plain, figures: Plain) -> str:
    years = [name.removeprefix("claimed_") for name in figures if name.startswith("claimed_")]
    unit = claim["unit"]
    return say(
        "claim_found.years",
        unit=words.word("claim_unit", unit),
        years=say("numbers.span", first=years[0], last=years[-1]),
        counted=", ".join(numbers.count(figures[f"{unit}_{year}"]) for year in years),
        claimed=", ".join(numbers.count(figures[f"claimed_{year}"]) for year in years),
    )


def _months(claim: Plain, figures: Plain) -> str:
    def rates(ending: str) -> str:
        found = {name: value for name, value in figures.items() if name.endswith(ending)}
        pieces = [
            say("claim_found.rate", count=numbers.count(value), what=words.plain(name.removesuffix(ending)))
            for name, value in found.items()
        ]
        return say("list.two", first=pieces[0], second=pieces[1]) if len(pieces) == 2 else ", ".join(pieces)

    key = "period_agrees" if claim["reason"] == "agrees" else "period_is_longer"
    return say(
        f"claim_found.{key}",
        computed=numbers.count(claim["computed"]),
        claimed=numbers.count(claim["claimed"]),
        rates=rates("_a_month_over_the_stated_period"),
        claimed_rates=rates("_a_month_as_claimed"),
    )


def _evidence(claim: Plain, figures: Plain) -> str:
    low, high = figures.get("prediction_lower_95"), figures.get("prediction_upper_95")
    key = "evidence" if numbers.is_known(low) else "evidence_without_prediction"
    return say(
        f"claim_found.{key}",
        results=numbers.count(figures["results"]),
        change=numbers.change(claim["computed"]),
        range=numbers.change_range(claim["lower_95"], claim["upper_95"]),
        prediction=numbers.change_range(low, high),
    )
