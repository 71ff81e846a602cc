"""Heat map of the week, and work beside shootings by month."""

from __future__ import annotations

from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.charts.counterfactual import note, phase_spans
from presentation.charts.description import Axis, Bars, Cell, ChartDescription, Line
from presentation.language import listed, say, sentence_case
from presentation.program import Program

Plain = dict[str, Any]


def week(
    counts: pd.DataFrame, hours: set[tuple[int, int]], outcome: str, unit: str, release: str = ""
) -> ChartDescription:
    """Events by weekday and hour; the cells in `hours` have a frame.

    A row runs from noon to noon, so that a night stays whole: Sunday 2 am stands in the row of Saturday.
    """
    order = [(hour + 12) % 24 for hour in range(24)]
    counted = words.things(outcome, unit)
    days, short = listed("numbers.weekdays"), listed("numbers.weekdays_short")
    cells = []
    for row in counts.to_dict("records"):
        weekday, hour, count = int(row["weekday"]), int(row["hour"]), int(row["count"])
        is_worked = (weekday, hour) in hours
        text = say(
            "hours.cell",
            day=days[weekday - 1],
            hour=numbers.hour(hour),
            count=numbers.count(count),
            things=words.things(outcome, unit, count),
            worked=say("hours.in" if is_worked else "hours.out"),
        )
        evening = weekday - 1 if hour >= 12 else (weekday - 2) % 7
        cells.append(Cell(order.index(hour), evening, count, text, is_worked))
    top = counts.sort_values("count", ascending=False).iloc[0]
    first, last = counts["first_month"].min(), counts["last_month"].max()
    return ChartDescription(
        id=numbers.file_part(f"week {outcome} {unit}"),
        title=say(
            "outreach.week_title" if hours else "outreach.week_title_alone",
            things=counted,
            day=days[int(top["weekday"]) - 1],
            hour=numbers.hour(int(top["hour"])),
            count=numbers.count(top["count"]),
            worked=say("hours.in" if (int(top["weekday"]), int(top["hour"])) in hours else "hours.out"),
        ),
        subtitle=sentence_case(counted),
        alt=say(
            "hours.alt",
            things=counted,
            first=numbers.month(first),
            last=numbers.month(last),
            day=days[int(top["weekday"]) - 1],
            hour=numbers.hour(int(top["hour"])),
            count=numbers.count(top["count"]),
        ),
        note=f"{note(outcome, unit, release)} {say('hours.axis')} {say('hours.period', months=numbers.months_between(first, last))}",
        x=Axis("", "category", categories=tuple(numbers.hour(hour) for hour in order)),
        y=Axis("", "category", categories=tuple(short)),
        cells=tuple(cells),
        height=380,
        table=tuple(
            {"weekday": days[int(r["weekday"]) - 1], "hour": int(r["hour"]), "count": int(r["count"]),
             "is_worked": (int(r["weekday"]), int(r["hour"])) in hours}
            for r in counts.sort_values(["weekday", "hour"]).to_dict("records")
        ),
    )  # fmt: skip


def work_months(shifts: pd.DataFrame, program: Program, release: str = "") -> ChartDescription:
    """Worker hours on the street by month. `shifts`: month and hours."""
    months = tuple(_iso(month) for month in shifts["month"])
    hours = tuple(float(value) for value in shifts["hours"])
    parts = {
        "hours": numbers.count(sum(hours)),
        "first": numbers.month(months[0]),
        "last": numbers.month(months[-1]),
        "idle": numbers.count(sum(value == 0 for value in hours)),
    }
    return ChartDescription(
        id="work-by-month",
        title=say("hours.work.title", **parts),
        subtitle=say("hours.work.subtitle", **parts),
        alt=say("hours.work.alt", **parts),
        note=say("chart.release", release=release) if release else "",
        x=Axis("", "month"),
        y=Axis(say("hours.work.axis"), lowest=0),
        bars=(Bars(say("hours.work.hours"), months, hours, "neutral"),),
        spans=phase_spans(program, months),
        height=300,
        table=tuple({"month": m[:7], "hours": round(h, 1)} for m, h in zip(months, hours, strict=True)),
    )


def outcome_months(
    monthly: pd.DataFrame,
    months: tuple[str, ...],
    outcome: str,
    unit: str,
    program: Program,
    release: str = "",
) -> ChartDescription:
    """Events of the whole city over the same months as the work."""
    rows = [row for row in monthly.to_dict("records") if months[0] <= _iso(row["month"]) <= months[-1]]
    counted = words.things(outcome, unit)
    time = tuple(_iso(row["month"]) for row in rows)
    counts = tuple(float(row["count"]) for row in rows)
    parts = {
        "things": counted,
        "total": numbers.count(sum(counts)),
        "first": numbers.month(time[0]),
        "last": numbers.month(time[-1]),
    }
    return ChartDescription(
        id=numbers.file_part(f"{outcome} {unit} same months"),
        title=say("hours.outcome.title", **parts),
        subtitle=sentence_case(say("hours.outcome.subtitle", **parts)),
        alt=say("hours.outcome.alt", **parts),
        note=note(outcome, unit, release),
        x=Axis("", "month"),
        y=Axis(sentence_case(say("axis.per_month", things=counted)), lowest=0),
        lines=(Line(counted, time, counts, "observed"),),
        spans=phase_spans(program, time),
        height=300,
        table=tuple({"month": m[:7], "count": int(c)} for m, c in zip(time, counts, strict=True)),
    )  # fmt: skip


def mediations(
    activities: pd.DataFrame, months: tuple[str, ...], program: Program, release: str = ""
) -> ChartDescription:
    """Logged mediations by month; a month whose number is protected is a gap, not a zero."""
    known = {_iso(row["month"]): row["n"] for row in activities.to_dict("records")}
    counts = tuple(_number(known.get(month)) for month in months)
    total = sum(value for value in counts if value is not None)
    hidden = sum(month in known and value is None for month, value in zip(months, counts, strict=True))
    parts = {
        "total": numbers.count(total),
        "hidden": numbers.count(hidden),
        "months": numbers.count(len(months)),
        "first": numbers.month(months[0]),
        "last": numbers.month(months[-1]),
    }
    return ChartDescription(
        id="mediations-by-month",
        title=say("hours.mediations.title", **parts),
        subtitle=say("hours.mediations.subtitle", **parts),
        alt=say("hours.mediations.alt", **parts),
        note=say("chart.release", release=release) if release else "",
        x=Axis("", "month"),
        y=Axis(say("hours.mediations.axis"), lowest=0),
        bars=(Bars(say("hours.mediations.name"), months, counts, "expected"),),
        spans=phase_spans(program, months),
        height=300,
        table=tuple({"month": m[:7], "mediations": c} for m, c in zip(months, counts, strict=True)),
    )  # fmt: skip


def _iso(month: object) -> str:
    day = numbers.as_date(month)
    return day.isoformat() if day else str(month)


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type]
