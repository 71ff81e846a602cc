"""Routes in words and charts: where shootings gather, and whether a choice of areas holds them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.charts.description import Axis, ChartDescription, Line, Role
from presentation.language import count_of, fields, say, sentence_case
from presentation.program import Program

Plain = dict[str, Any]
ORDER = ("past_year", "hours", "foresight")
ROLES: dict[str, Role] = {"past_year": "headline", "hours": "more", "foresight": "comparison"}
FACTS = ("path_add_areas", "path_routes", "expand_by_volume")
"""Published statements about areas and routes, by id of the fact."""


def quarter(value: object) -> str:
    """Q3 2025."""
    day = numbers.as_date(value)
    return "" if day is None else f"Q{(day.month + 2) // 3} {day.year}"


def periods(accuracy: pd.DataFrame) -> list[str]:
    """`all`, then the years that can be compared, newest first."""
    years = accuracy[(accuracy["period_kind"] == "year") & (accuracy["choice"] == "past_year")]["period"]
    return ["all", *sorted({str(numbers.as_date(day).year) for day in years}, reverse=True)]  # type: ignore[union-attr]


def period_name(code: str, accuracy: pd.DataFrame) -> str:
    """A period as the sentences name it."""
    if code != "all":
        return code
    first, last = _span(accuracy)
    return say("numbers.span", first=quarter(first), last=quarter(last))


def period_choice(code: str, accuracy: pd.DataFrame) -> str:
    """A period as the select box names it."""
    name = period_name(code, accuracy)
    return say("routes.period_all", period=name) if code == "all" else name


def of_period(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    """Rows of one choice of the select box."""
    if code == "all":
        return frame[frame["period_kind"] == "all"]
    year = pd.to_datetime(frame["period"]).dt.year
    return frame[(frame["period_kind"] == "year") & (year == int(code))]


def rows_by_choice(accuracy: pd.DataFrame) -> dict[str, Plain]:
    """choice → row."""
    return {str(row["choice"]): row for row in accuracy.to_dict("records")}


def title(accuracy: pd.DataFrame, program: Program) -> str:
    """The answer over all quarters that can be compared."""
    if accuracy.empty:
        return say("routes.title.no_counts", program=program.name)
    row = rows_by_choice(of_period(accuracy, "all"))["past_year"]
    parts = _parts(row)
    if numbers.is_known(row["hours_share"]):
        return say("routes.title.log", **parts)
    return say("routes.title.no_log", **{key: value for key, value in parts.items() if key != "hours"})


def detail(found: dict[str, Plain], period: str) -> list[str]:
    """Base, interval and best case of the choice by data; then of the choice by hours."""
    row = found.get("past_year")
    if row is None:
        return []
    parts = _parts(row) | {
        "period": period,
        "quarters": count_of("routes.quarters", row["quarters"], count=numbers.count(row["quarters"])),
        "inside": numbers.count(row["inside"]),
        "incidents": numbers.count(row["incidents"]),
        "best": numbers.percent(100 * row["best_share"]),
    }
    lines = [say("routes.detail", **{k: v for k, v in parts.items() if k in fields("routes.detail")})]
    if "hours" in found:
        worked = _parts(found["hours"]) | {"index": numbers.decimal(found["hours"]["accuracy_index"], 1)}
        lines.append(
            say(
                "routes.detail_hours",
                **{k: v for k, v in worked.items() if k in fields("routes.detail_hours")},
            )
        )
    return lines


def late(accuracy: pd.DataFrame) -> str:
    return say("routes.late", last=quarter(_span(accuracy, compared=False)[1]))


def curve(points: pd.DataFrame, found: dict[str, Plain], period: str, release: str) -> ChartDescription:
    """Share of shootings in the first areas of each choice; chance is the diagonal."""
    kind = words.plural_area(str(points["geography"].iloc[0]))
    areas = int(points["areas_in"].max())
    lines, table, rows = [], {}, []
    for choice in ORDER:
        part = points[points["choice"] == choice].sort_values("areas_in")
        if part.empty:
            continue
        name = say(f"routes.choice.{choice}")
        x = tuple(round(100 * float(value), 2) for value in part["share_of_areas"])
        y = tuple(round(100 * float(value), 2) for value in part["share_of_incidents"])
        hover = tuple(
            say(
                "routes.curve.hover",
                choice=name,
                areas_in=numbers.count(number),
                areas=numbers.count(areas),
                share=numbers.percent(share),
            )
            for number, share in zip(part["areas_in"], y, strict=True)
        )
        lines.append(Line(name, x, y, ROLES[choice], hover))
        table[choice] = dict(zip(part["areas_in"], y, strict=True))
        rows.append(f"{name} {numbers.percent(100 * found[choice]['share'])}")
    lines.append(Line(say("routes.choice.chance"), (0.0, 100.0), (0.0, 100.0), "neutral"))
    parts = {
        "plural": kind,
        "share": numbers.percent(100 * found["past_year"]["share"]),
        "best": numbers.percent(100 * found["foresight"]["share"]),
    }
    heading = say("routes.curve.title", **parts)
    if "hours" in found:
        heading = say(
            "routes.curve.title_hours",
            plural=kind,
            share=parts["share"],
            hours=numbers.percent(100 * found["hours"]["share"]),
        )
    ticks = tuple((float(value), numbers.percent(value)) for value in (0, 20, 40, 60, 80, 100))
    return ChartDescription(
        id="routes-curve",
        title=heading,
        subtitle=sentence_case(say("routes.curve.subtitle", plural=kind, period=period)),
        alt=say("routes.curve.alt", plural=kind, rows="; ".join(rows)),
        note=say("chart.release", release=release),
        x=Axis(say("routes.curve.x", plural=kind), lowest=0, highest=100, ticks=ticks),
        y=Axis(say("routes.curve.y"), lowest=0, highest=101, ticks=ticks),
        lines=tuple(lines),
        height=460,
        table=tuple(
            {
                "areas_in": number,
                **{"by_hours" if name == "hours" else name: part.get(number) for name, part in table.items()},
            }
            for number in range(areas + 1)
        ),
    )


def index_by_quarter(accuracy: pd.DataFrame, release: str) -> ChartDescription | None:
    """Prediction accuracy index by quarter, of the choice by data and by hours."""
    quarters = accuracy[accuracy["period_kind"] == "quarter"]
    lines, rows, table = [], [], []
    for choice in ("past_year", "hours", "foresight"):
        part = quarters[quarters["choice"] == choice].sort_values("period")
        if part.empty:
            continue
        name = say(f"routes.choice.{choice}")
        x = tuple(numbers.as_date(day).isoformat() for day in part["period"])  # type: ignore[union-attr]
        y = tuple(float(value) for value in part["accuracy_index"])
        lines.append(Line(name, x, y, ROLES[choice]))
        ends = {"lowest": numbers.decimal(min(y), 1), "highest": numbers.decimal(max(y), 1)}
        rows.append(say("routes.index.row", choice=name, **ends))
        table += [
            {"quarter": quarter(day), "choice": name, "accuracy_index": round(value, 2)}
            for day, value in zip(x, y, strict=True)
        ]
        if choice in ("past_year", "hours"):
            main = (name, ends)
    if not lines:
        return None
    one = quarters[quarters["choice"] == "past_year"].iloc[0]
    name, ends = main
    return ChartDescription(
        id="routes-index",
        title=say("routes.index.title", choice=name.lower(), **ends),
        subtitle=say(
            "routes.index.subtitle",
            chosen=numbers.count(one["chosen"]),
            plural=words.plural_area(one["geography"]),
        ),
        alt=say(
            "routes.index.alt",
            first=quarter(lines[0].x[0]),
            last=quarter(lines[0].x[-1]),
            rows="; ".join(rows),
        ),
        note=say("chart.release", release=release),
        x=Axis("", "month"),
        y=Axis(say("routes.index.y"), lowest=0),
        lines=tuple(lines),
        reference=1.0,
        height=340,
        table=tuple(table),
    )


def hours_by_quarter(accuracy: pd.DataFrame, release: str) -> ChartDescription | None:
    """Share of hours, and of shootings, in the areas with most shootings the year before. None without a log."""
    rows = accuracy[
        (accuracy["period_kind"] == "quarter")
        & (accuracy["choice"] == "past_year")
        & accuracy["hours_share"].notna()
    ].sort_values("period")
    if rows.empty:
        return None
    x = tuple(numbers.as_date(day).isoformat() for day in rows["period"])  # type: ignore[union-attr]
    hours = tuple(round(100 * float(value), 1) for value in rows["hours_share"])
    incidents = tuple(round(100 * float(value), 1) for value in rows["share"])
    kind = words.plural_area(rows["geography"].iloc[0])
    ends = {"lowest": numbers.percent(min(hours)), "highest": numbers.percent(max(hours))}
    return ChartDescription(
        id="routes-hours",
        title=say(
            "routes.hours_line.title", chosen=numbers.count(rows["chosen"].iloc[0]), plural=kind, **ends
        ),
        subtitle=say("routes.hours_line.subtitle", plural=kind),
        alt=say("routes.hours_line.alt", plural=kind, first=quarter(x[0]), last=quarter(x[-1]), **ends),
        note=say("chart.release", release=release),
        x=Axis("", "month"),
        y=Axis("", lowest=0, ticks=tuple((float(v), numbers.percent(v)) for v in range(0, 101, 10))),
        lines=(
            Line(say("routes.hours_line.hours"), x, hours, "more"),
            Line(say("routes.hours_line.incidents"), x, incidents, "headline"),
        ),
        height=320,
        table=tuple(
            {"quarter": quarter(day), "hours_in_top": one, "incidents_in_top": two}
            for day, one, two in zip(x, hours, incidents, strict=True)
        ),
    )


def sets_note(found: dict[str, Plain], period: str, program: Program) -> str:
    row = next(iter(found.values()))
    reading = next((item["name"] for item in program.entries("catchment") if item.get("headline")), "")
    return say(
        "routes.sets.note",
        quarters=count_of("routes.quarters", row["quarters"], count=numbers.count(row["quarters"])),
        period=period,
        plural=words.plural_area(row["geography"]),
        reading=reading,
    )


def set_lines(found: dict[str, Plain], program: Program) -> list[str]:
    """Areas served and named groups of areas, one line each."""
    lines = []
    for choice, row in found.items():
        if choice != "served" and not choice.startswith("group/"):
            continue
        hours = (
            say("routes.sets.hours", hours=numbers.percent(100 * row["hours_share"]))
            if numbers.is_known(row["hours_share"])
            else ""
        )
        lines.append(
            say(
                "routes.sets.line",
                name=set_name(choice, program),
                chosen=numbers.count(row["chosen"]),
                areas=numbers.count(row["areas"]),
                plural=words.plural_area(row["geography"]),
                inside=numbers.count(row["inside"]),
                incidents=numbers.count(row["incidents"]),
                share=numbers.percent(100 * row["share"]),
                lower=numbers.percent(100 * row["lower_95"]),
                upper=numbers.percent(100 * row["upper_95"]),
                index=numbers.decimal(row["accuracy_index"], 1),
                hours=hours,
            )
        )
    return sorted(lines, key=lambda line: not line.startswith(f"**{say('routes.choice.served', name='')}"))


def set_name(choice: str, program: Program) -> str:
    if choice == "served":
        entry = next((item for item in program.entries("catchment") if item.get("headline")), {})
        return say("routes.choice.served", name=entry.get("name", ""))
    return str(program.entry("area_group", choice.removeprefix("group/")).get("name", choice))


def _parts(row: Plain) -> dict[str, str]:
    return {
        "chosen": numbers.count(row["chosen"]),
        "areas": numbers.count(row["areas"]),
        "plural": words.plural_area(row["geography"]),
        "share": numbers.percent(100 * row["share"]),
        "lower": numbers.percent(100 * row["lower_95"]),
        "upper": numbers.percent(100 * row["upper_95"]),
        "chance": numbers.percent(100 * row["share_by_chance"]),
        "hours": numbers.percent(100 * row["hours_share"]) if numbers.is_known(row["hours_share"]) else "",
    }


def _span(accuracy: pd.DataFrame, compared: bool = True) -> tuple[object, object]:
    """First and last quarter: of those compared (all of them have a log where one is there), or of all shown."""
    quarters = accuracy[(accuracy["period_kind"] == "quarter") & (accuracy["choice"] == "past_year")]
    if compared and quarters["hours_share"].notna().any():
        quarters = quarters[quarters["hours_share"].notna()]
    return quarters["period"].min(), quarters["period"].max()
