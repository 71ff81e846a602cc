"""A first visit in Chromium on a fresh profile: paint, answer, a choice, bytes on the wire."""

from __future__ import annotations

import os
import shutil
import time
from typing import Any

from playwright.sync_api import CDPSession, Page, TimeoutError, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def visit(address: str, path: str) -> dict[str, Any]:
    """Open one page as a new visitor; seconds are those of this machine without any slow network."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        wire = Wire(page.context.new_cdp_session(page))
        started = time.perf_counter()
        page.goto(f"{address}/{path}")
        page.wait_for_selector("h1")
        answered = time.perf_counter() - started
        page.wait_for_function(
            "() => document.querySelector('[data-testid=\"stApp\"]').dataset.testScriptState === 'notRunning'"
            " && !document.querySelector('[data-testid=\"stSkeleton\"]')"
        )
        page.wait_for_load_state("networkidle")
        figures = {
            "first_paint_seconds": round((page.evaluate(PAINT) or 0) / 1000, 2),
            "answer_seconds": round(answered, 2),
            "megabytes": round(wire.total / 1e6, 2),
            "choice_seconds": _choose(page),
        }
        browser.close()
    return figures


class Wire:
    """Counts what comes over the network: answers as compressed, and websocket frames."""

    def __init__(self, session: CDPSession) -> None:
        self.total = 0.0
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._answer)
        session.on("Network.webSocketFrameReceived", self._frame)

    def _answer(self, event: dict[str, Any]) -> None:
        self.total += event["encodedDataLength"]

    def _frame(self, event: dict[str, Any]) -> None:
        payload = event["response"]["payloadData"]
        # Binary frames come as base64.
        self.total += len(payload) * 3 / 4 if event["response"]["opcode"] == 2 else len(payload)


def _choose(page: Page) -> float | None:
    """Seconds from a choice in the first box to the new title; None where the title does not change."""
    boxes = page.get_by_role("combobox")
    if not boxes.count():
        return None
    before = page.locator("h1").first.inner_text()
    boxes.first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    started = time.perf_counter()
    page.keyboard.press("Enter")
    try:
        page.wait_for_function(
            "old => document.querySelector('h1')?.innerText !== old", arg=before, timeout=5000
        )
    except TimeoutError:
        return None
    return round(time.perf_counter() - started, 2)
