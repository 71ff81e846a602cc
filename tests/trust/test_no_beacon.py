"""In a real browser: no script of a data value runs and no request leaves for another server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from presentation.escape import markdown
from tests.fixture_release import write_release
from tests.trust.serving import ROOT, free_port, serve

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
HOSTILE_PAGE = Path(__file__).parent / "small_app" / "hostile.py"


@contextmanager
def sink() -> Iterator[tuple[str, list[str]]]:
    """A server on another port that notes whatever asks it."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()


def look_at(url: str, words: str, seconds: float = 4.0) -> tuple[str, list[str]]:
    """Open a page in Chromium, wait for some words on it; its text, and the names of windows or alerts."""
    if not CHROMIUM:
        pytest.skip("Chromium is not here")
    opened: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
        page.on("popup", lambda popup: opened.append(popup.url))
        page.goto(url)
        page.get_by_text(words).first.wait_for(timeout=60_000)
        page.wait_for_timeout(seconds * 1000)
        text = page.inner_text("body")
        browser.close()
    return text, opened


def test_behind_the_guard_no_value_calls_home_even_unescaped(tmp_path):
    with sink() as (address, asked):
        environment = {"TEST_DASHBOARD": str(HOSTILE_PAGE), "TEST_SINK": address, "OVP_HOME": str(tmp_path)}
        with serve(tmp_path, environment) as served:
            _, opened = look_at(served.url, "all shown")
    assert asked == [] and opened == []


def test_without_the_guard_the_same_page_does_call_home():
    """The test above can fail: under plain `streamlit run` the pictures are fetched."""
    port = free_port()
    with sink() as (address, asked):
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(HOSTILE_PAGE), f"--server.port={port}",
             "--server.headless=true", "--browser.gatherUsageStats=false"],
            cwd=ROOT, env=os.environ | {"TEST_SINK": address},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(6)
            look_at(f"http://127.0.0.1:{port}", "all shown")
        finally:
            process.terminate()
            process.wait(10)
    assert "/picture" in asked and "/element" in asked


HOSTILE_CHOICES = (
    "![x]({sink}/choice)",
    "<img src={sink}/choice onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "$\\href{{javascript:alert(1)}}{{x}}$",
)


def test_a_hostile_link_to_the_real_app_runs_nothing_and_shows_no_markup(tmp_path):
    """Query strings of every choice, as somebody might send them round."""
    from urllib.parse import quote

    write_release(tmp_path)
    with sink() as (address, asked), serve(tmp_path, {"OVP_HOME": str(tmp_path)}, module="asgi") as served:
        for choice in HOSTILE_CHOICES:
            value = quote(choice.format(sink=address))
            query = "&".join(f"{name}={value}" for name in ("program", "release", "unit", "outcome", "ward"))
            _, opened = look_at(f"{served.url}/?{query}", "Release", seconds=2)
            assert opened == []
    assert asked == []


@pytest.mark.parametrize(
    "value",
    [
        "https://evil.example/x",
        "www.evil.example",
        "a@evil.example",
        "[a](https://evil.example)",
        "# **x** $y$",
    ],
)
def test_an_escaped_value_is_plain_text_in_the_browser_too(tmp_path, value):
    page = tmp_path / "dashboard.py"
    page.write_text(f"import streamlit as st\nst.markdown({markdown(value)!r})\nst.write('all shown')\n")
    if not CHROMIUM:
        pytest.skip("Chromium is not here")
    with serve(tmp_path, {"TEST_DASHBOARD": str(page)}) as served, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page()
        shown.goto(served.url)
        shown.get_by_text("all shown").wait_for(timeout=60_000)
        first = shown.locator("[data-testid=stMarkdownContainer]").first
        assert first.locator("a, img, strong, em, h1, .katex, code").count() == 0
        assert first.inner_text().replace("\u2060", "").strip() == value
        browser.close()
