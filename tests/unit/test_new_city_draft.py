"""A draft of settings for rows never seen before is close enough to load them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from etl.load.incidents import load_rows
from etl.load.work_database import work_database
from etl.settings import read_source
from etl.sources.draft import draft
from etl.sources.landing import land_text

START = date(2022, 1, 1)


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def victims_file(folder: Path) -> Path:
    """A row is a victim; date and clock apart; districts by number."""
    lines = ["IncidentKey,OccurDate,OccurTime,PoliceDistrict,Lat,Lon,CrimeType"]
    for number in range(400):
        day = START + timedelta(days=number // 2)
        key = 5000 + number - (number % 10 == 1)  # every tenth incident has two victims
        lines.append(f"{key},{day:%m/%d/%Y},{number % 24:02d}:15:00,{number % 7 + 1},44.9,-93.2,Shooting")
    return write(folder / "victims.csv", lines)


def cases_file(folder: Path) -> Path:
    """A row is a case; one column of date and time; two dates; a class column."""
    lines = ["report_no,occurred_on,reported_on,neighbourhood,offense,victims"]
    for number in range(300):
        day = START + timedelta(days=number)
        offense = "SHOOTING" if number % 3 else "ROBBERY"
        lines.append(
            f"R{number:05d},{day} 22:{number % 60:02d},{day} 23:00,Area {number % 9},{offense},{1 + number % 2}"
        )
    return write(folder / "cases.csv", lines)


@pytest.mark.parametrize(
    ("make", "row_is", "victims"), [(victims_file, "victim", 400), (cases_file, "case", 450)]
)
def test_a_draft_loads_what_it_was_drafted_from(
    tmp_path: Path, make: object, row_is: str, victims: int
) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    text = draft(path, tmp_path, "drafted-city")
    settings = tmp_path / "drafted_rows.toml"
    settings.write_text(text)
    source = read_source(settings)
    assert source.rows is not None
    assert source.rows.row_is == row_is
    with work_database(tmp_path) as connection:
        loaded = load_rows(connection, source, [land_text(path, tmp_path)], 1)
        total = connection.execute("SELECT sum(victims) FROM core_incident").fetchone()
    assert loaded.ledger[0].rows_rejected == 0
    assert loaded.first_date == START
    assert total == (victims,)


def test_a_draft_says_what_it_does_not_know(tmp_path: Path) -> None:
    text = draft(cases_file(tmp_path), tmp_path, "drafted-city")
    assert text.count("TODO") >= 4
    assert '# values = ["SHOOTING", "ROBBERY"]' in text
