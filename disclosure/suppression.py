"""Which cells of one table of counts have to be hidden.

A block is an array of whole numbers with one axis for each dimension (area, period, attribute value). Every
sum along one axis is treated as known exactly to whoever attacks it, because a coarser table or the press may
have published it. So each line with hidden cells needs at least two of them, and they have to add up to at
least 10: looking at that line alone, either could be anything from 0 to that sum.

Method: Cox (1980), "Suppression methodology and statistical disclosure control", JASA 75. The rule is needed
but not enough: lines taken together may still give a cell away, which `disclosure/lines.py` looks for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


def too_small(counts: Counts, base: Counts, smallest: int) -> Mask:
    """Cells that may not be shown for their own sake: 1 to `smallest`−1, and zeros out of a small base."""
    return ((counts > 0) & (counts < smallest)) | ((counts == 0) & (base < smallest))


def complementary(counts: Counts, hidden: Mask, smallest: int, axes: tuple[int, ...] | None = None) -> Mask:
    """Hide further cells until no line gives a hidden one away.

    `counts` and `hidden` have the same shape; returns a new mask that covers `hidden`. `axes` are those along
    which cells add up (all of them by default). A line whose cells are all hidden is left: its own sum is then
    what a coarser table must protect.
    """
    result = hidden.copy()
    changed = True
    while changed:
        changed = False
        for axis in range(counts.ndim) if axes is None else axes:
            lines = np.moveaxis(counts, axis, -1)
            masks = np.moveaxis(result, axis, -1)  # a view: writing to it writes to `result`
            for line in np.argwhere(np.atleast_1d(masks.any(axis=-1) & ~masks.all(axis=-1))):
                where = tuple(line) if counts.ndim > 1 else ()
                changed |= _protect_line(lines[where], masks[where], smallest)
    return result


def _protect_line(counts: Counts, hidden: Mask, smallest: int) -> bool:
    """Hide the smallest shown cells of one line until its hidden ones protect each other."""
    changed = False
    while not hidden.all() and (hidden.sum() < 2 or counts[hidden].sum() < smallest):
        shown = np.flatnonzero(~hidden)
        positive = shown[counts[shown] > 0]
        # A shown zero adds nothing to the sum that has to cover the hidden cell.
        pick = positive[np.argmin(counts[positive])] if positive.size else shown[0]
        hidden[pick] = True
        changed = True
    return changed


def nested_hidden(counts: Counts, base: Counts, smallest: int) -> Mask:
    """Steps of a path: hide a step if those who got to the step before it but not to it are 1 to `smallest`−1.

    `counts` and `base` have the steps on the last axis; a step is compared with the nearest larger one that
    stays visible, the base first.
    """
    hidden = np.zeros(counts.shape, dtype=bool)
    for line in np.ndindex(*counts.shape[:-1]):
        visible = int(base[line][0])
        for step in np.argsort(-counts[line], kind="stable"):
            missed = visible - int(counts[line][step])
            if 0 < missed < smallest:
                hidden[line][step] = True
            else:
                visible = int(counts[line][step])
    return hidden


def round_to(counts: Counts, step: int) -> Counts:
    """Nearest multiple of `step`, halves up."""
    return (counts + step // 2) // step * step


def round_from(counts: Counts, published: Counts, step: int) -> Counts:
    """Nearest value that differs from what was `published` by a multiple of `step`."""
    return published + (counts - published + step // 2) // step * step
