"""Cells that follow from all lines of one table together, and their cure.

Two hidden cells a line are not enough: where hidden cells form two groups joined by a single cell, sums of rows
minus sums of columns leave just that one. The attacker here knows every shown cell and every line sum of at
least 10 exactly, which is far more than is ever published (all of it is rounded), and must still be left with two
possible values or more for each count of 1 to 9.
"""

from __future__ import annotations

import numpy as np

from disclosure.attacker import Attacker, System
from disclosure.suppression import Counts, Mask, complementary

WIDTH = 1.0


def cured(counts: Counts, hidden: Mask, smallest: int, axes: tuple[int, ...]) -> Mask:
    """Hide further cells until every hidden count of 1 to `smallest`−1 could be another one.

    Where a cell that is given away has only hidden cells in its lines nothing is left to hide in this table;
    the sums that give it away then stand in a coarser one (`disclosure/release.py`).
    """
    result = hidden.copy()
    while True:
        extra = result.copy()
        for place in _given_away(counts, result, smallest, axes):
            for axis in axes:
                where = (*place[:axis], *place[axis + 1 :])
                line = np.moveaxis(counts, axis, -1)[where]
                mask = np.moveaxis(extra, axis, -1)[where]  # a view: writing to it writes to `extra`
                shown = np.flatnonzero(~mask & (line > 0))
                if shown.size:
                    mask[shown[np.argmin(line[shown])]] = True
        if (extra == result).all():
            return result
        result = complementary(counts, extra, smallest, axes)


def _given_away(counts: Counts, hidden: Mask, smallest: int, axes: tuple[int, ...]) -> list[tuple[int, ...]]:
    places = [tuple(int(part) for part in place) for place in np.argwhere(hidden)]
    system = System()
    numbers = {place: system.unknown(tuple(map(str, place))) for place in places}
    lines: dict[tuple[int, tuple[int, ...]], list[tuple[int, ...]]] = {}
    for place in places:
        for axis in axes:
            if counts.shape[axis] > 1:  # a line of one cell is the cell itself
                lines.setdefault((axis, place[:axis] + place[axis + 1 :]), []).append(place)
    for (axis, rest), members in lines.items():
        total = float(sum(counts[place] for place in members))
        if total >= smallest:
            known = system.unknown(("sum", str(axis), *map(str, rest)))
            system.lower[known] = system.upper[known] = total
            system.sums.append((known, [numbers[place] for place in members]))
    small = [place for place in places if 0 < counts[place] < smallest]
    attacker = Attacker(system)
    left = set(attacker.without_safe([numbers[place] for place in small], enough=WIDTH)) if small else set()
    found = []
    for place in small:
        if numbers[place] in left:
            low, high = attacker.interval(numbers[place])
            if high - low < WIDTH:
                found.append(place)
    return found
