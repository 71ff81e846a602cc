"""The time axis of an analysis: calendar months, weeks, years or a running index, without gaps.

A period that has no row is still a place on the axis, so that a missing month is missing and not skipped.
"""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from evaluation.data import DataError, numbers
from evaluation.numerics.poisson import Array
from evaluation.spec import Point, Spec, SpecError

Kind = Literal["month", "week", "year", "index"]
DAYS_OF_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Timeline:
    """`count` periods of one `kind` from `first` on.

    `first` and `step` count months since year 0, days since year 1 (weeks: step 7), years, or units of the
    running index.
    """

    kind: Kind
    first: float
    count: int
    step: float = 1.0

    def label(self, position: int) -> str:
        """How a period is written: "2021-06", the first day of a week, "2021", or the index value."""
        value = self.first + position * self.step
        if self.kind == "month":
            return f"{int(value) // 12:04d}-{int(value) % 12 + 1:02d}"
        if self.kind == "week":
            return datetime.date.fromordinal(int(value)).isoformat()
        if self.kind == "year":
            return f"{int(value):04d}"
        return f"{value:.10g}"

    @property
    def labels(self) -> list[str]:
        return [self.label(position) for position in range(self.count)]

    def first_position(self, point: Point, key: str) -> int:
        """Position of the first period that lies in or after `point`; may fall outside the axis.

        Raises SpecError, naming `key`, when the point does not fit this kind of axis.
        """
        return int(np.ceil(self._place(point, key, end=False) - 0.05))

    def last_position(self, point: Point, key: str) -> int:
        """Position of the last period that lies in or before `point`."""
        return int(np.floor(self._place(point, key, end=True) + 0.05))

    def calendar_month(self) -> Array | None:
        """Month 1–12 of each period, where periods are months."""
        if self.kind != "month":
            return None
        return np.asarray((self.first + np.arange(self.count, dtype=float)) % 12 + 1)

    def log_days(self) -> Array:
        """Log of each period's days over the average month (year); 0 for weeks, which are all alike.

        Raises SpecError for a running index, whose periods have no known length.
        """
        if self.kind == "index":
            raise SpecError(
                "analysis.days_offset: a running index has no days; give month or date, or set false"
            )
        if self.kind == "week":
            return np.zeros(self.count)
        values = [int(self.first) + position for position in range(self.count)]
        if self.kind == "year":
            return np.log([(366 if calendar.isleap(value) else 365) / 365.25 for value in values])
        return np.log([calendar.monthrange(v // 12, v % 12 + 1)[1] / DAYS_OF_MONTH for v in values])

    def _place(self, point: Point, key: str, end: bool) -> float:
        if self.kind == "index":
            if isinstance(point, str):
                raise SpecError(f"{key}: the time axis is a running index; write a number, not {point!r}")
            return (point - self.first) / self.step
        if isinstance(point, float | int):
            if self.kind != "year":
                raise SpecError(
                    f'{key}: the time axis is a calendar; write a month like "2021-06", not {point:g}'
                )
            return point - self.first
        year, month, day = _parts(point, key, end)
        if self.kind == "year":
            return year - self.first
        if self.kind == "month":
            return year * 12 + month - 1 - self.first
        date = _date(year, month, day, key).toordinal()
        if len(point) == 10:
            return float((date - self.first) // self.step)
        return (date - self.first) / self.step


def timeline(spec: Spec, frame: pd.DataFrame) -> tuple[Timeline, np.ndarray]:
    """The axis that the rows span and each row's position on it, (rows,).

    Raises DataError on an unreadable date, or dates that are neither months, weeks nor years.
    """
    data = spec.data
    if data.time:
        return _running(numbers(frame, data.time), data.time)
    if data.year:
        year = _whole(numbers(frame, data.year), data.year)
        if not data.month:
            return _axis("year", year)
        month = _whole(numbers(frame, data.month), data.month)
        outside = (month < 1) | (month > 12)
        if outside.any():
            at = int(outside.argmax())
            raise DataError(f"row {at + 2}, column {data.month!r}: {month[at]} is no month; write 1 to 12")
        return _axis("month", year * 12 + month - 1)
    assert data.date is not None
    return _dated(frame[data.date], data.date)


def _axis(kind: Kind, ordinal: np.ndarray, step: int = 1) -> tuple[Timeline, np.ndarray]:
    first = int(ordinal.min())
    position = (ordinal - first) // step
    return Timeline(kind, first, int(position.max()) + 1, step), position


def _running(values: pd.Series, column: str) -> tuple[Timeline, np.ndarray]:
    _require(values, column)
    unique = np.unique(values.to_numpy())
    step = float(np.diff(unique).min()) if len(unique) > 1 else 1.0
    place = (values.to_numpy() - unique[0]) / step
    position = np.rint(place).astype(int)
    # A decimal year such as 1969.0833 is not evenly spaced to the last digit, so the step is refined.
    if position.max() > 0:
        step = float((unique[-1] - unique[0]) / position.max())
    uneven = np.abs(place - position) > 0.2
    if uneven.any():
        at = int(uneven.argmax())
        raise DataError(
            f"row {at + 2}, column {column!r}: {values.iloc[at]:g} is off the even spacing; use date"
        )
    if position.max() > 100_000:
        raise DataError(f"column {column!r}: more than 100,000 periods; is this a running index?")
    return Timeline("index", float(unique[0]), int(position.max()) + 1, step), position


def _whole(values: pd.Series, column: str) -> np.ndarray:
    _require(values, column)
    found = values.to_numpy()
    wrong = found != np.floor(found)
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            f"row {at + 2}, column {column!r}: {found[at]:g} is not whole; use time = for an index"
        )
    return found.astype(int)


def _require(values: pd.Series, column: str) -> None:
    if values.isna().any():
        at = int(values.isna().to_numpy().argmax())
        raise DataError(f"row {at + 2}, column {column!r}: empty; every row needs its time")


_ISO = re.compile(r"\d{4}-\d{2}(-\d{2})?([ T].*)?")


def _dated(column: pd.Series, name: str) -> tuple[Timeline, np.ndarray]:
    dates = [_row_date(value, at, name) for at, value in enumerate(column)]
    unique = sorted(set(dates))
    months = np.array([date.year * 12 + date.month - 1 for date in dates])
    days = np.array([date.toordinal() for date in dates])
    gaps = np.diff(sorted(set(days.tolist())))
    one_a_month = len(set(months.tolist())) == len(unique)
    same_day = len({(date.month, date.day) for date in unique}) == 1
    if one_a_month and same_day and len(unique) > 2:
        return _axis("year", np.array([date.year for date in dates]))
    if len(gaps) and (gaps % 7 == 0).all() and not (one_a_month and {date.day for date in unique} == {1}):
        return _axis("week", days, step=7)
    if one_a_month:
        return _axis("month", months)
    raise DataError(
        f"column {name!r}: dates are neither one a month nor whole weeks apart; sum the rows to months or weeks"
    )


def _row_date(value: object, at: int, name: str) -> datetime.date:
    if value is pd.NaT or value is None:
        raise DataError(f"row {at + 2}, column {name!r}: empty; every row needs its time")
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    text = str(value).strip()
    if _ISO.fullmatch(text):
        try:
            return datetime.date.fromisoformat(text[:10] if len(text) >= 10 else text + "-01")
        except ValueError:
            pass
    raise DataError(f"row {at + 2}, column {name!r}: {text!r} is no date; write 2021-06-01")


def _parts(point: str, key: str, end: bool) -> tuple[int, int, int]:
    pieces = [int(piece) for piece in point.split("-")]
    year = pieces[0]
    month = pieces[1] if len(pieces) > 1 else (12 if end else 1)
    if len(pieces) > 2:
        return year, month, pieces[2]
    return year, month, calendar.monthrange(year, month)[1] if end else 1


def _date(year: int, month: int, day: int, key: str) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise SpecError(
            f"{key}: {year}-{month:02d}-{day:02d} is not in the calendar; correct the day"
        ) from None
