"""The app as `make run` starts it: health, the interface in front of Streamlit, compressed scripts."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fixture.release import publish

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def app(home: Path) -> Iterator[str]:
    port = free_port()
    environment = {**os.environ, "OVP_HOME": str(home), "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "asgi", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                if process.poll() is not None:
                    pytest.fail(process.stderr.read().decode() if process.stderr else "ended")
                try:
                    httpx.get(url + "/health", timeout=5)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def get(app: str, path: str, **headers: str) -> httpx.Response:
    return httpx.get(app + path, headers=headers, timeout=60)


def test_without_a_release_it_is_alive_but_not_ready_and_becomes_ready(app: str, home: Path) -> None:
    assert get(app, "/health").text == "ok\n"
    answer = get(app, "/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_release")
    assert get(app, "/api/v1/releases/latest").json()["code"] == "no_release"
    publish(home)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and get(app, "/ready").status_code != 200:
        time.sleep(0.2)
    assert get(app, "/ready").json() == {"ready": True, "release": "2026.3.0"}


def test_the_interface_and_the_dashboard_answer_at_one_address(app: str, home: Path) -> None:
    if not (home / "releases").exists():
        publish(home)
    assert get(app, "/api/v1/releases").json()["latest"] == "2026.3.0"
    assert "<title>Streamlit</title>" in get(app, "/").text


def test_data_set_no_cookie_and_carry_the_security_headers(app: str) -> None:
    answer = get(app, "/api/v1/releases/2026.3.0/tables/out_monthly.csv")
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_scripts_come_compressed_and_the_same(app: str) -> None:
    page = get(app, "/").text
    script = re.search(r'src="\.?(/static/js/index[^"]+\.js)"', page)
    assert script is not None
    packed = get(app, script[1], **{"accept-encoding": "gzip"})
    plain = get(app, script[1], **{"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.content == plain.content
    assert packed.headers["vary"] == "Accept-Encoding"
    # Kept: the second visitor costs no work and gets the same bytes.
    assert get(app, script[1], **{"accept-encoding": "gzip"}).content == plain.content


def test_a_visitor_cannot_leave_the_interface_for_the_disk(app: str) -> None:
    for path in ("/api/v1/../../asgi.py", "/api/v1/releases/..%2f..%2fasgi.py", "/static/../asgi.py"):
        with httpx.Client(timeout=30) as client:
            answer = client.send(client.build_request("GET", app + path))
        assert "The served app" not in answer.text
        assert answer.status_code in {200, 400, 404}
