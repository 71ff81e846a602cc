"""From rows (one an area and period) to a Panel, for the pooled and the controlled design.

Every fault that would make a wrong number is a `NotEstimable` with a code instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.designs.panel import NEVER, Panel
from evaluation.spec import Spec


class NotEstimable(Exception):
    """The rows cannot give an estimate; `reason` is the code of why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_panel(spec: Spec, frame: pd.DataFrame, until_end: bool = True) -> Panel:
    """Areas × periods of one spec; excluded periods are left out, and with until_end those after `end`.

    Starts come from `treated_from` (a column that holds each area's first treated period, empty for
    comparison areas) or are `start` for the areas named in `treated`.
    Raises NotEstimable: negative_counts, counts_not_whole, missing_counts, missing_cells, duplicate_cells,
    start_outside_data, no_treated_area, no_comparison_area.
    """
    data = spec.data
    rows = pd.DataFrame(
        {
            "area": frame[str(data.area)].map(area_label),
            "period": period_labels(spec, frame),
            "count": pd.to_numeric(frame[data.outcome], errors="coerce"),
        }
    )
    if data.treated_from:
        rows["start"] = [start_label(value) for value in frame[data.treated_from]]
    rows["cluster"] = frame[data.cluster].map(area_label) if data.cluster else rows["area"]
    rows["weight"] = pd.to_numeric(frame[data.weights], errors="coerce") if data.weights else 1.0
    if data.comparison:
        wanted = set(data.treated) | set(data.comparison)
        rows = rows[rows["area"].isin(wanted)]
    rows = rows[[_kept(label, spec, until_end) for label in rows["period"]]]
    _refuse_bad_counts(rows, whole=not data.weights)
    if rows.duplicated(["area", "period"]).any():
        raise NotEstimable("duplicate_cells")
    counts = rows.pivot(index="area", columns="period", values="count")
    counts = counts[sorted(counts.columns, key=_order)]
    if counts.isna().to_numpy().any():
        raise NotEstimable("missing_cells")
    periods = tuple(str(label) for label in counts.columns)
    starts = _starts(spec, rows, counts.index, periods)
    treated = starts < len(periods)
    if not treated.any():
        raise NotEstimable("no_treated_area")
    if treated.all():
        raise NotEstimable("no_comparison_area")
    clusters = rows.drop_duplicates("area").set_index("area")["cluster"].reindex(counts.index)
    weights = None
    if data.weights:
        weights = rows.pivot(index="area", columns="period", values="weight")[counts.columns].to_numpy(float)
    return Panel(
        areas=tuple(counts.index),
        periods=periods,
        counts=counts.to_numpy(float),
        starts=starts,
        clusters=tuple(str(label) for label in clusters),
        weights=weights,
    )


def period_labels(spec: Spec, frame: pd.DataFrame) -> pd.Series:
    """Label of each row's period: YYYY-MM, YYYY, YYYY-MM-DD or the running index as text."""
    data = spec.data
    if data.year and data.month:
        year, month = frame[data.year].astype(int), frame[data.month].astype(int)
        return year.map("{:04d}".format) + "-" + month.map("{:02d}".format)
    if data.year:
        return frame[data.year].astype(int).map("{:04d}".format)
    if data.date:
        days = pd.to_datetime(frame[data.date])
        monthly = bool((days.dt.day == 1).all())
        return days.dt.strftime("%Y-%m" if monthly else "%Y-%m-%d")
    return frame[str(data.time)].map(lambda value: f"{float(value):g}")


def period_position(point: object, periods: Sequence[str], after: bool = False) -> int:
    """Index of the first period at or after `point` (after=True: the first one later than it)."""
    key = _order(_cut(_text(point), periods[0]))
    for index, label in enumerate(periods):
        if _order(label) > key or (not after and _order(label) == key):
            return index
    return len(periods)


def area_label(value: object) -> str:
    """Labels compare as text: precinct 77, "77" and 77.0 are the same area."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def start_label(value: object) -> str | None:
    """A start as a period label; None for an empty cell."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)) or value == "":
        return None
    if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
        return value.isoformat()[:7]
    if isinstance(value, float | int | np.integer | np.floating):
        return f"{float(value):g}"
    return str(value)


def _order(label: str) -> tuple[float, str]:
    """Running indices in the order of numbers, dates in the order of their text."""
    try:
        return float(label), ""
    except ValueError:
        return float(label[:4]), label


def _kept(label: str, spec: Spec, until_end: bool) -> bool:
    if until_end and spec.end is not None and _order(label) > _order(_cut(_text(spec.end), label)):
        return False
    for point in spec.data.exclude:
        first, _, last = _text(point).partition("/")
        if _order(_cut(first, label)) <= _order(label) <= _order(_cut(last or first, label)):
            return False
    return True


def _text(point: object) -> str:
    return f"{point:g}" if isinstance(point, float) else str(point)


def _cut(point: str, label: str) -> str:
    """A point written more finely than the periods (2021-06-15 for months) stands for its period."""
    return point[: len(label)] if "-" in point and "-" in label else point


def _refuse_bad_counts(rows: pd.DataFrame, whole: bool) -> None:
    if rows.empty:
        raise NotEstimable("no_rows")
    count = rows["count"]
    if count.isna().any() or np.isinf(count).any():
        raise NotEstimable("missing_counts")
    if (count < 0).any():
        raise NotEstimable("negative_counts")
    if whole and (count != count.round()).any():
        raise NotEstimable("counts_not_whole")
    if count.sum() == 0:
        raise NotEstimable("no_events")


def _starts(
    spec: Spec, rows: pd.DataFrame, areas: pd.Index, periods: tuple[str, ...]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    def position(label: str) -> int:
        found = period_position(label, periods)
        return found if found < len(periods) else NEVER

    if spec.data.treated_from:
        first = rows.drop_duplicates("area").set_index("area")["start"].reindex(areas)
        return np.array([position(label) if isinstance(label, str) else NEVER for label in first], np.int64)
    missing = sorted(set(spec.data.treated) - set(areas))
    if missing:
        raise NotEstimable("treated_area_not_in_data")
    start = period_position(spec.start, periods)
    if not 0 < start < len(periods):
        raise NotEstimable("start_outside_data")
    return np.array([start if area in set(spec.data.treated) else NEVER for area in areas], np.int64)
