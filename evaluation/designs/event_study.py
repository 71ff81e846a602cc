"""Event study by Poisson imputation: observed over expected by time since the start.

Area and period effects are fitted on untreated cells only (never treated, or not yet), and the treated
cells are predicted from them (Borusyak, Jaravel and Spiess 2024, here with a multiplicative mean). Unlike
leads and lags in one regression, cohorts with different effects do not contaminate each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.designs.panel import Panel, treatment_of
from evaluation.designs.two_way_poisson import fit_two_way_poisson

Array = NDArray[np.float64]
MOST_GROUPS = 20


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


@dataclass(frozen=True)
class _Cohorts:
    """Counts summed over the areas of one start: the fit on untreated cells is the same on these sums.

    values (K,) starts, the last NEVER where there are comparison areas; counts and seen weights (K, T).
    """

    values: NDArray[np.int64]
    counts: Array


def _cohorts(panel: Panel, keep: NDArray[np.bool_] | None = None) -> _Cohorts:
    values = np.unique(panel.starts)
    inside = panel.starts[None, :] == values[:, None]
    if keep is not None:
        inside = inside & keep[None, :]
    return _Cohorts(values, inside.astype(float) @ panel.counts)


def _impute(values: NDArray[np.int64], counts: Array) -> Array:
    """(M, K, T) expected counts without treatment, from fits on the untreated cells of (M, K, T) counts."""
    untreated = 1 - treatment_of(values, counts.shape[-1])
    return fit_two_way_poisson(counts, np.zeros(untreated.shape), untreated, tolerance=1e-9).fitted


def event_study(panel: Panel, width: int = 6) -> tuple[EventSpan, ...]:
    """Spans of `width` periods before and after the start, all cohorts together.

    The spans before the start lie inside the fit: they show whether treated areas already moved apart.
    Standard errors leave one cluster out at a time, or one of twenty groups of clusters when there are
    more (delete-a-group jackknife); None when there are under three clusters.
    Only for complete panels without weights; others give no spans.
    """
    if not panel.is_complete or not (~panel.is_treated).any():
        return ()
    full = _cohorts(panel)
    groups = _groups(panel.clusters)
    keep = [groups != group for group in np.unique(groups)] if len(set(groups)) >= 3 else []
    parts = np.stack([full.counts, *(_cohorts(panel, kept).counts for kept in keep)])
    fitted = _impute(full.values, parts)
    since = np.arange(len(panel.periods))[None, :] - full.values[:, None]
    number = np.floor_divide(since, width)
    treated = (full.values < len(panel.periods))[:, None] & np.ones_like(since, dtype=bool)
    rows = []
    for span in sorted(set(number[treated].tolist())):
        cells = treated & (number == span)
        observed, expected = parts[:, cells].sum(axis=1), fitted[:, cells].sum(axis=1)
        error = _jackknife(observed, expected) if keep else None
        rows.append(
            EventSpan(
                int(since[cells].min()),
                int(since[cells].max()),
                float(observed[0]),
                float(expected[0]),
                error,
            )
        )
    return tuple(rows)


def average_effect(panel: Panel) -> tuple[float, float]:
    """Observed and expected events over all treated cells: their ratio is the ratio of sums."""
    counts = np.nan_to_num(panel.counts)
    untreated = (1 - panel.treatment) * panel.cell_weights
    fitted = fit_two_way_poisson(counts, np.zeros_like(counts), untreated, tolerance=1e-9).fitted[0]
    cells = (panel.treatment > 0) & (panel.cell_weights > 0)
    return float(counts[cells].sum()), float(fitted[cells].sum())


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


def _groups(clusters: Sequence[str]) -> NDArray[np.int64]:
    """Jackknife group of each area: its cluster, or one of MOST_GROUPS sets of clusters."""
    labels = sorted(set(clusters))
    place = {label: index % MOST_GROUPS for index, label in enumerate(labels)}
    return np.array([place[label] for label in clusters], dtype=np.int64)


def _jackknife(observed: Array, expected: Array) -> float | None:
    """Error of a log ratio of sums; first the whole, then what is left without each group."""
    if (observed <= 0).any() or (expected <= 0).any():
        return None
    ratio = np.log(observed / expected)
    groups = len(ratio) - 1
    return float(np.sqrt((groups - 1) / groups * ((ratio[1:] - ratio[0]) ** 2).sum()))
