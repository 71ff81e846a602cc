"""Cached files: whole or not at all, noticed when damaged, bounded, forgotten with their release."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest

from api import table_files
from api.table_files import forget_gone_releases, table_file
from etl import warehouse
from etl.publish.export import ExportError
from tests.fixture.release import NEIGHBORHOODS, publish


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> warehouse.Release:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    publish(tmp_path)
    return warehouse.open_release()


def test_a_file_is_made_once_and_found_again(release: warehouse.Release) -> None:
    first = table_file(release, "out_monthly", "parquet")
    written = first.path.stat().st_mtime_ns
    assert table_file(release, "out_monthly", "parquet") == first
    assert first.path.stat().st_mtime_ns == written


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_damaged_file_is_made_again(release: warehouse.Release, form: str) -> None:
    made = table_file(release, "out_monthly", form)
    good = made.path.read_bytes()
    made.path.write_bytes(good[:-3] + b"xyz")
    table_files._checked.clear()  # as in a new process
    assert table_file(release, "out_monthly", form).path.read_bytes() == good


def test_a_damaged_gzip_is_made_again(release: warehouse.Release) -> None:
    made = table_file(release, "out_monthly", "csv")
    assert made.packed is not None
    made.packed.write_bytes(made.packed.read_bytes()[:-40])
    table_files._checked.clear()
    again = table_file(release, "out_monthly", "csv")
    assert again.packed is not None
    assert gzip.decompress(again.packed.read_bytes()) == again.path.read_bytes()


def test_a_file_that_was_not_finished_is_not_served(release: warehouse.Release) -> None:
    made = table_file(release, "out_monthly", "parquet")
    sidecar = made.path.with_suffix(".parquet.sha256")
    sidecar.unlink()
    made.path.write_bytes(b"half")
    assert table_file(release, "out_monthly", "parquet").sha256 == made.sha256


def test_many_visitors_at_once_get_the_same_file(release: warehouse.Release) -> None:
    found = []

    def ask() -> None:
        found.append(table_file(release, "out_monthly", "csv", {"geography": "city"}).sha256)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) == 1
    left = [path.name for path in warehouse.home().rglob("*") if path.name.startswith(".")]
    assert left == []


def test_parts_are_bounded_in_number(release: warehouse.Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "KEPT_PARTS", 3)
    for area in NEIGHBORHOODS:
        table_file(release, "out_monthly", "csv", {"area": area})
    kept = list((table_files.cache_folder(release.path) / "parts").rglob("*.csv"))
    assert len(kept) == 3
    whole = table_file(release, "out_monthly", "csv")
    assert whole.path.is_file()


def test_two_parts_whose_names_look_alike_are_two_files(release: warehouse.Release) -> None:
    one = table_file(release, "out_monthly", "csv", {"area": "A/B"})
    other = table_file(release, "out_monthly", "csv", {"area": "A B"})
    assert one.file_name == other.file_name
    assert one.path != other.path


def test_no_filter_reaches_beyond_the_columns_named(release: warehouse.Release) -> None:
    with pytest.raises(ExportError, match="has no filter 'count'"):
        table_file(release, "out_monthly", "csv", {"count": "3"})


def test_files_of_a_release_that_is_gone_are_forgotten(release: warehouse.Release, tmp_path: Path) -> None:
    table_file(release, "out_monthly", "csv")
    assert forget_gone_releases() == []
    release.path.unlink()
    assert forget_gone_releases() == [release.path.stem]
    assert not table_files.cache_folder(release.path).exists()
