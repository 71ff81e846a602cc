"""The OpenAPI description is true: it names what is there, and a fuzzer finds no answer it does not allow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.openapi import exported_table_names, openapi, table_filters
from api.routes import LATEST, ROUTES
from tests.api.conftest import NEW, Served


def test_every_route_is_described_and_every_description_is_a_route() -> None:
    described = {path.replace(".parquet", "").replace(".csv", "") for path in openapi()["paths"]}
    routes = {
        path.replace(":path", "")
        for path, _ in ROUTES
        if f"/{LATEST}" not in path and not path.endswith("openapi.json")
    }
    assert described == routes


def test_every_table_of_a_release_is_in_the_description(served: Served) -> None:
    offered = {table["name"] for table in served.get(f"/api/v1/releases/{NEW}/tables").json()["tables"]}
    assert offered <= set(exported_table_names())


def test_the_filters_named_are_the_filters_that_work(served: Served) -> None:
    for table in served.get(f"/api/v1/releases/{NEW}/tables").json()["tables"]:
        named = {name for name, tables in table_filters().items() if table["name"] in tables}
        assert set(table["filters"]) == named


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_fuzzer_finds_no_fault(served: Served, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists() and shutil.which("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    done = subprocess.run(
        [
            str(program) if program.exists() else "schemathesis",
            "run", f"{served.url}/api/v1/openapi.json",
            "--checks", "all",
            "--exclude-checks", "positive_data_acceptance",
            "--max-examples", "25",
            "--seed", "20260309",
            "--request-timeout", "30",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
