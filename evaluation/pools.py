"""Comparison pools: which untreated areas an estimate is compared with.

a  never treated and not adjacent to a treated area
b  the untreated areas nearest in level
c  all never treated
d  all never treated, with a gradient by level in the estimate

"Never treated" means under no reading of the catchment and in no phase. The level of an area comes from an
earlier, different outcome, so that neither the effect nor its regression to the mean chooses the pool.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

POOLS = ("a", "b", "c", "d")
SMALLEST_FACTOR = 3  # untreated areas for each treated one in a like-for-like pool
LEVEL_RANGE = 2.0  # a like-for-like area has between half and twice the treated level


@dataclass(frozen=True)
class Pool:
    """Areas of one comparison pool; `reason` says why it is empty."""

    id: str
    areas: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True)
class LikeForLike:
    """Whether untreated areas like the treated ones exist in number (method: like-for-like rule)."""

    areas: tuple[str, ...]
    treated: int
    wanted: int
    treated_level: float

    @property
    def exists(self) -> bool:
        return self.wanted > 0 and len(self.areas) >= self.wanted


def never_treated(areas: Iterable[str], ever_treated: Collection[str]) -> list[str]:
    """Areas that no reading and no phase of any program treats, in order."""
    treated = set(ever_treated)
    return sorted(area for area in set(areas) if area not in treated)


def adjacent(areas: Collection[str], neighbors: Iterable[tuple[str, str]]) -> set[str]:
    """Areas that share a border with one of `areas`; pairs may be given one way or both ways."""
    inside = set(areas)
    found = set()
    for first, second in neighbors:
        if first in inside and second not in inside:
            found.add(second)
        if second in inside and first not in inside:
            found.add(first)
    return found


def comparison_pool(
    pool: str,
    treated: Collection[str],
    ever_treated: Collection[str],
    areas: Iterable[str],
    neighbors: Collection[tuple[str, str]],
    levels: pd.Series,
) -> Pool:
    """The areas of pool `a`, `b`, `c` or `d` for one set of treated areas.

    levels: events of an earlier, different outcome by area; needed for b (areas without one are left out).
    ever_treated: areas of all readings, which are never controls; adjacency is to `treated`, this reading's.
    Raises ValueError for an unknown pool.
    """
    if pool not in POOLS:
        raise ValueError(f"unknown comparison pool {pool!r}; known are {', '.join(POOLS)}")
    untreated = never_treated(areas, ever_treated)
    if pool in ("c", "d"):
        chosen = untreated
    elif pool == "a":
        beside = adjacent(treated, neighbors)
        chosen = [area for area in untreated if area not in beside]
    else:
        chosen = _nearest_in_level(treated, untreated, levels)
    if not chosen:
        return Pool(pool, (), "no_comparison_area")
    return Pool(pool, tuple(sorted(chosen)))


def like_for_like(treated: Collection[str], untreated: Collection[str], levels: pd.Series) -> LikeForLike:
    """Untreated areas between half and twice the mean treated level, and how many there would have to be."""
    inside = levels.reindex(sorted(treated)).dropna()
    if inside.empty or inside.mean() <= 0:
        return LikeForLike((), len(treated), SMALLEST_FACTOR * len(treated), float("nan"))
    level = float(inside.mean())
    outside = levels.reindex(sorted(untreated)).dropna()
    alike = outside[(outside >= level / LEVEL_RANGE) & (outside <= level * LEVEL_RANGE)]
    return LikeForLike(tuple(alike.index), len(treated), SMALLEST_FACTOR * len(treated), level)


def _nearest_in_level(treated: Collection[str], untreated: list[str], levels: pd.Series) -> list[str]:
    """As many untreated areas as are treated (at least two), nearest in log level to the treated mean."""
    inside = levels.reindex(sorted(treated)).dropna()
    outside = levels.reindex(untreated).dropna()
    if inside.empty or outside.empty:
        return []
    distance = np.abs(np.log(outside + 0.5) - np.log(inside.mean() + 0.5))
    order = distance.sort_values(kind="stable").index
    return list(order[: max(2, len(inside))])
