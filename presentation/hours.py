"""Hours worked against hours when shootings happen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.language import enumerate_words, listed, say

Plain = dict[str, Any]


def schedule_hours(schedules: list[Plain]) -> set[tuple[int, int]]:
    """(weekday, hour) pairs that published shift hours cover; the end hour is not included."""
    return {
        (int(weekday), hour % 24)
        for entry in schedules
        for weekday in entry["weekdays"]
        for hour in range(int(entry["start_hour"]), int(entry["end_hour"]))
    }


def latest_schedule(schedules: list[Plain]) -> list[Plain]:
    """The entries of the latest published shift hours."""
    latest = max((str(entry["first_month"]) for entry in schedules), default="")
    return [entry for entry in schedules if str(entry["first_month"]) == latest]


def worked_hours(team_hours: pd.DataFrame, least: float = 0.5) -> set[tuple[int, int]]:
    """(weekday, hour) pairs in which a team was on the street in at least `least` of the weeks logged."""
    summed = team_hours.groupby(["weekday", "hour"])["team_hours"].sum()
    most = summed.max()
    return {pair for pair, hours in summed.items() if most and hours >= least * most}


def schedule_words(schedules: list[Plain]) -> str:
    """Published hours as people say them: Tuesday and Wednesday 2 pm to 8 pm."""
    names = listed("numbers.weekdays")
    return "; ".join(
        say(
            "hours.schedule",
            days=enumerate_words([names[day - 1] for day in entry["weekdays"]]),
            start=numbers.hour(entry["start_hour"]),
            end=say("hours.midnight") if entry["end_hour"] == 24 else numbers.hour(entry["end_hour"]),
        )
        for entry in schedules
    )


def covered(counts: pd.DataFrame, hours: set[tuple[int, int]]) -> tuple[int, int]:
    """Events within `hours`, and all events, from counts by weekday and hour."""
    pairs = zip(counts["weekday"], counts["hour"], strict=True)
    inside = [pair in hours for pair in pairs]
    return int(counts.loc[inside, "count"].sum()), int(counts["count"].sum())


def coverage(row: Plain, outcome: str, unit: str) -> tuple[str, str]:
    """Share of events within published hours: the sentence, and its base, interval, chance and best."""
    parts = {
        "share": numbers.percent(100 * row["share_covered"]),
        "lower": numbers.percent(100 * row["lower_95"]),
        "upper": numbers.percent(100 * row["upper_95"]),
        "covered": numbers.count(row["covered"]),
        "total": numbers.count(row["total"]),
        "things": words.things(outcome, unit),
        "hours": numbers.count(row["hours_a_week"]),
        "week": numbers.percent(100 * row["share_of_week"]),
        "best": numbers.percent(100 * row["best_share"]),
    }
    return say("hours.coverage", **parts), say("hours.coverage_detail", **parts)


def plain_coverage(
    counts: pd.DataFrame, hours: set[tuple[int, int]], outcome: str, unit: str
) -> tuple[str, str]:
    """The same for logged hours, which no table of the release has a coverage for."""
    # Brings scipy: only a page with a log needs it.
    from evaluation.hours import coverage as measure

    found = measure(
        {
            (int(weekday), int(hour)): int(count)
            for weekday, hour, count in zip(counts["weekday"], counts["hour"], counts["count"], strict=True)
        },
        hours,
    )
    lower, upper = found.interval_95
    parts = {
        "share": numbers.percent(100 * found.share),
        "lower": numbers.percent(100 * lower),
        "upper": numbers.percent(100 * upper),
        "covered": numbers.count(found.covered),
        "total": numbers.count(found.total),
        "things": words.things(outcome, unit),
        "hours": numbers.count(found.hours_a_week),
        "week": numbers.percent(100 * found.share_of_week),
        "best": numbers.percent(100 * found.best_share),
    }
    return say("hours.plain_coverage", **parts), say("hours.plain_coverage_detail", **parts)
