"""Do routes go where shootings are? A choice of areas against chance and against perfect foresight.

The prediction accuracy index is that of Chainey, Tompson and Uhlig (2008), with the share of areas in place of the share
of land; the curve is that of Lorenz (1905), areas in the order of the choice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.hours import wilson_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Accuracy:
    """How many events fell in the areas chosen.

    inside      events in the areas chosen; with ties at the edge of the choice, the mean over all ways to break them
    share       inside / events, with its Wilson interval
    by_chance   share that as many areas drawn at random would hold on average: chosen / areas
    best        share that the best choice of as many areas would hold, known afterwards
    index       prediction accuracy index: share / by_chance; 1 is chance
    efficiency  share / best: 1 is perfect foresight
    """

    chosen: int
    areas: int
    inside: float
    events: int
    share: float
    interval_95: tuple[float, float]
    by_chance: float
    best: float
    index: float
    efficiency: float


def top_tenth(areas: int) -> int:
    """How many areas count as the top: a tenth of them, rounded up."""
    return max(1, math.ceil(areas / 10))


def accuracy(score: Sequence[float] | Floats, counts: Sequence[float] | Floats, chosen: int) -> Accuracy:
    """Events in the `chosen` areas with the highest score. Raises ValueError without an event."""
    order, events = _arrays(score, counts)
    if not 1 <= chosen <= len(events):
        raise ValueError("choose between one area and all of them")
    total = float(events.sum())
    if total <= 0:
        raise ValueError("accuracy needs at least one event")
    inside = expected_inside(order, events)[chosen - 1]
    best = float(np.sort(events)[::-1][:chosen].sum())
    return _accuracy(chosen, len(events), inside, total, best)


def accuracy_of_set(
    members: Sequence[bool] | NDArray[np.bool_], counts: Sequence[float] | Floats
) -> Accuracy:
    """Events in a fixed set of areas, such as those served. Raises ValueError for an empty set or no event."""
    inside, events = np.asarray(members, dtype=bool), np.asarray(counts, dtype=float)
    if len(inside) != len(events) or not inside.any():
        raise ValueError("a set of areas needs a member, and one mark for each area")
    if events.sum() <= 0:
        raise ValueError("accuracy needs at least one event")
    chosen = int(inside.sum())
    best = float(np.sort(events)[::-1][:chosen].sum())
    return _accuracy(chosen, len(events), float(events[inside].sum()), float(events.sum()), best)


def expected_inside(score: Sequence[float] | Floats, counts: Sequence[float] | Floats) -> Floats:
    """Events in the 1, 2, … areas with the highest score; areas with the same score share their events evenly."""
    order, events = _arrays(score, counts)
    shared = np.empty(len(events))
    for value in np.unique(order):
        tied = order == value
        shared[tied] = events[tied].mean()
    return np.asarray(np.cumsum(shared[np.argsort(-order, kind="stable")]))


def curve(score: Floats, counts: Floats) -> Floats:
    """Share of events in the top areas, from none to all areas (length areas + 1), summed over periods.

    Rows of `score` and `counts` are periods, columns areas; the order is taken anew in each period.
    """
    summed = np.sum([expected_inside(one, two) for one, two in zip(score, counts, strict=True)], axis=0)
    if len(summed) == 0 or summed[-1] <= 0:
        raise ValueError("a curve needs at least one event")
    return np.concatenate([[0.0], summed / summed[-1]])


def pooled(parts: Sequence[Accuracy]) -> Accuracy:
    """The same choice over several periods, as one: events added up. Raises ValueError for none."""
    if not parts:
        raise ValueError("nothing to pool")
    events = float(sum(part.events for part in parts))
    inside = sum(part.inside for part in parts)
    best = sum(part.best * part.events for part in parts)
    areas = round(float(np.mean([part.areas for part in parts])))
    chance = sum(part.by_chance * part.events for part in parts) / events
    return _accuracy(round(float(np.mean([p.chosen for p in parts]))), areas, inside, events, best, chance)


def _accuracy(
    chosen: int, areas: int, inside: float, total: float, best: float, chance: float | None = None
) -> Accuracy:
    by_chance = chosen / areas if chance is None else chance
    share = inside / total
    return Accuracy(
        chosen=chosen,
        areas=areas,
        inside=float(inside),
        events=int(total),
        share=share,
        interval_95=wilson_interval(min(inside, total), total),
        by_chance=by_chance,
        best=best / total,
        index=share / by_chance,
        efficiency=inside / best,
    )


def _arrays(score: Sequence[float] | Floats, counts: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    order, events = np.asarray(score, dtype=float), np.asarray(counts, dtype=float)
    if order.shape != events.shape or order.ndim != 1 or len(order) == 0:
        raise ValueError("each area needs one score and one count")
    if not np.isfinite(order).all() or (events < 0).any():
        raise ValueError("scores must be finite and counts not negative")
    return order, events
