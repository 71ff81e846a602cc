"""Data that cannot answer give a typed "not estimable" with a reason, and nothing on the console."""

import warnings

import numpy as np
import pandas as pd
import pytest

from evaluation.data import DataError
from evaluation.designs.single import fit_single
from tests.unit.single_series_data import monthly_counts, spec


def refused(frame: pd.DataFrame, **analysis: object) -> str | None:
    """The reason code, with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fit_single(spec(**analysis), frame)
    assert result.status == "not_estimable"
    assert result.effect is None and not result.intervals and not result.series
    assert result.verdict == "cannot_tell"
    return result.reason


def changed(at: int | slice, value: float) -> pd.DataFrame:
    frame = monthly_counts()
    frame["victims"] = frame["victims"].astype(float)
    frame.loc[frame.index[at], "victims"] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (changed(5, np.nan), "missing_counts"),
        (changed(5, -1), "negative_counts"),
        (changed(5, 2.5), "counts_not_whole"),
        (changed(5, np.inf), "infinite_values"),
        (changed(slice(None), 0), "no_events"),
        (changed(slice(0, 36), 0), "no_events_before"),
        (changed(slice(36, 60), 0), "no_events_after"),
    ],
)
def test_counts_that_are_no_counts(frame, reason):
    assert refused(frame) == reason


@pytest.mark.parametrize("start", ["2017-06", "2018-01", "2023-01", "2031-05"])
def test_start_outside_the_data(start):
    assert refused(monthly_counts(), start=start) == "start_outside_data"


def test_fewer_than_three_months_on_a_side():
    assert refused(monthly_counts(), start="2018-03") == "too_few_periods_before"
    assert refused(monthly_counts(), start="2022-11") == "too_few_periods_after"
    assert refused(monthly_counts(), end="2021-02") == "too_few_periods_after"


def test_months_that_are_excluded_do_not_count_towards_the_three():
    few = {"exclude": ["2018-01/2020-10"]}
    assert refused(monthly_counts(), data=few) == "too_few_periods_before"


def test_fewer_months_than_the_terms_need():
    assert refused(monthly_counts(months=10), start="2018-06", harmonics=3) == "too_few_periods_for_terms"


def test_terms_that_say_the_same():
    frame = monthly_counts()
    frame["copy"] = np.arange(60)
    assert refused(frame, covariates=["copy"]) == "collinear_terms"


def test_perfect_separation_by_a_further_phase():
    phases = [{"name": "pilot", "start": "2020-07", "end": "2020-12"}]
    assert refused(changed(slice(30, 36), 0), phases=phases) == "separation"


def test_bad_cells_outside_the_analysis_do_no_harm():
    result = fit_single(spec(end="2022-06", intervals=["standard"]), changed(58, np.nan))
    assert result.status == "estimated"
    excluded = fit_single(spec(data={"exclude": ["2018-06"]}, intervals=["standard"]), changed(5, -3))
    assert excluded.status == "estimated"


def test_a_log_of_zero():
    frame = changed(7, 0)
    assert refused(frame, family="log-gaussian") == "log_of_zero"


def test_a_constant_linear_series():
    frame = changed(slice(None), 4)
    assert refused(frame, family="gaussian") == "no_residual_variation"


def test_exposure_of_zero():
    frame = monthly_counts().assign(population=[0.0] + [100.0] * 59)
    assert refused(frame, data={"exposure": "population"}) == "exposure_not_positive"


def test_two_rows_for_one_month_are_a_fault_of_the_file():
    frame = monthly_counts()
    with pytest.raises(DataError, match=r"row 62: a second row for 2018-01"):
        fit_single(spec(), pd.concat([frame, frame.head(1)], ignore_index=True))


def test_a_word_among_the_counts_names_its_row():
    frame = monthly_counts().astype({"victims": object})
    frame.loc[3, "victims"] = "n/a?"
    with pytest.raises(DataError, match=r"row 5, column 'victims': 'n/a\?' is no number"):
        fit_single(spec(), frame)


def test_an_unreadable_date_names_its_row():
    frame = monthly_counts()
    frame.loc[8, "month"] = "2018-13"
    with pytest.raises(DataError, match=r"row 10, column 'month': '2018-13' is no date"):
        fit_single(spec(), frame)
