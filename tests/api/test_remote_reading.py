"""Real clients read a column or a part from afar and fetch less than the file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pytest

from api.door import ApiDoor
from api.limits import WorkLimit
from api.routes import Interface
from tests.api.conftest import NEW, TABLES, Meter, Served, nothing_here, serve
from tests.fixture.environments import environment_with
from tests.fixture.release import publish

ROWS = 1_920_000
DUCKDB_FOR_HTTP = ["duckdb==1.5.5", "duckdb-extension-httpfs==1.5.5"]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("wide")
    path = publish(home, NEW, wide_rows=ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(home))
        for served in serve(Meter(ApiDoor(nothing_here, Interface(WorkLimit(0)))), home):
            served.home = path
            httpx.head(served.url + f"{TABLES}/out_monthly.parquet", timeout=60)
            yield served


@pytest.fixture
def size(wide: Served) -> int:
    size = int(httpx.head(f"{wide.url}{TABLES}/out_monthly.parquet").headers["content-length"])
    wide.meter.seen.clear()
    return size


@pytest.fixture(scope="module")
def truth() -> int:
    """Sum over one invented area: the counts as they were planted."""
    with duckdb.connect() as connection:
        row = connection.execute(
            "SELECT sum((hash(i) % 40)::INTEGER) FROM range(1234 * 240, 1235 * 240) numbers(i)"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_pyarrow_reads_one_column_through_fsspec_without_the_rest(wide: Served, size: int) -> None:
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    import pyarrow.parquet as pq

    with fsspec.open(f"{wide.url}{TABLES}/out_monthly.parquet", block_size=2**16, cache_type="none") as file:
        table = pq.ParquetFile(file, pre_buffer=False).read(columns=["month"])
    assert table.num_rows >= ROWS
    assert all(entry["range"] for entry in wide.meter.seen if entry["method"] == "GET")
    assert wide.meter.bytes_sent < size / 4


def test_pyarrow_reads_the_rows_of_one_area_by_the_statistics_of_row_groups(
    wide: Served, size: int, truth: int
) -> None:
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with fsspec.open(f"{wide.url}{TABLES}/out_monthly.parquet", block_size=2**16, cache_type="none") as file:
        table = pq.read_table(
            file, columns=["area", "count"], filters=[("area", "=", "Area 001234")], pre_buffer=False
        )
    assert pc.sum(table["count"]).as_py() == truth
    assert wide.meter.bytes_sent < size / 2


def test_polars_scans_one_area_without_the_rest(wide: Served, size: int, truth: int) -> None:
    polars = pytest.importorskip("polars")
    frame = (
        polars.scan_parquet(f"{wide.url}{TABLES}/out_monthly.parquet")
        .filter(polars.col("area") == "Area 001234")
        .select(polars.col("count").sum())
        .collect()
    )
    assert frame.item() == truth
    assert wide.meter.bytes_sent < size / 2


def test_polars_follows_latest_to_the_release_in_use(wide: Served, size: int, truth: int) -> None:
    polars = pytest.importorskip("polars")
    address = f"{wide.url}/api/v1/releases/latest/tables/out_monthly.parquet"
    frame = polars.scan_parquet(address).filter(polars.col("area") == "Area 001234").collect()
    assert frame["count"].sum() == truth


def test_pandas_reads_an_address(wide: Served, size: int) -> None:
    import pandas as pd

    frame = pd.read_parquet(f"{wide.url}{TABLES}/out_monthly.parquet?city=simulated-city&geography=city")
    assert len(frame) == 72
    assert wide.meter.bytes_sent < size / 4


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_duckdb_reads_one_area_over_http(wide: Served, size: int, truth: int, tmp_path: Path) -> None:
    """DuckDB 1.5.5 with its httpfs extension as a wheel, in an environment of its own."""
    python = environment_with(DUCKDB_FOR_HTTP, tmp_path)
    script = f"""
import pathlib
import duckdb
import duckdb_extension_httpfs
folder = pathlib.Path(duckdb_extension_httpfs.__file__).parent / "extensions"
extension = next(folder.rglob("httpfs.duckdb_extension"))
address = "{wide.url}/api/v1/releases/latest/tables/out_monthly.parquet"
connection = duckdb.connect()
connection.execute(f"LOAD '{{extension}}'")
print(connection.execute(f"SELECT sum(count) FROM '{{address}}' WHERE area = 'Area 001234'").fetchone()[0])
"""
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == truth
    assert any(entry["range"] for entry in wide.meter.seen)
    assert wide.meter.bytes_sent < size / 2
