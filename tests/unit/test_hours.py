"""Shift hours against hours of shootings, recounted hour by hour."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from statsmodels.stats.proportion import proportion_confint

from evaluation.hours import coverage, hours_of_shift, wilson_interval

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_the_published_hours_of_2025_are_36_a_week() -> None:
    early = hours_of_shift([2, 3], 14, 20)
    late = hours_of_shift([4, 5, 6], 16, 24)
    assert len(early | late) == 2 * 6 + 3 * 8
    assert (6, 23) in late and (7, 0) not in late


def test_a_shift_over_midnight_belongs_to_the_next_weekday() -> None:
    assert hours_of_shift([7], 22, 2) == {(7, 22), (7, 23), (1, 0), (1, 1)}


def test_events_spread_evenly_are_covered_as_chance_would() -> None:
    even = {(weekday, hour): 3 for weekday in range(1, 8) for hour in range(24)}
    found = coverage(even, hours_of_shift([1, 2], 8, 16))
    assert found.share == found.share_of_week == found.best_share == pytest.approx(16 / 168)


def test_best_hours_cover_what_the_busiest_hours_hold() -> None:
    counts = {(5, 22): 10, (6, 1): 30, (2, 9): 5}
    found = coverage(counts, {(5, 22), (2, 9)})
    assert (found.covered, found.total) == (15, 45)
    assert found.best_share == pytest.approx(40 / 45)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (7, 33), (1200, 3000)])
def test_the_interval_is_wilsons(successes: int, trials: int) -> None:
    peer = proportion_confint(successes, trials, method="wilson")
    assert wilson_interval(successes, trials) == pytest.approx(peer)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of real records is not here")
def test_real_shootings_in_the_hours_of_2025_counted_row_by_row() -> None:
    counts: Counter[tuple[int, int]] = Counter()
    inside = total = 0
    with (SHARED / "minneapolis/incidents/gunshot_wound_victims.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        for row in csv.DictReader(file):
            time = datetime.strptime(row["Occurred_Date"][:19], "%Y/%m/%d %H:%M:%S")
            counts[time.isoweekday(), time.hour] += 1
            total += 1
            day, hour = time.strftime("%a"), time.hour
            inside += (day in {"Tue", "Wed"} and 14 <= hour < 20) or (
                day in {"Thu", "Fri", "Sat"} and hour >= 16
            )
    hours = hours_of_shift([2, 3], 14, 20) | hours_of_shift([4, 5, 6], 16, 24)
    found = coverage(counts, hours)
    assert (found.covered, found.total) == (inside, total)
    assert found.share < found.best_share
