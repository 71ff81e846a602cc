"""What it would take to be there, and how sure a time is: by brute force and by statsmodels."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from etl.logs.request_tables import FEWEST_FOR_INTERVAL, waiting_interval, waiting_quantile
from evaluation.reach import hours_to_reach


def test_no_smaller_set_of_hours_would_hold_nine_in_ten() -> None:
    draws = np.random.default_rng(4)
    hours = [(day, hour) for day in (5, 6) for hour in (20, 21, 22, 23, 0)]
    counts = {hour: int(n) for hour, n in zip(hours, draws.poisson(6, 10), strict=True)}
    worked = {(5, 20), (2, 9)}
    found = hours_to_reach(counts, worked)
    total = sum(counts.values())
    left = [hour for hour in hours if hour not in worked]
    fewest = next(
        size
        for size in range(len(left) + 1)
        for extra in itertools.combinations(left, size)
        if counts[5, 20] + sum(counts[hour] for hour in extra) >= 0.9 * total
    )
    assert found.now == 2 and found.needed == 2 + fewest
    assert found.share_now == counts[5, 20] / total


def test_teams_that_are_there_already_need_no_more_hours() -> None:
    found = hours_to_reach({(1, 1): 9, (1, 2): 1}, {(1, 1)})
    assert found.added == () and found.needed == found.now == 1
    with pytest.raises(ValueError, match="an event"):
        hours_to_reach({(1, 1): 0}, set())


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_intervals_of_times_are_those_of_statsmodels_with_open_requests_kept(share: float) -> None:
    draws = np.random.default_rng(12)
    minutes = np.ceil(draws.exponential(60, 150)) + 0.0
    reached = draws.random(150) < 0.97
    peer = SurvfuncRight(minutes, reached.astype(int))
    low, high = peer.quantile_ci(share, method="cloglog")
    assert waiting_interval(minutes, reached, share) == (pytest.approx(low), pytest.approx(high))
    assert waiting_quantile(minutes, reached, share) == pytest.approx(peer.quantile(share))


def test_an_interval_whose_end_could_be_one_persons_time_is_not_given() -> None:
    minutes = np.arange(1.0, 20.0)
    assert waiting_interval(minutes, np.full(19, True), 0.5) == (None, None)
    for share, fewest in FEWEST_FOR_INTERVAL.items():
        ordered = np.arange(1.0, fewest + 1)
        low, high = waiting_interval(ordered, np.full(fewest, True), share)
        # never among the three smallest or three largest of the fewest records that get one
        assert low is not None and low > 3
        assert high is None or high <= fewest - 3


def spots(**columns: Any) -> pd.DataFrame:
    base = {"geography": "neighborhood", "outcome": "shots_fired_call", "months": 12, "top_areas": 1}
    base |= {"first_month": pd.Timestamp("2025-01-01"), "last_month": pd.Timestamp("2025-12-01")}
    return pd.DataFrame(
        [base | dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    )


def test_the_ranking_says_how_many_could_truly_hold_the_first_place() -> None:
    from presentation.calls import ranking, volume

    frame = spots(
        area=["A", "B", "C", "D"],
        name=["Alder", "Birch", "Cedar", "Dogwood"],
        count=[90, 50, 45, 5],
        level=[88.0, 50.0, 46.0, 7.0],
        lower_95=[70.0, 37.0, 33.0, 2.0],
        upper_95=[108.0, 65.0, 60.0, 12.0],
        rank=[1, 2, 3, 4],
        rank_lower_95=[1, 2, 2, 4],
        rank_upper_95=[1, 3, 3, 4],
    )
    chart = ranking(volume(frame), {"A"}, "2026.1.0")
    assert chart.title.startswith("Most shots-fired calls outside the areas served: Birch; 1 other")
    assert chart.estimates[0].label == "Alder (served)"
    assert [row["served"] for row in chart.table] == ["yes", "", "", ""]
