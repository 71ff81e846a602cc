"""The Downloads page: every table, and code that runs as it stands."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import httpx
import pytest

from api import catalog
from etl import warehouse
from presentation import downloads
from tests.api.conftest import CITY, NEW, OLD, Served
from tests.open_page import open_page, text_of

CHOSEN = {"city": CITY, "geography": "city"}


def table_of(served: Served, name: str) -> dict[str, object]:
    return next(t for t in catalog.table_details(warehouse.open_release(NEW)) if t["name"] == name)


def test_the_page_says_what_there_is_and_names_its_release(served: Served) -> None:
    app = open_page("downloads")
    assert re.fullmatch(rf"Release {NEW}: \d+ tables to download, .+ as Parquet", app.title[0].value)
    text = text_of(app)
    assert "Counts by area and calendar month" in text
    assert f"@misc{{outreach_evaluation_{NEW.replace('.', '_')}" in text


def test_every_link_of_the_page_to_a_file_gives_that_file(served: Served) -> None:
    app = open_page("downloads")
    links = re.findall(r"\]\(http://[^/]+(/api/v1[^)]*)\)", text_of(app))
    assert len(links) >= 9
    for link in links:
        assert served.get(link).status_code == 200, link


def test_every_column_of_a_table_is_explained(served: Served) -> None:
    app = open_page("downloads", tables=["out_monthly"])
    shown = next(t.value for t in app.table if "First day of the calendar month" in t.value.to_string())
    assert len(shown) == 9


def test_a_part_is_chosen_by_a_link_and_said(served: Served) -> None:
    text = text_of(open_page("downloads", table="out_monthly", **CHOSEN))
    assert "a part of the table: city = simulated-city, geography = city" in text
    assert f"/tables/out_monthly.parquet?city={CITY}&geography=city" in text


def test_two_releases_are_compared(served: Served) -> None:
    text = text_of(open_page("downloads"))
    assert f"From release {OLD} to {NEW}" in text


def test_an_older_release_keeps_its_addresses(served: Served) -> None:
    text = text_of(open_page("downloads", release=OLD))
    assert f"/api/v1/releases/{OLD}/tables/out_monthly.parquet" in text
    assert f"/api/v1/releases/{NEW}/tables" not in text


@pytest.mark.parametrize("language", ["pandas", "Polars"])
@pytest.mark.parametrize("chosen", [{}, CHOSEN])
def test_python_snippets_run(served: Served, language: str, chosen: dict[str, str]) -> None:
    pytest.importorskip(language.lower())
    code = downloads.snippet(language, table_of(served, "out_monthly"), served.url, chosen)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, language, "exec"), {})
    assert CITY in out.getvalue()


@pytest.mark.parametrize("chosen", [{}, CHOSEN])
def test_the_r_snippet_runs(served: Served, chosen: dict[str, str]) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    code = downloads.snippet("R", table_of(served, "out_monthly"), served.url, chosen)
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = 72 if chosen else 72 * 9
    assert f"{rows} obs. of  9 variables" in done.stdout


def test_the_duckdb_snippet_is_sql_that_duckdb_understands(served: Served, tmp_path: Path) -> None:
    """Run on the downloaded file: the address itself is read in test_remote_reading."""
    code = downloads.snippet("DuckDB", table_of(served, "out_monthly"), served.url, CHOSEN)
    address = re.search(r"'(http[^']+)'", code)
    assert address is not None
    local = tmp_path / "part.parquet"
    local.write_bytes(httpx.get(address[1], timeout=60).content)
    lines = code.replace(address[1], str(local)).split("\n")
    assert lines[:2] == ["INSTALL httpfs;", "LOAD httpfs;"]
    with duckdb.connect() as connection:
        assert connection.execute("\n".join(lines[2:])).fetchall() == [(CITY, 72)]


@pytest.mark.parametrize(
    ("count", "words"),
    [(812, "812 bytes"), (1_200, "1.2 KB"), (12_900, "13 KB"), (2_440_000, "2.4 MB"), (32_400_000, "32 MB")],
)
def test_sizes_are_said_for_people(count: int, words: str) -> None:
    assert downloads.size(count) == words


def test_no_chosen_value_can_leave_its_place_in_an_address_or_in_code(served: Served) -> None:
    evil = {"area": "x'); DROP TABLE a; --\n\" & <script>"}
    table = table_of(served, "out_monthly")
    for language in downloads.SNIPPETS:
        plain = downloads.snippet(language, table, served.url, {"area": "x"})
        code = downloads.snippet(language, table, served.url, evil)
        assert code.count("\n") == plain.count("\n")
        for letter in "'\"<>;":
            assert code.count(letter) == plain.count(letter), (language, letter)
