"""A feed of changes: new and changed cases are loaded onto those of the last build, and give what a whole export gives."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest

from tests.data.conftest import few_sources, load_and_remember

PROJECT = Path(__file__).resolve().parents[2]
FILE = Path("data/simulated-city/incidents/shootings.csv")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The invented city, its shootings as a feed of changes."""
    folder = few_sources(tmp_path / "sources", "simulated_city_areas.toml", "simulated_city_shootings.toml")
    path = folder / "simulated_city_shootings.toml"
    text = path.read_text()
    assert "[rows]\n" in text
    path.write_text(text.replace("[rows]\n", '[rows]\nexports = "changes"\n'))
    return folder


def given(folder: Path, lines: list[str]) -> Path:
    path = folder / FILE
    path.parent.mkdir(parents=True)
    path.write_text("".join(lines))
    return folder


@pytest.mark.slow
def test_changes_onto_the_last_load_give_what_the_whole_export_gives(
    tmp_path: Path, settings: Path, no_programs: Path
) -> None:
    header, *rows = (PROJECT / FILE).read_text().splitlines(keepends=True)
    place = header.strip().split(",").index("victims")
    chance = random.Random(11)
    # As the feed stood before: the last tenth was not there yet, and fifty cases had another number of victims.
    earlier, later = rows[: len(rows) * 9 // 10], rows[len(rows) * 9 // 10 :]
    new_cases = {line.split(",")[0] for line in later}
    earlier = [line for line in earlier if line.split(",")[0] not in new_cases]
    changed = {line.split(",")[0] for line in chance.sample(earlier, 50)}
    before = []
    for line in earlier:
        cells = line.split(",")
        if cells[0] in changed:
            cells[place] = str(int(cells[place]) + 3)
        before.append(",".join(cells))
    changes = later + [line for line in earlier if line.split(",")[0] in changed]

    options = {"programs": no_programs, "sources": settings}
    home = tmp_path / "home"
    first = load_and_remember(
        home, "2026.1.0", data=[given(tmp_path / "before", [header, *before])], **options
    )
    lines: list[str] = []
    second = load_and_remember(
        home,
        "2026.1.1",
        lines.append,
        data=[given(tmp_path / "changes", [header, *changes])],
        **options,
    )
    export = given(tmp_path / "whole", [header, *earlier, *later])
    whole = load_and_remember(tmp_path / "other", "2026.1.0", data=[export], **options)
    for table in ("out_monthly", "out_weekday_hour", "out_daily", "out_triangle"):
        assert len(whole[table])
        pd.testing.assert_frame_equal(second[table], whole[table])
    assert first["out_monthly"]["count"].sum() != second["out_monthly"]["count"].sum()
    said = second["out_revision"].set_index(["outcome", "change"])["cases"]
    assert said["gunshot", "recounted"] == len(changed)
    assert said["gunshot", "added"] == len(new_cases)
    assert said["gunshot", "withdrawn"] == 0
    accepted = [files["meta_load"].set_index("file")["rows_accepted"] for files in (second, whole)]
    kept = accepted[0]["cases of release 2026.1.0"]
    assert kept + accepted[0][FILE.name] == accepted[1][FILE.name]
    # The person who builds reads of rows what the file has, and of the memory what came from there.
    (told,) = [line for line in lines if line.startswith("simulated_city_shootings: ")]
    assert f"{len(changes):,} rows of 1 file," in told
    assert f"onto {kept:,} cases of release 2026.1.0" in told
