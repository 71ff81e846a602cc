"""Months, weeks, years and running indexes become one axis without gaps."""

import datetime

import numpy as np
import pandas as pd
import pytest

from evaluation.calendar import timeline
from evaluation.data import DataError
from evaluation.spec import SpecError, parse_spec


def axis(rows: dict, **roles: str):
    made = parse_spec({"data": {"outcome": "y", **roles}, "analysis": {"start": 1}})
    return timeline(made, pd.DataFrame({"y": [1] * len(next(iter(rows.values()))), **rows}))


def test_a_missing_month_keeps_its_place():
    found, position = axis({"m": ["2019-11", "2020-02", "2019-12"]}, date="m")
    assert found.kind == "month"
    assert found.labels == ["2019-11", "2019-12", "2020-01", "2020-02"]
    assert position.tolist() == [0, 3, 1]


def test_year_and_month_columns():
    found, _ = axis({"a": [2019, 2020], "b": [12, 1]}, year="a", month="b")
    assert found.labels == ["2019-12", "2020-01"]


def test_dates_of_a_database():
    found, _ = axis({"m": pd.to_datetime(["2019-12-01", "2020-01-01"])}, date="m")
    assert found.labels == ["2019-12", "2020-01"]
    found, _ = axis({"m": [datetime.date(2019, 12, 1), datetime.date(2020, 2, 1)]}, date="m")
    assert found.count == 3


def test_weeks_are_recognized_across_a_gap():
    found, position = axis({"d": ["2024-01-01", "2024-01-08", "2024-01-29"]}, date="d")
    assert found.kind == "week"
    assert found.count == 5
    assert position.tolist() == [0, 1, 4]
    assert found.label(4) == "2024-01-29"


def test_a_february_of_four_weeks_is_still_months():
    found, _ = axis({"d": ["2021-02-01", "2021-03-01"]}, date="d")
    assert found.kind == "month"


def test_years():
    found, _ = axis({"a": [1970, 1972]}, year="a")
    assert found.labels == ["1970", "1971", "1972"]
    assert found.first_position("1971", "start") == 1
    assert found.first_position(1971.0, "start") == 1


def test_a_decimal_year_is_an_even_index():
    times = [round(1969 + k / 12, 4) for k in range(192)]
    found, position = axis({"t": times}, time="t")
    assert found.kind == "index"
    assert position.tolist() == list(range(192))
    assert found.first_position(1983.0833, "start") == 169


def test_start_and_end_inside_months():
    found, _ = axis({"m": [f"2020-{month:02d}" for month in range(1, 13)]}, date="m")
    assert found.first_position("2020-06", "start") == 5
    assert found.last_position("2020-06", "end") == 5
    assert found.first_position("2020-06-15", "start") == 5
    assert (found.first_position("2020", "start"), found.last_position("2020", "end")) == (0, 11)


def test_a_month_on_a_weekly_axis_is_its_first_and_last_week():
    days = pd.date_range("2024-01-01", periods=20, freq="7D")
    found, _ = axis({"d": days.strftime("%Y-%m-%d")}, date="d")
    assert found.label(found.first_position("2024-02", "start")) == "2024-02-05"
    assert found.label(found.last_position("2024-02", "end")) == "2024-02-26"
    assert found.label(found.first_position("2024-02-07", "start")) == "2024-02-05"


def test_days_of_the_month():
    found, _ = axis({"m": ["2020-02", "2020-03", "2021-02"]}, date="m")
    days = np.exp(found.log_days()) * 365.25 / 12
    assert days[[0, 1, 12]] == pytest.approx([29, 31, 28])


def test_what_cannot_be_an_axis_is_told_in_one_line():
    with pytest.raises(DataError, match="neither one a month nor whole weeks apart"):
        axis({"d": ["2024-01-01", "2024-01-04", "2024-01-09"]}, date="d")
    with pytest.raises(DataError, match="row 3, column 'b': 13 is no month"):
        axis({"a": [2019, 2020], "b": [12, 13]}, year="a", month="b")
    with pytest.raises(DataError, match="row 3, column 'a': empty"):
        axis({"a": [2019, None]}, year="a")
    with pytest.raises(DataError, match="row 3, column 'd': empty"):
        axis({"d": [pd.Timestamp("2020-01-01"), pd.NaT]}, date="d")
    with pytest.raises(DataError, match="off the even spacing"):
        axis({"t": [1.0, 2.0, 3.5]}, time="t")


def test_a_point_that_does_not_fit_the_axis_names_the_key():
    months, _ = axis({"m": ["2020-01", "2020-02"]}, date="m")
    with pytest.raises(SpecError, match=r"analysis.start: the time axis is a calendar"):
        months.first_position(7.0, "analysis.start")
    index, _ = axis({"t": [1, 2, 3]}, time="t")
    with pytest.raises(SpecError, match=r"analysis.end: the time axis is a running index"):
        index.last_position("2020-01", "analysis.end")
    with pytest.raises(SpecError, match="a running index has no days"):
        index.log_days()
