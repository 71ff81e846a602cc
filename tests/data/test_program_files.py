"""Program files say what they must, and name areas that exist."""

from __future__ import annotations

import csv
import itertools
import json
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
PROGRAMS = sorted((ROOT / "data" / "programs").glob("*.toml"))
REAL = ["minneapolus", "focused-interruption", "cure-violence-new-york"]

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of real records is not here")


def program(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "data" / "programs" / f"{name}.toml").read_text(encoding="utf-8"))


def label_list(path: Path, label: str) -> set[str]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {feature["properties"][label] for feature in features}


@pytest.mark.parametrize("name", REAL)
def test_every_dated_statement_carries_its_source_and_how_sure_it_is(name: str) -> None:
    content = program(name)
    for kind in ("phase", "catchment", "fact", "schedule"):
        for entry in content.get(kind, []):
            assert entry["source"].strip(), (kind, entry["id"])
            assert entry["certainty"] in {"certain", "likely", "uncertain"}, (kind, entry["id"])
    for kind in ("event", "funding"):
        for entry in content.get(kind, []):
            assert entry["source"].strip(), (kind, entry["id"])


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_ids_are_unique_and_the_program_is_named_like_its_file(path: Path) -> None:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    assert content["program"] == path.stem
    for kind, entries in content.items():
        if isinstance(entries, list):
            repeated = [key for key, n in Counter(entry["id"] for entry in entries).items() if n > 1]
            assert not repeated, (kind, repeated)


@pytest.mark.parametrize("name", REAL)
def test_phases_follow_one_another_without_gap_or_overlap(name: str) -> None:
    phases = [phase for phase in program(name)["phase"] if phase["role"] == "phase"]
    for earlier, later in itertools.pairwise(phases):
        year, month = map(int, earlier["last_month"].split("-"))
        following = f"{year + month // 12}-{month % 12 + 1:02d}"
        assert later["first_month"] == following, (earlier["id"], later["id"])
    assert "last_month" not in phases[-1]


def test_the_payment_gap_of_2024_is_a_dose_change_inside_the_contracted_phase() -> None:
    phases = {phase["id"]: phase for phase in program("minneapolus")["phase"]}
    gap, contracted = phases["payment_gap_2024"], phases["contracted"]
    assert gap["role"] == "dose_change"
    assert contracted["first_month"] < gap["first_month"] <= gap["last_month"] < contracted["last_month"]


@pytest.mark.parametrize("name", REAL)
def test_every_analysis_names_things_the_file_defines_and_is_retrospective(name: str) -> None:
    content = program(name)
    ids = {
        kind: {entry["id"] for entry in content.get(kind, [])} for kind in ("phase", "catchment", "baseline")
    }
    for analysis in content.get("analysis", []):
        assert analysis["phase"] in ids["phase"], analysis["id"]
        assert set(analysis["catchments"]) <= ids["catchment"], analysis["id"]
        assert set(analysis["baselines"]) <= ids["baseline"], analysis["id"]
        headline = analysis["headline"]
        assert headline["catchment"] in analysis["catchments"], analysis["id"]
        assert headline["pool"] in analysis["pools"], analysis["id"]
        assert headline["baseline"] in analysis["baselines"], analysis["id"]
        assert analysis["registration"] == "retrospective", analysis["id"]
        assert isinstance(analysis["registered"], date)


@pytest.mark.parametrize("name", REAL)
def test_a_program_with_analyses_has_one_primary_analysis_and_one_headline_reading(name: str) -> None:
    content = program(name)
    if not content.get("analysis"):
        pytest.skip("no analysis is possible for this program")
    assert sum(analysis["listed"] == "primary" for analysis in content["analysis"]) == 1
    for kind in ("catchment", "baseline"):
        assert sum(entry["headline"] for entry in content[kind]) == 1, kind


def test_the_pilot_and_summer_2020_are_never_baseline_in_a_minneapolis_headline() -> None:
    content = program("minneapolus")
    windows = {baseline["id"]: baseline for baseline in content["baseline"]}
    for analysis in content["analysis"]:
        if analysis["phase"] == "withdrawn":
            continue
        window = windows[analysis["headline"]["baseline"]]
        assert window["last_month"] < "2020-06", analysis["id"]
        assert analysis["headline"]["pool"] == "a"
        assert analysis["design"] == "controlled"


