"""Estimates where there should be none: other dates, other areas, and the ring around the areas served."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from evaluation.analysis_result import Placebo
from evaluation.checks.headline import Figures, Headline, cannot_run, outcome_of, refit
from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE
from evaluation.pools import adjacent
from evaluation.result import Check

FEWEST = 20  # placebos without which no rank is printed
MONTHS_EACH_SIDE = 6


def placebo_dates(head: Headline) -> tuple[Check, list[Placebo]]:
    """Every other start date, on the months of baseline and phase put end to end: the whole curve.

    The check ranks the real date's t ratio (quasi-binomial) among all, since estimates from few months are
    large by chance; fails when over 5 % are as large. Dates near the real one share most of its months, so
    this is a rough ruler, not a test at that level.
    """
    months = np.concatenate([head.baseline, head.phase])
    treated, comparison = head.treated.sum(axis=0)[months], head.comparison.sum(axis=0)[months]
    places = range(MONTHS_EACH_SIDE, len(months) - MONTHS_EACH_SIDE + 1)
    if len(places) < FEWEST:
        return cannot_run("placebo_dates", "too_few_dates", {"dates": len(places)}), []
    codes = [(BASELINE,) * place + (PHASE,) * (len(months) - place) for place in places]
    found = refit(np.tile(treated, (len(places), 1)), np.tile(comparison, (len(places), 1)), list(codes))
    ends = found.standard_interval(0.95)
    rows = [
        _row("date", head.months[months[place]], found.coefficient[k], ends[k])
        for k, place in enumerate(places)
    ]
    values = np.abs(found.ewc_coefficient) / found.standard_error_quasi
    actual = len(head.baseline)
    if actual not in places:
        return cannot_run("placebo_dates", "baseline_too_short", {"dates": len(places)}), rows
    share = float(np.mean(values >= values[places.index(actual)] - 1e-12))
    figures: Figures = {
        "dates": len(places),
        "share_as_large": share,
        "lowest": float(np.exp(np.nanmin(found.coefficient))),
        "highest": float(np.exp(np.nanmax(found.coefficient))),
    }
    return outcome_of("placebo_dates", share > 0.05, "as_large_at_other_dates", figures), rows


def placebo_areas(head: Headline, clusters: Mapping[str, str]) -> tuple[Check, list[Placebo]]:
    """Each cluster of comparison areas as if it had been served, against the other comparison areas.

    Clusters, since neighborhoods of one community share shocks. Printed whatever their number; ranked only
    with at least 19 of them, so that the smallest p is under 5 %.
    """
    groups: dict[str, list[str]] = {}
    for area in head.comparison_areas:
        groups.setdefault(clusters.get(area, area), []).append(area)
    names = sorted(groups)
    if len(names) < 2:
        return cannot_run("placebo_areas", "one_comparison_cluster"), []
    total = head.comparison.sum(axis=0)
    series = np.stack([head.cube.series(head.outcome, groups[name]) for name in names])
    found = refit(series, total - series, head.codes)
    ends = found.standard_interval(0.95)
    rows = [_row("area", name, found.coefficient[k], ends[k]) for k, name in enumerate(names)]
    values = found.coefficient[np.isfinite(found.coefficient)]
    figures: Figures = {"placebo_areas": len(values)}
    if len(values):
        as_large = int((np.abs(values) >= abs(head.plain)).sum())
        figures |= {
            "as_large": as_large,
            "lowest": float(np.exp(values.min())),
            "highest": float(np.exp(values.max())),
            "smallest_p": 1 / (len(values) + 1),
        }
        if len(values) + 1 >= FEWEST:
            p = (1 + as_large) / (1 + len(values))
            figures["p"] = p
            return outcome_of("placebo_areas", p > 0.05, "other_areas_as_large", figures), rows
    return cannot_run("placebo_areas", "too_few_areas", figures), rows


def rings(head: Headline, never_treated: Collection[str], neighbors: Collection[tuple[str, str]]) -> Check:
    """Never-treated areas that touch a treated one, against those that do not: displacement or diffusion.

    Fails when the 95 % interval of the ring excludes none.
    """
    ring = adjacent(head.treated_areas, neighbors) & set(never_treated)
    outside = set(never_treated) - ring
    figures: Figures = {"ring_areas": len(ring), "outside_areas": len(outside)}
    if not ring or not outside:
        return cannot_run("rings", "no_ring" if not ring else "no_area_outside_the_ring", figures)
    series = [head.cube.series(head.outcome, group)[None] for group in (ring, outside)]
    found = refit(series[0], series[1], head.codes, integrate=True)
    if found.reason[0] is not None:
        return cannot_run("rings", found.reason[0], figures)
    lower, upper = np.exp(found.integrated_95[0])
    figures |= {
        "rate_ratio": float(np.exp(found.coefficient[0])),
        "lower_95": float(lower),
        "upper_95": float(upper),
    }
    return outcome_of("rings", not lower <= 1 <= upper, "ring_moved", figures)


def withdrawal(head: Headline, ended: Mapping[str, str | None], phase_last: str) -> Check:
    """Did the ratio move back when the phase ended? Adjacent phases, with 0, 3 and 6 months of carry-over.

    ended: first and last month of the withdrawn phase ("first", "last"). Counts only where its smallest
    detectable change is under 50 %; else the time without the program is too short to test.
    """
    name = "withdrawal"
    if not ended:
        return cannot_run(name, "no_withdrawal")
    figures: Figures = {}
    testable = False
    moved_back: list[bool] = []
    for carry in (0, 3, 6):
        codes = []
        for month in head.months:
            if head.months[head.phase[0]] <= month <= phase_last:
                codes.append(BASELINE)
            elif str(ended["first"]) <= month and (ended["last"] is None or month <= str(ended["last"])):
                codes.append(PHASE)
            else:
                codes.append(LEFT_OUT)
        withdrawn = [index for index, code in enumerate(codes) if code == PHASE]
        for index in withdrawn[:carry]:
            codes[index] = LEFT_OUT
        figures[f"months_after_{carry}"] = max(0, len(withdrawn) - carry)
        found = refit(
            head.treated.sum(axis=0)[None], head.comparison.sum(axis=0)[None], tuple(codes), integrate=True
        )
        if found.reason[0] is not None:
            continue
        low, high = found.integrated_95[0]
        error = (high - low) / (2 * 1.96)
        smallest = 100 * (np.exp(2.8 * error) - 1)
        figures[f"rate_ratio_after_{carry}"] = float(np.exp(found.coefficient[0]))
        figures[f"lower_95_after_{carry}"] = float(np.exp(low))
        figures[f"upper_95_after_{carry}"] = float(np.exp(high))
        figures[f"smallest_detectable_percent_after_{carry}"] = float(smallest)
        if smallest < 50:
            testable = True
            moved_back.append(float(found.coefficient[0]) * head.log_ratio < 0)
    if not testable:
        return cannot_run(name, "too_short_to_test", figures)
    return outcome_of(name, not all(moved_back), "did_not_move_back", figures)


def _row(kind: str, label: str, value: float, ends: np.ndarray) -> Placebo:
    if not np.isfinite(value):
        return Placebo(kind, label, None, None, None)  # type: ignore[arg-type]
    low, high = np.exp(ends)
    return Placebo(kind, label, float(np.exp(value)), float(low), float(high))  # type: ignore[arg-type]
