"""Specification curve of a program with staggered starts, with a joint permutation test.

A cell is catchment × pool × unit × months dropped at the beginning and at the end of the record × months left out
after each start × cohort left out × month with most victims in or out. Each is a two-way Poisson fit with a
quasi-Poisson interval. The joint test gives the same starts to other clusters that could have been chosen and asks how
often the median of the curve is as far from no change (Simonsohn, Simmons and Nelson 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from evaluation.analysis_result import Specification
from evaluation.checks.headline import Array, Figures, cannot_run, outcome_of
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.randomization import Assignments
from evaluation.designs.two_way_poisson import fit_two_way_poisson
from evaluation.result import Check

BEGINNINGS = (0, 6, 12, 24)  # months dropped at the beginning of the record
ENDINGS = (0, 6, 12)  # and at its end
TRANSITIONS = (0, 3, 6)  # months left out after each start
FEWEST_BEFORE = 12  # months that stay before the first start
FEWEST_CELLS = 20
MOST_ASSIGNMENTS = 300  # of the joint test
AT_ONCE = 4_096

Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, of: int) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True)
class Variant:
    """What of a panel counts in one cell: first and last month (not included), transition, cohort, month left out."""

    beginning: int
    ending: int
    transition: int
    cohort: int | None
    without: int | None

    def label(self, panel: Panel) -> str:
        words = [
            f"without the first {self.beginning} months" if self.beginning else "from the first month",
            f"without the last {self.ending} months" if self.ending else "to the last month",
            f"first {self.transition} months after each start left out",
            "all cohorts" if self.cohort is None else f"without the cohort of {panel.periods[self.cohort]}",
            "every month" if self.without is None else "without the month with most victims",
        ]
        return " | ".join(words)


def variants_of(panel: Panel, worst: int | None) -> list[Variant]:
    """Every combination that keeps a year before the first start and a treated month after the last."""
    starts = np.unique(panel.starts[panel.is_treated])
    cohorts: list[int | None] = [None, *(int(start) for start in starts)] if len(starts) > 2 else [None]
    months = len(panel.periods)
    return [
        Variant(beginning, ending, transition, cohort, without)
        for beginning, ending, transition in product(BEGINNINGS, ENDINGS, TRANSITIONS)
        if starts[0] - beginning >= FEWEST_BEFORE and starts[-1] + transition < months - ending
        for cohort in cohorts
        for without in ((None,) if worst is None else (None, worst))
    ]


@dataclass(frozen=True)
class Tables:
    """The cells of one panel: events (B, K, P) by start and span, treatment (K, P) and weights (B, K, P)."""

    counts: Array
    treatment: Array
    weights: Array


def tables_of(panel: Panel, variants: list[Variant], starts: NDArray[np.int64], member: Array) -> Tables:
    """Sum a panel by start (K, in the order of `starts`) and by span in which no variant changes anything.

    member (K, N): which areas have which start. Areas that are treated and counted alike can be added up, and so can
    months, without changing the estimate.
    """
    months = len(panel.periods)
    edges = {0, months}
    for start in starts[starts < NEVER]:
        edges |= {int(start) + transition for transition in TRANSITIONS}
    edges |= set(BEGINNINGS) | {months - ending for ending in ENDINGS}
    for variant in variants:
        if variant.without is not None:
            edges |= {variant.without, variant.without + 1}
    cuts = np.array(sorted(edge for edge in edges if 0 <= edge < months))
    spans = np.add.reduceat(panel.counts, cuts, axis=1)
    treatment = (cuts[None, :] >= starts[:, None]).astype(float)
    weights = np.ones((len(variants), len(starts), len(cuts)))
    for row, variant in zip(weights, variants, strict=True):
        row[:, (cuts < variant.beginning) | (cuts >= months - variant.ending)] = 0.0
        since = cuts[None, :] - starts[:, None]
        row[(since >= 0) & (since < variant.transition)] = 0.0
        if variant.cohort is not None:
            row[starts == variant.cohort] = 0.0
        if variant.without is not None:
            row[:, cuts == variant.without] = 0.0
    counts = member @ spans
    return Tables(np.broadcast_to(counts, weights.shape), treatment, weights)


def fit_tables(tables: Tables) -> tuple[Array, Array]:
    """Log rate ratio and its Fisher information, (B,) each."""
    values, information = [], []
    for first in range(0, len(tables.counts), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        fit = fit_two_way_poisson(tables.counts[part], tables.treatment, tables.weights[part], tolerance=1e-7)
        values.append(fit.coefficient)
        information.append(fit.information)
    return np.concatenate(values), np.concatenate(information)


def by_start(panel: Panel) -> tuple[NDArray[np.int64], Array]:
    """Distinct starts, NEVER last, and which areas have them, (K, N)."""
    starts = np.unique(panel.starts)
    return starts, (panel.starts[None, :] == starts[:, None]).astype(float)


def staggered_curve(
    panels: dict[str, Panel],
    worst: dict[str, int | None],
    dispersions: dict[str, float],
    headline: Panel,
    assignments: Assignments,
    progress: Progress = silent,
) -> tuple[Check, list[Specification]]:
    """All cells and the check with the joint p.

    panels: label of catchment, pool and unit → its panel; worst: the month of each with most victims; dispersions: of
    its counts, not under 1; headline: the panel that the joint test moves, under `assignments`. Fails when under
    90 % of the cells are on one side of no change, or the joint p is over .05.
    """
    name = "specification_curve"
    rows: list[Specification] = []
    for number, (label, panel) in enumerate(panels.items()):
        progress("cells", number, len(panels))
        variants = variants_of(panel, worst[label])
        if not variants:
            continue
        values, information = fit_tables(tables_of(panel, variants, *by_start(panel)))
        errors = np.sqrt(dispersions[label] / np.maximum(information, 1e-12))
        for variant, value, error in zip(variants, values, errors, strict=True):
            cell = f"{label} | {variant.label(panel)}"
            if not np.isfinite(value):
                rows.append(Specification(cell, None, None, None))
                continue
            with np.errstate(over="ignore"):
                ends = np.exp([value, value - 1.96 * error, value + 1.96 * error])
            rows.append(Specification(cell, *ends.tolist()))
    progress("cells", len(panels), len(panels))
    found = [row for row in rows if row.rate_ratio is not None]
    figures: Figures = {"cells": len(rows), "estimated": len(found)}
    if len(found) < FEWEST_CELLS:
        return cannot_run(name, "too_few_cells", figures), rows
    logs = np.log([row.rate_ratio or np.nan for row in found])
    below = float(np.mean(logs < 0))
    excluding = [(row.upper_95 or 0.0) < 1 or (row.lower_95 or 0.0) > 1 for row in found]
    figures |= {
        "median": float(np.exp(np.median(logs))),
        "lowest": float(np.exp(logs.min())),
        "highest": float(np.exp(logs.max())),
        "share_below_one": below,
        "share_excluding_none": float(np.mean(excluding)),
        "admissible_assignments": float(assignments.number),
    }
    if not assignments.can_run or not headline.is_complete:
        return cannot_run(name, "too_few_assignments", figures), rows
    medians = joint_medians(headline, assignments, progress)
    p = float(np.mean(~(np.abs(medians) < abs(medians[0]) - 1e-9)))
    figures |= {
        "joint_assignments": len(medians),
        "smallest_p": 1 / len(medians),
        "joint_p": p,
        "median_whole_clusters": float(np.exp(medians[0])),
    }
    if max(below, 1 - below) < 0.90:
        return outcome_of(name, True, "curve_on_both_sides", figures), rows
    return outcome_of(name, p > 0.05, "within_placebo_range", figures), rows


def joint_medians(panel: Panel, assignments: Assignments, progress: Progress = silent) -> Array:
    """(M,) median log ratio over the windows and transitions under each assignment; the first is what happened.

    Whole clusters are served in every one of them, so that all are alike; cohorts and readings are not varied.
    """
    variants = [item for item in variants_of(panel, None) if item.cohort is None]
    member = np.array([[label == own for own in panel.clusters] for label in assignments.clusters], float)
    chosen = assignments.starts[:MOST_ASSIGNMENTS]
    whole = Panel(
        assignments.clusters,
        panel.periods,
        member @ panel.counts,
        chosen[0],
        assignments.clusters,
    )
    values = np.unique(chosen)
    medians = []
    at_once = max(1, AT_ONCE // max(len(variants), 1))
    for first in range(0, len(chosen), at_once):
        progress("joint test", first, len(chosen))
        part = [
            tables_of(whole, variants, values, (starts[None, :] == values[:, None]).astype(float))
            for starts in chosen[first : first + at_once]
        ]
        joined = Tables(
            np.concatenate([one.counts for one in part]),
            part[0].treatment,
            np.concatenate([one.weights for one in part]),
        )
        coefficients, _ = fit_tables(joined)
        medians += [_median(row) for row in coefficients.reshape(len(part), len(variants))]
    progress("joint test", len(chosen), len(chosen))
    return np.array(medians)


def _median(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")
