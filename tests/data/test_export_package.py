"""The data package: the release's values in every format, described, checked, the same bytes again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from etl.dictionary import load_dictionary
from etl.publish.export import ExportError, export_release, main
from etl.publish.export.write_csv import made_safe
from tests.fixture.release import (
    FORMULA_TEXT,
    LONG_TEXT,
    MONTHS,
    NEIGHBORHOODS,
    build_release,
    monthly_counts,
    publish,
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_release(tmp_path_factory.mktemp("release") / "release.duckdb")


@pytest.fixture(scope="module")
def package(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "out"
    export_release(release, folder)
    return folder


def test_every_format_holds_the_planted_counts(package: Path) -> None:
    planted = monthly_counts().set_index(["area", "month"])["count"]
    frames = {
        "parquet": pd.read_parquet(package / "data/parquet/out_monthly.parquet"),
        "csv": pd.read_csv(package / "data/csv/out_monthly.csv"),
        "stata": pd.read_stata(package / "data/stata/out_monthly.dta"),
    }
    for name, frame in frames.items():
        areas = frame[frame["area"].isin(NEIGHBORHOODS)].copy()
        areas["month"] = pd.to_datetime(areas["month"])
        found = areas.set_index(["area", "month"])["count"].sort_index()
        pd.testing.assert_series_equal(
            found, planted.sort_index(), check_dtype=False, check_index_type=False, obj=name
        )


def test_zeros_are_rows_and_no_month_is_missing(package: Path) -> None:
    frame = pd.read_parquet(package / "data/parquet/out_monthly.parquet")
    assert (frame.groupby("area").size() == len(MONTHS)).all()


def test_parquet_is_typed_as_the_dictionary_says(package: Path) -> None:
    arrow = {
        "VARCHAR": "string", "INTEGER": "int32", "BIGINT": "int64", "DOUBLE": "double", "BOOLEAN": "bool",
        "DATE": "date32[day]", "TIMESTAMP": "timestamp[us]",
    }  # fmt: skip
    for path in sorted((package / "data/parquet").glob("*.parquet")):
        schema = pq.read_schema(path)
        table = load_dictionary()[path.stem]
        assert schema.names == table.column_names
        for column in table.columns:
            field = schema.field(column.name)
            assert str(field.type) == arrow[column.type], f"{path.stem}.{column.name}"
            assert field.nullable == column.null
            assert field.metadata[b"meaning"].decode() == column.meaning


def test_parquet_carries_dictionary_and_provenance_for_readers_other_than_arrow(package: Path) -> None:
    path = package / "data/parquet/out_monthly.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
    held = {bytes(key).decode(): bytes(value).decode() for key, value in rows}
    provenance = json.loads(held["provenance"])
    assert (provenance["release"], provenance["part"]) == ("2026.3.0", "whole table")
    columns = json.loads(held["dictionary"])["columns"]
    assert next(c for c in columns if c["name"] == "count")["unit"].startswith("incidents, victims or calls")


def test_parquet_is_compressed_with_zstd_and_notices_damage(package: Path, tmp_path: Path) -> None:
    source = package / "data/parquet/out_monthly.parquet"
    column = pq.ParquetFile(source).metadata.row_group(0).column(7)
    assert (column.path_in_schema, column.compression) == ("count", "ZSTD")
    damaged = bytearray(source.read_bytes())
    # The last byte of the column's pages: inside compressed data, past every page header.
    start = column.dictionary_page_offset or column.data_page_offset
    damaged[start + column.total_compressed_size - 1] ^= 0xFF
    copy = tmp_path / "damaged.parquet"
    copy.write_bytes(damaged)
    with pytest.raises(OSError, match=r"checksum|CRC|crc|Corrupt|corrupt|zstd|ZSTD"):
        pq.ParquetFile(copy, page_checksum_verification=True).read()


def test_row_groups_are_sorted_so_that_statistics_tell_where_a_city_lies(tmp_path: Path) -> None:
    release = build_release(tmp_path / "wide.duckdb", wide_rows=200_000)
    export_release(release, tmp_path / "out", formats=["parquet"])
    metadata = pq.ParquetFile(tmp_path / "out/data/parquet/out_monthly.parquet").metadata
    assert metadata.num_row_groups == 4
    bounds = [
        (group.column(2).statistics.min, group.column(2).statistics.max)
        for group in (metadata.row_group(i) for i in range(1, 4))
    ]
    assert all(low <= high for low, high in bounds)
    assert all(bounds[i][1] <= bounds[i + 1][0] for i in range(2))


def test_the_same_release_gives_the_same_bytes(release: Path, package: Path, tmp_path: Path) -> None:
    copy = shutil.copy(release, tmp_path / "another-name.duckdb")
    export_release(Path(copy), tmp_path / "again")
    assert (tmp_path / "again/SHA256SUMS").read_text() == (package / "SHA256SUMS").read_text()


def test_sha256sum_confirms_every_file(package: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=package, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    listed = {line.split("  ")[1] for line in (package / "SHA256SUMS").read_text().splitlines()}
    there = {p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file()}
    assert there - listed == {"SHA256SUMS"}


def test_frictionless_finds_no_fault(package: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(package / "datapackage.json"))
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "message"])[:5]
    assert report.stats["tasks"] == len(list((package / "data/csv").glob("*.csv")))


def test_frictionless_would_find_a_changed_cell(package: Path, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    copy = shutil.copytree(package, tmp_path / "changed")
    path = copy / "data/csv/out_monthly.csv"
    path.write_text(path.read_text().replace('"occurred"', '"happened"', 1))
    assert not frictionless.validate(str(copy / "datapackage.json")).valid


def test_a_spreadsheet_runs_nothing_from_the_csv(package: Path) -> None:
    with (package / "data/csv/out_quality.csv").open(newline="", encoding="utf-8") as file:
        notes = {row["figure"]: row for row in csv.DictReader(file)}
    assert notes["formula_note"]["note"] == "'" + FORMULA_TEXT
    assert notes["quoted_note"]["note"] == 'said "no", then\nleft'
    # Numbers stay numbers: a negative one is no formula.
    assert notes["plain_note"]["value"] == "-1.5"
    frame = pd.read_parquet(package / "data/parquet/out_quality.parquet")
    assert FORMULA_TEXT in set(frame["note"])


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "＝1", "＋1", "－1", "＠1", "=cmd|' /C calc'!A0"],
)  # fmt: skip
def test_texts_that_start_like_a_formula_are_disarmed(text: str) -> None:
    import pyarrow as pa

    safe, changed = made_safe(pa.record_batch({"note": pa.array([text, "plain", None])}))
    assert safe.column(0).to_pylist() == ["'" + text, "plain", None]
    assert changed == 1


def test_stata_has_labels_for_variables_and_closed_lists(package: Path) -> None:
    with pd.io.stata.StataReader(package / "data/stata/out_monthly.dta") as reader:
        frame = reader.read(convert_categoricals=False)
        labels, values = reader.variable_labels(), reader.value_labels()
        assert reader.time_stamp == "09 Mar 2026 12:00"
    assert labels["month"] == "First day of the calendar month, local clock"
    assert all(len(label) <= 80 for label in labels.values())
    allowed = next(c for c in load_dictionary()["out_monthly"].columns if c.name == "outcome").allowed
    assert values["outcome"] == dict(enumerate(allowed, start=1))
    assert set(frame["outcome"]) == {allowed.index("gunshot") + 1}
    assert frame["simulated"].eq(1).all()


def test_stata_keeps_long_texts_large_numbers_and_missing_values(package: Path) -> None:
    notes = pd.read_stata(package / "data/stata/out_quality.dta")
    assert LONG_TEXT in set(notes["note"])
    assert notes["base"].isna().all()
    source = pd.read_stata(package / "data/stata/out_source.dta").iloc[0]
    assert source["rows_read"] == 3_000_000_000
    assert source["first_date"] == datetime(2018, 1, 1)
    assert pd.isna(source["last_complete_month"])


def test_stata_is_read_by_another_library(package: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    frame, meta = pyreadstat.read_dta(package / "data/stata/out_monthly.dta")
    assert len(frame) == len(MONTHS) * (len(NEIGHBORHOODS) + 1)
    assert meta.column_names_to_labels["area"].startswith("Area id within its geography")


def test_the_codebook_explains_every_column_of_every_file(package: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((package / "codebook.csv").read_text())))
    explained = {(row["table"], row["column"]) for row in rows if row["meaning"]}
    for path in (package / "data/csv").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            assert {(path.stem, name) for name in next(csv.reader(file))} <= explained
    text = (package / "CODEBOOK.md").read_text()
    assert all(f"| {row['column']} |" in text for row in rows)


def test_spec_files_are_canonical_json_of_the_program_file(package: Path) -> None:
    path = package / "specs/registered/simulated-outreach--incidents_controlled.json"
    content = json.loads(path.read_text())
    assert path.read_text() == json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert content["analysis"]["design"] == "controlled"
    assert content["catchments"]["headline"]["areas"] == ["Alder", "Birch"]


def test_descriptions_for_catalogs_name_every_file_that_is_there(package: Path) -> None:
    dcat = json.loads((package / "dcat-us.jsonld").read_text())
    addresses = [d["downloadURL"] for item in dcat["dataset"] for d in item["distribution"]]
    there = [p.relative_to(package).as_posix() for p in (package / "data").rglob("*") if p.is_file()]
    assert sorted(addresses) == sorted(there)
    for item in dcat["dataset"]:
        needed = {"title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier", "accessLevel"}  # fmt: skip
        assert needed <= set(item)
    schema = json.loads((package / "schema-org.jsonld").read_text())
    assert {d["contentUrl"] for d in schema["distribution"]} == set(there)


@pytest.mark.slow
def test_the_notebook_is_a_notebook_and_every_cell_runs(package: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(package / "replicate.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    import sys

    done = subprocess.run([sys.executable, "-c", code], cwd=package, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "0 differ" in done.stdout


def test_the_command_writes_the_release_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    publish(tmp_path, "2026.2.0", current=False)
    publish(tmp_path, "2026.3.0")
    assert main(["--out", str(tmp_path / "package")]) == 0
    assert "Release 2026.3.0" in capsys.readouterr().out
    assert "Compared with release 2026.2.0" in (tmp_path / "package/CHANGES.md").read_text()
    assert main(["--release", "2026.2.0", "--out", str(tmp_path / "old"), "--formats", "csv"]) == 0
    assert "no earlier release" in (tmp_path / "old/CHANGES.md").read_text()
    assert not (tmp_path / "old/data/stata").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--release", "2020.1.0"], "no release 2020.1.0"),
        (["--formats", "xml"], "Unknown format 'xml'"),
    ],
)
def test_a_wrong_command_says_one_line_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    publish(tmp_path)
    assert main([*arguments, "--out", str(tmp_path / "package")]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "package").exists()


def test_a_folder_with_something_in_it_is_left_alone(release: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(ExportError, match="not an empty folder"):
        export_release(release, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_that_is_no_release_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.duckdb"
    path.write_bytes(b"no database")
    with pytest.raises(ExportError) as caught:
        export_release(path, tmp_path / "out")
    assert caught.value.code == "broken_release"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == hashlib.sha256(b"no database").hexdigest()
