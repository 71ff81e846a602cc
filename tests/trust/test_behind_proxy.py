"""Two processes behind nginx: a rolling restart loses no visitor that comes back."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from benchmarks.streamlit_client import StreamlitClient
from tests.trust.serving import ROOT, free_port, serve

pytestmark = pytest.mark.slow


@pytest.fixture
def proxied(tmp_path):
    if not shutil.which("nginx"):
        pytest.skip("nginx is not here: apt-get install nginx-light")
    first, second, front = free_port(), free_port(), free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in (("8501", first), ("8502", second), ("listen 8080", f"listen {front}")):
        text = text.replace(old, str(new))
    settings = tmp_path / "nginx.conf"
    settings.write_text(
        f"daemon off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {tmp_path}/body; "
        f"proxy_temp_path {tmp_path}/proxy; fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; "
        f"scgi_temp_path {tmp_path}/s;\n{text}\n}}\n"
    )
    nginx = subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", str(settings)])
    yield first, second, f"http://localhost:{front}"
    nginx.terminate()
    nginx.wait(10)


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
