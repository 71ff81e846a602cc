"""The counts that ship with the project, as `evaluation.readings.evaluate_program` takes them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
UNITS = ("incidents", "victims", "calls")
BASES = ("occurred", "reported")


def program_inputs(program: str, city: str, geography: str, larger: str = "community") -> dict[str, Any]:
    """Arguments of evaluate_program for one shipped program; counts of the month of occurrence."""
    folder = ROOT / "data" / city
    wide = pd.read_csv(folder / "counts_by_month.csv", dtype={"area": str, geography: str})
    if geography in wide:
        wide = wide.rename(columns={geography: "area"})
    else:
        wide = wide[wide["geography"] == geography]
    parts = []
    counted = wide.dropna(subset=[name for name in wide.columns if name.startswith("gunshot_")])
    full = set(counted["month"])
    for column in wide.columns.difference(["geography", "area", "month"], sort=False):
        outcome, unit, basis = _named(column)
        rows = wide[["area", "month"]].assign(count=wide[column], outcome=outcome, unit=unit)
        rows = rows.dropna(subset=["count"])
        # An outcome whose record starts later or ends earlier is left out here: its months are others.
        if basis == "occurred" and set(rows["month"]) >= full:
            parts.append(rows)
    areas = pd.DataFrame({"area": sorted(wide["area"].unique())})
    neighbors: set[tuple[str, str]] = set()
    links_file = folder / "area_links.csv"
    if links_file.exists():
        links = pd.read_csv(links_file, dtype={"from_area": str, "to_area": str})
        same = links[links["from_geography"] == geography]
        member = same[(same["link"] == "member") & (same["to_geography"] == larger)].sort_values("share")
        areas[larger] = areas["area"].map(dict(zip(member["from_area"], member["to_area"], strict=True)))
        beside = same[same["link"] == "neighbor"]
        neighbors = set(zip(beside["from_area"], beside["to_area"], strict=True))
    text = (ROOT / "data" / "programs" / f"{program}.toml").read_text(encoding="utf-8")
    return {
        "program": tomllib.loads(text),
        "panel": pd.concat(parts, ignore_index=True),
        "areas": areas,
        "neighbors": neighbors,
        "geography": geography,
    }


def _named(column: str) -> tuple[str, str, str]:
    """gunshot_victims_occurred → gunshot, victims, occurred (the basis where none is named)."""
    basis = column.rpartition("_")[2]
    stem = column.removesuffix(f"_{basis}") if basis in BASES else column
    outcome, _, unit = stem.rpartition("_")
    basis = basis if basis in BASES else "occurred"
    if unit not in UNITS:
        raise ValueError(f"{column}: not an outcome, unit and month basis")
    return outcome, unit, basis
