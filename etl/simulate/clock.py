"""When things happen: local clock times by weekday and hour, without hours that do not exist."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import cache

import numpy as np

# Share of shootings by hour of the day, from midnight: late evening and night.
SHOOTING_HOURS = np.array(
    [
        *(8.4, 7.6, 6.8, 4.4, 2.6, 1.6, 1.2, 1.1, 1.3, 1.6, 2.0, 2.4),
        *(2.9, 3.2, 3.6, 4.1, 4.7, 5.2, 5.6, 6.0, 6.6, 7.4, 8.0, 8.3),
    ]
)
# Monday to Sunday.
SHOOTING_WEEKDAYS = np.array([0.92, 0.88, 0.88, 0.92, 1.06, 1.24, 1.10])


def is_clock_gap(moment: dt.datetime) -> bool:
    """True for the hour that the local clock skips (2 o'clock on the second Sunday of March)."""
    return moment.date() == spring_forward(moment.year) and moment.hour == 2


def clear_of_changes(moment: dt.datetime) -> dt.datetime:
    """Three hours later if it falls in the small hours of a day on which the clock changes."""
    changes = (spring_forward(moment.year), fall_back(moment.year))
    return moment + dt.timedelta(hours=3) if moment.date() in changes and moment.hour in (1, 2) else moment


@cache
def spring_forward(year: int) -> dt.date:
    """The second Sunday of March, when US clocks skip from 2:00 to 3:00."""
    return _sundays(year, 3)[1]


@cache
def fall_back(year: int) -> dt.date:
    """The first Sunday of November, when US clocks show the hour from 1:00 twice."""
    return _sundays(year, 11)[0]


def moment_in_month(
    rng: np.random.Generator,
    year: int,
    month: int,
    hours: np.ndarray = SHOOTING_HOURS,
    weekdays: np.ndarray = SHOOTING_WEEKDAYS,
) -> dt.datetime:
    """A random minute of a month, weighted by hour and weekday (Monday first)."""
    days = calendar.monthrange(year, month)[1]
    first = dt.date(year, month, 1).weekday()
    by_day = weekdays[(first + np.arange(days)) % 7]
    day = 1 + int(rng.choice(days, p=by_day / by_day.sum()))
    hour = int(rng.choice(24, p=hours / hours.sum()))
    moment = dt.datetime(year, month, day, hour, int(rng.integers(60)))
    return moment + dt.timedelta(hours=1) if is_clock_gap(moment) else moment


def text(moment: dt.datetime | None) -> str:
    """As written in the files: `2021-07-03 22:15`, empty for none."""
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M")


def _sundays(year: int, month: int) -> list[dt.date]:
    days = calendar.monthrange(year, month)[1]
    dates = [dt.date(year, month, day) for day in range(1, days + 1)]
    return [date for date in dates if date.weekday() == 6]
