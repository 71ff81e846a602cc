"""911 calls on which teams go with police, and where calls come from: in words and as a ranking with its uncertainty."""

from __future__ import annotations

from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.charts.description import Axis, ChartDescription, Estimate
from presentation.hot_spots import ranked_figures, spot_row
from presentation.language import say, sentence_case
from presentation.program import Program

Plain = dict[str, Any]
SHOWN = 12
CALLS = ("call_for_service", "shots_fired_call")


def sentence(counts: pd.DataFrame) -> str:
    """Calls asked and answered over the years that show both."""
    whole = counts[(counts["attribute"] == "all") & (counts["geography"] == "city")]
    both = whole.pivot_table(index="period", columns="measure", values="n", aggfunc="first").dropna()
    if both.empty or not {"calls_911", "answered_calls_911"} <= set(both.columns):
        return say("calls.no_answers")
    years = [numbers.as_date(day).year for day in both.index]  # type: ignore[union-attr]
    return say(
        "calls.sentence",
        answered=numbers.count(both["answered_calls_911"].sum()),
        asked=numbers.count(both["calls_911"].sum()),
        first=min(years),
        last=max(years),
    )


def table(counts: pd.DataFrame, names: dict[str, str]) -> list[Plain]:
    """Calls by hour band, police district and outcome, each on its own, added over the years that may be shown."""
    rows = []
    for label, part in (
        ("hour_band", counts[counts["attribute"] == "hour_band"]),
        ("district", counts[counts["geography"] == "precinct"]),
        ("outcome", counts[counts["attribute"] == "outcome"]),
    ):
        key = "area" if label == "district" else "attribute_value"
        for value, group in part.groupby(key, sort=True):
            asked = group[group["measure"] == "calls_911"]["n"]
            answered = group[group["measure"] == "answered_calls_911"]["n"]
            name = {
                "hour_band": str(value).replace("-", "–"),
                "district": names.get(str(value), str(value)),
                "outcome": words.word("request_outcome", str(value)),
            }[label]
            rows.append(
                {
                    "split_by": say(f"calls.by.{label}"),
                    "request_kind": name,
                    "calls_asked": _shown(asked),
                    "calls_answered": "" if label == "outcome" else _shown(answered),
                }
            )
    return rows


def _shown(values: pd.Series) -> str:
    """Sum of the cells that may be shown; a sum that leaves some out is a lower bound and says so."""
    known = values.dropna()
    if known.empty or known.sum() <= 0:
        return say("requests.protected")
    total = numbers.count(known.sum())
    return total if len(known) == len(values) else say("calls.at_least", number=total)


def volume(spots: pd.DataFrame) -> pd.DataFrame:
    """Areas by volume of calls: of a call file where one is loaded, else shots-fired calls; empty without either."""
    for outcome in CALLS:
        part = spots[spots["outcome"] == outcome]
        if len(part):
            return part.sort_values(["level", "area"], ascending=[False, True])
    return spots.iloc[:0]


def ranking(frame: pd.DataFrame, served: set[str], release: str) -> ChartDescription:
    """Areas by volume of calls, with interval and range of ranks; those served already are marked."""
    rows = frame.to_dict("records")
    first = rows[0]
    kind = words.plural_area(first["geography"])
    things = say(f"calls.kind.{first['outcome']}")
    ahead = [row for row in rows if row["area"] not in served]
    contenders = [row for row in ahead if row["rank_lower_95"] <= ahead[0]["rank_upper_95"]] if ahead else []
    estimates = tuple(
        Estimate(
            say("calls.served", name=_name(row)) if row["area"] in served else _name(row),
            float(row["level"]),
            float(row["lower_95"]),
            float(row["upper_95"]),
            role="neutral" if row["area"] in served else "headline",
            hover=spot_row(row, _name(row)),
        )
        for row in rows[:SHOWN]
    )
    heading = say(
        "calls.ranking.title_all"
        if not ahead
        else "calls.ranking.title"
        if len(contenders) > 1
        else "calls.ranking.title_alone",
        name=_name(ahead[0]) if ahead else "",
        things=things,
        tied=numbers.count(max(0, len(contenders) - 1)),
        plural=kind,
    )
    return ChartDescription(
        id="calls-ranking",
        title=heading,
        subtitle=sentence_case(
            say(
                "calls.ranking.subtitle",
                things=things,
                first=numbers.month(first["first_month"]),
                last=numbers.month(first["last_month"]),
            )
        ),
        alt=say("calls.ranking.alt", plural=kind, rows="; ".join(item.hover for item in estimates)),
        note=say("chart.release", release=release),
        x=Axis(sentence_case(things), lowest=0, highest=1.05 * max(float(row["upper_95"]) for row in rows)),
        y=Axis("", "category", categories=tuple(item.label for item in estimates)),
        estimates=estimates,
        height=90 + 30 * len(estimates),
        table=tuple(
            {
                "name": _name(row),
                **ranked_figures(row),
                "served": say("calls.yes") if row["area"] in served else "",
            }
            for row in rows
        ),
    )


def served_areas(program: Program, geography: str) -> set[str]:
    """Areas of the headline reading, where it is given in this kind of area."""
    entry = next((item for item in program.entries("catchment") if item.get("headline")), {})
    return set(entry.get("areas", ())) if entry.get("geography") == geography else set()


def _name(row: Plain) -> str:
    return str(row["name"] or row["area"])
