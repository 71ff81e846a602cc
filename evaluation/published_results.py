"""Published results on one scale: the log rate ratio, with a standard error where one can be had.

An entry is one `[[result]]` of a file in `data/evidence`. Absolute changes are not converted: that
would take a base the publications do not give.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaluation.meta_analysis import (
    Summary,
    egger,
    equal_weights,
    error_from_interval,
    error_from_p_value,
    random_effects,
)

Scale = Literal["log_rate_ratio", "absolute", "direction"]
SELECTIONS = ("one_per_place", "with_single_sites", "maryland_4_or_more", "every_site_equal_weight")


@dataclass(frozen=True)
class PublishedResult:
    """One result of one study. `effect` and `standard_error` on the log rate-ratio scale."""

    id: str
    study: str
    place: str
    outcome: str
    intervention: str
    maryland_scale: int
    scale: Scale
    effect: float | None
    standard_error: float | None
    error_from: str
    is_single_site: bool = False
    in_pool: bool = False
    in_site_list: bool = False


@dataclass(frozen=True)
class EvidenceSummary:
    """A summary of one outcome and selection. `summary` is None with fewer than two results."""

    outcome: str
    selection: str
    members: tuple[PublishedResult, ...]
    summary: Summary | None
    egger_intercept: float | None = None
    egger_p: float | None = None


def read_study(study: Mapping[str, Any]) -> list[PublishedResult]:
    """All results of one study file. Raises ValueError naming the result that cannot be read."""
    results = []
    for entry in study["result"]:
        name = f"{study['study']}.{entry['id']}"
        effect = _effect(entry)
        error, error_from = None, "none"
        spread = entry.get("error", {}).get("from") == "spread_of_sites"
        if spread:
            effect, error = _spread_of_sites(study["result"], entry["outcome"], name)
            error_from = "spread_of_sites"
        elif "error" in entry:
            if effect is None:
                raise ValueError(f"{name}: an error needs an effect on the common scale")
            error, error_from = _error(entry["error"], effect, name)
        if effect is not None:
            scale: Scale = "log_rate_ratio"
        elif "absolute" in entry:
            scale = "absolute"
        elif "direction" in entry:
            scale = "direction"
        else:
            raise ValueError(f"{name}: no effect, absolute change or direction")
        results.append(
            PublishedResult(
                id=name,
                study=study["study"],
                place=study["place"],
                outcome=entry["outcome"],
                intervention=study["intervention"],
                maryland_scale=study["maryland_scale"],
                scale=scale,
                effect=effect,
                standard_error=error,
                error_from=error_from,
                is_single_site=entry.get("single_site", False),
                in_pool=entry.get("in_pool", False),
                in_site_list=entry.get("in_site_list", False),
            )
        )
    return results


def select(results: Sequence[PublishedResult], outcome: str, selection: str) -> list[PublishedResult]:
    """Results of street outreach that a summary takes. Only such programs are ever pooled."""
    ours = [item for item in results if item.intervention == "street_outreach" and item.outcome == outcome]
    if selection == "every_site_equal_weight":
        return [item for item in ours if item.in_site_list]
    pool = [item for item in ours if item.in_pool]
    if selection == "maryland_4_or_more":
        return [item for item in pool if item.maryland_scale >= 4]
    if selection == "with_single_sites":
        return pool + [item for item in ours if item.in_site_list and item.standard_error is not None]
    if selection == "one_per_place":
        return pool
    raise ValueError(f"unknown selection {selection!r}")


def summarize(results: Sequence[PublishedResult], outcome: str, selection: str) -> EvidenceSummary:
    """Random-effects summary, or the equal-weight mean of sites, which needs no standard errors."""
    members = tuple(select(results, outcome, selection))
    if len(members) < 2:
        return EvidenceSummary(outcome, selection, members, None)
    effects = [item.effect for item in members if item.effect is not None]
    if selection == "every_site_equal_weight":
        return EvidenceSummary(outcome, selection, members, equal_weights(effects))
    errors = [item.standard_error for item in members if item.standard_error is not None]
    small = egger(effects, errors)
    return EvidenceSummary(
        outcome,
        selection,
        members,
        random_effects(effects, errors),
        small.intercept if small else None,
        small.p_value if small else None,
    )


def _effect(entry: Mapping[str, Any]) -> float | None:
    if "log_rate_ratio" in entry:
        return float(entry["log_rate_ratio"])
    if "rate_ratio" in entry:
        return math.log(entry["rate_ratio"])
    if "percent" in entry:
        base = 1 + entry.get("comparison_percent", 0) / 100
        return math.log((1 + entry["percent"] / 100) / base)
    return None


def _error(error: Mapping[str, Any], effect: float, name: str) -> tuple[float, str]:
    if "standard_error" in error:
        return float(error["standard_error"]), str(error.get("from", "published"))
    if "interval" in error:
        return error_from_interval(*error["interval"]), "interval"
    if "p_value" in error:
        return error_from_p_value(effect, error["p_value"]), "p_value"
    raise ValueError(f"{name}: an error is standard_error, interval, p_value or from = 'spread_of_sites'")


def _spread_of_sites(entries: Sequence[Mapping[str, Any]], outcome: str, name: str) -> tuple[float, float]:
    """Mean of the study's own sites and its error from how far they lie apart.

    The error is such that 1.96 of it on each side is the t interval of the mean: few sites, wide error.
    """
    sites = [_effect(entry) for entry in entries if entry.get("single_site") and entry["outcome"] == outcome]
    known = [effect for effect in sites if effect is not None]
    if len(known) < 3:
        raise ValueError(f"{name}: a spread of sites takes at least three sites with an effect")
    summary = equal_weights(known)
    lower, upper = summary.interval_95
    return summary.mean, error_from_interval(math.exp(lower), math.exp(upper))
