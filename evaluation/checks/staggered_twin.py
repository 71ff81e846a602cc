"""Simulated twin of a staggered panel: how often its methods cry wolf on made-up histories without any effect.

Area and month means are those of the fitted panel with the effect taken out; each cluster gets a latent AR(1) with the
size and persistence of what the clusters' own residuals show (method of moments). Real starts, real windows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.checks.headline import Array, Figures, cannot_run, outcome_of
from evaluation.checks.staggered_curve import Progress, silent
from evaluation.designs.panel import NEVER, Panel, span_edges
from evaluation.designs.randomization import Assignments
from evaluation.designs.two_way_poisson import fit_two_way_poisson
from evaluation.result import Check

HISTORIES = 400
DRAWS = 99
TOLERATED = 9.0
MOST_CORRELATION = 0.95
AT_ONCE = 100


def staggered_false_alarms(
    panel: Panel,
    assignments: Assignments,
    histories: int = HISTORIES,
    seed: int = 20_240_601,
    progress: Progress = silent,
) -> Check:
    """False alarms in percent of randomization (at 5 %), CR3 with t, and the usual clustered z.

    The first is the default where it can be run, CR3 otherwise; fails when the default's rate is over 9 %.
    """
    name = "simulated_twin"
    if not panel.is_complete:
        return cannot_run(name, "missing_cells")
    clusters = assignments.clusters
    member = np.array([[label == own for own in panel.clusters] for label in clusters], float)
    starts = assignments.starts[0]
    counts = member @ panel.counts
    sigma, rho, mean = latent_of(counts, starts)
    if not np.isfinite(mean).all():
        return cannot_run(name, "no_convergence")
    rng = np.random.default_rng(seed)
    edges = span_edges(starts, len(panel.periods))
    moved = assignments.starts[: DRAWS + 1] if assignments.can_run else assignments.starts[:1]
    ranks: list[NDArray[np.bool_]] = []
    cr3: list[NDArray[np.bool_]] = []
    usual: list[NDArray[np.bool_]] = []
    treated = int((starts < NEVER).sum())
    critical = stats.t.ppf(0.975, max(treated - 1, 1))
    for first in range(0, histories, AT_ONCE):
        progress("made-up histories", first, histories)
        size = min(AT_ONCE, histories - first)
        spans = np.add.reduceat(draw(mean, sigma, rho, size, rng), edges, axis=2)
        value, error, plain = errors_of_histories(spans, starts, edges)
        good = np.isfinite(value)
        cr3.append((np.abs(value) > critical * error)[good & np.isfinite(error)])
        usual.append((np.abs(value) > 1.96 * plain)[good])
        if len(moved) > 1:
            ranks.append(p_values(spans, moved, edges)[good] <= 0.05)
    progress("made-up histories", histories, histories)
    figures: Figures = {
        "histories": int(sum(map(len, usual))),
        "latent_deviation": sigma,
        "latent_correlation": rho,
    }
    if figures["histories"] < histories / 2:  # type: ignore[operator]
        return cannot_run(name, "too_few_events", figures)
    rates = {
        "false_alarm_percent_randomization": ranks,
        "false_alarm_percent_cr3": cr3 if treated > 1 else [],
        "false_alarm_percent_clustered_z": usual,
    }
    for label, found in rates.items():
        joined = np.concatenate(found) if found else np.array([])
        figures[label] = float(100 * joined.mean()) if len(joined) else None
    default = figures["false_alarm_percent_randomization"]
    default = figures["false_alarm_percent_cr3"] if default is None else default
    if default is None:
        return cannot_run(name, "too_few_areas", figures)
    figures |= {"false_alarm_rate": default / 100, "false_alarms": _count(ranks if ranks else cr3)}
    return outcome_of(name, default > TOLERATED, "too_many_false_alarms", figures)


def _count(found: list[NDArray[np.bool_]]) -> int:
    return int(sum(part.sum() for part in found))


def latent_of(counts: Array, starts: NDArray[np.int64]) -> tuple[float, float, Array]:
    """Standard deviation and correlation of the latent AR(1) of clusters (G, T), and their means without effect."""
    treatment = (np.arange(counts.shape[1]) >= starts[:, None]).astype(float)
    fit = fit_two_way_poisson(counts, treatment)
    mean = fit.fitted[0] * fit.weights[0]
    residual = counts - mean
    size = float((mean**2).sum())
    excess = float((residual**2 - mean).sum()) / max(size, 1e-300)
    next_to = float((residual[:, 1:] * residual[:, :-1]).sum())
    correlated = next_to / max(float((mean[:, 1:] * mean[:, :-1]).sum()), 1e-300)
    if excess <= 0:
        return 0.0, 0.0, mean * np.exp(-fit.coefficient[0] * treatment)
    rho = float(np.clip(correlated / excess, 0.0, MOST_CORRELATION))
    return float(np.sqrt(np.log1p(excess))), rho, mean * np.exp(-fit.coefficient[0] * treatment)


def draw(mean: Array, sigma: float, rho: float, number: int, rng: np.random.Generator) -> Array:
    """(number, G, T) counts around `mean` (G, T) with a latent AR(1) for each cluster."""
    clusters, months = mean.shape
    state = sigma * rng.standard_normal((number, clusters))
    path = np.empty((number, clusters, months))
    for month in range(months):
        path[:, :, month] = state
        state = rho * state + sigma * np.sqrt(1 - rho**2) * rng.standard_normal((number, clusters))
    return rng.poisson(mean * np.exp(path - sigma**2 / 2)).astype(float)


def errors_of_histories(
    spans: Array, starts: NDArray[np.int64], edges: NDArray[np.int64]
) -> tuple[Array, Array, Array]:
    """Coefficient, CR3 and clustered standard error, (B,) each, of B histories (B, G, P) with the same starts."""
    values = np.unique(starts)
    treatment = (edges[None, :] >= values[:, None]).astype(float)
    member = (starts[None, :] == values[:, None]).astype(float)
    whole = np.einsum("kg,bgp->bkp", member, spans)
    fit = fit_two_way_poisson(whole, treatment, tolerance=1e-8)
    size, clusters = spans.shape[:2]
    without = whole[:, None] - member.T[None, :, :, None] * spans[:, :, None, :]
    left = fit_two_way_poisson(
        without.reshape(size * clusters, len(values), -1), treatment, tolerance=1e-8
    ).coefficient.reshape(size, clusters)
    scale = (clusters - 1) / clusters
    cr3 = np.sqrt(scale * ((left - fit.coefficient[:, None]) ** 2).sum(axis=1))
    share = member[None] * spans.sum(axis=2)[:, None, :] / np.maximum(whole.sum(axis=2), 1e-300)[..., None]
    expected = np.einsum("bkg,bkp->bgp", share, fit.fitted)
    projected = np.einsum("kg,bkp->bgp", member, fit.residualized)
    score = (projected * (spans - expected)).sum(axis=2)
    usual = np.sqrt((score**2).sum(axis=1) / scale) / fit.information
    return fit.coefficient, cr3, usual


def p_values(spans: Array, moved: NDArray[np.int64], edges: NDArray[np.int64]) -> Array:
    """(B,) randomization p of each history under the assignments `moved` (M, G), the first of which happened."""
    values = np.unique(moved)
    treatment = (edges[None, :] >= values[:, None]).astype(float)
    member = (moved[:, None, :] == values[None, :, None]).astype(float)
    tables = np.einsum("mkg,bgp->bmkp", member, spans)
    shape = tables.shape
    found = fit_two_way_poisson(tables.reshape(-1, *shape[2:]), treatment, tolerance=1e-6).coefficient
    size = np.abs(found.reshape(shape[:2]))
    # An assignment without an estimate counts as at least as extreme.
    return np.asarray(np.mean(~(size < size[:, :1] - 1e-6), axis=1))
