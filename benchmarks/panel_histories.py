"""Made-up panels of areas and months for the coverage tables, some on the real Minneapolis geography.

log mean = level + season + surge shared by all + growth by level + drift by cluster + AR(1) by cluster and by
area + effect. Nothing here assumes what the methods assume, except where a cell says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
MINNEAPOLIS = Path(__file__).resolve().parent.parent / "data" / "minneapolis"


@dataclass(frozen=True)
class Cell:
    """One cell of a coverage table.

    geography     "grid": `clusters` of `per_cluster` areas with levels spread by `spread`;
                  "minneapolis": the 87 neighborhoods in 11 communities with their mean monthly incidents
    treated       number of clusters treated, chosen at random among the busier half; minneapolis: north and
                  south side communities
    area, cluster (correlation, standard deviation) of the AR(1) on the log scale
    growth        extra log change after the start per unit of log level, program or not
    hit           the surge is this many times as large in treated areas
    spike         treated clusters are those that rose most in the year before the start
    """

    name: str
    geography: str = "grid"
    clusters: int = 20
    per_cluster: int = 3
    treated: int = 4
    months: int = 60
    mean: float = 2.5
    spread: float = 0.6
    area: tuple[float, float] = (0.5, 0.2)
    cluster: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    hit: float = 1.0
    spike: bool = False
    staggered: bool = False
    surge: float = 0.5
    effect: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """counts (N, T); clusters (N,) number; starts (N,) or T for untreated; level (N,) log mean."""

    counts: Array
    clusters: NDArray[np.int64]
    starts: NDArray[np.int64]
    level: Array


def ar1(rng: np.random.Generator, series: int, months: int, rho: float, sigma: float) -> Array:
    """Stationary AR(1), (series, months), shifted so that its exponential averages 1."""
    path = np.empty((series, months))
    state = sigma * rng.standard_normal(series)
    for month in range(months):
        path[:, month] = state
        state = rho * state + sigma * np.sqrt(1 - rho**2) * rng.standard_normal(series)
    return np.asarray(path - sigma**2 / 2)


def draw(cell: Cell, rng: np.random.Generator) -> History:
    """One made-up panel of the cell."""
    level, clusters = _geography(cell, rng)
    months = cell.months
    time = np.arange(months)
    start = round(0.5 * months)
    background = 0.25 * np.cos(2 * np.pi * (time - 6) / 12)
    shared = ar1(rng, int(clusters.max()) + 1, months, *cell.cluster)[clusters]
    own = ar1(rng, len(level), months, *cell.area)
    quiet = level[:, None] + background + shared + own
    quiet = quiet + cell.growth * (level - level.mean())[:, None] * (time >= start)
    treated_clusters = _chosen(cell, rng, level, clusters, quiet, start)
    starts = np.full(len(level), months)
    for place, cluster in enumerate(treated_clusters):
        later = (place % 3) * max(1, months // 12) if cell.staggered else 0
        starts[clusters == cluster] = start + later
    treated = starts < months
    surge_at = int(0.33 * months)
    surge = cell.surge * (time >= surge_at) * 0.5 ** (np.maximum(time - surge_at, 0) / 12)
    quiet = quiet + surge * np.where(treated, cell.hit, 1.0)[:, None]
    mean = np.exp(quiet + cell.effect * (time >= starts[:, None]))
    return History(rng.poisson(mean).astype(float), clusters, starts.astype(np.int64), level)


def _geography(cell: Cell, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    if cell.geography == "minneapolis":
        means, communities, _ = minneapolis()
        return np.log(means), communities
    clusters = np.repeat(np.arange(cell.clusters), cell.per_cluster)
    level = np.log(cell.mean) - cell.spread**2 / 2 + cell.spread * rng.standard_normal(len(clusters))
    return level, clusters


def _chosen(
    cell: Cell,
    rng: np.random.Generator,
    level: Array,
    clusters: NDArray[np.int64],
    quiet: Array,
    start: int,
) -> NDArray[np.int64]:
    if cell.geography == "minneapolis":
        return minneapolis()[2]
    labels = np.unique(clusters)
    mean = np.array([np.exp(level[clusters == label]).sum() for label in labels])
    busier = labels[np.argsort(-mean)[: max(cell.treated * 2, len(labels) // 2)]]
    if cell.spike:
        rise = [
            np.exp(quiet[clusters == label][:, start - 12 : start]).sum()
            / np.exp(quiet[clusters == label][:, : start - 12]).mean()
            for label in busier
        ]
        return np.asarray(busier[np.argsort(rise)[::-1][: cell.treated]])
    return np.asarray(rng.choice(busier, cell.treated, replace=False))


@cache
def minneapolis() -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """Mean incidents a month by neighborhood (at least 0.02), community number, and the served communities.

    From data/minneapolis (counts computed from the City's open data). Raises FileNotFoundError without it.
    """
    counts = pd.read_csv(MINNEAPOLIS / "counts_by_month.csv")
    counts = counts[counts["geography"] == "neighborhood"]
    means = counts.groupby("area")["gunshot_incidents_occurred"].mean().clip(lower=0.02)
    links = pd.read_csv(MINNEAPOLIS / "area_links.csv")
    inside = links[
        (links["link"] == "member")
        & (links["from_geography"] == "neighborhood")
        & (links["to_geography"] == "community")
    ].sort_values("share")
    community = dict(zip(inside["from_area"], inside["to_area"], strict=True))
    names = sorted(set(community.values()))
    number = np.array([names.index(community[area]) for area in means.index], dtype=np.int64)
    served = [names.index(name) for name in ("Camden", "Near North", "Phillips", "Powderhorn")]
    return means.to_numpy(float), number, np.array(served, dtype=np.int64)


CELLS = (
    *(
        Cell(f"independent, {m:g} a month, {t} months, {label}", mean=m, months=t, area=(0.0, 0.0), effect=e)
        for t in (36, 60, 96)
        for m in (0.7, 2.5, 10.0)
        for e, label in ((0.0, "no effect"), (float(np.log(0.8)), "-20 %"))
    ),
    *(
        Cell(
            f"AR {rho:g} by area and cluster, {m:g} a month, {t} months, {label}",
            mean=m,
            months=t,
            area=(rho, 0.25),
            cluster=(rho, 0.15),
            effect=e,
        )
        for rho in (0.5, 0.8, 0.9)
        for t in (36, 60, 96)
        for m in (0.7, 2.5, 10.0)
        for e, label in ((0.0, "no effect"), (float(np.log(0.8)), "-20 %"))
    ),
    *(
        Cell(
            f"{k} of 20 clusters treated, {how}, AR 0.5",
            treated=k,
            cluster=(0.5, 0.2),
            staggered=how != "one start",
        )
        for k in (2, 4, 6)
        for how in ("one start", "staggered")
    ),
    Cell("surge hits treated areas 1.5 times as hard", hit=1.5),
    Cell("chosen after a spike, AR 0.5", spike=True, cluster=(0.5, 0.25)),
    Cell("growth depends on level (0.15 a log unit)", growth=0.15),
    Cell("Minneapolis, independent areas", geography="minneapolis", months=86, area=(0.5, 0.25)),
    Cell("Minneapolis, community shocks AR 0.5", geography="minneapolis", months=86, cluster=(0.5, 0.2)),
    Cell("Minneapolis, community shocks AR 0.8", geography="minneapolis", months=86, cluster=(0.8, 0.2)),
    Cell(
        "Minneapolis, community shocks AR 0.5, -20 %",
        geography="minneapolis",
        months=86,
        cluster=(0.5, 0.2),
        effect=float(np.log(0.8)),
    ),
    Cell(
        "Minneapolis, growth depends on level (0.15 a log unit)",
        geography="minneapolis",
        months=86,
        cluster=(0.5, 0.2),
        growth=0.15,
    ),
)

GATE = (
    "AR 0.5 by area and cluster, 2.5 a month, 60 months, no effect",
    "AR 0.5 by area and cluster, 2.5 a month, 60 months, -20 %",
    "AR 0.8 by area and cluster, 2.5 a month, 60 months, no effect",
    "AR 0.8 by area and cluster, 10 a month, 96 months, -20 %",
    "independent, 0.7 a month, 36 months, no effect",
    "4 of 20 clusters treated, staggered, AR 0.5",
    "Minneapolis, community shocks AR 0.5",
)
"""Cells of the gate that runs with the tests: false alarms at most 9 %, coverage at least 90 %."""


def cell_named(name: str) -> Cell:
    return next(cell for cell in CELLS if cell.name == name)
