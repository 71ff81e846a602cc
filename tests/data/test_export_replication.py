"""From the files alone, a stranger gets the published numbers, and notices when they are not those."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from etl.publish.export import export_release
from tests.fixture.release import build_release

ALONE = ["pandas", "numpy", "statsmodels", "pyarrow"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replication")
    export_release(build_release(folder / "release.duckdb"), folder / "out")
    return folder / "out"


def replicate(package: Path) -> pd.DataFrame:
    """The script's own comparison, run in this process to save the time of starting another."""
    return runpy.run_path(str(package / "replicate.py"))["replicate_all"](package)


def run(python: str, package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "replicate.py"], cwd=package, capture_output=True, text=True, timeout=240, check=False
    )


def test_the_published_numbers_come_out_of_the_files(package: Path) -> None:
    done = run(sys.executable, package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 figures recomputed, 0 differ" in done.stdout


@pytest.mark.parametrize("figure", ["count", "interval"])
def test_a_changed_file_is_noticed(package: Path, tmp_path: Path, figure: str) -> None:
    import shutil

    copy = shutil.copytree(package, tmp_path / "changed")
    if figure == "count":
        path = copy / "data/parquet/out_monthly.parquet"
        frame = pd.read_parquet(path)
        served = (frame["area"] == "Alder") & (pd.to_datetime(frame["month"]) == "2022-05-01")
        frame.loc[served, "count"] += 1
    else:
        path = copy / "data/parquet/out_estimate.parquet"
        frame = pd.read_parquet(path)
        result = json.loads(frame.loc[0, "result_json"])
        next(iter(result["intervals"].values()))["upper_95"] *= 0.999
        frame.loc[0, "result_json"] = json.dumps(result)
    frame.to_parquet(path)
    table = replicate(copy)
    wrong = table[~table["agrees"]]
    if figure == "count":
        observed = wrong[wrong["figure"] == "observed"]
        assert (observed["recomputed"] - observed["published"]).tolist() == [1, 1, 1]
    else:
        assert len(wrong) == 1
        assert wrong["figure"].item().endswith("upper_95")


def test_the_script_imports_nothing_but_the_four_libraries(package: Path) -> None:
    import ast

    tree = ast.parse((package / "replicate.py").read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    assert found - set(sys.stdlib_module_names) <= set(ALONE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_clean_environment_with_the_four_libraries_is_enough(package: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "clean"], check=True, timeout=120)
    python = str(tmp_path / "clean/bin/python")
    install = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "-r", package / "requirements.txt"],
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    if install.returncode:
        pytest.skip(f"packages cannot be installed here: {install.stderr.strip().splitlines()[-1]}")
    done = run(python, package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differ" in done.stdout
