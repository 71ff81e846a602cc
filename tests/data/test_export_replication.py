"""From the files alone, a stranger gets the published numbers, and notices when they are not those."""

from __future__ import annotations

import hashlib
import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from etl.publish.export import export_release
from tests.fixture.environments import environment_with
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
    assert "66 figures recomputed, 0 differ" in done.stdout


def test_a_changed_count_is_noticed(package: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(package, tmp_path / "changed")
    path = copy / "data/parquet/out_monthly.parquet"
    frame = pd.read_parquet(path)
    served = (frame["area"] == "Alder") & (pd.to_datetime(frame["month"]) == "2022-05-01")
    frame.loc[served, "count"] += 1
    frame.to_parquet(path)
    with pytest.raises(SystemExit, match="its rows are not those of out_monthly"):
        replicate(copy)


@pytest.mark.parametrize("method", ["standard", pytest.param("integrated", marks=pytest.mark.slow)])
def test_a_changed_estimate_is_noticed(package: Path, tmp_path: Path, method: str) -> None:
    copy = shutil.copytree(package, tmp_path / "changed")
    path = copy / "data/parquet/out_estimate.parquet"
    frame = pd.read_parquet(path)
    at = frame.index[frame["estimate_id"].str.endswith("/incidents_controlled")][0]
    result = json.loads(frame.loc[at, "result_json"])
    result["intervals"][method]["upper_95"] *= 0.999
    frame.loc[at, "result_json"] = json.dumps(result)
    frame.to_parquet(path)
    table = replicate(copy)
    wrong = table[~table["agrees"]]
    assert len(wrong) == 1
    assert method in wrong["figure"].item()


def test_base_r_gets_the_published_numbers_too(package: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    done = subprocess.run(
        ["Rscript", "replicate.R"], cwd=package, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 figures recomputed, 0 differ" in done.stdout


def test_a_registered_spec_hashes_to_the_number_on_its_estimates(package: Path) -> None:
    estimates = pd.read_parquet(package / "data/parquet/out_estimate.parquet")
    for name in ("incidents_controlled", "incidents_waves"):
        content = (package / f"specs/registered/simulated-outreach--{name}.json").read_bytes()
        rows = estimates[estimates["analysis"] == name]
        assert set(rows["spec_sha256"]) == {hashlib.sha256(content).hexdigest()}


def test_a_published_spec_runs_from_the_command_line_and_gives_the_headline(package: Path) -> None:
    estimates = pd.read_parquet(package / "data/parquet/out_estimate.parquet").set_index("estimate_id")
    headline = estimates.loc["simulated-outreach/incidents_controlled"]
    spec = package / "specs/run/simulated-outreach--incidents_controlled.toml"
    done = subprocess.run(
        [sys.executable, "-m", "evaluation", "run", str(spec), "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    estimate = json.loads(done.stdout)["estimate"]
    assert estimate["rate_ratio"] == pytest.approx(headline["rate_ratio"], rel=1e-9)
    assert estimate["interval_95"] == pytest.approx([headline["lower_95"], headline["upper_95"]], rel=1e-9)


def test_the_script_imports_the_four_libraries_and_the_source_beside_it(package: Path) -> None:
    import ast

    # scipy comes with statsmodels, which cannot do without it.
    tree = ast.parse((package / "replicate.py").read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    assert found - set(sys.stdlib_module_names) <= {*ALONE, "scipy", "evaluation"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_clean_environment_with_the_four_libraries_is_enough(package: Path, tmp_path: Path) -> None:
    python = environment_with(["-r", str(package / "requirements.txt")], tmp_path)
    done = run(python, package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differ" in done.stdout
