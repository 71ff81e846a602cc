"""WCAG 2.2 AA by axe-core on every public page, light and dark, desktop and phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

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
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}

# Faults of the framework that this project cannot mend, with the reason.
EXCEPTIONS: dict[str, str] = {}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_violation(path: str, width: int, theme: str, browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address + path)
    settled(page)
    found = Axe().run(page, options=RULES).response["violations"]
    context.close()
    faults = [
        f"{fault['id']}: {fault['help']} ({node['html'][:160]})"
        for fault in found
        if fault["id"] not in EXCEPTIONS
        for node in fault["nodes"]
    ]
    assert not faults, "\n".join(faults)
