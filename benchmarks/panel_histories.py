"""Made-up panels of areas and months for the coverage tables, some on the real Minneapolis geography.

log mean = level + season + surge shared by all + growth by level + drift by cluster + AR(1) by cluster and by
area + effect. Nothing here assumes what the methods assume, except where a cell says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.numerics.integrated import integrated_ar

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
    season        periods in a year: 12 months or 52 weeks
    fitted        the AR(1) of each community is drawn from what its own record says of it (minneapolis only)
    windows       months of the baseline, month of the start, month after the phase, as in the registered headline;
                  None: everything before the start against everything from it on
    apart         comparison areas that touch a treated one are left out (pool a; minneapolis only)
    kept_out      why the cell is shown but not under the gate; empty for a gated one
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
    season: int = 12
    fitted: bool = False
    windows: tuple[int, int, int] | None = None
    apart: bool = False
    kept_out: str = ""


@dataclass(frozen=True)
class History:
    """counts (N, T); clusters (N,) number; starts (N,) or T for untreated; level (N,) log mean.

    baseline (T,) and phase (T,): the months that count as before and after.
    """

    counts: Array
    clusters: NDArray[np.int64]
    starts: NDArray[np.int64]
    level: Array
    baseline: NDArray[np.bool_]
    phase: NDArray[np.bool_]


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
    start = round(0.5 * months) if cell.windows is None else cell.windows[1]
    year = cell.season
    background = 0.25 * np.cos(2 * np.pi * (time / year - 0.5))
    if cell.fitted:
        shared = _as_recorded(rng, months)[clusters]
    else:
        shared = ar1(rng, int(clusters.max()) + 1, months, *cell.cluster)[clusters]
    own = ar1(rng, len(level), months, *cell.area)
    quiet = level[:, None] + background + shared + own
    quiet = quiet + cell.growth * (level - level.mean())[:, None] * (time >= start)
    treated_clusters = _chosen(cell, rng, level, clusters, quiet, start)
    starts = np.full(len(level), months)
    for place, cluster in enumerate(treated_clusters):
        later = (place % 3) * max(1, months // year) if cell.staggered else 0
        starts[clusters == cluster] = start + later
    treated = starts < months
    surge_at = int(0.33 * months)
    surge = cell.surge * (time >= surge_at) * 0.5 ** (np.maximum(time - surge_at, 0) / year)
    quiet = quiet + surge * np.where(treated, cell.hit, 1.0)[:, None]
    mean = np.exp(quiet + cell.effect * (time >= starts[:, None]))
    counts = rng.poisson(mean).astype(float)
    first, last = starts[treated].min(), starts[treated].max()
    before, after = time < first, time >= last
    if cell.windows is not None:
        before, after = time < cell.windows[0], (time >= start) & (time < cell.windows[2])
    keep = treated | ~beside_served() if cell.apart else np.ones(len(level), dtype=bool)
    return History(counts[keep], clusters[keep], starts[keep].astype(np.int64), level[keep], before, after)


def _as_recorded(rng: np.random.Generator, months: int) -> Array:
    """A latent path for each community, its parameters drawn from the posterior of its own record."""
    paths = []
    for nodes, weights in recorded_shocks():
        sigma, rho, nugget = nodes[rng.choice(len(nodes), p=weights)]
        path = ar1(rng, 1, months, float(rho), float(sigma))[0]
        paths.append(path + nugget * rng.standard_normal(months) - nugget**2 / 2)
    return np.array(paths)


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
            np.exp(quiet[clusters == label][:, start - cell.season : start]).sum()
            / np.exp(quiet[clusters == label][:, : start - cell.season]).mean()
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


@cache
def recorded_shocks() -> list[tuple[Array, Array]]:
    """For each community the nodes (sigma, rho, nugget) and their posterior weights.

    From the log odds of the community's gunshot incidents against the rest of the city, with a level of its own
    from June 2020 and another from June 2021, so that lasting changes do not count as shocks. A community whose record is too thin to be fitted gets the average of
    the others.
    """
    _, number, _ = minneapolis()
    counts = pd.read_csv(MINNEAPOLIS / "counts_by_month.csv")
    counts = counts[counts["geography"] == "neighborhood"]
    wide = counts.pivot_table(
        index="area", columns="month", values="gunshot_incidents_occurred", aggfunc="sum"
    ).sort_index()
    labels = np.array([str(month)[:7] for month in wide.columns])
    by_community = np.array(
        [wide.to_numpy(float)[number == community].sum(axis=0) for community in range(number.max() + 1)]
    )
    total = np.broadcast_to(by_community.sum(axis=0), by_community.shape)
    later = [(labels >= first).astype(float) for first in ("2020-06", "2021-06")]
    fit = integrated_ar(
        by_community, np.column_stack([np.ones(len(labels)), *later]), None, "binomial", np.array(total)
    )
    usual = fit.weights[fit.converged].mean(axis=0)
    return [
        (fit.grid.nodes, own if there else usual)
        for own, there in zip(fit.weights, fit.converged, strict=True)
    ]


@cache
def beside_served() -> NDArray[np.bool_]:
    """Neighborhoods that touch a served community without lying in one, (areas,)."""
    counts = pd.read_csv(MINNEAPOLIS / "counts_by_month.csv")
    names = sorted(counts.loc[counts["geography"] == "neighborhood", "area"].unique())
    _, number, served = minneapolis()
    inside = {name for name, community in zip(names, number, strict=True) if community in served}
    links = pd.read_csv(MINNEAPOLIS / "area_links.csv")
    links = links[(links["link"] == "neighbor") & (links["from_geography"] == "neighborhood")]
    touching: set[str] = set()
    for one, other in zip(links["from_area"], links["to_area"], strict=True):
        touching |= {other} if one in inside else {one} if other in inside else set()
    return np.array([name in touching and name not in inside for name in names])


FALL = float(np.log(0.8))
EFFECTS = ((0.0, "no effect"), (FALL, "-20 %"))
PERSISTENT = "AR .9"
REGISTERED = (17, 29, 75)  # January 2019 to May 2020 against June 2021 to March 2025

CELLS = (
    *(
        Cell(f"independent, {m:g} a month, {t} months, {label}", mean=m, months=t, area=(0.0, 0.0), effect=e)
        for t in (36, 60, 96)
        for m in (0.7, 2.5, 10.0)
        for e, label in EFFECTS
    ),
    *(
        Cell(
            f"AR {rho:g} by area and cluster, {m:g} a month, {t} months, {label}",
            mean=m,
            months=t,
            area=(rho, 0.25),
            cluster=(rho, 0.15),
            effect=e,
            kept_out=PERSISTENT if rho == 0.9 else "",
        )
        for rho in (0.5, 0.8, 0.9)
        for t in (36, 60, 96)
        for m in (0.7, 2.5, 10.0)
        for e, label in EFFECTS
    ),
    *(
        Cell(
            f"{'independent noise' if rho == 0 else f'AR {rho:g} by area and cluster'}, 40 a month, 60 months, {label}",
            mean=40.0,
            area=(rho, 0.25),
            cluster=(rho, 0.15),
            effect=e,
            kept_out=PERSISTENT if rho == 0.9 else "",
        )
        for rho in (0.0, 0.5, 0.8, 0.9)
        for e, label in EFFECTS
    ),
    *(
        Cell(
            f"{k} of 60 areas treated, {how}, AR 0.5, {label}",
            clusters=60,
            per_cluster=1,
            treated=k,
            area=(0.5, 0.25),
            staggered=how != "one start",
            effect=e,
        )
        for k in (2, 4, 8, 16)
        for how in ("one start", "staggered")
        for e, label in EFFECTS
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
    Cell("surge of +65 % hits both sides alike", cluster=(0.5, 0.2)),
    Cell(
        "surge hits treated areas 1.5 times as hard",
        cluster=(0.5, 0.2),
        hit=1.5,
        kept_out="a shock that differs",
    ),
    Cell(
        "surge hits treated areas 1.5 times as hard, 10 a month, 96 months",
        mean=10.0,
        months=96,
        cluster=(0.5, 0.2),
        hit=1.5,
        kept_out="a shock that differs",
    ),
    Cell("chosen after a spike, AR 0.5", spike=True, cluster=(0.5, 0.25), kept_out="chosen after a spike"),
    Cell("chosen after a spike, AR 0.8", spike=True, cluster=(0.8, 0.25), kept_out="chosen after a spike"),
    Cell("growth depends on level (0.15 a log unit)", growth=0.15, kept_out="growth by level"),
    Cell(
        "growth depends on level (0.15 a log unit), -20 %",
        growth=0.15,
        effect=FALL,
        kept_out="growth by level",
    ),
    *(
        Cell(
            f"208 weeks, 0.6 a week and area, AR {rho:g}, {label}",
            mean=0.6,
            months=208,
            season=52,
            area=(rho, 0.25),
            cluster=(rho, 0.15),
            effect=e,
        )
        for rho in (0.5, 0.8)
        for e, label in EFFECTS
    ),
    Cell("Minneapolis, independent areas", geography="minneapolis", months=86, area=(0.5, 0.25)),
    Cell("Minneapolis, community shocks AR 0.5", geography="minneapolis", months=86, cluster=(0.5, 0.2)),
    Cell("Minneapolis, community shocks AR 0.8", geography="minneapolis", months=86, cluster=(0.8, 0.2)),
    Cell(
        "Minneapolis, community shocks AR 0.5, -20 %",
        geography="minneapolis",
        months=86,
        cluster=(0.5, 0.2),
        effect=FALL,
    ),
    Cell(
        "Minneapolis, growth depends on level (0.15 a log unit)",
        geography="minneapolis",
        months=86,
        cluster=(0.5, 0.2),
        growth=0.15,
        kept_out="growth by level",
    ),
    *(
        Cell(
            f"Minneapolis, shocks fitted to each community, {label}",
            geography="minneapolis",
            months=86,
            fitted=True,
            effect=e,
        )
        for e, label in EFFECTS
    ),
    *(
        Cell(
            f"Minneapolis, fitted, registered months and pool a, {label}",
            geography="minneapolis",
            months=86,
            fitted=True,
            windows=REGISTERED,
            apart=True,
            effect=e,
        )
        for e, label in EFFECTS
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
    "Minneapolis, fitted, registered months and pool a, no effect",
)
"""Cells of the gate that runs with the tests: false alarms at most 9 %, coverage at least 90 %."""


def cell_named(name: str) -> Cell:
    return next(cell for cell in CELLS if cell.name == name)
