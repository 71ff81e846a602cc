"""Single-series change of each side beside a controlled estimate: which side moved?

Each side against its own baseline with the same months, one annual harmonic where the record allows it, and
days of the month as exposure. No trend: the question is what happened, not what was to be expected.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.designs.log_interval import log_interval
from evaluation.designs.two_groups import BASELINE, LEFT_OUT, PHASE, design_matrix
from evaluation.numerics.integrated import integrated_ar
from evaluation.result import Interval

Array = NDArray[np.float64]
MONTHS_FOR_A_SEASON = 24


def side_changes(counts: Array, codes: Sequence[str], months: Sequence[str]) -> list[Interval | None]:
    """Integrated AR-Poisson change, phase against baseline, of S series (S, T); None where not estimable."""
    found: list[Interval | None] = []
    for row in np.asarray(counts, float):
        found.append(_change(row, codes, months))
    return found


def _change(row: Array, codes: Sequence[str], months: Sequence[str]) -> Interval | None:
    used = np.array(codes, dtype=object)
    used[~np.isfinite(row)] = LEFT_OUT
    for code in dict.fromkeys(used):
        inside = used == code
        if np.nansum(row[inside]) == 0:
            if code in (BASELINE, PHASE):
                return None
            used[inside] = LEFT_OUT
    if not {BASELINE, PHASE} <= set(used):
        return None
    X, _, contrast = design_matrix(tuple(used))
    observed = used != LEFT_OUT
    offset = np.zeros(len(row))
    if _are_months(months):
        offset = np.log([_days(month) / 30.4375 for month in months])
        if observed.sum() >= MONTHS_FOR_A_SEASON:
            angle = 2 * np.pi * np.array([int(month[5:7]) for month in months]) / 12
            X = np.column_stack([X, np.sin(angle), np.cos(angle)])
            contrast = np.append(contrast, [0.0, 0.0])
    if observed.sum() <= X.shape[1]:
        return None
    fit = integrated_ar(np.nan_to_num(row)[None], X, contrast, "poisson", offset=offset, observed=observed)
    if not fit.converged[0]:
        return None
    deviation = float(fit.mixture(contrast).standard_deviation[0])
    wide, narrow = (np.concatenate(fit.interval(level)) for level in (0.95, 0.80))
    return log_interval("integrated", float(fit.estimate[0]), deviation, wide, narrow)


def _are_months(labels: Sequence[str]) -> bool:
    return all(len(label) == 7 and label[4] == "-" for label in labels)


def _days(month: str) -> int:
    return calendar.monthrange(int(month[:4]), int(month[5:7]))[1]
