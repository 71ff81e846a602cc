"""Months, quarters and years that a log covers, and which of them may already be shown."""

from __future__ import annotations

from datetime import date

import pandas as pd

LATE_DAYS = 35
"""Entries still come in for this long: periods that ended later than that are provisional."""

FREQUENCY = {"month": "M", "quarter": "Q", "year": "Y"}


def covered(first: date, exported_on: date, kind: str) -> pd.PeriodIndex:
    """Periods from the one that holds `first` to the last month that had ended by the export.

    The quarter or year of that month is included, though it may not have ended.
    """
    last = pd.Period(exported_on, freq="M") - 1
    return pd.period_range(
        pd.Period(first, freq=FREQUENCY[kind]), last.asfreq(FREQUENCY[kind], how="end"), freq=FREQUENCY[kind]
    )


def whereabouts_quarters(first: date, exported_on: date) -> pd.PeriodIndex:
    """Quarters that ended at least a quarter before the export: where teams worked is shown no earlier."""
    last = pd.Period(exported_on, freq="Q") - 2
    return pd.period_range(pd.Period(first, freq="Q"), last, freq="Q")


def is_provisional(period: pd.Period, exported_on: date) -> bool:
    return (exported_on - period.end_time.date()).days < LATE_DAYS


def first_day(period: pd.Period) -> pd.Timestamp:
    return period.start_time.normalize()
