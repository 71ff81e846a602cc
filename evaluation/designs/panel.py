"""Counts of areas × periods with the start of treatment of each area: what the pooled design works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NEVER = 10**6  # start index of an area that is never treated


@dataclass(frozen=True)
class Panel:
    """N areas × T periods.

    areas       (N,) labels, clusters (N,) label of the unit that was chosen and shares shocks
    periods     (T,) labels in order
    counts      (N, T) events; NaN where the cell was not observed
    starts      (N,) index of the first treated period, NEVER for comparison areas
    weights     (N, T) or None
    """

    areas: tuple[str, ...]
    periods: tuple[str, ...]
    counts: Array
    starts: NDArray[np.int64]
    clusters: tuple[str, ...]
    weights: Array | None = None

    @property
    def treatment(self) -> Array:
        """(N, T): 1 from the start of each treated area on."""
        return treatment_of(self.starts, len(self.periods))

    @property
    def cell_weights(self) -> Array:
        """(N, T): weight of each cell, 0 where it was not observed."""
        seen = np.isfinite(self.counts).astype(float)
        return seen if self.weights is None else seen * np.nan_to_num(self.weights)

    @property
    def is_treated(self) -> NDArray[np.bool_]:
        return self.starts < len(self.periods)

    @property
    def common_start(self) -> bool:
        """One start for all treated areas: then the design equals the 2×2 ratio of ratios."""
        return len(np.unique(self.starts[self.is_treated])) == 1

    @property
    def is_complete(self) -> bool:
        return self.weights is None and bool(np.isfinite(self.counts).all())


def treatment_of(starts: NDArray[np.int64], periods: int) -> Array:
    """(…, N, T) indicator of treated cells from (…, N) start indices."""
    return np.asarray(np.arange(periods) >= np.asarray(starts)[..., None], dtype=float)


def collapse(panel: Panel) -> tuple[Array, Array]:
    """Counts (N, P) and treatment (N, P) summed over the months between two successive starts.

    Within such a span nobody's treatment changes, so given the totals the months tell nothing about the
    coefficient: the estimate, its information and its cluster scores are the same, on a table many times
    smaller. Only for complete panels without weights.
    """
    edges = span_edges(panel.starts, len(panel.periods))
    counts = np.add.reduceat(panel.counts, edges, axis=1)
    return counts, np.asarray(edges[None, :] >= panel.starts[:, None], dtype=float)


def span_edges(starts: NDArray[np.int64], periods: int) -> NDArray[np.int64]:
    """First index of each span between successive starts, beginning with 0."""
    inside = starts[(starts > 0) & (starts < periods)]
    return np.unique(np.concatenate([[0], inside]))


def two_by_two(panel: Panel) -> dict[str, float]:
    """Events of treated and comparison areas before and after the one common start."""
    start = int(panel.starts[panel.is_treated][0])
    treated = panel.counts[panel.is_treated]
    comparison = panel.counts[~panel.is_treated]
    return {
        "treated_before": float(np.nansum(treated[:, :start])),
        "treated_after": float(np.nansum(treated[:, start:])),
        "comparison_before": float(np.nansum(comparison[:, :start])),
        "comparison_after": float(np.nansum(comparison[:, start:])),
    }