def test_a_baseline_never_reaches_into_the_phase_it_is_compared_with() -> None:
    content = program("minneapolus")
    windows = {baseline["id"]: baseline for baseline in content["baseline"]}
    starts = {phase["id"]: phase["first_month"] for phase in content["phase"]}
    for analysis in content["analysis"]:
        for name in analysis["baselines"]:
            assert windows[name]["last_month"] < starts[analysis["phase"]], (analysis["id"], name)


def test_incidents_and_victims_are_both_analyzed_for_each_phase_and_side() -> None:
    pairs = Counter(
        (analysis["phase"], analysis["headline"]["catchment"])
        for analysis in program("minneapolus")["analysis"]
        if analysis["outcome"] == "gunshot"
    )
    assert set(pairs.values()) == {2}
    for phase in ("pilot", "contracted", "contracted_and_later"):
        for catchment in ("north_south", "north", "south"):
            assert (phase, catchment) in pairs


def test_madison_has_facts_and_no_analysis() -> None:
    content = program("focused-interruption")
    assert not content.get("analysis")
    assert any(fact["id"] == "calls_answered" and fact["value"] == 40 for fact in content["fact"])


@needs_shared
def test_minneapolis_areas_are_labels_of_the_citys_neighborhood_file() -> None:
    known = label_list(SHARED / "minneapolis/boundaries/neighborhoods.geojson", "BDNAME")
    content = program("minneapolus")
    for entry in content["catchment"] + content["area_group"]:
        assert set(entry["areas"]) <= known, entry["id"]
        assert len(set(entry["areas"])) == len(entry["areas"]), entry["id"]


@needs_shared
def test_north_and_south_are_the_communities_they_claim_to_be() -> None:
    shapely = pytest.importorskip("shapely.geometry")
    folder = SHARED / "minneapolis/boundaries"
    communities = {
        feature["properties"]["CommName"]: shapely.shape(feature["geometry"]).buffer(0)
        for feature in json.loads((folder / "communities.geojson").read_text(encoding="utf-8"))["features"]
    }
    members: dict[str, set[str]] = {name: set() for name in communities}
    shapes = {}
    for feature in json.loads((folder / "neighborhoods.geojson").read_text(encoding="utf-8"))["features"]:
        shape = shapely.shape(feature["geometry"]).buffer(0)
        shapes[feature["properties"]["BDNAME"]] = shape
        home = max(communities, key=lambda name: communities[name].intersection(shape).area)
        members[home].add(feature["properties"]["BDNAME"])
    readings = {entry["id"]: set(entry["areas"]) for entry in program("minneapolus")["catchment"]}
    assert readings["north"] == members["Camden"] | members["Near North"]
    corridor = readings["south"] - members["Phillips"] - members["Powderhorn"]
    assert members["Phillips"] | members["Powderhorn"] <= readings["south"]
    lake_street = shapely.LineString([(-93.2320, 44.9484), (-93.2010, 44.9484)])
    crossed = {name for name in members["Longfellow"] if shapes[name].intersects(lake_street)}
    assert corridor == crossed
    assert readings["north_south"] == readings["north"] | readings["south"]


@needs_shared
def test_the_core_reading_follows_its_written_rule() -> None:
    incidents: Counter[str] = Counter()
    path = SHARED / "minneapolis/incidents/gunshot_wound_victims.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if "2019/01" <= row["Occurred_Date"][:7] <= "2020/05":
                incidents[row["Neighborhood"]] += 1
    readings = {entry["id"]: set(entry["areas"]) for entry in program("minneapolus")["catchment"]}
    assert readings["core_high_volume"] == {area for area in readings["north_south"] if incidents[area] >= 9}


@needs_shared
def test_new_york_starts_are_the_published_ones_but_for_the_two_in_doubt() -> None:
    with (SHARED / "nyc/programMerge.csv").open(encoding="utf-8-sig", newline="") as file:
        published = {
            row["precinct"]: f"{int(row['yearCure'])}-{int(row['monthCure']):02d}"
            for row in csv.DictReader(file)
        }
    readings = {entry["id"]: entry for entry in program("cure-violence-new-york")["catchment"]}
    assert len(published) == 28
    assert readings["published_starts"]["starts"] == published
    assert set(readings["published_starts"]["areas"]) == set(published)
    moved = readings["early_75_77"]["starts"]
    assert {area for area in published if moved[area] != published[area]} == {"75", "77"}
    assert set(published) - set(readings["without_75_77"]["starts"]) == {"75", "77"}
