"""The read door: only whole releases, only reading, each by its own id."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from etl import warehouse
from etl.dictionary import create_table_sql, load_dictionary
from etl.statements import load_statements
from etl.warehouse import ReleaseError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    made = tmp_path / "releases"
    made.mkdir()
    return made


def write_release(folder: Path, release_id: str, count: int = 3) -> Path:
    building = folder / "building.duckdb"
    with duckdb.connect(str(building)) as connection:
        connection.execute("BEGIN")  # one write to the disk, not a hundred
        for table in load_dictionary().tables.values():
            if table.store == "release":
                for statement in create_table_sql(table):
                    connection.execute(statement)
        connection.execute(
            "INSERT INTO meta_release VALUES (?, TIMESTAMP '2026-01-01', 'snap', 'code', 1)", [release_id]
        )
        for month in range(1, 13):
            connection.execute(
                "INSERT INTO out_monthly VALUES ('minneapolis', 'city', 'minneapolis', make_date(2020, ?, 1),"
                " 'occurred', 'gunshot', 'victims', ?, false)",
                [month, count],
            )
        connection.execute("COMMIT")
    sha = hashlib.sha256(building.read_bytes()).hexdigest()
    path = building.rename(folder / f"{release_id}-{sha[:12]}.duckdb")
    (folder / "CURRENT").write_text(path.name + "\n")
    return path


MONTHLY = {
    "city": "minneapolis",
    "geography": "city",
    "outcome": "gunshot",
    "unit": "victims",
    "month_basis": "occurred",
}


def test_every_statement_runs_on_an_empty_release(folder: Path) -> None:
    write_release(folder, "2026.1.0")
    release = warehouse.open_release()
    for statement in load_statements("read").values():
        needed = {name: None for name in statement.parameters - statement.optional}
        release.query(statement.name, **needed)


def test_no_release_says_how_to_make_one(folder: Path) -> None:
    with pytest.raises(ReleaseError, match="python -m etl build") as caught:
        warehouse.open_release()
    assert caught.value.code == "no_release"


def test_unknown_and_broken_releases_have_their_own_code(folder: Path) -> None:
    path = write_release(folder, "2026.1.0")
    with pytest.raises(ReleaseError) as caught:
        warehouse.open_release("2020.1.0")
    assert caught.value.code == "unknown_release"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    broken = folder / path.name.replace("2026.1.0", "2026.1.1")
    for damaged in (content[:5000], content):
        broken.write_bytes(bytes(damaged))
        with pytest.raises(ReleaseError) as caught:
            warehouse.open_release("2026.1.1")
        assert caught.value.code == "broken_release"
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["../../etc/passwd", "nothing.duckdb", "", "2026.9.9-feedfeedfeed.duckdb"])
def test_a_pointer_to_anything_but_a_release_is_broken(folder: Path, name: str) -> None:
    (folder / "CURRENT").write_text(name)
    with pytest.raises(ReleaseError) as caught:
        warehouse.open_release()
    assert caught.value.code == "broken_release"


def test_releases_are_listed_newest_first_by_number_not_by_text(folder: Path) -> None:
    for release_id in ("2025.12.0", "2026.1.2", "2026.1.10"):
        write_release(folder, release_id)
    assert [item.id for item in warehouse.releases()] == ["2026.1.10", "2026.1.2", "2025.12.0"]


def test_an_older_release_stays_open_beside_the_current_one(folder: Path) -> None:
    write_release(folder, "2026.1.0", count=3)
    write_release(folder, "2026.1.1", count=4)
    assert warehouse.current_release_id() == "2026.1.1"
    assert warehouse.open_release("2026.1.0").query("monthly", **MONTHLY)["count"].sum() == 36
    assert warehouse.open_release().query("monthly", **MONTHLY)["count"].sum() == 48


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO 'out.csv'",
        "SELECT * FROM secret_frame",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "ATTACH '/tmp/other.duckdb'",
        "CREATE TABLE t (a INTEGER)",
        "DELETE FROM out_monthly",
    ],
)
def test_a_release_can_neither_write_nor_see_beyond_itself(folder: Path, sql: str) -> None:
    write_release(folder, "2026.1.0")
    secret_frame = load_dictionary()  # a Python object of that name must stay out of reach
    assert secret_frame
    release = warehouse.open_release()
    with pytest.raises((duckdb.Error, ReleaseError)):
        release._run(sql, {})


def test_threads_get_right_answers(folder: Path) -> None:
    write_release(folder, "2026.1.0", count=2)
    release = warehouse.open_release()
    with ThreadPoolExecutor(8) as pool:
        totals = set(pool.map(lambda _: int(release.query("monthly", **MONTHLY)["count"].sum()), range(400)))
    assert totals == {24}


def test_values_are_bound_not_pasted(folder: Path) -> None:
    write_release(folder, "2026.1.0")
    rows = warehouse.open_release().query("monthly", **{**MONTHLY, "city": "x' OR '1'='1"})
    assert len(rows) == 0


def test_a_misspelt_parameter_is_refused(folder: Path) -> None:
    write_release(folder, "2026.1.0")
    with pytest.raises(TypeError, match="unknown parameters"):
        warehouse.open_release().query("monthly", **MONTHLY, aera="x")
