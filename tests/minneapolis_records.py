"""Counts for tests and benchmarks, straight from the City's records by pandas: a route that shares no code
with the ETL. Minneapolis Police Department via Open Data Minneapolis."""

from __future__ import annotations

import itertools
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from shapely.geometry import shape

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "minneapolis"
MONTHS = pd.period_range("2019-01", "2026-02", freq="M")
FILES = {
    "gunshot": ["gunshot_wound_victims"],
    "homicide": ["murder", "manslaughter"],
    "robbery": ["robbery"],
    "domestic_aggravated_assault": ["domestic"],
    "arson": ["arson"],
}


@cache
def polygons() -> dict[str, object]:
    content = json.loads((DATA / "boundaries" / "neighborhoods.geojson").read_text())
    return {row["properties"]["BDNAME"]: shape(row["geometry"]).buffer(0) for row in content["features"]}


@cache
def neighbor_pairs() -> frozenset[tuple[str, str]]:
    """Neighborhoods that share a border (not just a corner, to about ten meters)."""
    found = set()
    for (first, one), (second, other) in itertools.combinations(polygons().items(), 2):
        if one.distance(other) < 1e-4 and one.buffer(1e-4).intersection(other.buffer(1e-4)).area > 4e-8:  # type: ignore[attr-defined]
            found.add((first, second))
    return frozenset(found)


@cache
def areas() -> pd.DataFrame:
    """Columns area and community (of the neighborhood's inner point)."""
    content = json.loads((DATA / "boundaries" / "communities.geojson").read_text())
    communities = {
        next(str(value) for key, value in row["properties"].items() if "name" in key.lower()): shape(
            row["geometry"]
        ).buffer(0)
        for row in content["features"]
    }
    rows = []
    for name, polygon in polygons().items():
        point = polygon.representative_point()  # type: ignore[attr-defined]
        rows.append(
            (name, next((key for key, outline in communities.items() if outline.contains(point)), ""))
        )
    return pd.DataFrame(rows, columns=["area", "community"])


@cache
def panel() -> pd.DataFrame:
    """area, month, outcome, unit, count: occurred month, 87 neighborhoods × 86 months, zeros kept."""
    parts = []
    for outcome, files in FILES.items():
        rows = pd.concat(
            [pd.read_csv(DATA / "incidents" / f"{name}.csv", dtype=str) for name in files]
        ).drop_duplicates("Case_Number")
        rows["month"] = pd.PeriodIndex(rows["Occurred_Date"].str[:7].str.replace("/", "-"), freq="M")
        rows["victims"] = rows["Crime_Count"].astype(int)
        rows = rows[rows["Neighborhood"].isin(list(polygons()))]
        for unit, values in (("incidents", None), ("victims", "victims")):
            if unit == "victims" and outcome not in ("gunshot", "homicide"):
                continue
            grouped = rows.groupby(["Neighborhood", "month"])
            counts = grouped.size() if values is None else grouped[values].sum()
            full = counts.unstack().reindex(index=sorted(polygons()), columns=MONTHS).fillna(0)
            long = full.stack().rename("count").reset_index()
            long.columns = ["area", "month", "count"]
            long["month"] = long["month"].astype(str)
            parts.append(long.assign(outcome=outcome, unit=unit))
    parts.append(_near_repeats())
    found = pd.concat(parts, ignore_index=True)
    found["count"] = found["count"].astype(int)
    return found


def _near_repeats() -> pd.DataFrame:
    rows = pd.read_csv(DATA / "incidents" / "gunshot_wound_victims.csv", dtype=str).drop_duplicates(
        "Case_Number"
    )
    rows["day"] = pd.to_datetime(rows["Occurred_Date"].str[:10], format="%Y/%m/%d")
    rows = rows[rows["Neighborhood"].isin(list(polygons()))].sort_values(["Neighborhood", "day"])
    gap = rows.groupby("Neighborhood")["day"].diff().dt.days
    rows = rows[gap <= 14]
    rows["month"] = rows["day"].dt.to_period("M")
    counts = rows.groupby(["Neighborhood", "month"]).size()
    full = counts.unstack().reindex(index=sorted(polygons()), columns=MONTHS).fillna(0)
    long = full.stack().rename("count").reset_index()
    long.columns = ["area", "month", "count"]
    long["month"] = long["month"].astype(str)
    return long.assign(outcome="near_repeat_shooting", unit="incidents")


@cache
def levels() -> pd.Series:
    """Robberies and aggravated assaults by neighborhood, 2012–2016: earlier, and another outcome."""
    rows = pd.read_csv(DATA / "series" / "neighborhood_monthly_2006_2016.csv")
    rows = rows[rows["year"] >= 2012]
    renamed = {"CARAG": "South Uptown", "ECCO": "East Bde Maka Ska", "WESTCALHOUN": "West Maka Ska"}
    official = {_letters(name): name for name in polygons()} | renamed
    rows["area"] = rows["neighborhood"].map(_letters).map(official)
    rows["count"] = rows["robbery"].fillna(0) + rows["agg_assault"].fillna(0)
    found = rows.groupby("area")["count"].sum()
    return found.reindex(sorted(polygons())).astype(float).replace(0.0, np.nan)


def _letters(name: object) -> str:
    return "".join(letter for letter in str(name).upper() if letter.isalpha())
