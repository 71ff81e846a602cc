"""Bad input: one clear line (file, row, column, reason, what to do), exit status 2, last release untouched."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from etl.__main__ import main
from etl.load.tables import PROJECT
from etl.publish.build import Options, build
from tests.data.conftest import few_sources

FILE = Path("data/simulated-city/incidents/shootings.csv")
HEADER = "case_number,occurred_at,reported_at,neighborhood,ward,precinct,victims,fatal_victims,simulated"
ROW = "LK19-{n:05d},2019-01-{day:02d} 01:45,2019-01-{day:02d} 02:25,Rushlantern,3,2,1,0,true"


def good_lines(rows: int = 300) -> list[str]:
    return [HEADER, *(ROW.format(n=n, day=n % 28 + 1) for n in range(rows))]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release in it."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "programs").mkdir()
    sources = few_sources(folder / "sources", "simulated_city_*.toml")
    build(Options(home=folder / "home", sources=sources, programs=folder / "programs"), lambda line: None)
    return folder / "home"


class Attempt:
    """One build from a folder with a bad file: exit status, what was said, whether anything changed."""

    def __init__(self, home: Path, folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> None:
        before = self.state(home)
        self.status = main(["build", "--data", str(folder), "--out", str(home), *options])
        self.said = capsys.readouterr().err
        self.unchanged = self.state(home) == before
        self.first = self.said.splitlines()[0] if self.said else ""

    @staticmethod
    def state(home: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((home / "releases").iterdir())}


@pytest.fixture
def attempt(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Attempt]:
    # The invented city alone: an attempt takes half the time.
    few = partial(Options, sources=published.parent / "sources", programs=published.parent / "programs")
    monkeypatch.setattr("etl.__main__.Options", few)

    def run(content: str | bytes, name: str = FILE.name, options: tuple[str, ...] = ()) -> Attempt:
        path = tmp_path / FILE.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Attempt(published, tmp_path, capsys, *options)

    return run


def changed(line: int, old: str, new: str) -> str:
    lines = good_lines()
    assert old in lines[line]
    lines[line] = lines[line].replace(old, new)
    return "\n".join(lines) + "\n"


CASES: dict[str, tuple[str | bytes, list[str]]] = {
    "empty file": (b"", ["shootings.csv", "empty", "again"]),
    "header only": (HEADER + "\n", ["shootings.csv", "no row"]),
    "missing column": (changed(0, "reported_at", "reported"), ["row 1", "column reported_at", "missing"]),
    "unreadable date": (changed(7, "2019-01-07 01:45", "08/01/2019"), ["row 8", "column occurred_at", "unreadable date", "Write it like 2024-03-28 18:05"]),
    "a day that does not exist": (changed(7, "2019-01-07 01:45", "2019-02-30 01:45"), ["row 8", "unreadable date"]),
    "24:00": (changed(7, "2019-01-07 01:45", "2019-01-08 24:00"), ["row 8", "unreadable date"]),
    "unknown area": (changed(9, "Rushlantern", "Rush Lantern"), ["row 10", "column neighborhood", "unknown neighborhood", "Rush Lantern", "renames"]),
    "unknown ward": (changed(9, "Rushlantern,3,", "Rushlantern,33,"), ["row 10", "column ward", "unknown ward", "33"]),
    "not a count": (changed(9, ",1,0,true", ",one,0,true"), ["row 10", "column victims", "not a count"]),
    "negative count": (changed(9, ",1,0,true", ",-1,0,true"), ["row 10", "column victims"]),
    "no case number": (changed(9, "LK19-00008", ""), ["row 10", "column case_number"]),
    "too few columns": (changed(9, ",1,0,true", ""), ["row 10", "fewer columns"]),
    "too many columns": (changed(9, ",1,0,true", ",1,0,true,9,9"), ["row 10", "more columns"]),
    "open quotation mark": (changed(9, "Rushlantern", '"Rushlantern'), ["quotation mark", "not closed"]),
    "UTF-16": ("\n".join(good_lines()).encode("utf-16"), ["UTF-16", "CSV (UTF-8)"]),
    "neither UTF-8 nor Windows-1252": (changed(9, "Rushlantern", "Rush").encode() + b"\x81\x8d\n", ["neither UTF-8 nor Windows-1252", "byte"]),
    "NUL bytes": (changed(9, "Rushlantern", "Rush\0lantern"), ["NUL byte", "export it again"]),
    "a web page": ("<!DOCTYPE html><html><body>404</body></html>", ["web page"]),
    "JSON": ('{"error": {"code": 400}}', ["JSON"]),
    "a PDF": (b"%PDF-1.7 ....", ["PDF"]),
    "an XLSX called csv": (b"PK\x03\x04" + b"0" * 100, ["does not fit", "ZIP"]),
    "a column twice": (changed(0, "fatal_victims", "victims"), ["stands twice", "victims"]),
    "300 columns": (",".join(f"c{n}" for n in range(300)) + "\n1\n", ["300 columns", "200"]),
    "a line of 3 MB": ("\n".join(good_lines(3)) + "\n" + "x" * 3_000_000 + "\n", ["line is longer"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_the_last_release_stays(name: str, attempt: Callable[..., Attempt]) -> None:
    content, expected = CASES[name]
    made = attempt(content)
    assert made.status == 2
    assert made.unchanged
    assert "shootings.csv" in made.first
    for part in expected:
        assert part in made.first, made.first
    assert "Traceback" not in made.said
    assert made.said.splitlines()[-1] == "The last release stays in use."


def test_a_truncated_gzip_is_not_half_a_file(attempt: Callable[..., Attempt]) -> None:
    whole = gzip.compress("\n".join(good_lines(3000)).encode())
    made = attempt(whole[: len(whole) - 40], "shootings.csv.gz")
    assert made.status == 2
    assert made.unchanged
    assert "damaged or cut short" in made.first


def test_a_zip_bomb_stops_at_the_limit(
    attempt: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.sources.landing.UNPACKED_LIMIT", 5_000_000)
    made = attempt(gzip.compress(b"0" * 50_000_000), "shootings.csv.gz")
    assert made.status == 2
    assert made.unchanged
    assert "unpacks to more than 5,000,000 bytes" in made.first


def test_a_zip_with_two_files_is_refused(attempt: Callable[..., Attempt], tmp_path: Path) -> None:
    packed = tmp_path / "two.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.csv", "a,b\n1,2\n")
        archive.writestr("two.csv", "a,b\n1,2\n")
    made = attempt(packed.read_bytes(), "shootings.csv.zip")
    assert made.status == 2
    assert "not one CSV" in made.first


def test_every_faulty_row_is_named_up_to_ten(attempt: Callable[..., Attempt]) -> None:
    lines = [
        line.replace("Rushlantern", f"Nowhere {n}") if n > 280 else line
        for n, line in enumerate(good_lines())
    ]
    made = attempt("\n".join(lines) + "\n")
    said = made.said.splitlines()
    assert [f"row {n}" in line for n, line in zip(range(282, 292), said, strict=False)] == [True] * 10
    assert "10 more rows" in said[10]


def test_up_to_two_percent_can_be_set_aside_when_asked(
    attempt: Callable[..., Attempt], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    from etl import warehouse

    lines = good_lines()
    lines[9] = lines[9].replace("Rushlantern", "Nowhere")
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
    home = tmp_path_factory.mktemp("set_aside")
    empty = tmp_path_factory.mktemp("none")
    said: list[str] = []
    sources = few_sources(tmp_path / "sources", "simulated_city_*.toml")
    options = Options(data=[tmp_path], home=home, programs=empty, sources=sources, set_aside_share=0.02)
    made = build(options, said.append)
    assert any("1 set aside" in line for line in said)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(home))
        loads = warehouse.open_release(made.id).query("loads")
    row = loads[loads["source"] == "simulated_city_shootings"].iloc[0]
    assert (row["rows_read"], row["rows_accepted"], row["rows_rejected"]) == (300, 299, 1)
    lines = [
        line.replace("Rushlantern", "Nowhere") if n > 290 else line for n, line in enumerate(good_lines())
    ]
    made_again = attempt("\n".join(lines) + "\n", options=("--set-aside",))
    assert made_again.status == 2  # 10 of 300 is over 2 %
    assert made_again.unchanged


def test_windows_1252_is_read_with_a_note(tmp_path: Path) -> None:
    from etl.sources.landing import land_text

    path = tmp_path / "names.csv"
    path.write_bytes("name,count\nCafé – Süd,3\n".encode("cp1252"))
    landed = land_text(path, tmp_path)
    assert landed.encoding == "cp1252"
    assert "Windows-1252" in landed.note
    assert landed.path.read_text(encoding="utf-8") == "name,count\nCafé – Süd,3\n"


@pytest.mark.parametrize("newline", ["\r\n", "\r", "mixed"])
def test_any_newline_is_read(tmp_path: Path, newline: str) -> None:
    from etl.sources.landing import land_text

    lines = ["a,b", "1,2", "3,4", "5,6"]
    text = "a,b\r\n1,2\n3,4\r5,6\n" if newline == "mixed" else newline.join(lines) + newline
    path = tmp_path / "n.csv"
    path.write_bytes(text.encode())
    landed = land_text(path, tmp_path)
    assert landed.path.read_bytes().replace(b"\r\n", b"\n") == b"a,b\n1,2\n3,4\n5,6\n"


def test_a_simulated_row_may_not_join_a_real_city(
    tmp_path: Path, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data" / "minneapolis"
    folder.mkdir(parents=True)
    for path in (PROJECT / "data" / "minneapolis").glob("*.csv"):
        shutil.copy(path, folder / path.name)
    areas = folder / "areas.csv"
    lines = areas.read_text().splitlines()
    areas.write_text("\n".join([lines[0] + ",simulated", *(line + ",true" for line in lines[1:])]) + "\n")
    made = Attempt(published, tmp_path, capsys)
    assert made.status == 2
    assert made.unchanged
    assert "simulated" in made.first
    assert "Keep them apart" in made.first


def test_a_folder_that_is_not_there(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Attempt(published, tmp_path / "nowhere", capsys)
    assert made.status == 2
    assert made.unchanged
    assert "no such folder" in made.first


def test_settings_with_a_misspelt_key_are_refused(tmp_path: Path) -> None:
    from etl.problems import SettingsError
    from etl.settings import read_source

    text = (PROJECT / "data/sources/simulated_city_shootings.toml").read_text()
    path = tmp_path / "odd.toml"
    path.write_text(text.replace("first_month", "frist_month"))
    with pytest.raises(SettingsError, match="first_month"):
        read_source(path)
    path.write_text(text + "\n[extra]\nkey = 1\n")
    with pytest.raises(SettingsError, match="there is no such setting"):
        read_source(path)


def test_simulated_and_real_sources_of_one_city_are_refused(tmp_path: Path) -> None:
    from etl.problems import SettingsError
    from etl.settings import load_sources

    text = (PROJECT / "data/sources/simulated_city_shootings.toml").read_text()
    (tmp_path / "one.toml").write_text(text)
    (tmp_path / "two.toml").write_text(text.replace("simulated = true", "simulated = false"))
    with pytest.raises(SettingsError, match="may not join the real city"):
        load_sources(tmp_path)


def test_other_formats_give_the_same_rows(tmp_path: Path) -> None:
    import json

    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    from etl.sources.tabular import land_table

    rows = [line.split(",") for line in good_lines(40)]
    plain = tmp_path / "shootings.csv"
    plain.write_text("\n".join(",".join(row) for row in rows) + "\n")
    pq.write_table(
        pa.table({name: [row[place] for row in rows[1:]] for place, name in enumerate(rows[0])}),
        tmp_path / "shootings.parquet",
    )
    (tmp_path / "shootings.json").write_text(
        json.dumps([dict(zip(rows[0], row, strict=True)) for row in rows[1:]])
    )
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "shootings.xlsx")
    expected = land_table(plain, tmp_path).path.read_text()
    for name in ("shootings.parquet", "shootings.json", "shootings.xlsx"):
        landed = land_table(tmp_path / name, tmp_path)
        assert landed.path.read_text() == expected, name
        assert landed.name == name
        assert landed.bytes == (tmp_path / name).stat().st_size


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("broken.parquet", b"PAR1" + b"\0" * 400 + b"PAR2", "damaged or cut short"),
        ("empty.parquet", b"", "empty"),
        ("error.json", b'{"error": {"code": 500}}', "answered with an error"),
        ("odd.json", b'{"a": 1}', "not a list of rows"),
        ("cut.json", b'[{"a": 1}, {"a"', "not JSON"),
        ("broken.xlsx", b"PK\x03\x04" + b"0" * 300, "not a workbook"),
        ("broken.xls", b"\xd0\xcf\x11\xe0" + b"0" * 300, "not a workbook"),
    ],
)
def test_broken_files_of_other_formats(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    from etl.problems import BadInput
    from etl.sources.tabular import land_table

    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=expected) as caught:
        land_table(tmp_path / name, tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_truncated_parquet_file_is_noticed(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from etl.problems import BadInput
    from etl.sources.tabular import land_table

    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": list(range(10_000))}), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadInput, match="damaged or cut short"):
        land_table(path, tmp_path)


def test_a_parquet_bomb_is_seen_by_its_footer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from etl.problems import BadInput
    from etl.sources.tabular import land_table

    path = tmp_path / "rows.parquet"
    text = pa.array(["x" * 1000]).dictionary_encode().dictionary
    pq.write_table(
        pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([0] * 200_000), text).cast(pa.string())}),
        path,
        use_dictionary=False,
    )
    assert path.stat().st_size < 20_000_000
    monkeypatch.setattr("etl.sources.tabular.UNPACKED_LIMIT", 50_000_000)
    with pytest.raises(BadInput, match="more than 50,000,000"):
        land_table(path, tmp_path)
    assert not list(tmp_path.glob("*.csv"))


def test_a_field_of_100_megabytes_is_refused_quickly(attempt: Callable[..., Attempt]) -> None:
    made = attempt("\n".join(good_lines(3)) + '\n"' + "x" * 100_000_000 + '"\n')
    assert made.status == 2
    assert made.unchanged
    assert "line is longer" in made.first


def test_a_million_columns_are_refused(attempt: Callable[..., Attempt]) -> None:
    made = attempt(",".join(str(n) for n in range(1_000_000)) + "\n1\n")
    assert made.status == 2
    assert made.unchanged
    assert "line is longer than 1,048,576 bytes" in made.first
    assert len(made.said.splitlines()) == 2


def test_row_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    """Faults far into a large file, before and after lines that cannot be read, keep their row."""
    from etl.load.incidents import load_rows
    from etl.load.tables import load_areas
    from etl.load.work_database import work_database
    from etl.settings import load_sources
    from etl.sources.landing import land_text

    sources = {source.id: source for source in load_sources()}
    lines = good_lines(200_000)
    planted = {50: "Nowhere", 70_001: "Nowhere", 199_999: "Nowhere"}
    for place, name in planted.items():
        lines[place] = lines[place].replace("Rushlantern", name)
    for place in (10, 60_000):
        lines[place] += ",one,too,many"
    path = tmp_path / "shootings.csv"
    path.write_text("\n".join(lines) + "\n")
    with work_database(tmp_path) as connection:
        load_areas(connection, sources["simulated_city_areas"], tmp_path, [])
        loaded = load_rows(
            connection, sources["simulated_city_shootings"], [land_text(path, tmp_path)], 1, allowed_share=1.0
        )
        found = connection.execute("SELECT file_row, reason FROM meta_reject ORDER BY file_row").fetchall()
    assert [row for row, reason in found if reason == "unknown neighborhood"] == [
        place + 1 for place in planted
    ]
    assert [row for row, reason in found if "columns" in reason] == [11, 60_001]
    entry = loaded.ledger[0]
    assert (entry.rows_read, entry.rows_rejected) == (200_000, 5)


def test_rows_read_are_accepted_duplicate_or_set_aside(tmp_path: Path) -> None:
    """Faults of twelve kinds planted by chance in 20,000 rows: every one is found, no row is lost."""
    import random

    from etl.load.incidents import load_rows
    from etl.load.tables import load_areas
    from etl.load.work_database import work_database
    from etl.settings import load_sources
    from etl.sources.landing import land_text

    kinds: list[tuple[str, Callable[[list[str]], list[str]]]] = [
        ("no case number", lambda row: ["", *row[1:]]),
        ("unreadable date", lambda row: [row[0], "2019-13-01 10:00", *row[2:]]),
        ("unreadable date", lambda row: [row[0], row[1], "yesterday", *row[3:]]),
        ("unreadable date", lambda row: [row[0], "2019-02-30 10:00", *row[2:]]),
        ("unreadable date", lambda row: [row[0], "1019-02-03 10:00", *row[2:]]),
        ("no date at all", lambda row: [row[0], "", "", *row[3:]]),
        ("unknown neighborhood", lambda row: [*row[:3], "Atlantis", *row[4:]]),
        ("unknown ward", lambda row: [*row[:4], "99", *row[5:]]),
        ("unknown precinct", lambda row: [*row[:5], "X", *row[6:]]),
        ("not a count of people", lambda row: [*row[:6], "two", *row[7:]]),
        ("not a count of people", lambda row: [*row[:6], "-1", *row[7:]]),
        ("fewer columns than the header", lambda row: row[:-2]),
        ("more columns than the header", lambda row: [*row, "x"]),
    ]
    chance = random.Random(3)
    lines = good_lines(20_000)
    planted: dict[int, str] = {}
    for place in chance.sample(range(1, 20_001), 600):
        reason, spoil = kinds[len(planted) % len(kinds)]
        lines[place] = ",".join(spoil(lines[place].split(",")))
        planted[place + 1] = reason
    whole = [place for place in range(1, 20_001) if place + 1 not in planted]
    repeated = chance.sample(whole, 100)
    lines += [lines[place] for place in repeated]
    path = tmp_path / "shootings.csv"
    path.write_text("\n".join(lines) + "\n")
    sources = {source.id: source for source in load_sources()}
    with work_database(tmp_path) as connection:
        load_areas(connection, sources["simulated_city_areas"], tmp_path, [])
        loaded = load_rows(
            connection, sources["simulated_city_shootings"], [land_text(path, tmp_path)], 1, allowed_share=1.0
        )
        found = dict(connection.execute("SELECT file_row, reason FROM meta_reject").fetchall())
        kept = connection.execute("SELECT count(*) FROM core_incident").fetchone()
    assert found == planted
    entry = loaded.ledger[0]
    assert (entry.rows_read, entry.rows_duplicate, entry.rows_rejected) == (20_100, 100, 600)
    assert entry.rows_accepted == 19_400
    assert kept == (19_400,)
