"""The report command: what leadership types, and what it says when it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import main
from tests.fixture_release import PROGRAM, WARDS, write_release

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_release(folder)
    return folder


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reports", "build", *arguments],
        cwd=ROOT,
        env={**os.environ, "OVP_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_all_wards_gives_one_file_a_ward_and_format_with_progress(home: Path, tmp_path: Path) -> None:
    done = run(
        home,
        "--kind",
        "ward",
        "--program",
        PROGRAM,
        "--all-wards",
        "--format",
        "pdf,docx",
        "--out",
        str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{PROGRAM}-ward-{ward}.{ending}" for ward in WARDS for ending in ("pdf", "docx")
    )
    assert done.stdout.count("\n") == 2 * len(WARDS) and "1/6" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--kind", "council", "--program", "nobody"),
        ("--kind", "council", "--program", PROGRAM, "--format", "exe"),
        ("--kind", "ward", "--program", PROGRAM, "--ward", "../../etc/passwd"),
        ("--kind", "council", "--program", PROGRAM, "--release", "1999.1.0"),
    ],
)
def test_wrong_input_is_one_line_status_2_and_no_file(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setenv("OVP_HOME", str(home))
    assert main(["build", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_disk_that_is_full_leaves_no_half_written_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reports import build
    from reports.content import ReportError

    real = build.os.fsync

    def full(descriptor: int) -> None:
        # The kernel's own answer of a full device, given where the data would reach the disk.
        with open("/dev/full", "wb", buffering=0) as device:
            device.write(b"x")
        real(descriptor)

    monkeypatch.setattr(build.os, "fsync", full)
    with pytest.raises(ReportError) as caught:
        build.write_file(tmp_path, build.ReportFile("a.pdf", b"data"))
    assert "No space left" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
