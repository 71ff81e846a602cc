"""What breaks while people look: the app dies, the release goes or changes, the disk fills up, the clock is wrong."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from benchmarks.streamlit_client import StreamlitClient
from etl import audit_log
from etl.inbox import ROOT, Inbox
from tests.fixture_release import OLDER_ID, RELEASE_ID, write_release
from tests.trust.serving import free_port, serve


@pytest.fixture(scope="module")
def releases(tmp_path_factory) -> Path:
    """Two releases; the newer one is in use."""
    home = tmp_path_factory.mktemp("home")
    write_release(home, OLDER_ID)
    write_release(home)
    return home


@pytest.fixture
def home(releases, tmp_path) -> Path:
    import shutil

    return Path(shutil.copytree(releases, tmp_path / "home"))


def named_releases(frames: list[bytes]) -> set[str]:
    """Which of the two releases a page names."""
    text = b"".join(frames)
    return {name for name in (OLDER_ID, RELEASE_ID) if re.search(re.escape(name).encode() + rb"\b", text)}


async def one_page(url: str, page: str = "") -> list[bytes]:
    async with StreamlitClient(url) as client:
        run = await client.run(page_name=page)
        assert run.elements and not run.exceptions
        return run.frames


@pytest.mark.slow
def test_a_killed_app_comes_back_by_itself_and_so_do_its_visitors(home, tmp_path):
    port = free_port()
    for _ in range(2):
        with serve(tmp_path, {"OVP_HOME": str(home)}, port, module="asgi") as served:
            assert asyncio.run(one_page(served.url))
            os.kill(served.process.pid, signal.SIGKILL)
            served.process.wait()
    with serve(tmp_path, {"OVP_HOME": str(home)}, port, module="asgi") as served:
        assert httpx.get(served.url + "/ready").json() == {"ready": True, "release": RELEASE_ID}
        assert asyncio.run(one_page(served.url, "results"))


@pytest.mark.slow
def test_releases_swapped_under_load_are_never_mixed_on_one_page(home, tmp_path):
    """The pointer goes back and forth while five people click: each page names one release, and both are seen."""
    pointer = home / "releases" / "CURRENT"
    files = {name: next((home / "releases").glob(f"{name}-*.duckdb")).name for name in (OLDER_ID, RELEASE_ID)}
    seen: set[str] = set()

    async def swap(until: float) -> None:
        turn = 0
        while time.monotonic() < until:
            temporary = pointer.with_name(".swap")
            temporary.write_text(files[(OLDER_ID, RELEASE_ID)[turn % 2]])
            os.replace(temporary, pointer)
            turn += 1
            await asyncio.sleep(0.6)

    async def click(url: str, until: float) -> int:
        runs = 0
        async with StreamlitClient(url) as client:
            while time.monotonic() < until:
                run = await client.run()
                assert run.elements and not run.exceptions, run.exceptions
                named = named_releases(run.frames)
                assert len(named) == 1, named
                seen.update(named)
                runs += 1
                await asyncio.sleep(0.05)
        return runs

    async def crowd(url: str) -> int:
        until = time.monotonic() + 12
        results = await asyncio.gather(swap(until), *(click(url, until) for _ in range(5)))
        return sum(result for result in results if result)

    with serve(tmp_path, {"OVP_HOME": str(home)}, module="asgi") as served:
        assert asyncio.run(crowd(served.url)) >= 30
    assert seen == {OLDER_ID, RELEASE_ID}


@pytest.mark.parametrize(
    "damage", ["removed", "cut", "overwritten", "pointer names nothing", "pointer climbs out"]
)
@pytest.mark.slow
def test_a_damaged_release_gets_a_plain_page_with_the_one_thing_to_do(home, tmp_path, damage):
    file = next((home / "releases").glob(f"{RELEASE_ID}-*.duckdb"))
    file.chmod(0o644)
    if damage == "removed":
        file.unlink()
    elif damage == "cut":
        os.truncate(file, file.stat().st_size // 2)
    elif damage == "overwritten":
        file.write_bytes(b"\x00" * 10_000)
    elif damage == "pointer names nothing":
        (home / "releases" / "CURRENT").write_text("2031.1.0-000000000000.duckdb")
    else:
        (home / "releases" / "CURRENT").write_text("../../../../etc/passwd")
    with serve(tmp_path, {"OVP_HOME": str(home)}, module="asgi") as served:
        answer = httpx.get(served.url + "/ready", timeout=30)
        frames = asyncio.run(one_page(served.url))
    assert answer.status_code == 503
    assert answer.json()["code"] in {"broken_release", "no_release", "unknown_release"}
    text = b"".join(frames)
    assert b"etl" in text, "the page names no command"
    for secret in (str(home).encode(), b"Traceback", b"passwd", b"SELECT"):
        assert secret not in text and secret not in answer.content


def test_a_full_disk_stops_an_upload_in_one_line_and_keeps_nothing_half(tmp_path):
    """In a process that may not write files of over 100 bytes."""
    code = f"""
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
from etl.inbox import Inbox
from etl.problems import BadInput
try:
    Inbox(Path({str(tmp_path)!r})).receive(b"record,provider\\n" * 100, "shifts.csv", "shifts", "x", "steward")
except BadInput as error:
    print(error)
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "disk is full" in ended.stdout and len(ended.stdout.splitlines()) == 1
    assert Inbox(tmp_path).uploads() == []
    assert list((tmp_path / "inbox").iterdir()) == []
    assert audit_log.verify(tmp_path / "ledger") is None


def test_a_visitor_who_hangs_up_mid_run_leaves_the_others_alone(tmp_path):
    with serve(tmp_path, {"OVP_HOME": str(tmp_path)}) as served:

        async def rude_and_polite() -> None:
            for _ in range(20):
                client = await StreamlitClient(served.url).__aenter__()
                await client.ask()
                client.socket.transport.abort()
            assert await one_page(served.url)

        asyncio.run(rude_and_polite())
        assert served.process.poll() is None
