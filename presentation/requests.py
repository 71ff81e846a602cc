"""The path of a call for help in words: who asked, what came of it, how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evaluation.hours import HourOfWeek
from evaluation.reach import hours_to_reach
from evaluation.times import needed_answers
from presentation import numbers, words
from presentation.charts.description import Axis, Bars, ChartDescription
from presentation.language import enumerate_words, listed, say

Plain = dict[str, Any]
STEPS = ("asked", "relayed", "answered", "arrived")


def _total(counts: pd.DataFrame, **wanted: str) -> tuple[int, bool]:
    """Sum of the cells that may be shown, and whether all of them could be."""
    rows = counts
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return int(rows["n"].fillna(0).sum()), bool(len(rows)) and bool(rows["n"].notna().all())


def answered(counts: pd.DataFrame) -> tuple[int, int] | None:
    """Urgent requests answered and asked, summed over the years that show both. None without any."""
    urgent = counts[(counts["attribute"] == "all") & (counts["period_kind"] == "year")]
    asked = urgent[urgent["measure"] == "urgent_requests"].set_index("period")["n"]
    reached = urgent[urgent["measure"] == "answered_urgent_requests"].set_index("period")["n"]
    both = pd.concat({"asked": asked, "answered": reached}, axis=1).dropna()
    if both.empty or both["asked"].sum() <= 0:
        return None
    return int(both["answered"].sum()), int(both["asked"].sum())


def title(counts: pd.DataFrame) -> str:
    """The answer: how many urgent requests a team answered."""
    if counts.empty:
        return say("requests.title.no_log")
    found = answered(counts) or _from_bands(counts)
    if found is None:
        return _outcome_title(counts)
    reached, asked = found
    return say(
        "requests.title.log",
        answered=numbers.count(reached),
        asked=numbers.count(asked),
        years=_years(counts),
    )


def _outcome_title(counts: pd.DataFrame) -> str:
    """What came of requests, where answers to urgent ones are protected."""
    part = counts[counts["measure"] == "requests"]
    asked = _total(part, attribute="step", attribute_value="asked")[0]
    unreached = _total(part, attribute="outcome", attribute_value="unreached")[0]
    responded = _total(part, attribute="outcome", attribute_value="responded")[0]
    if not asked or not (unreached or responded):
        return say("requests.title.no_answers")
    return say(
        "requests.title.outcomes",
        asked=numbers.count(asked),
        unreached=numbers.count(unreached),
        responded=numbers.count(responded),
        years=_years(counts),
    )


def _from_bands(counts: pd.DataFrame) -> tuple[int, int] | None:
    """The same from the bands of hours, where the whole is not given: bands that show both only."""
    rows = bands(counts)
    if not rows:
        return None
    return sum(row["answered"] for row in rows), sum(row["asked"] for row in rows)


def needed(counts: pd.DataFrame) -> str:
    """What it would have taken to answer nine in ten."""
    found = answered(counts) or _from_bands(counts)
    if found is None:
        return ""
    more = needed_answers(min(found), found[1])
    return say("requests.needed.some", needed=numbers.count(more)) if more else say("requests.needed.none")


def bands(counts: pd.DataFrame) -> list[Plain]:
    """Urgent requests by band of hours, summed over the years in which asked and answered both show."""
    rows = counts[counts["attribute"] == "hour_band"]
    shaped = rows.pivot_table(
        index=["attribute_value", "period"], columns="measure", values="n", aggfunc="first", dropna=True
    )
    if not {"urgent_requests", "answered_urgent_requests"} <= set(shaped.columns):
        return []
    both = shaped.dropna(subset=["urgent_requests", "answered_urgent_requests"])
    summed = both.groupby(level="attribute_value")[["urgent_requests", "answered_urgent_requests"]].sum()
    return [
        {
            "hour_band": band,
            "asked": int(row["urgent_requests"]),
            "answered": int(row["answered_urgent_requests"]),
        }
        for band, row in summed.iterrows()
    ]


def steps(counts: pd.DataFrame, release: str) -> ChartDescription | None:
    """Requests that reached each step. None where a step is protected throughout."""
    shown = [
        (step, _total(counts, attribute="step", attribute_value=step, measure="requests")[0])
        for step in STEPS
    ]
    shown = [(step, n) for step, n in shown if n]
    if len(shown) < 2:
        return None
    named = [(words.word("step", step), n) for step, n in shown]
    by_step = dict(shown)
    return ChartDescription(
        id="requests-by-step",
        title=say(
            "requests.steps.title",
            asked=numbers.count(by_step.get("asked", shown[0][1])),
            answered=numbers.count(by_step.get("answered", 0)),
        ),
        subtitle=say("requests.steps.subtitle", years=_years(counts).lstrip(", ")),
        alt=say("requests.steps.alt", rows="; ".join(f"{name}: {numbers.count(n)}" for name, n in named)),
        note=say("chart.release", release=release),
        x=Axis("", "category", categories=tuple(name for name, _ in named)),
        y=Axis(say("requests.steps.axis"), lowest=0),
        bars=(Bars(say("requests.steps.axis"), tuple(n for n, _ in named), tuple(float(n) for _, n in named), "neutral"),),
        height=300,
        table=tuple({"step": name, "requests": n} for name, n in named),
    )  # fmt: skip


def sources_and_outcomes(counts: pd.DataFrame) -> list[Plain]:
    """Who asked, and what came of it: each on its own, never crossed (disclosure)."""
    rows = []
    for attribute in ("source", "outcome"):
        part = counts[(counts["attribute"] == attribute) & (counts["measure"] == "requests")]
        for value in dict.fromkeys(part["attribute_value"]):
            total, whole = _total(part, attribute_value=value)
            rows.append(
                {
                    "split_by": say("requests.who") if attribute == "source" else say("requests.came"),
                    "request_kind": words.word(
                        "request_source" if attribute == "source" else "request_outcome", value
                    ),
                    "requests": numbers.count(total) if total else say("requests.protected"),
                    "note": "" if whole else say("requests.some_protected"),
                }
            )
    return rows


def time_rows(times: pd.DataFrame) -> list[Plain]:
    """Median and nine-in-ten times of the latest year or quarter shown, by source."""
    rows = []
    part = times[(times["attribute"] == "source") & times["median_minutes"].notna()]
    for (measure, source), group in part.groupby(["measure", "attribute_value"], sort=True):
        row = group.sort_values("period").iloc[-1]
        rows.append(
            {
                "step": words.word("request_time", measure),
                "request_kind": words.word("request_source", source),
                "period": numbers.month(row["period"], short=True),
                "requests": numbers.count(row["n"]),
                "median_time": duration(row["median_minutes"]),
                "interval_median": _between(row.get("median_lower_95"), row.get("median_upper_95")),
                "p90_time": duration(row["p90_minutes"]),
                "interval_p90": _between(row.get("p90_lower_95"), row.get("p90_upper_95")),
            }
        )
    return rows


def _between(lower: float | None, upper: float | None) -> str:
    """An interval of times; empty where there is none, open where the upper end was never reached."""
    if not numbers.is_known(lower):
        return ""
    if not numbers.is_known(upper):
        return say("reach.or_longer", time=duration(lower))
    return say("numbers.span", first=duration(lower), last=duration(upper))


def reach(counts: pd.DataFrame, worked: set[HourOfWeek]) -> list[str]:
    """What it would take to be on the street in the hours of nine in ten shootings.

    counts: weekday, hour, count. worked: hours of the week with a team. Empty without either.
    """
    if not worked or counts.empty or counts["count"].sum() <= 0:
        return []
    pairs = zip(counts["weekday"], counts["hour"], counts["count"], strict=True)
    found = hours_to_reach({(int(day), int(hour)): int(n) for day, hour, n in pairs}, worked)
    parts = {"now": numbers.count(found.now), "share": numbers.percent(100 * found.share_now)}
    if not found.added:
        return [say("reach.enough", **parts)]
    days = listed("numbers.weekdays")
    first = [say("reach.hour", day=days[day - 1], hour=numbers.hour(hour)) for day, hour in found.added[:5]]
    return [
        say(
            "reach.sentence",
            needed=numbers.count(found.needed),
            times=numbers.decimal(found.needed / found.now, 1),
            **parts,
        ),
        say("reach.added", hours=enumerate_words(first)),
    ]


def scenario(counts: pd.DataFrame) -> str:
    """The invented city's case: dispatch reaches a team only while one is on shift."""
    part = counts[(counts["measure"] == "requests") & (counts["period_kind"] == "quarter")]
    asked = _total(part, attribute="step", attribute_value="asked")[0]
    unreached = _total(part, attribute="outcome", attribute_value="unreached")[0]
    if not asked or not unreached:
        return ""
    pieces = []
    bands_shown = {row["hour_band"]: row for row in bands(counts)}
    urgent = counts[(counts["attribute"] == "hour_band") & (counts["measure"] == "urgent_requests")]
    for band, group in urgent.groupby("attribute_value", sort=True):
        name = str(band).replace("-", "–")
        if band in bands_shown:
            row = bands_shown[str(band)]
            pieces.append(
                say(
                    "reach.band",
                    band=name,
                    answered=numbers.count(row["answered"]),
                    asked=numbers.count(row["asked"]),
                )
            )
        elif group["n"].notna().any():
            pieces.append(say("reach.band_hidden", band=name, asked=numbers.count(group["n"].sum())))
    return say(
        "reach.scenario",
        unreached=numbers.count(unreached),
        asked=numbers.count(asked),
        share=numbers.share(unreached, asked),
        bands="; ".join(pieces),
    )


