"""Two processes behind nginx: a rolling restart loses no visitor that comes back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from benchmarks import proxy
from benchmarks.streamlit_client import StreamlitClient
from tests.trust.serving import free_port, serve

pytestmark = pytest.mark.slow


@pytest.fixture
def proxied(tmp_path):
    if not proxy.is_here():
        pytest.skip("nginx is not here: apt-get install nginx-light")
    first, second, front = free_port(), free_port(), free_port()
    with proxy.proxy(tmp_path, first, second, front) as url:
        yield first, second, url


async def look(url: str) -> bool:
    async with StreamlitClient(url) as client:
        return bool((await client.run(query="ward=Ward+2")).elements)


def environment(home: Path) -> dict[str, str]:
    return {"OVP_HOME": str(home), "OVP_PROXIES": "127.0.0.1"}


def test_a_rolling_restart_loses_no_visitor_who_comes_back(proxied, tmp_path):
    first, second, front = proxied
    lost = 0
    with serve(tmp_path, environment(tmp_path), second):
        with serve(tmp_path, environment(tmp_path), first):
            assert asyncio.run(look(front))
        # The first is down: nginx takes the second.
        for _ in range(5):
            lost += not asyncio.run(look(front))
        with serve(tmp_path, environment(tmp_path), first):
            time.sleep(0.5)
            lost += not asyncio.run(look(front))
    with serve(tmp_path, environment(tmp_path), first):
        for _ in range(5):
            lost += not asyncio.run(look(front))
    assert lost == 0


def test_the_guard_still_counts_visitors_not_the_proxy(proxied, tmp_path):
    """X-Forwarded-For of nginx is believed, that of the visitor is replaced by nginx."""
    first, _, front = proxied
    with serve(tmp_path, environment(tmp_path), first):
        answer = httpx.get(front, headers={"x-forwarded-for": "198.51.100.1"})
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert httpx.get(front, headers={"host": "evil.example"}).status_code == 400


def test_one_city_hall_is_shared_out_and_each_visitor_keeps_the_process(proxied, tmp_path):
    """Forty visitors with one address and one browser: both processes get some, and nobody is moved."""
    first, second, front = proxied
    logged = environment(tmp_path) | {"OVP_ACCESS_LOG": "1"}
    with serve(tmp_path, logged, first) as one, serve(tmp_path, logged, second) as other:
        visitors = [httpx.Client(base_url=front) for _ in range(40)]
        for visitor in visitors:
            assert "HttpOnly" in visitor.get("/").headers["set-cookie"]
            assert "set-cookie" not in visitor.get("/").headers, "the cookie stays as it is"

        def answered_by(visitor: httpx.Client) -> int:
            logs = [served.log for served in (one, other)]
            before = [log.stat().st_size for log in logs]
            visitor.get("/health")
            for _ in range(400):  # the line is written after the answer
                now = [log.stat().st_size for log in logs]
                if now != before:
                    return int(now[0] == before[0])
                time.sleep(0.005)
            raise AssertionError("no process wrote that it was asked")

        time.sleep(0.5)
        asked = [answered_by(visitor) for visitor in visitors]
        again = [answered_by(visitor) for visitor in visitors]
    assert asked == again
    assert 5 <= sum(asked) <= 35


@pytest.mark.parametrize("up", [0, 1])
def test_what_a_process_says_when_it_cannot_answer_reaches_the_visitor_while_the_other_is_down(
    proxied, tmp_path, up: int
):
    """Here: there is no release. Whichever of the two the visitor belongs to, nginx adds no page of its own."""
    *ports, front = proxied
    with serve(tmp_path, environment(tmp_path), ports[up], module="asgi"):
        answer = httpx.get(f"{front}/api/v1/releases")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("application/json"), answer.text[:300]
    assert "set-cookie" not in answer.headers, "answers of the data interface may be kept by others"
