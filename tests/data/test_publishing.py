"""Publishing under bad luck: readers always see one whole release, and the next build is clean."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from etl import warehouse
from etl.__main__ import main
from etl.checksum import file_sha256
from etl.problems import BadInput
from etl.publish import release as publishing
from etl.publish.build import Options, build
from etl.publish.kept_files import kept_of, landing, put_back
from tests.data.conftest import few_sources, silent

PROJECT = Path(__file__).resolve().parents[2]
BUILD = """
import resource, signal, sys
from pathlib import Path
limit, memory = int(sys.argv[4]), int(sys.argv[5])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
import etl.__main__ as command
from etl.publish import build as building
made = building.Options
command.Options = lambda **given: made(**{**given, "sources": Path(sys.argv[2]), "programs": Path(sys.argv[3])})
if memory:
    # On top of what is taken by now: the code itself is loaded.
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory,) * 2)
sys.exit(command.main(["build", "--out", sys.argv[1]]))
"""


@pytest.fixture(scope="module")
def invented_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of the invented city alone."""
    return few_sources(tmp_path_factory.mktemp("sources"), "simulated_city_*.toml")


@pytest.fixture(scope="module")
def first_home(tmp_path_factory: pytest.TempPathFactory, invented_only: Path, no_programs: Path) -> Path:
    """A home with one release, which each test gets a copy of."""
    home = tmp_path_factory.mktemp("first") / "home"
    build(Options(home=home, sources=invented_only, programs=no_programs), silent)
    return home