def by_area(areas: pd.DataFrame, names: dict[str, str], geography: str = "ward") -> list[Plain]:
    """Requests by area, over the years that may be shown."""
    part = areas[areas["geography"] == geography]
    rows = []
    for area, group in part.groupby("area", sort=False):
        known = group["n"].dropna()
        rows.append(
            {
                "area": names.get(str(area), str(area)),
                "requests": numbers.count(known.sum()) if known.sum() else say("requests.protected"),
                "note": "" if len(known) == len(group) else say("requests.some_protected_years"),
            }
        )
    return sorted(rows, key=lambda row: (len(row["area"]), row["area"]))


def duration(minutes: float | None) -> str:
    """Minutes, hours from two hours on, days from two days on; a quantile never reached says so."""
    if minutes is None or not numbers.is_known(minutes):
        return say("requests.not_reached")
    if minutes < 120:
        return say("requests.minutes", value=numbers.count(minutes))
    if minutes < 48 * 60:
        return say("requests.hours_value", value=numbers.decimal(minutes / 60, 1))
    return say("requests.days_value", value=numbers.decimal(minutes / 1440, 1))


def path_lines(facts: Sequence[Plain]) -> list[str]:
    """Published statements on how a team is reached, each with its source."""
    return [say("requests.fact", text=fact["text"], source=fact["source"]) for fact in facts]


def _years(counts: pd.DataFrame) -> str:
    days = [numbers.as_date(value) for value in counts["period"]]
    known = [day for day in days if day]
    if not known:
        return ""
    return say("requests.years", first=min(known).year, last=max(known).year)
