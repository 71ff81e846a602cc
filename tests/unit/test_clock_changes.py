"""The hour that the clocks skip in March and the one that comes twice in November (America/Chicago)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from etl.load.cells import sum_outcomes
from etl.load.incidents import LoadedRows, load_rows
from etl.load.quality import quality_of_rows
from etl.load.work_database import work_database
from etl.settings import read_source
from etl.sources.landing import land_text

ZONE = ZoneInfo("America/Chicago")
SETTINGS = """
city = "springfield"
kind = "rows"
title = "Shootings"
publisher = "Invented"
url = "none"
licence = "CC0"
files = ["shootings.csv"]
[rows]
row_is = "case"
case = "number"
first_month = "2021-01"
[time]
zone = "America/Chicago"
clock = "{clock}"
occurred = {{ columns = ["at"], format = "%Y-%m-%d %H:%M" }}
[areas]
list = "from_rows"
ward = "ward"
[[outcome]]
outcome = "gunshot"
units = ["incidents"]
"""
MOMENTS = [
    "2021-03-14 01:59",
    "2021-03-14 02:00",  # from here to 02:59 there was no such time
    "2021-03-14 02:59",
    "2021-03-14 03:00",
    "2021-11-07 00:59",
    "2021-11-07 01:00",  # from here to 01:59 each time came twice
    "2021-11-07 01:59",
    "2021-11-07 02:00",
    "2021-11-07 07:30",
]


def load(folder: Path, clock: str) -> tuple[list[datetime], dict[str, float]]:
    """The times as they stand in core, and the quality figures."""
    settings = folder / "springfield_shootings.toml"
    settings.write_text(SETTINGS.format(clock=clock))
    path = folder / "shootings.csv"
    path.write_text("number,at,ward\n" + "".join(f"{n},{at},1\n" for n, at in enumerate(MOMENTS)))
    with work_database(folder) as connection:
        loaded = load_rows(connection, read_source(settings), [land_text(path, folder)], 1)
        return times(connection), figures(connection, loaded)


def times(connection: duckdb.DuckDBPyConnection) -> list[datetime]:
    rows = connection.execute("SELECT occurred_at FROM core_incident ORDER BY case_number::INTEGER")
    return [at for (at,) in rows.fetchall()]


def figures(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> dict[str, float]:
    sum_outcomes(connection, loaded)
    return {figure.figure: figure.value for figure in quality_of_rows(connection, loaded)}


def written(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M")


def test_a_local_clock_is_kept_as_written_and_its_odd_hours_are_counted(tmp_path: Path) -> None:
    found, quality = load(tmp_path, "local")
    assert found == [written(text) for text in MOMENTS]
    local = [written(text).replace(tzinfo=ZONE) for text in MOMENTS]
    skipped = [
        at
        for at in local
        if at.astimezone(UTC).astimezone(ZONE).replace(tzinfo=None) != at.replace(tzinfo=None)
    ]
    twice = [
        at
        for at in local
        if at not in skipped and at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    ]
    assert (len(skipped), len(twice)) == (2, 2)
    assert quality["gunshot_in_the_skipped_hour"] == len(skipped)
    assert quality["gunshot_in_the_hour_that_comes_twice"] == len(twice)


def test_true_utc_is_converted_by_the_rules_of_the_zone(tmp_path: Path) -> None:
    found, quality = load(tmp_path, "utc")
    expected = [written(text).replace(tzinfo=UTC).astimezone(ZONE).replace(tzinfo=None) for text in MOMENTS]
    assert found == expected
    assert quality["gunshot_in_the_skipped_hour"] == 0  # a converted time is always one that there was


@pytest.mark.parametrize(("clock", "hour"), [("local", 7), ("utc", 1)])
def test_a_clock_that_is_labelled_utc_is_only_converted_when_the_settings_say_so(
    tmp_path: Path, clock: str, hour: int
) -> None:
    found, _ = load(tmp_path, clock)
    assert found[-1].hour == hour
