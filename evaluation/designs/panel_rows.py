"""From rows (one an area and period) to areas × periods, for the pooled and the controlled design.

Rows that cannot be read raise DataError; counts that would make a wrong number raise NotEstimableError.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.calendar import Timeline, timeline
from evaluation.data import DataError, check_columns, labels, numbers
from evaluation.designs.panel import NEVER, Panel
from evaluation.series import NotEstimableError, check_outcome, excluded_positions
from evaluation.spec import Spec, SpecError

Array = NDArray[np.float64]


def read_panel(spec: Spec, frame: pd.DataFrame) -> tuple[Panel, Timeline]:
    """Areas × all periods of the axis; excluded periods and periods without any row are NaN throughout.

    Starts come from `treated_from` (a column with each area's first treated period, empty for comparison
    areas) or are `start` for the areas named in `treated`. With `comparison` other areas are dropped.
    Raises NotEstimableError: negative_counts, counts_not_whole, missing_counts, missing_cells, no_events,
    start_outside_data, no_treated_area, no_comparison_area; DataError on unreadable or repeated rows.
    """
    check_columns(spec, frame)
    data = spec.data
    axis, position = timeline(spec, frame)
    area = labels(frame, str(data.area))
    if area.isna().any():
        at = int(area.isna().to_numpy().argmax())
        raise DataError(f"row {at + 2}, column {data.area!r}: empty; every row needs its area")
    present = set(area)
    for name in (*data.treated, *data.comparison):
        if name not in present:
            key = "treated" if name in data.treated else "comparison"
            raise DataError(f"data.{key}: area {name!r} is not in column {data.area!r}; check the spelling")
    keep = np.ones(len(frame), dtype=bool)
    if data.comparison and data.treated:
        keep = area.isin({*data.treated, *data.comparison}).to_numpy()
    names = tuple(sorted(set(area[keep]), key=_natural))
    place = {name: index for index, name in enumerate(names)}
    row = area[keep].map(place).to_numpy(dtype=int)
    column = position[keep]
    excluded = excluded_positions(spec, axis)
    values = numbers(frame, data.outcome).to_numpy()[keep]
    check_outcome(spec, values[~excluded[column]])
    flat = row * axis.count + column
    repeated = pd.Series(flat).duplicated().to_numpy()
    if repeated.any():
        at = int(np.flatnonzero(keep)[int(repeated.argmax())])
        where = f"{area.iloc[at]} in {axis.label(int(position[at]))}"
        raise DataError(f"row {at + 2}: a second row for {where}; add the rows up")
    counts = np.full((len(names), axis.count), np.nan)
    counts[row, column] = values
    counts[:, excluded] = np.nan
    seen = np.isfinite(counts)
    # A table that lost its zeros looks like this; filling them in or leaving them out would both be guesses.
    if (seen.any(axis=0) & ~seen.all(axis=0)).any():
        raise NotEstimableError("missing_cells")
    if not np.nansum(counts):
        raise NotEstimableError("no_events")
    starts = _starts(spec, frame, keep, area, names, axis)
    treated = starts < axis.count
    if not treated.any():
        raise NotEstimableError("no_treated_area")
    if treated.all():
        raise NotEstimableError("no_comparison_area")
    weights = None
    if data.weights:
        weights = np.zeros_like(counts)
        weights[row, column] = numbers(frame, data.weights).to_numpy()[keep]
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise NotEstimableError("weights_not_positive")
    clusters = names
    if data.cluster:
        labelled = labels(frame, data.cluster)[keep]
        first = dict(zip(area[keep][::-1], labelled[::-1], strict=True))
        clusters = tuple(str(first[name]) for name in names)
    return Panel(names, tuple(axis.labels), counts, starts, clusters, weights), axis


def seen_periods(panel: Panel, first: int = 0, last: int | None = None) -> Panel:
    """The panel without its missing periods, and without those before `first` or after `last`.

    A pooled estimate has an effect for each period, so a missing one is simply not there.
    """
    index = np.arange(len(panel.periods))
    keep = np.isfinite(panel.counts).all(axis=0) & (index >= first)
    if last is not None:
        keep &= index <= last
    kept = np.flatnonzero(keep)
    moved = np.searchsorted(kept, np.minimum(panel.starts, len(panel.periods)))
    starts = np.where((panel.starts >= NEVER) | (moved >= len(kept)), NEVER, moved).astype(np.int64)
    return Panel(
        panel.areas,
        tuple(panel.periods[place] for place in kept),
        panel.counts[:, kept],
        starts,
        panel.clusters,
        None if panel.weights is None else panel.weights[:, kept],
    )


def _natural(name: str) -> tuple[float, str]:
    """Numbered areas in the order of their numbers, others by name."""
    return (float(name), "") if name.replace(".", "", 1).isdigit() else (float("inf"), name)


def _starts(
    spec: Spec,
    frame: pd.DataFrame,
    keep: NDArray[np.bool_],
    area: pd.Series,
    names: tuple[str, ...],
    axis: Timeline,
) -> NDArray[np.int64]:
    data = spec.data
    if not data.treated_from:
        start = axis.first_position(spec.start, "analysis.start")
        if not 0 < start < axis.count:
            raise NotEstimableError("start_outside_data")
        inside = set(data.treated)
        return np.array([start if name in inside else NEVER for name in names], dtype=np.int64)
    column = frame[data.treated_from][keep]
    own = pd.DataFrame({"area": area[keep].to_numpy(), "start": column.to_numpy()}).drop_duplicates()
    if own["area"].duplicated().any():
        name = own.loc[own["area"].duplicated(), "area"].iloc[0]
        raise DataError(f"column {data.treated_from!r}: area {name!r} has more than one start; keep one")
    first = dict(zip(own["area"], own["start"], strict=True))
    found = []
    for name in names:
        value = first[name]
        if value is None or value is pd.NaT or value != value or str(value).strip() == "":
            found.append(NEVER)
            continue
        place = max(axis.first_position(_point(value, axis, str(data.treated_from)), data.treated_from), 0)
        found.append(place if place < axis.count else NEVER)
    return np.array(found, dtype=np.int64)


def _point(value: object, axis: Timeline, column: str) -> str | float:
    """A start as written in a cell: a number on an index or of a year, else an ISO month or day."""
    if axis.kind in ("index", "year"):
        try:
            return float(str(value))
        except ValueError:
            pass
    text = value.isoformat()[:10] if hasattr(value, "isoformat") else str(value).strip()[:10]
    if len(text) < 7 or text[4] != "-" or not text[:4].isdigit():
        raise SpecError(f"column {column!r}: {value!r} is no start; write a month like 2021-06")
    return text
