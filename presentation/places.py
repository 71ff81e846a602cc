"""What may be said of one area: counts, rates, raw and pooled estimates, and when they are too few to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.language import enumerate_words, say

Plain = dict[str, Any]
FEWEST_FOR_A_RATE = 10  # NCHS: no rate from a numerator under 10
FEWEST_FOR_AN_ESTIMATE = 20  # counts under 20 are flagged as unreliable


@dataclass(frozen=True)
class Period:
    """The last twelve complete months of the record, and the twelve before."""

    first: date
    last: date
    before_first: date
    before_last: date

    def words(self) -> str:
        return numbers.months_between(self.first, self.last, short=True)


def last_year(last_month: object) -> Period:
    """Twelve months up to `last_month`, and the twelve before them. Raises ValueError for no date."""
    last = numbers.as_date(last_month)
    if last is None:
        raise ValueError(f"no month: {last_month!r}")
    return Period(_back(last, 11), last, _back(last, 23), _back(last, 12))


def _back(month: date, months: int) -> date:
    index = month.year * 12 + month.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def table(
    areas: pd.DataFrame,
    now: pd.DataFrame,
    before: pd.DataFrame,
    population: pd.DataFrame,
    effects: pd.DataFrame,
) -> pd.DataFrame:
    """One row an area: name, place on the tile map, counts, rate, estimates, and whether they can tell anything.

    areas: core_area of one geography. now, before: area and count. population: residents by year.
    effects: out_area_effect of one phase, outcome and unit (may be empty).
    """
    frame = areas.copy()
    frame["count"] = frame["area"].map(now.set_index("area")["count"]).fillna(0).astype(int)
    frame["count_before"] = frame["area"].map(before.set_index("area")["count"]).fillna(0).astype(int)
    newest = population.sort_values("year").groupby("area").tail(1).set_index("area")
    frame["residents"] = frame["area"].map(newest["residents"])
    rate = 1e5 * frame["count"] / frame["residents"]
    frame["rate_per_100k"] = rate.where((frame["count"] >= FEWEST_FOR_A_RATE) & (frame["residents"] > 0))
    kept = effects.drop(columns=["geography", "simulated"], errors="ignore")
    frame = frame.merge(kept, on="area", how="left")
    counted = frame["baseline_count"].fillna(0) + frame["phase_count"].fillna(0)
    frame["is_too_few"] = (counted < FEWEST_FOR_AN_ESTIMATE) | frame["rate_ratio_pooled"].isna()
    return frame


def change_class(row: Plain) -> str:
    """Class of an area on the map of change: too_few, or its verdict."""
    return "too_few" if row["is_too_few"] else str(row["verdict"])


def area_sentence(row: Plain, outcome: str, unit: str, period: Period) -> str:
    """The first sentence of an area's page: what was counted, against the year before."""
    return say(
        "places.area_sentence",
        name=row["name"],
        count=numbers.count(row["count"]),
        things=words.things(outcome, unit, int(row["count"])),
        months=period.words(),
        before=numbers.count(row["count_before"]),
    )


def rate_sentence(row: Plain) -> str:
    """The rate by residents, or why there is none."""
    if not numbers.is_known(row["residents"]):
        return say("places.no_residents")
    if not numbers.is_known(row["rate_per_100k"]):
        return say("places.no_rate")
    return say(
        "places.area_rate",
        rate=numbers.decimal(row["rate_per_100k"], 0),
        residents=numbers.count(row["residents"]),
    )


def estimate_sentence(row: Plain, outcome: str, unit: str, phase: str) -> str:
    """What the estimate of one area can and cannot say, with its base and the smallest change it could show."""
    counted = words.things(outcome, unit)
    if not numbers.is_known(row.get("phase_months")):
        return say("places.no_estimate")
    parts = {
        "things": counted,
        "phase": phase,
        "name": row["name"],
        "baseline_count": numbers.count(row["baseline_count"]),
        "baseline_months": numbers.count(row["baseline_months"]),
        "phase_count": numbers.count(row["phase_count"]),
        "phase_months": numbers.count(row["phase_months"]),
        "raw": numbers.change(row["rate_ratio_raw"]),
        "raw_range": numbers.change_range(row["raw_lower_95"], row["raw_upper_95"]),
        "pooled": numbers.change(row["rate_ratio_pooled"]),
        "pooled_range": numbers.change_range(row["pooled_lower_95"], row["pooled_upper_95"]),
    }
    if row["is_too_few"]:
        return f"{say('places.too_few', **parts)} {_smallest(row, parts)}".strip()
    return f"{say('places.estimate.' + row['verdict'], **parts)} {_smallest(row, parts)}".strip()


