"""Counts of one geography as arrays: outcome and unit → areas × months, zeros kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cube:
    """areas (N,) labels, months (T,) as YYYY-MM without gaps, counts (outcome, unit) → (N, T)."""

    areas: tuple[str, ...]
    months: tuple[str, ...]
    counts: dict[tuple[str, str], Array]

    def has(self, outcome: str, unit: str) -> bool:
        return (outcome, unit) in self.counts

    def rows(self, areas: Iterable[str]) -> NDArray[np.int64]:
        """Positions of the named areas that exist, in the cube's order."""
        wanted = set(areas)
        return np.array([index for index, area in enumerate(self.areas) if area in wanted], dtype=np.int64)

    def series(self, key: tuple[str, str], areas: Iterable[str]) -> Array:
        """(T,) events of the named areas together."""
        return np.asarray(self.counts[key][self.rows(areas)].sum(axis=0))

    def months_where(self, wanted: Callable[[str], bool]) -> Cube:
        """The cube with only the months for which `wanted` is true."""
        keep = np.array([wanted(month) for month in self.months], dtype=bool)
        months = tuple(month for month in self.months if wanted(month))
        return Cube(self.areas, months, {key: value[:, keep] for key, value in self.counts.items()})


def make_cube(panel: pd.DataFrame) -> Cube:
    """From rows area, month, outcome, unit, count (one geography, one month basis).

    A month is a date or text that begins YYYY-MM. Area-months without a row are NaN, so that a table that
    lost its zeros cannot pass for one that has them. Raises ValueError on missing columns, duplicate rows,
    or negative, fractional or missing counts.
    """
    lacking = [name for name in ("area", "month", "outcome", "unit", "count") if name not in panel]
    if lacking:
        raise ValueError(f"counts by area and month: column {lacking[0]!r} is missing")
    rows = panel[["area", "month", "outcome", "unit", "count"]].reset_index(drop=True)
    rows["area"] = rows["area"].astype(str)
    rows["month"] = month_labels(rows["month"])
    count = pd.to_numeric(rows["count"], errors="coerce")
    if count.isna().any() or (count < 0).any() or (count != count.round()).any():
        raise ValueError("counts by area and month: a count is missing, negative or not whole")
    areas = tuple(sorted(rows["area"].unique()))
    months = calendar_months(rows["month"].min(), rows["month"].max())
    place = {area: index for index, area in enumerate(areas)}
    when = {month: index for index, month in enumerate(months)}
    counts = {}
    for (outcome, unit), part in rows.groupby(["outcome", "unit"], sort=True):
        if part.duplicated(["area", "month"]).any():
            raise ValueError(f"counts by area and month: {outcome} {unit} has two rows for an area and month")
        table = np.full((len(areas), len(months)), np.nan)
        index = part["area"].map(place).to_numpy(), part["month"].map(when).to_numpy()
        table[index] = count.loc[part.index].to_numpy(float)
        counts[str(outcome), str(unit)] = table
    return Cube(areas, months, counts)


def select_rows(panel: pd.DataFrame, geography: str, basis: str) -> pd.DataFrame:
    """Rows of one geography and month basis, where the panel has these columns."""
    rows = panel
    if "geography" in rows:
        rows = rows[rows["geography"] == geography]
    if "month_basis" in rows:
        rows = rows[rows["month_basis"] == basis]
    return rows


def month_labels(values: pd.Series) -> pd.Series:
    """YYYY-MM of dates or of text that begins so."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m")
    return values.astype(str).str[:7]


def calendar_months(first: str, last: str) -> tuple[str, ...]:
    """Every month from `first` to `last`, both YYYY-MM and included."""
    year, month = int(first[:4]), int(first[5:7])
    found: list[str] = []
    while not found or found[-1] < last:
        found.append(f"{year:04d}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(found)


def segment_codes(
    months: Sequence[str],
    baseline: tuple[str, str | None],
    phase: tuple[str, str | None],
    others: Sequence[tuple[str, str, str | None]],
    baseline_code: str,
    phase_code: str,
) -> tuple[str, ...]:
    """Code of each month: baseline, phase, else the first of `others` (id, first, last) it lies in.

    Months in none of them form runs of their own ("between_1", …): nothing outside the two windows may
    count as either.
    """
    codes, run, previous = [], 0, ""
    for month in months:
        if _within(month, *baseline):
            code = baseline_code
        elif _within(month, *phase):
            code = phase_code
        else:
            code = next((name for name, first, last in others if _within(month, first, last)), "")
            if not code:
                run += not previous.startswith("between_")
                code = f"between_{run}"
        codes.append(code)
        previous = code
    return tuple(codes)


def _within(month: str, first: str, last: str | None) -> bool:
    return first <= month and (last is None or month <= last)
