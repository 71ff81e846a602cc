"""Hot spots in words and charts: which small areas have most shootings, how sure that is, and which were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.charts.description import Axis, ChartDescription, Estimate
from presentation.language import enumerate_words, say
from presentation.program import Program

Plain = dict[str, Any]
SHOWN_SPOTS = 15
SURE, OPEN = 0.9, 0.1


def groups_of(program: Program) -> dict[str, str]:
    """area → name of the group of areas that it is in."""
    return {area: group["name"] for group in program.entries("area_group") for area in group["areas"]}


def spots(frame: pd.DataFrame, program: Program, release: str) -> ChartDescription:
    """The small areas with the highest level, each with its interval."""
    rows = frame.to_dict("records")
    first = rows[0]
    kind, groups = words.plural_area(first["geography"]), groups_of(program)
    sure = sum(row["chance_in_top"] >= SURE for row in rows)
    undecided = sum(OPEN <= row["chance_in_top"] < SURE for row in rows)
    estimates = tuple(
        Estimate(
            _spot_name(row, groups),
            float(row["level"]),
            float(row["lower_95"]),
            float(row["upper_95"]),
            role="headline" if row["chance_in_top"] >= SURE else "estimate",
            hover=spot_row(row, _spot_name(row, groups)),
        )
        for row in rows[:SHOWN_SPOTS]
    )
    return ChartDescription(
        id="routes-hot-spots",
        title=say(
            "routes.spots.title",
            sure=numbers.count(sure),
            areas=numbers.count(len(rows)),
            plural=kind,
            top=numbers.count(first["top_areas"]),
            open=numbers.count(undecided),
        ),
        subtitle=say(
            "routes.spots.subtitle",
            first=numbers.month(first["first_month"]),
            last=numbers.month(first["last_month"]),
        ),
        alt=say(
            "routes.spots.alt",
            count=numbers.count(len(estimates)),
            plural=kind,
            rows="; ".join(item.hover for item in estimates),
        ),
        note=say("chart.release", release=release),
        x=Axis(say("routes.spots.x", months=numbers.count(first["months"])), lowest=0,
               highest=1.05 * max(float(row["upper_95"]) for row in rows)),
        y=Axis("", "category", categories=tuple(item.label for item in estimates)),
        estimates=estimates,
        height=90 + 30 * len(estimates),
        table=tuple(
            {
                "name": row["name"] or row["area"],
                "area_group": groups.get(row["area"], ""),
                **ranked_figures(row),
                "chance_in_top": round(100 * row["chance_in_top"]),
            }
            for row in rows
        ),
    )  # fmt: skip


def ranked_figures(row: Plain) -> Plain:
    """Count, level with its interval, and rank with its range, of one area."""
    return {
        "count": int(row["count"]),
        "level": round(row["level"], 1),
        "lower_95": round(row["lower_95"], 1),
        "upper_95": round(row["upper_95"], 1),
        "rank": int(row["rank"]),
        "rank_range": say("numbers.span", first=row["rank_lower_95"], last=row["rank_upper_95"]),
    }


def spots_note(frame: pd.DataFrame) -> str:
    return say("routes.spots.note", weight=numbers.percent(100 * float(frame["weight_own"].iloc[0])))


def group_lines(frame: pd.DataFrame, program: Program) -> list[str]:
    """The areas of each named group among the hot spots."""
    rows = {row["area"]: row for row in frame.to_dict("records")}
    lines = []
    for group in program.entries("area_group"):
        members = [rows[area] for area in group["areas"] if area in rows]
        if members:
            ordered = sorted(members, key=lambda row: -row["level"])
            lines.append(
                say(
                    "routes.spots.groups",
                    group=f"**{group['name']}**",
                    rows="; ".join(spot_row(row, _spot_name(row, {})) for row in ordered),
                )
            )
    return lines


def asked_for(requests: pd.DataFrame, frame: pd.DataFrame, limit: int = 5) -> list[str]:
    """Areas that were asked for, those with most shown requests first, beside their rank by shootings."""
    shown = requests[requests["n"].notna() & (requests["n"] > 0)]
    if shown.empty or frame.empty:
        return []
    ranks = {row["area"]: row for row in frame.to_dict("records")}
    totals = shown.groupby("area").agg(n=("n", "sum"), first=("period", "min"), last=("period", "max"))
    lines = []
    for area, row in totals.sort_values("n", ascending=False).head(limit).iterrows():
        spot = ranks.get(str(area))
        if spot is None:
            continue
        first, last = numbers.as_date(row["first"]), numbers.as_date(row["last"])
        assert first is not None and last is not None
        years = (
            str(first.year)
            if first.year == last.year
            else say("numbers.span", first=first.year, last=last.year)
        )
        lines.append(
            say(
                "routes.requests.line",
                name=spot["name"] or area,
                n=numbers.count(row["n"]),
                years=years,
                rank=numbers.count(spot["rank"]),
                areas=numbers.count(len(frame)),
                rank_lower=numbers.count(spot["rank_lower_95"]),
                rank_upper=numbers.count(spot["rank_upper_95"]),
            )
        )
    return lines


def most_asked(lines: Sequence[str]) -> str:
    """The areas named in `asked_for`, as a sentence."""
    names = [line.split("**")[1] for line in lines[:2]]
    return (
        say("routes.requests.sentence", names=enumerate_words(names))
        if names
        else say("routes.requests.none")
    )


def _spot_name(row: Plain, groups: dict[str, str]) -> str:
    name = row["name"] or row["area"]
    group = groups.get(row["area"])
    return say("routes.spots.group", name=name, group=group) if group and group != name else str(name)


def spot_row(row: Plain, name: str) -> str:
    """One area: its count, its likely level and the range of its rank."""
    return say(
        "routes.spots.row",
        name=name,
        number=numbers.count(row["count"]),
        level=numbers.decimal(row["level"], 1),
        lower=numbers.decimal(row["lower_95"], 1),
        upper=numbers.decimal(row["upper_95"], 1),
        rank_lower=numbers.count(row["rank_lower_95"]),
        rank_upper=numbers.count(row["rank_upper_95"]),
    )