def _smallest(row: Plain, parts: Plain) -> str:
    smallest = row["smallest_detectable_percent"]
    if not numbers.is_known(smallest):
        return ""
    if smallest >= 100:
        return say("places.nothing_detectable")
    return say("places.smallest", percent=numbers.percent(smallest), things=parts["things"])


def overview_sentence(frame: pd.DataFrame, geography: str, outcome: str, unit: str, period: Period) -> str:
    """All areas in a sentence: how many hold half of the events, and for how many nothing can be told."""
    total = int(frame["count"].sum())
    plural = words.plural_area(geography)
    if not total:
        return say("places.nothing", things=words.things(outcome, unit), months=period.words())
    ordered = frame["count"].sort_values(ascending=False).cumsum()
    half = int((ordered < total / 2).sum()) + 1
    top = frame.sort_values("count", ascending=False).head(3)
    return say(
        "places.sentence",
        half=numbers.count(half),
        areas=numbers.count(len(frame)),
        plural=plural,
        total=numbers.count(total),
        things=words.things(outcome, unit),
        months=period.words(),
        top=enumerate_words(
            [f"{row['name']} ({numbers.count(row['count'])})" for row in top.to_dict("records")]
        ),
    )


def told_sentence(frame: pd.DataFrame, geography: str) -> str:
    """For how many areas nothing can be told about change, and why."""
    if frame["phase_months"].isna().all():
        return say("places.few.none")
    few = frame["is_too_few"]
    cannot = ~few & (frame["verdict"] == "cannot_tell")
    return say(
        "places.few.some",
        few=numbers.count(int(few.sum())),
        cannot=numbers.count(int(cannot.sum())),
        areas=numbers.count(len(frame)),
        plural=words.plural_area(geography),
    )


def placed(
    frame: pd.DataFrame, links: pd.DataFrame, neighborhoods: pd.DataFrame, geography: str
) -> pd.DataFrame:
    """The areas with their places on the tile map.

    Wards, precincts and communities have no tiles of their own: each takes the tiles of the
    neighborhoods that lie in it for the largest share. One row a tile.
    """
    if frame["tile_row"].notna().any():
        return frame[frame["tile_row"].notna()]
    members = links[(links["from_geography"] == "neighborhood") & (links["to_geography"] == geography)]
    largest = members.sort_values("share").groupby("from_area").tail(1)
    tiles = neighborhoods[neighborhoods["tile_row"].notna()][["area", "name", "tile_row", "tile_column"]]
    tiles = tiles.merge(largest[["from_area", "to_area"]], left_on="area", right_on="from_area")
    own = frame.drop(columns=["tile_row", "tile_column"])
    tiles = tiles.rename(columns={"name": "tile_name"})[["to_area", "tile_name", "tile_row", "tile_column"]]
    return own.merge(tiles, left_on="area", right_on="to_area")


def for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """The table of areas in words, most events first. Columns about which nothing is known are left out."""
    too_few = say("places.too_few_short")
    has_estimates, has_residents = frame["phase_months"].notna().any(), frame["residents"].notna().any()
    rows = []
    for row in frame.sort_values(["count", "name"], ascending=[False, True]).to_dict("records"):
        is_known = numbers.is_known(row["rate_ratio_pooled"]) and not row["is_too_few"]
        shown = {
            "name": row["name"],
            "count_now": int(row["count"]),
            "count_before": int(row["count_before"]),
        }
        if has_residents:
            shown["rate"] = (
                numbers.decimal(row["rate_per_100k"], 0)
                if numbers.is_known(row["rate_per_100k"])
                else too_few
            )
        if has_estimates:
            shown |= {
                "verdict": words.word("verdict", row["verdict"]) if is_known else too_few,
                "raw": _with_range(row, "rate_ratio_raw", "raw") if is_known else too_few,
                "pooled": _with_range(row, "rate_ratio_pooled", "pooled") if is_known else too_few,
            }
        rows.append(shown)
    return pd.DataFrame(rows)


def _with_range(row: Plain, value: str, name: str) -> str:
    return say(
        "places.with_range",
        change=numbers.signed_percent(row[value]),
        lower=numbers.signed_percent(row[f"{name}_lower_95"]),
        upper=numbers.signed_percent(row[f"{name}_upper_95"]),
    )


FILE_COLUMNS = (
    "geography", "area", "name", "count", "count_before", "residents", "rate_per_100k", "baseline_count",
    "phase_count", "baseline_months", "phase_months", "rate_ratio_raw", "raw_lower_95", "raw_upper_95",
    "rate_ratio_pooled", "pooled_lower_95", "pooled_upper_95", "smallest_detectable_percent", "verdict",
    "is_too_few",
)  # fmt: skip


def for_file(frame: pd.DataFrame) -> pd.DataFrame:
    """The table of areas in plain numbers, for a download."""
    return frame[[name for name in FILE_COLUMNS if name in frame.columns]]