@pytest.fixture
def home(tmp_path: Path, first_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one release, and nothing remembered of it in this process."""
    place = tmp_path / "home"
    shutil.copytree(first_home, place)
    monkeypatch.setenv("OVP_HOME", str(place))
    monkeypatch.setattr(warehouse, "_POINTER_SECONDS", 0.0)
    return place


def start(
    home: Path, invented_only: Path, no_programs: Path, file_limit: int = 0, memory: int = 0
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(BUILD), str(home), str(invented_only), str(no_programs)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(
        [*command, str(file_limit), str(memory)], cwd=PROJECT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def whole(home: Path) -> str:
    """The release in use, read through: every area has every month and the known total."""
    release = warehouse.open_release()
    asked = {"city": "simulated-city", "outcome": "gunshot", "unit": "incidents", "month_basis": "occurred"}
    by_area = release.query("monthly", geography="neighborhood", **asked)
    city = release.query("monthly", geography="city", **asked)
    assert len(by_area) == 72 * 84
    assert len(city) == 84
    assert release.query("release").iloc[0]["release_id"] == release.id
    return release.id


def kill_builds(home: Path, sources: Path, programs: Path, times: int, seed: int) -> int:
    """Start a build and kill it at a random moment, `times` times, reading beside it; how many were killed in time."""
    chance = random.Random(seed)
    started = time.monotonic()
    done = start(home, sources, programs)
    said = done.communicate(timeout=120)
    assert done.returncode == 0, said
    took = time.monotonic() - started
    killed = 0
    for _ in range(times):
        process = start(home, sources, programs)
        end = time.monotonic() + chance.uniform(0.2, 1.0) * took
        while time.monotonic() < end and process.poll() is None:
            whole(home)  # a reader beside the writer
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate(timeout=60)
        whole(home)
    return killed


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_the_last_release_serving(
    home: Path, invented_only: Path, no_programs: Path
) -> None:
    first = whole(home)
    assert kill_builds(home, invented_only, no_programs, 20, seed=7) >= 7
    process = start(home, invented_only, no_programs)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert left_over(home) == []
    assert warehouse.sequence(whole(home)) > warehouse.sequence(first)  # type: ignore[operator]
    with duckdb.connect(str(home / "private" / "store.duckdb"), read_only=True) as store:
        twice = store.execute(
            "SELECT 1 FROM incident_version WHERE valid_to_load IS NULL GROUP BY source, outcome, case_number "
            "HAVING count(*) > 1"
        ).fetchone()
        loads = store.execute(
            "SELECT count(*), max(load_number), count(DISTINCT load_number) FROM load_history"
        )
        number, newest, distinct = loads.fetchone() or (0, 0, 0)
        assert twice is None
        assert number == newest == distinct > 0


def left_over(home: Path) -> list[Path]:
    """What a build that died leaves, and the next must tidy up."""
    landing = home / "private" / "landing"
    return [
        *(home / "staging").glob(".build-*"),
        *(home / "private").glob(".work-*"),
        *landing.glob("*/*/.*"),
    ]


@pytest.fixture
def small_disk(tmp_path: Path, first_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of its own with room for a home and little more; skipped where no disk may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a disk can be mounted by the owner of the machine only")
    try:
        shutil.copytree(first_home, disk / "home")
        monkeypatch.setenv("OVP_HOME", str(disk / "home"))
        monkeypatch.setattr(warehouse, "_POINTER_SECONDS", 0.0)
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def resize(disk: Path, room: int) -> None:
    """Leave so many bytes free."""
    used = shutil.disk_usage(disk).used
    subprocess.run(["mount", "-o", f"remount,size={used + room}", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("room", [40_000, 1_000_000, 3_000_000, 6_000_000])
def test_a_disk_that_really_is_full_wherever_it_ends(
    small_disk: Path, invented_only: Path, no_programs: Path, room: int
) -> None:
    home = small_disk / "home"
    before = whole(home)
    resize(small_disk, room)
    _, err = start(home, invented_only, no_programs).communicate(timeout=120)
    assert "Traceback" not in err
    assert "Free disk space" in err
    assert len(err.splitlines()) == 1
    assert whole(home) == before
    resize(small_disk, 64_000_000)
    process = start(home, invented_only, no_programs)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert left_over(home) == []
    assert warehouse.sequence(whole(home)) > warehouse.sequence(before)  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [100, 200])
def test_too_little_memory_is_one_line_and_the_next_build_is_clean(
    home: Path, invented_only: Path, no_programs: Path, megabytes: int
) -> None:
    before = whole(home)
    process = start(home, invented_only, no_programs, memory=megabytes * 1_000_000)
    _, err = process.communicate(timeout=120)
    assert process.returncode != 0, err
    assert "Traceback" not in err
    # With too little even for a thread, the C library ends the process with a line of its own; now and then
    # DuckDB 2.0 dies before any line. Neither may touch the release.
    if process.returncode != -signal.SIGSEGV:
        assert "memory" in err
        assert len(err.splitlines()) == 1
    assert whole(home) == before
    process = start(home, invented_only, no_programs)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert left_over(home) == []


@pytest.mark.slow
def test_of_two_builds_at_once_one_goes_on(home: Path, invented_only: Path, no_programs: Path) -> None:
    before = whole(home)
    both = [start(home, invented_only, no_programs) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    (refused,) = [text for text, process in zip(said, both, strict=True) if process.returncode]
    assert refused.splitlines() == [
        "Another build is running here. Wait until it has ended, then build again."
    ]
    assert len(warehouse.releases()) == 2
    assert warehouse.sequence(whole(home)) > warehouse.sequence(before)  # type: ignore[operator]


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_the_last_release_stays(
    home: Path, invented_only: Path, no_programs: Path
) -> None:
    before = whole(home)
    process = start(home, invented_only, no_programs, file_limit=600_000)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert "Free disk space" in err
    assert whole(home) == before


def test_a_second_build_waits_outside(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = whole(home)
    with (home / ".loader.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["build", "--out", str(home)]) == 1
    assert "Another build is running" in capsys.readouterr().err
    assert whole(home) == before


def test_a_failing_data_test_stops_the_release(
    home: Path, invented_only: Path, no_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = whole(home)
    statements = dict(publishing.load_statements("core"))
    broken = statements["make_out_monthly"]
    monkeypatch.setitem(
        publishing.load_statements("core"),
        "make_out_monthly",
        type(broken)(
            broken.name,
            broken.text.replace("coalesce(cell.count, 0)", "coalesce(cell.count, -1)"),
            broken.parameters,
            broken.optional,
        ),
    )
    with pytest.raises(publishing.BuildError, match="data test counts_are_not_negative"):
        build(Options(home=home, sources=invented_only, programs=no_programs), silent)
    assert whole(home) == before


def test_a_month_that_is_lost_stops_the_release(
    home: Path, invented_only: Path, no_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = publishing.load_statements("core")
    broken = core["make_out_monthly"]
    text = broken.text.replace("LEFT JOIN numbered_count", "JOIN numbered_count")
    assert text != broken.text
    monkeypatch.setitem(
        core, "make_out_monthly", type(broken)(broken.name, text, broken.parameters, broken.optional)
    )
    with pytest.raises(publishing.BuildError, match="data test months_without_a_gap"):
        build(Options(home=home, sources=invented_only, programs=no_programs), silent)


def test_a_release_is_read_only_and_named_by_its_content(home: Path) -> None:
    item = warehouse.releases()[0]
    assert item.path.stat().st_mode & 0o777 == 0o444
    import hashlib

    assert hashlib.sha256(item.path.read_bytes()).hexdigest().startswith(item.sha12)
    assert (home / "releases" / "CURRENT").read_text().strip() == item.path.name


def test_release_ids_count_up_within_a_month(home: Path) -> None:
    folder = home / "releases"
    for name in (
        "2026.3.0-aaaaaaaaaaaa.duckdb",
        "2026.3.9-aaaaaaaaaaaa.duckdb",
        "2026.3.10-aaaaaaaaaaaa.duckdb",
    ):
        (folder / name).touch()
    for path in folder.glob("*-*.duckdb"):
        if not path.name.startswith("2026.3."):
            path.unlink()
    assert publishing.next_release_id(home, date(2026, 3, 31)) == "2026.3.11"
    assert publishing.next_release_id(home, date(2026, 4, 1)) == "2026.4.0"


def test_a_clock_that_was_set_back_makes_no_release_that_looks_older(home: Path) -> None:
    newest = warehouse.releases()[0].id
    made = publishing.next_release_id(home, date(2019, 1, 1))
    assert warehouse.sequence(made) > warehouse.sequence(newest)  # type: ignore[operator]


def test_the_janitor_keeps_the_newest_and_the_one_in_use(home: Path) -> None:
    folder = home / "releases"
    current = (folder / "CURRENT").read_text().strip()
    for patch in range(5):
        (folder / f"2099.1.{patch}-aaaaaaaaaaaa.duckdb").touch()
    (home / "staging" / ".build-1-dead.duckdb").touch()
    half_copied = next((home / "private" / "landing").glob("*/*/*.zst")).with_name(".half-a-copy")
    half_copied.touch()
    removed = publishing.sweep(home, keep=2)
    left = sorted(path.name for path in folder.glob("*.duckdb"))
    assert left == sorted([current, "2099.1.3-aaaaaaaaaaaa.duckdb", "2099.1.4-aaaaaaaaaaaa.duckdb"])
    assert {".build-1-dead.duckdb", ".half-a-copy"} <= set(removed)
    assert not half_copied.exists()


@pytest.mark.slow
def test_200_flipped_bytes_in_release_and_landing_are_all_noticed(home: Path) -> None:
    chance = random.Random(200)
    item = warehouse.releases()[0]
    item.path.chmod(0o644)
    kept = kept_of(home, item.id)
    assert kept is not None
    noticed = 0
    for _ in range(100):
        with flipped(item.path, chance), pytest.raises(warehouse.ReleaseError):
            warehouse.open_file(item.path)
        copy = landing(home) / chance.choice(kept.files).kept
        copy.chmod(0o644)
        with flipped(copy, chance), tempfile.TemporaryDirectory() as folder:
            try:
                put_back(home, kept, Path(folder))
            except BadInput as error:
                assert "missing or damaged" in str(error)
                noticed += 1
            else:  # a bit of the packing that says nothing of the content
                assert all(
                    file_sha256(Path(folder) / file.folder / file.path) == file.sha256 for file in kept.files
                )
    assert noticed >= 90
    warehouse.open_file(item.path)


@contextmanager
def flipped(path: Path, chance: random.Random, start: int = 0) -> Iterator[None]:
    whole_bytes = path.read_bytes()
    content = bytearray(whole_bytes)
    content[chance.randrange(start, len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(whole_bytes)


def test_a_flipped_byte_in_a_release_is_noticed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = warehouse.releases()[0]
    content = bytearray(item.path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    item.path.chmod(0o644)
    item.path.write_bytes(bytes(content))
    assert main(["verify"]) == 1
    assert "SHA-256" in capsys.readouterr().err
