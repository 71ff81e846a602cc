"""Every public page for everyone: WCAG 2.2 AA by axe-core, large letters, narrow windows; and no other host asked.

Each page is opened once in each theme and looked at by all tests of this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.reflow import WINDOWS, faults
from tests.browser.screens import settled

pytestmark = pytest.mark.browser
PAGES = (
    "/",
    "/results",
    "/places?kind=ward&area=2",
    "/places?kind=neighborhood&show=change",
    "/outreach",
    "/routes",
    "/requests",
    "/funding",
    "/claims",
    "/record",
    "/promises",
    "/evidence",
    "/briefing",
    "/downloads",
    "/method",
)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}

# Faults of the framework that this project cannot mend, with the reason.
EXCEPTIONS: dict[str, str] = {}


@dataclass
class Opened:
    """A page that was opened, the theme it was opened in, and every host it asked."""

    page: Page
    theme: str
    hosts: set[str]


@pytest.fixture(
    scope="module",
    params=[(path, theme) for path in PAGES for theme in THEMES],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def opened(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Opened]:
    path, theme = request.param
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme)
    page = context.new_page()
    page.set_default_timeout(60_000)
    hosts: set[str] = set()
    page.on("request", lambda asked: hosts.add(urlparse(asked.url).netloc))
    page.on("websocket", lambda socket: hosts.add(urlparse(socket.url).netloc))
    page.goto(address + path)
    settled(page)
    yield Opened(page, theme, hosts)
    context.close()


def test_no_page_asks_any_host_but_its_own(opened: Opened, address: str) -> None:
    asked = {host for host in opened.hosts if host}  # blob: and data: addresses have no host
    assert asked == {urlparse(address).netloc}


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_axe_finds_no_violation(opened: Opened, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 900})
    settled(opened.page)
    found = Axe().run(opened.page, options=RULES).response["violations"]
    violations = [
        f"{fault['id']}: {fault['help']} ({node['html'][:160]})"
        for fault in found
        if fault["id"] not in EXCEPTIONS
        for node in fault["nodes"]
    ]
    assert not violations, "\n".join(violations)


def test_at_200_percent_and_320_pixels_nothing_is_cut_off_or_beside_the_window(opened: Opened) -> None:
    if opened.theme == "dark":
        pytest.skip("widths do not depend on the theme")
    found = [
        f"{width} pixels: {fault}"
        for width, height in WINDOWS
        for fault in faults(opened.page, width, height)
    ]
    assert not found, "\n".join(found)


def test_the_look_for_what_is_cut_off_finds_it(page: Page) -> None:
    settled(page)
    style = '[data-testid="stMainBlockContainer"] h1 { white-space: nowrap !important; text-wrap: nowrap !important'
    page.add_style_tag(content=f"{style} }}")
    beside = faults(page, *WINDOWS[0])
    page.add_style_tag(content=f"{style}; overflow: hidden }}")
    cut_off = faults(page, *WINDOWS[0])
    assert any("px too wide" in fault for fault in beside)
    assert any(fault.startswith("is outside the window: Cannot tell") for fault in beside)
    assert [fault.split(":")[0] for fault in cut_off] == ["is cut off"]
