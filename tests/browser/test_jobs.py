"""The commonest jobs, done in a real browser; and no page asks any host but its own."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.screens import settled
from tests.fixture_release import OLDER_ID, RELEASE_ID

pytestmark = pytest.mark.browser
PAGES = ("/", "/results", "/places", "/outreach", "/method")


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box with the keyboard alone."""
    box = page.get_by_role("combobox", name=re.compile(label))
    box.focus()
    box.press("Enter")
    page.keyboard.type(option)
    page.keyboard.press("Enter")
    settled(page)


def test_find_my_ward(page: Page, address: str) -> None:
    page.get_by_role("link", name="Places").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("wards hold half")
    choose(page, "^Area", "Ward 2")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ward 2:")
    expect(page.get_by_text("Cannot tell whether shooting incidents changed here")).to_be_visible()


def test_send_a_link(page: Page, browser: Browser, address: str) -> None:
    page.goto(f"{address}/places?kind=ward&area=2")
    settled(page)
    page.get_by_role("button", name="Link to this view").click()
    link = page.locator('[data-testid="stPopoverBody"] code').inner_text()
    query = parse_qs(urlparse(link).query)
    assert query["area"] == ["2"] and query["release"] == [RELEASE_ID]
    other = browser.new_page()
    other.goto(link)
    expect(other.get_by_role("heading", level=1)).to_contain_text("Ward 2:", timeout=60_000)
    other.close()


def test_the_address_bar_carries_a_choice_and_back_undoes_it(page: Page, address: str) -> None:
    page.goto(f"{address}/results")
    settled(page)
    choose(page, "Counted as", "Victims")
    expect(page.get_by_role("heading", level=1)).to_contain_text("gunshot-wound victims")
    assert parse_qs(urlparse(page.url).query) == {"unit": ["victims"]}
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("shooting incidents")
    settled(page)
    assert urlparse(page.url).query == ""
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_contain_text("gunshot-wound victims")


def test_a_link_keeps_its_choices_in_the_address_bar(page: Page, address: str) -> None:
    page.goto(f"{address}/places?kind=ward&area=2")
    settled(page)
    assert parse_qs(urlparse(page.url).query) == {"kind": ["ward"], "area": ["2"]}
    page.reload()
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ward 2:")


def test_program_and_release_stay_chosen_on_the_next_page_and_back_returns(page: Page, address: str) -> None:
    page.goto(f"{address}/places?program=simulated-outreach&area=2&release={OLDER_ID}")
    settled(page)
    page.get_by_role("link", name="Results").click()
    page.wait_for_url("**/results?*", wait_until="commit")
    settled(page)
    expect(page.get_by_text("Simulated data").first).to_be_visible()
    expect(page.get_by_text(f"Release {OLDER_ID}, built")).to_be_visible()
    chosen = {"program": ["simulated-outreach"], "release": [OLDER_ID]}
    assert parse_qs(urlparse(page.url).query) == chosen
    page.go_back()  # to the address the menu made, which shows the same
    settled(page)
    expect(page.get_by_text("Simulated data").first).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ward 2:")
    settled(page)
    assert parse_qs(urlparse(page.url).query) == {**chosen, "area": ["2"]}


def test_read_the_uncertainty(page: Page) -> None:
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cannot tell")
    expect(page.get_by_role("heading", level=1)).to_contain_text("from 38% fewer to 21% more")
    expect(page.get_by_text("What would change this conclusion")).to_be_visible()
    expect(page.get_by_text("What it would have taken").first).to_be_visible()


def test_download_the_table(page: Page, address: str) -> None:
    page.goto(f"{address}/places?kind=ward")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the table (CSV)").last.click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    header, first = text.splitlines()[:2]
    assert header.startswith("geography,area,name,count")
    assert first.startswith("ward,1,Ward 1,27")
    assert first.endswith(RELEASE_ID)


def test_see_what_changed_since_the_last_release(page: Page, address: str) -> None:
    page.goto(f"{address}/method")
    expect(page.get_by_text(f"Release {RELEASE_ID} against release {OLDER_ID}")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_any_host_but_its_own(path: str, page: Page, address: str) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlparse(request.url).netloc))
    page.on("websocket", lambda socket: hosts.add(urlparse(socket.url).netloc))
    page.goto(address + path)
    settled(page)
    asked = {host for host in hosts if host}  # blob: and data: addresses have no host
    assert asked == {urlparse(address).netloc}


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_phone(path: str, page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(address + path)
    settled(page)
    wide = page.evaluate(
        "() => { const main = document.querySelector('[data-testid=\"stMain\"]');"
        " return main.scrollWidth - main.clientWidth }"
    )
    assert wide <= 0
