"""Made-up cities with a program of known effect, for tests of the verdict and for coverage tables.

Areas lie on a grid, in clusters that share shocks; counts are Poisson with a latent AR(1) per area, a common
season, and a citywide surge. Nothing here comes from a real place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.cube import calendar_months

Array = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """How a city is made up. effect: log rate ratio of treated areas after their start.

    mean: events a month in an area; spread: standard deviation of log level between areas; sigma and rho: the
    latent AR(1); cluster_sigma: of a random walk shared within a cluster (per square root of a year);
    staggered: three start dates a year apart instead of one.
    """

    areas: int = 48
    treated: int = 8
    months: int = 96
    mean: float = 8.0
    spread: float = 0.25
    sigma: float = 0.15
    rho: float = 0.5
    cluster_sigma: float = 0.0
    effect: float = 0.0
    staggered: bool = True
    surge: float = 0.5
    per_cluster: int = 4


def latent(rng: np.random.Generator, areas: int, months: int, sigma: float, rho: float) -> Array:
    """Stationary AR(1) with mean chosen so that its exponential averages 1, (areas, months)."""
    state = sigma * rng.standard_normal(areas)
    found = np.empty((areas, months))
    for month in range(months):
        found[:, month] = state
        state = rho * state + sigma * np.sqrt(1 - rho**2) * rng.standard_normal(areas)
    return np.asarray(found - sigma**2 / 2)


def make_city(world: World, seed: int) -> dict[str, Any]:
    """Arguments of `evaluation.readings.evaluate_program`, as a dict, for one made-up city."""
    rng = np.random.default_rng(seed)
    names = [f"area {index:02d}" for index in range(world.areas)]
    months = calendar_months("2014-01", "2099-12")[: world.months]
    time = np.arange(world.months)
    level = np.log(world.mean) + world.spread * rng.standard_normal((world.areas, 1))
    season = 0.25 * np.cos(2 * np.pi * (time - 6) / 12)
    surge_at = int(world.months * 0.4)
    surge = world.surge * (time >= surge_at) * 0.5 ** (np.maximum(time - surge_at, 0) / 12)
    clusters = np.arange(world.areas) // world.per_cluster
    walk = rng.standard_normal((clusters.max() + 1, world.months)).cumsum(axis=1) / np.sqrt(12)
    shared = world.cluster_sigma * walk[clusters]
    chosen = np.sort(rng.choice(world.areas, world.treated, replace=False))
    first = int(world.months * 0.5)
    gap = 12 if world.staggered else 0
    starts = np.array([first + gap * (index % 3) for index in range(world.treated)])
    begun = np.zeros((world.areas, world.months))
    begun[chosen] = time >= starts[:, None]
    log_mean = level + season + surge + shared + world.effect * begun
    outcomes = {"gunshot": log_mean + latent(rng, world.areas, world.months, world.sigma, world.rho)}
    for name, more in (("robbery", 0.7), ("domestic_aggravated_assault", 0.4)):
        drift = latent(rng, world.areas, world.months, world.sigma, world.rho)
        outcomes[name] = level + more + season + drift
    parts = []
    for name, logs in outcomes.items():
        counts = rng.poisson(np.exp(logs))
        parts.append(
            pd.DataFrame(
                {
                    "area": np.repeat(names, world.months),
                    "month": np.tile(months, world.areas),
                    "outcome": name,
                    "unit": "incidents",
                    "count": counts.ravel(),
                }
            )
        )
    levels = pd.Series(rng.poisson(120 * np.exp(level[:, 0] - np.log(world.mean))), index=names, dtype=float)
    width = 8
    neighbors = {
        (names[one], names[other])
        for one in range(world.areas)
        for other in (one + 1, one + width)
        if other < world.areas and not (other == one + 1 and other % width == 0)
    }
    treated = [names[index] for index in chosen]
    return {
        "program": program_file(world, treated, starts, months),
        "panel": pd.concat(parts, ignore_index=True),
        "areas": pd.DataFrame({"area": names, "community": [f"cluster {c:02d}" for c in clusters]}),
        "neighbors": neighbors,
        "levels": levels,
    }


def program_file(
    world: World, treated: list[str], starts: NDArray[np.int64], months: tuple[str, ...]
) -> dict[str, Any]:
    """A program file with two readings of the catchment and one fixed analysis."""
    own = {area: months[start] for area, start in zip(treated, starts, strict=True)}
    first = min(own.values())
    dropped = treated[:-1]
    return {
        "program": "made-up",
        "city": "nowhere",
        "phase": [
            {
                "id": "before",
                "kind": "before",
                "first_month": months[0],
                "last_month": _before(months, first),
            },
            {"id": "active", "kind": "contracted", "first_month": first},
        ],
        "catchment": [
            {"id": "all", "geography": "neighborhood", "areas": treated, "starts": own},
            {
                "id": "without_one",
                "geography": "neighborhood",
                "areas": dropped,
                "starts": {area: own[area] for area in dropped},
            },
        ],
        "baseline": [
            {"id": "whole", "first_month": months[0], "last_month": _before(months, first)},
            {"id": "later", "first_month": months[6], "last_month": _before(months, first)},
        ],
        "analysis": [
            {
                "id": "gunshot_incidents",
                "design": "pooled" if world.staggered else "controlled",
                "outcome": "gunshot",
                "unit": "incidents",
                "geography": "neighborhood",
                "phase": "active",
                "catchments": ["all", "without_one"],
                "pools": ["a", "c"],
                "baselines": ["whole"] if world.staggered else ["whole", "later"],
                "headline": {"catchment": "all", "pool": "c", "baseline": "whole"},
                "placebo_outcomes": ["robbery", "domestic_aggravated_assault"],
                "cluster": "neighborhood",
                "margin": 0.10,
            }
        ],
    }


def _before(months: tuple[str, ...], first: str) -> str:
    return months[months.index(first) - 1]
