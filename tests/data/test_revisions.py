"""Loading a newer export says what changed, and any past number can be made again."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from etl.load.revisions import counts_as_of
from etl.problems import BadInput
from tests.data.conftest import MINNEAPOLIS, build_and_open, load_and_remember, needs

APRIL = "gunshot_wound_victims_2024-04-25.csv"
OCTOBER = "gunshot_wound_victims_2024-10-09_with_duplicates.csv"


def cases_of(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as opened:
        return {row["Case_Number"]: row for row in csv.DictReader(opened)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vintages")


def test_a_newer_export_says_what_it_changed(
    home: Path, tmp_path: Path, no_programs: Path, police_rows_only: Path
) -> None:
    folder = needs(MINNEAPOLIS) / "incidents" / "snapshots"
    earlier, later = cases_of(folder / APRIL), cases_of(folder / OCTOBER)
    releases = []
    for name in (APRIL, OCTOBER):
        data = tmp_path / name[:-4]
        data.mkdir()
        (data / name).write_bytes((folder / name).read_bytes())
        releases.append(build_and_open(home, data=[data], programs=no_programs, sources=police_rows_only))
    first, second = releases
    rows = second.query("revisions", city="minneapolis", source="minneapolis_police_incidents")
    changed = rows[rows["outcome"] == "gunshot"].set_index("change")["cases"]
    assert set(rows["earlier"]) == {f"release {first.id}"}
    assert changed["in_both"] == len(earlier.keys() & later.keys())
    assert changed["added"] == len(later.keys() - earlier.keys())
    assert changed["withdrawn"] == len(earlier.keys() - later.keys())
    both = earlier.keys() & later.keys()
    assert changed["recounted"] == sum(
        earlier[case]["Crime_Count"] != later[case]["Crime_Count"] for case in both
    )
    assert first.query("revisions", city="minneapolis").empty

    # The older release stays readable, and its numbers can be made again from the memory of loads.
    for release, cases in ((first, earlier), (second, later)):
        months = Counter(row["Occurred_Date"][:7].replace("/", "-") for row in cases.values())
        known = {
            month: incidents
            for outcome, month, incidents, _ in counts_as_of(home, "minneapolis_police_incidents", release.id)
            if outcome == "gunshot"
        }
        assert known == dict(months)
        monthly = release.query(
            "monthly",
            city="minneapolis",
            geography="city",
            outcome="gunshot",
            unit="incidents",
            month_basis="occurred",
        )
        for month, count in zip(monthly["month"], monthly["count"], strict=True):
            assert known.get(f"{month:%Y-%m}", 0) == count


def test_the_memory_of_loads_is_private(home: Path) -> None:
    assert (home / "private" / "store.duckdb").stat().st_mode & 0o077 == 0
    assert (home / "private").stat().st_mode & 0o077 == 0


def test_the_same_files_again_change_nothing(
    home: Path, tmp_path: Path, no_programs: Path, police_rows_only: Path
) -> None:
    folder = needs(MINNEAPOLIS) / "incidents" / "snapshots"
    (tmp_path / OCTOBER).write_bytes((folder / OCTOBER).read_bytes())
    again = build_and_open(home, data=[tmp_path], programs=no_programs, sources=police_rows_only)
    assert again.query("revisions", city="minneapolis").empty


def test_an_export_that_shrank_is_refused_unless_asked_for(
    tmp_path: Path, no_programs: Path, police_rows_only: Path
) -> None:
    """An export cut short, and an older one by mistake: each would show as a fall in shootings."""
    lines = (needs(MINNEAPOLIS) / "incidents/snapshots" / OCTOBER).read_text().splitlines(keepends=True)
    home = tmp_path / "home"

    def load(name: str, kept: list[str], **options: object) -> dict[str, pd.DataFrame]:
        settings = {"programs": no_programs, "sources": police_rows_only, **options}
        return load_and_remember(home, name, data=[_folder(tmp_path / name, kept)], **settings)

    load("2026.1.0", lines)
    with pytest.raises(BadInput, match=r"cases of gunshot where release 2026.1.0 had 2,263"):
        load("cut", lines[: len(lines) * 3 // 4])
    with pytest.raises(BadInput, match=r"gunshot ends on 2024-09-30, but in release 2026.1.0 on 2024-10-05"):
        load("older", [line for line in lines if "2024/10/0" not in line])
    taken = load("2026.1.1", lines[: len(lines) * 3 // 4], take_smaller=True)["out_revision"]
    withdrawn = taken[(taken["change"] == "withdrawn") & (taken["outcome"] == "gunshot")]["cases"]
    assert withdrawn.iloc[0] > 400


def _folder(folder: Path, lines: list[str]) -> Path:
    folder.mkdir()
    (folder / "gunshot_wound_victims.csv").write_text("".join(lines))
    return folder
