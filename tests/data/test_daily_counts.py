"""Counts by day: what a city's neighborhoods had, and that days, months and the whole city agree."""

from __future__ import annotations

import pandas as pd
import pytest

from etl.warehouse import Release
from tests.data.conftest import MINNEAPOLIS

KEY = ["city", "outcome", "unit", "date_basis"]


@pytest.fixture(scope="module", params=["real", "shipped"])
def release(request: pytest.FixtureRequest) -> Release:
    found: Release = request.getfixturevalue(request.param)
    return found


def test_days_of_neighborhoods_and_the_unplaced_are_the_days_of_the_city(real: Release) -> None:
    """Counted from the City's file by pandas: each case by its label, and the unlabeled beside."""
    path = MINNEAPOLIS / "incidents" / "gunshot_wound_victims.csv"
    rows = pd.read_csv(path, dtype=str, na_values=["NA"])
    rows["date"] = pd.to_datetime(rows["Occurred_Date"].str[:10], format="%Y/%m/%d")
    rows = rows[rows["date"] < "2026-03-01"]
    days = real.table("out_daily").query(
        "city == 'minneapolis' and outcome == 'gunshot' and unit == 'incidents' and date_basis == 'occurred'"
    )
    city = days[days["geography"] == "city"].set_index("date")["count"]
    placed = days[days["geography"] == "neighborhood"]
    written = rows.groupby("date").size().reindex(city.index, fill_value=0)
    pd.testing.assert_series_equal(
        city, written, check_names=False, check_dtype=False, check_index_type=False
    )
    # 21 rows have no label; six of them are placed by their point.
    unplaced = city - placed.groupby("date")["count"].sum().reindex(city.index, fill_value=0)
    assert unplaced.min() == 0
    unlabeled = rows[rows["Neighborhood"].isna()].groupby("date").size().reindex(city.index, fill_value=0)
    assert (unplaced <= unlabeled).all()
    assert unlabeled.sum() - unplaced.sum() == 6
    in_west = placed[placed["area"] == "Phillips West"]["count"].sum()
    assert in_west == (rows["Neighborhood"] == "Phillips West").sum()


def test_the_days_of_a_neighborhood_sum_to_its_months(release: Release) -> None:
    days = release.table("out_daily").query("geography == 'neighborhood'")
    assert set(days["city"]) == {"minneapolis", "simulated-city"}
    days = days.assign(month=pd.to_datetime(days["date"]).dt.to_period("M").dt.to_timestamp())
    by_month = days.groupby([*KEY, "area", "month"])["count"].sum()
    monthly = release.table("out_monthly").query("geography == 'neighborhood'")
    monthly = monthly.rename(columns={"month_basis": "date_basis"})
    counted = pd.MultiIndex.from_frame(days[KEY].drop_duplicates())
    monthly = monthly[pd.MultiIndex.from_frame(monthly[KEY]).isin(counted)]
    months = monthly.set_index([*KEY, "area", "month"])["count"]
    assert (months == by_month.reindex(months.index, fill_value=0)).all()
    assert by_month.sum() == months.sum() > 10_000


def test_only_days_with_an_event_are_stored_and_nothing_domestic(release: Release) -> None:
    days = release.table("out_daily")
    placed = days[days["geography"] == "neighborhood"]
    assert placed["count"].min() == 1
    assert not placed["outcome"].str.startswith("domestic").any()
    assert days[days["geography"] == "city"]["outcome"].str.startswith("domestic").any()
