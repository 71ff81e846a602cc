"""False alarms of a staggered panel on its own never-treated areas: the real starts given to areas without any.

Whatever is found there is noise of these very places, with all the shared shocks and drift that a simulation
would have to guess. The usual clustered z is counted beside the cross-check of the pooled design.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.checks.headline import Figures, cannot_run, outcome_of
from evaluation.designs.panel import NEVER, Panel, span_edges
from evaluation.designs.randomization import cluster_starts
from evaluation.designs.two_way_poisson import fit_two_way_poisson
from evaluation.result import Check

Array = NDArray[np.float64]

DRAWS = 200
FEWEST_CLUSTERS = 8
TOLERATED = 9.0


def placebo_clusters(panel: Panel, draws: int = DRAWS, seed: int = 20_240_601) -> Check:
    """Give the real starts at random to never-treated clusters, half of them at most, `draws` times.

    Fails when the CR3 interval excludes no effect in over 9 % of the draws.
    """
    name = "placebo_areas"
    labels, starts = cluster_starts(panel)
    real = np.sort(starts[starts < NEVER])
    quiet = [label for label, start in zip(labels, starts, strict=True) if start == NEVER]
    figures: Figures = {"never_treated_clusters": len(quiet)}
    if len(quiet) < FEWEST_CLUSTERS or not panel.is_complete:
        return cannot_run(name, "too_few_areas", figures)
    member = np.array([[label == own for own in panel.clusters] for label in quiet], dtype=float)
    edges = span_edges(panel.starts, len(panel.periods))
    counts = member @ np.add.reduceat(panel.counts, edges, axis=1)
    size = min(len(real), len(quiet) // 2)
    rng = np.random.default_rng(seed)
    drawn = np.full((draws, len(quiet)), NEVER, dtype=np.int64)
    for row in drawn:
        row[rng.choice(len(quiet), size, replace=False)] = rng.choice(real, size, replace=False)
    value, cr3, usual = errors_of(counts, drawn, edges)
    good = np.isfinite(value) & np.isfinite(cr3)
    figures |= {"draws": int(good.sum()), "treated_clusters": size}
    if good.sum() < draws / 2:
        return cannot_run(name, "too_few_events", figures)
    critical = stats.t.ppf(0.975, size - 1)
    rate = float(100 * np.mean(np.abs(value[good]) > critical * cr3[good]))
    figures |= {
        "false_alarm_percent_cr3": rate,
        "false_alarm_percent_clustered_z": float(100 * np.mean(np.abs(value[good]) > 1.96 * usual[good])),
        "lowest": float(np.exp(value[good].min())),
        "highest": float(np.exp(value[good].max())),
    }
    return outcome_of(name, rate > TOLERATED, "too_many_false_alarms", figures)


def errors_of(
    counts: Array, starts: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[Array, Array, Array]:
    """Coefficient, CR3 and clustered standard error, (M,) each, of M assignments (M, G) of starts to clusters.

    counts (G, P): events of each cluster in each span. The estimate needs sums by start only; leaving a
    cluster out takes its row from the sum of its start.
    """
    values = np.unique(starts)
    treatment = (edges[None, :] >= values[:, None]).astype(float)
    member = (starts[:, None, :] == values[None, :, None]).astype(float)
    whole = member @ counts
    fit = fit_two_way_poisson(whole, treatment, tolerance=1e-8)
    without = whole[:, None] - member.transpose(0, 2, 1)[..., None] * counts[None, :, None, :]
    draws, clusters = starts.shape
    left = fit_two_way_poisson(
        np.maximum(without, 0.0).reshape(draws * clusters, len(values), -1), treatment, tolerance=1e-8
    ).coefficient.reshape(draws, clusters)
    scale = (clusters - 1) / clusters
    cr3 = np.sqrt(scale * ((left - fit.coefficient[:, None]) ** 2).sum(axis=1))
    # Area effects: each cluster's share of its start's fitted total is its share of the observed total.
    total = whole.sum(axis=2)
    share = np.einsum("mkg,g,mk->mkg", member, counts.sum(axis=1), 1 / np.maximum(total, 1e-300))
    expected = np.einsum("mkg,mkp->mgp", share, fit.fitted)
    projected = np.einsum("mkg,mkp->mgp", member, fit.residualized)
    score = (projected * (counts[None] - expected)).sum(axis=2)
    usual = np.sqrt((score**2).sum(axis=1) / scale) / fit.information
    return fit.coefficient, cr3, usual
