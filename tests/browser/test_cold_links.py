"""Links opened on a server that nobody has visited yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.screens import settled
from tests.browser.served import serve
from tests.fixture_release import write_release

pytestmark = pytest.mark.browser


def test_the_first_visitor_of_a_fresh_server_may_come_by_a_link_to_any_page(
    browser: Browser, tmp_path: Path
) -> None:
    write_release(tmp_path)
    with serve(tmp_path) as address:
        page = browser.new_page()
        page.goto(f"{address}/results?unit=victims")
        settled(page)
        expect(page.get_by_role("heading", level=1)).to_contain_text("gunshot-wound victims")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.close()


def test_the_overview_opens_by_its_name_and_keeps_the_choices_of_the_link(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(f"{address}/overview?program=simulated-outreach")
    settled(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Simulated data").first).to_be_visible()
    page.close()
