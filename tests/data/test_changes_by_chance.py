"""Feeds of changes drawn by chance: counting only what changed gives what counting everything gives."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from shapely import box

from benchmarks.etl import SETTINGS
from etl.load import rows_source
from etl.load.changes import count_whole
from etl.load.incidents import LoadedRows
from etl.load.loading import Loading
from etl.sources.boundaries import Area
from tests.data.conftest import few_sources, load_and_remember

HEADER = "case_number,offense,occurred_at,reported_at,neighborhood,ward,precinct,longitude,latitude,victims\n"
OFFENSES = ("Gunshot Wound Victims", "Robbery", "Domestic Aggravated Assault", "Theft")
COUNTS = ("out_monthly", "out_weekday_hour", "out_daily", "out_triangle")
PLACES = 4


def drawn(chance: random.Random) -> tuple[str, ...]:
    """A case: few places and two years, so that shootings often follow one another within 14 days."""
    at = datetime(2015, 1, 1) + timedelta(minutes=chance.randrange(730 * 1440 - 120))
    reported = at + timedelta(minutes=chance.choice([5, 90, 60 * 24 * 40]))
    neighborhood = chance.choice([*NEIGHBORHOODS, ""])
    moments = [f"{moment:%Y/%m/%d %H:%M:%S}+00" for moment in (at, min(reported, datetime(2016, 12, 31, 23)))]
    ward, precinct = chance.choice(["1", "2", ""]), chance.choice(["1", "2", ""])
    victims = str(chance.choice([1, 1, 2, 5]))
    return (chance.choice(OFFENSES), *moments, neighborhood, ward, precinct, "", "", victims)


NEIGHBORHOODS = [
    line.split(",")[2]
    for line in (Path(__file__).resolve().parents[2] / "data/simulated-city/areas.csv")
    .read_text()
    .splitlines()
    if ",neighborhood," in line
][:PLACES]


def changed(
    cases: dict[str, tuple[str, ...]], chance: random.Random, size: int
) -> dict[str, tuple[str, ...]]:
    """New cases, and old ones with another kind (withdrawn, when it is not counted), date, place or victims."""
    feed = {f"N{chance.randrange(10**9)}": drawn(chance) for _ in range(size)}
    for case in chance.sample(sorted(cases), size):
        old, other = list(cases[case]), drawn(chance)
        for column in chance.sample([0, 1, 3, 4, 8], chance.randint(1, 3)):
            old[column] = other[column]
            if column == 1:
                old[2] = other[2]
        feed[case] = tuple(old)
    return feed


def written(folder: Path, cases: dict[str, tuple[str, ...]]) -> Path:
    folder.mkdir(parents=True)
    lines = [",".join((case, *cells)) + "\n" for case, cells in cases.items()]
    (folder / "incidents.csv").write_text(HEADER + "".join(lines))
    return folder


def settings(folder: Path, exports: str) -> Path:
    few_sources(folder, "simulated_city_areas.toml")
    text = SETTINGS.replace('row_is = "case"', f'row_is = "case"\nexports = "{exports}"')
    (folder / "generated.toml").write_text(text)
    return folder


def versions(home: Path) -> pd.DataFrame:
    with duckdb.connect(str(home / "private" / "store.duckdb"), read_only=True) as connection:
        return connection.execute("SELECT * EXCLUDE (placed_by) FROM incident_version ORDER BY ALL").df()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 7))
def test_only_what_changed_is_counted_and_nothing_is_missed(
    tmp_path: Path, no_programs: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    cases = {f"A{number}": drawn(chance) for number in range(300)}
    feeds = settings(tmp_path / "feeds", "changes")
    quick, full = tmp_path / "quick", tmp_path / "full"
    options = {"programs": no_programs, "sources": feeds}
    load_and_remember(quick, "2026.1.0", data=[written(tmp_path / "first", cases)], **options)
    shutil.copytree(quick, full)
    onto: list[int | None] = []
    count = rows_source.count_cells

    def counting(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
        onto.append(loaded.onto)
        count(connection, loaded)

    find = rows_source.add_near_repeats

    def forgetful(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
        count_whole(connection, loaded)
        find(connection, loaded)

    monkeypatch.setattr(rows_source, "count_cells", counting)
    for number in range(1, 3):
        feed = changed(cases, chance, chance.choice([1, 20]))
        cases |= feed
        data = [written(tmp_path / f"feed{number}", feed)]
        given = {"data": data, "take_smaller": True, **options}
        one = load_and_remember(quick, f"2026.1.{number}", **given)
        with monkeypatch.context() as patch:
            patch.setattr(rows_source, "add_near_repeats", forgetful)
            two = load_and_remember(full, f"2026.1.{number}", **given)
        for table in (*COUNTS, "out_revision", "out_quality"):
            assert len(one[table])
            pd.testing.assert_frame_equal(one[table], two[table])
        pd.testing.assert_frame_equal(versions(quick), versions(full))
    assert [value is None for value in onto] == [False, True, False, True]
    whole = {"data": [written(tmp_path / "whole", cases)], "programs": no_programs}
    export = load_and_remember(
        tmp_path / "export", "2026.1.0", sources=settings(tmp_path / "parts", "parts"), **whole
    )
    for table in COUNTS:
        pd.testing.assert_frame_equal(one[table], export[table])
    pd.testing.assert_frame_equal(of_outcomes(one["out_quality"]), of_outcomes(export["out_quality"]))
    near = one["out_monthly"].query("outcome == 'near_repeat_shooting'")
    assert near["count"].sum() > 50


def of_outcomes(quality: pd.DataFrame) -> pd.DataFrame:
    """Figures of cases; those of rows are of other files."""
    return quality[~quality["figure"].isin(["rows_rejected", "duplicate_rows_dropped"])].reset_index(
        drop=True
    )


@pytest.mark.slow
def test_a_boundary_file_that_comes_later_places_remembered_cases_too(
    tmp_path: Path, no_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(9)

    def somewhere() -> tuple[str, ...]:
        case = list(drawn(chance))
        case[6:8] = [str(chance.choice([-93.2, -93.1])), str(chance.choice([44.9, 45.0]))]
        return tuple(case)

    cases = {f"A{number}": somewhere() for number in range(120)}
    halves = [
        Area("ward", "1", box(-93.3, 44.8, -93.15, 45.1)),
        Area("ward", "2", box(-93.15, 44.8, -93, 45.1)),
    ]
    options = {"programs": no_programs, "sources": settings(tmp_path / "feeds", "changes")}
    home = tmp_path / "home"
    load_and_remember(home, "2026.1.0", data=[written(tmp_path / "first", cases)], **options)
    monkeypatch.setattr(Loading, "polygons", lambda loading, city: {"ward": halves})
    for number in range(1, 3):
        feed = {f"B{number}{place}": somewhere() for place in range(5)}
        cases |= feed
        data = [written(tmp_path / f"feed{number}", feed)]
        placed = load_and_remember(home, f"2026.1.{number}", data=data, **options)
    parts = {"programs": no_programs, "sources": settings(tmp_path / "parts", "parts")}
    data = [written(tmp_path / "whole", cases)]
    whole = load_and_remember(tmp_path / "other", "2026.1.0", data=data, **parts)
    for table in COUNTS:
        pd.testing.assert_frame_equal(placed[table], whole[table])
    pd.testing.assert_frame_equal(of_outcomes(placed["out_quality"]), of_outcomes(whole["out_quality"]))
    figures = placed["out_quality"].set_index("figure")["value"]
    assert figures["gunshot_placed_by_point"] > 10
    assert figures["gunshot_ward_disagrees_with_point"] > 0
