"""Event study by Poisson imputation: observed over expected by time since the start.

Area and period effects are fitted on untreated cells only (never treated, or not yet), and the treated
cells are predicted from them (Borusyak, Jaravel and Spiess 2024, here with a multiplicative mean). Unlike
leads and lags in one regression, cohorts with different effects do not contaminate each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.designs.panel import Panel
from evaluation.designs.two_way_poisson import fit_two_way_poisson

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EventSpan:
    """Treated areas over a span of time since their start; `first` and `last` count periods, 0 = start."""

    first: int
    last: int
    observed: float
    expected: float
    standard_error: float | None

    @property
    def log_ratio(self) -> float:
        if self.observed <= 0 or self.expected <= 0:
            return float("nan")
        return float(np.log(self.observed / self.expected))


def impute(panel: Panel, keep: Array | None = None) -> Array:
    """(…, N, T) expected counts without treatment, from a fit on the untreated cells.

    keep: (M, N) of 0 and 1 to leave areas out of the fit; the result then has a leading dimension M.
    """
    untreated = (1 - panel.treatment) * panel.cell_weights
    counts = np.nan_to_num(panel.counts)
    weights = untreated if keep is None else untreated * keep[:, :, None]
    fitted = fit_two_way_poisson(counts, np.zeros_like(counts), weights, tolerance=1e-9).fitted
    return fitted[0] if keep is None else fitted


def event_study(panel: Panel, width: int = 6) -> tuple[EventSpan, ...]:
    """Spans of `width` periods before and after the start, all cohorts together.

    The spans before the start lie inside the fit: they show whether treated areas already moved apart.
    Standard errors leave one cluster out at a time (None when there are under three clusters).
    """
    counts = np.nan_to_num(panel.counts) * (panel.cell_weights > 0)
    since = np.arange(len(panel.periods))[None, :] - panel.starts[:, None]
    number = np.floor_divide(since, width)
    treated = panel.is_treated[:, None] & (panel.cell_weights > 0)
    spans = sorted(set(number[treated].tolist()))
    labels = np.unique(np.asarray(panel.clusters))
    member = np.asarray(panel.clusters)[None, :] == labels[:, None]
    full = impute(panel)
    without = impute(panel, 1.0 - member) if len(labels) >= 3 else None
    rows = []
    for span in spans:
        cells = treated & (number == span)
        observed, expected = float(counts[cells].sum()), float(full[cells].sum())
        error = None
        if without is not None and observed > 0 and expected > 0:
            error = _jackknife(counts, without, cells, member, np.log(observed / expected))
        rows.append(
            EventSpan(int(since[cells].min()), int(since[cells].max()), observed, expected, error)
        )
    return tuple(rows)


def average_effect(panel: Panel) -> tuple[float, float]:
    """Observed and expected events over all treated cells: their ratio is the ratio of sums."""
    cells = (panel.treatment > 0) & (panel.cell_weights > 0)
    return float(panel.counts[cells].sum()), float(impute(panel)[cells].sum())


def lead_test(spans: tuple[EventSpan, ...], clusters: int) -> tuple[float, int] | None:
    """p and number of spans before the start, for the hypothesis that none of them differs from 1.

    The errors of the spans are correlated and there are too few clusters to estimate how, so the smallest
    p of the spans is multiplied by their number (Bonferroni). None with fewer than two spans.
    """
    leads = [span for span in spans if span.last < 0 and span.standard_error and np.isfinite(span.log_ratio)]
    if len(leads) < 2 or clusters < 3:
        return None
    ratios = np.array([abs(span.log_ratio) / (span.standard_error or np.nan) for span in leads])
    p = 2 * stats.t.sf(ratios.max(), clusters - 1)
    return float(min(1.0, len(leads) * p)), len(leads)


def _jackknife(counts: Array, without: Array, cells: Array, member: Array, full: float) -> float | None:
    """Delete-one-cluster error of a log ratio of sums."""
    found = []
    for fitted, inside in zip(without, member, strict=True):
        left = cells & ~inside[:, None]
        observed, expected = counts[left].sum(), fitted[left].sum()
        if observed <= 0 or expected <= 0:
            return None
        found.append(np.log(observed / expected))
    groups = len(found)
    return float(np.sqrt((groups - 1) / groups * ((np.array(found) - full) ** 2).sum()))
