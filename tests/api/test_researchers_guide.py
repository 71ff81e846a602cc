"""Every command of docs/researchers.md runs, in order, as a stranger would run it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "researchers.md"


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def environment(home: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "OVP_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "OPENBLAS_NUM_THREADS": "1",
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the default release; OVP_TEST_HOME names one that is there already, to save the build."""
    given = os.environ.get("OVP_TEST_HOME")
    home = Path(given) if given else tmp_path_factory.mktemp("home")
    subprocess.run(
        [sys.executable, "-m", "etl", "ensure"], cwd=ROOT, env=environment(home), check=True, timeout=1200
    )
    return home


@pytest.fixture(scope="module")
def site(home: Path) -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    command = [sys.executable, "-m", "asgi", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(home)) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                try:
                    if httpx.get(address + "/ready", timeout=10).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_command_runs_and_gives_what_the_guide_says(home: Path, site: str, tmp_path: Path) -> None:
    for program in ("bash", "curl", "sha256sum"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    outputs = {}
    script = "set -euo pipefail\n"
    for number, block in enumerate(blocks("sh")):
        block = block.replace("http://localhost:8501", site)
        if "Rscript" in block and shutil.which("Rscript") is None:
            continue
        script += f"echo '--- block {number}'\n{block}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for piece in done.stdout.split("--- block ")[1:]:
        number, _, text = piece.partition("\n")
        outputs[int(number)] = text
    everything = done.stdout
    assert re.search(r"out_monthly_\d+\.\d+\.\d+\.parquet: OK", everything)
    assert re.search(r"\d{2,} figures recomputed, 0 differ", everything)
    shown = [text for text in outputs.values() if "spec " in text and "data " in text]
    headline, changed, own = shown
    hashes = [
        dict(re.findall(r"^(spec|data) ([0-9a-f]{64})$", text, re.MULTILINE)) for text in (headline, changed)
    ]
    assert hashes[0]["data"] == hashes[1]["data"]
    assert hashes[0]["spec"] != hashes[1]["spec"]
    widths = [
        float(high) / float(low)
        for low, high in (
            re.search(r"^integrated\s+[\d.]+\s+([\d.]+) to ([\d.]+)", text, re.MULTILINE).groups()  # type: ignore[union-attr]
            for text in (headline, changed)
        )
    ]
    assert widths[1] > 1.3 * widths[0], "the guide says the interval grows much wider"
    assert "design single" in own


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_python_of_the_guide_runs(home: Path, site: str) -> None:
    pytest.importorskip("polars")
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code.replace("http://localhost:8501", site)],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "area" in done.stdout


def test_every_address_of_the_guide_is_a_route() -> None:
    from api.openapi import openapi

    known = {
        re.sub(r"\{release\}", "R", path)
        .replace("{table}", "T")
        .replace("{estimate_id}", "E")
        .removeprefix("/api/v1")
        for path in openapi()["paths"]
    } | {"/openapi.json", "/releases/latest"}
    table = re.search(r"\| address under.*?\n\n", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert table is not None
    named = {address.split("?")[0] for address in re.findall(r"`(/[^`]+)`", table[0]) if address != "/api/v1"}
    assert named <= known
    assert len(named) >= 10
