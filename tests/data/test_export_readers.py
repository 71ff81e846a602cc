"""The package in the hands of other programs: an older pyarrow, an older DuckDB, a citation checker."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from etl.publish.export import export_release
from tests.fixture.environments import environment_with
from tests.fixture.release import MONTHS, NEIGHBORHOODS, build_release

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROWS = len(MONTHS) * (len(NEIGHBORHOODS) + 1)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    export_release(build_release(folder / "release.duckdb"), folder / "out")
    return folder / "out"


def run(python: str, code: str, folder: Path) -> str:
    done = subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_older_pyarrow_reads_every_table(package: Path, tmp_path: Path) -> None:
    python = environment_with(["pyarrow==15.0.2", "numpy<2"], tmp_path)
    code = """
import glob, json
import pyarrow.parquet as pq
rows = {path: pq.ParquetFile(path, page_checksum_verification=True).read().num_rows
        for path in glob.glob("data/parquet/*.parquet")}
schema = pq.read_schema("data/parquet/out_monthly.parquet")
print(json.dumps([rows["data/parquet/out_monthly.parquet"], len(rows),
                  schema.field("count").metadata[b"meaning"].decode()]))
"""
    monthly, tables, meaning = json.loads(run(python, code, package))
    assert monthly == ROWS
    assert tables == len(list((package / "data/parquet").glob("*.parquet")))
    assert meaning == "Number in that area and month"


def test_an_older_duckdb_reads_every_table_and_the_meaning_inside(package: Path, tmp_path: Path) -> None:
    python = environment_with(["duckdb==1.5.5"], tmp_path)
    code = """
import duckdb, glob
for path in glob.glob("data/parquet/*.parquet"):
    duckdb.sql(f"SELECT * FROM '{path}'").fetchall()
print(duckdb.sql("SELECT count(*) FROM 'data/parquet/out_monthly.parquet'").fetchone()[0])
print(duckdb.sql("SELECT count(*) FROM parquet_kv_metadata('data/parquet/out_monthly.parquet') "
                 "WHERE decode(key) IN ('dictionary', 'provenance', 'citation')").fetchone()[0])
"""
    assert run(python, code, package).split() == [str(ROWS), "3"]


def test_the_citation_file_is_valid_and_becomes_bibtex(package: Path, tmp_path: Path) -> None:
    python = environment_with(["cffconvert==2.0.0", "setuptools<81"], tmp_path)
    program = str(Path(python).with_name("cffconvert"))
    checked = subprocess.run(
        [program, "--validate"], cwd=package, capture_output=True, text=True, timeout=120
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "valid" in checked.stdout.lower() + checked.stderr.lower()
    made = subprocess.run([program, "-f", "bibtex"], cwd=package, capture_output=True, text=True, timeout=120)
    assert "Outreach evaluation" in made.stdout


def test_polars_reads_dates_counts_and_missing_values(package: Path) -> None:
    polars = pytest.importorskip("polars")
    monthly = polars.read_parquet(package / "data/parquet/out_monthly.parquet")
    ours = pd.read_parquet(package / "data/parquet/out_monthly.parquet")
    assert monthly.height == ROWS
    assert monthly["count"].sum() == ours["count"].sum()
    assert str(monthly.schema["month"]) == "Date"
    source = polars.read_parquet(package / "data/parquet/out_source.parquet")
    assert source["last_complete_month"].null_count() == 1
