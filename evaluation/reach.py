"""What it would take to be there: how many hours of the week hold a share of the events."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from evaluation.hours import HOURS_IN_WEEK, HourOfWeek


@dataclass(frozen=True)
class Reach:
    """Hours of the week with a team that hold at least `target` of the events.

    now       hours worked already
    share_now share of events in them
    needed    hours in all, the busiest of those not yet worked added first: the fewest possible
    added     the hours added, busiest first
    """

    target: float
    now: int
    share_now: float
    needed: int
    added: tuple[HourOfWeek, ...]


def hours_to_reach(counts: Mapping[HourOfWeek, int], worked: Set[HourOfWeek], target: float = 0.90) -> Reach:
    """The fewest hours to add to `worked` so that `target` of `counts` fall in hours with a team.

    Known afterwards: the next year's hours will differ a little. Raises ValueError without an event.
    """
    total = sum(counts.values())
    if total <= 0 or not 0 < target <= 1:
        raise ValueError("needs an event, and a target over 0 up to 1")
    every = [(day, hour) for day in range(1, 8) for hour in range(24)]
    inside = sum(counts.get(hour, 0) for hour in worked)
    share_now = inside / total
    added: list[HourOfWeek] = []
    left = sorted((hour for hour in every if hour not in worked), key=lambda hour: -counts.get(hour, 0))
    while inside < target * total - 1e-9 and left:
        hour = left.pop(0)
        inside += counts.get(hour, 0)
        added.append(hour)
    needed = len(worked) + len(added)
    if needed > HOURS_IN_WEEK:
        raise ValueError("hours of the week run from (1, 0) to (7, 23)")
    return Reach(target, len(worked), share_now, needed, tuple(added))
