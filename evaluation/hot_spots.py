"""Where events gather: counts by small area, drawn toward the mean of all areas as far as chance asks.

A count of three in one area may be chance. Each area's level is a gamma variable around the mean of all areas whose
spread is estimated from the areas themselves (empirical Bayes; Clayton and Kaldor 1987), so that an area with few
events is drawn toward the rest more than one with many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

_DRAWS = 4000
_SEED = 20_190_101
_SHAPES = np.geomspace(0.02, 500.0, 240)


@dataclass(frozen=True)
class HotSpot:
    """One area. Rates are events per period; ranks run from 1 (most events).

    `weight_own` is how far the area's own count decides its rate (0..1); `chance_in_top` the posterior probability that
    the area is truly among the `top` areas; the rank interval holds the true rank with 95 % probability.
    """

    area: str
    count: float
    rate: float
    lower_95: float
    upper_95: float
    weight_own: float
    rank: int
    rank_lower_95: int
    rank_upper_95: int
    chance_in_top: float


def spread_between_areas(counts: Sequence[float] | Floats, expected: Sequence[float] | Floats) -> float:
    """Shape of the gamma (mean 1) of relative levels by maximum likelihood; small is uneven, inf no spread at all.

    `counts` may be discounted sums, so not whole. `expected` are the counts if every area had the same level.
    """
    y, e = np.asarray(counts, dtype=float), np.asarray(expected, dtype=float)
    shapes = _SHAPES[:, None]
    likelihood = (
        special.gammaln(shapes + y)
        - special.gammaln(shapes)
        + shapes * np.log(shapes)
        - (shapes + y) * np.log(shapes + e)
    ).sum(axis=1)
    best = int(np.argmax(likelihood))
    return math.inf if best == len(_SHAPES) - 1 else float(_SHAPES[best])


def hot_spots(counts: Mapping[str, float], periods: int, top: int) -> list[HotSpot]:
    """Areas by their shrunk rate, highest first. `counts` over `periods` periods, areas without an event included.

    Raises ValueError without areas, without events or with a negative count.
    """
    names = sorted(counts)
    y = np.array([float(counts[name]) for name in names])
    if len(y) < 2 or periods < 1 or not 1 <= top <= len(y):
        raise ValueError(
            "hot spots need at least two areas, a period and a top between 1 and the number of areas"
        )
    if (y < 0).any() or y.sum() <= 0:
        raise ValueError("hot spots need counts that are not negative, and an event")
    expected = np.full(len(y), y.mean())
    shape = min(spread_between_areas(y, expected), 1e6)
    posterior = stats.gamma(shape + y, scale=expected / (shape + expected) / periods)
    rates = posterior.mean()
    low, high = posterior.ppf(0.025), posterior.ppf(0.975)
    draws = np.random.default_rng(_SEED).standard_gamma(shape + y, size=(_DRAWS, len(y)))
    ranks = (-draws).argsort(axis=1).argsort(axis=1) + 1
    rank_low, rank_high = np.quantile(ranks, [0.025, 0.975], axis=0, method="inverted_cdf")
    found = [
        HotSpot(
            area=names[i],
            count=float(y[i]),
            rate=float(rates[i]),
            lower_95=float(low[i]),
            upper_95=float(high[i]),
            weight_own=float(expected[i] / (shape + expected[i])),
            rank=int(np.sum(y > y[i]) + 1),
            rank_lower_95=int(rank_low[i]),
            rank_upper_95=int(rank_high[i]),
            chance_in_top=float((ranks[:, i] <= top).mean()),
        )
        for i in range(len(y))
    ]
    return sorted(found, key=lambda item: (-item.rate, item.area))
