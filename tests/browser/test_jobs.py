"""The commonest jobs, done in a real browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.screens import settled
from tests.fixture_release import OLDER_ID, RELEASE_ID

pytestmark = pytest.mark.browser


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


def test_one_press_of_back_leaves_a_page_that_the_menu_opened(page: Page, address: str) -> None:
    page.goto(f"{address}/outreach?program=simulated-outreach")
    settled(page)
    page.get_by_role("link", name="Results").click()
    page.wait_for_url("**/results?program=simulated-outreach", wait_until="commit")
    settled(page)
    page.go_back()
    settled(page)
    assert urlparse(page.url).path == "/outreach"
    assert parse_qs(urlparse(page.url).query) == {"program": ["simulated-outreach"]}
    expect(page.get_by_text("Simulated data").first).to_be_visible()


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


@pytest.mark.parametrize(("kind", "starts"), [("PNG", b"\x89PNG"), ("SVG", b"<svg")])
def test_download_the_picture_of_a_chart(kind: str, starts: bytes, page: Page) -> None:
    settled(page)
    page.get_by_text("Table, picture, downloads").first.click()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(kind)).first.click()
    content = download.value.path().read_bytes()
    assert (
        content.lstrip().removeprefix(b'<?xml version="1.0" encoding="utf-8"?>').lstrip().startswith(starts)
    )
    assert RELEASE_ID in download.value.suggested_filename
    assert len(content) > 10_000


def test_download_the_numbers_of_a_chart(page: Page) -> None:
    settled(page)
    page.get_by_text("Table, picture, downloads").first.click()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the table (CSV)").first.click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "month,observed,expected,expected_lower_95,expected_upper_95,release"
    assert len(lines) == 1 + 60 and lines[1].startswith("2019-01,40.0,50.0,30.0,72.0")


def test_everything_can_be_reached_with_the_tab_key_and_shows_that_it_is(page: Page, address: str) -> None:
    page.goto(f"{address}/places")
    settled(page)
    wanted = {"Results", "Program", "Area", "Link to this view", "Table, picture, downloads"}
    unseen = set()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        name, box = page.evaluate(
            """() => {
              const at = document.activeElement, box = at.getBoundingClientRect();
              const label = at.labels?.[0]?.innerText || at.getAttribute('aria-label') || at.innerText || '';
              return [label.trim(), {x: box.x - 30, y: box.y - 8, width: box.width + 60, height: box.height + 16}];
            }"""
        )
        found = {item for item in wanted - reached if item.lower() in name.lower()}
        if not found:
            continue
        reached |= found
        box = {**box, "x": max(0, box["x"]), "y": max(0, box["y"])}
        page.wait_for_timeout(300)
        focused = page.screenshot(clip=box)
        page.evaluate("window.at = document.activeElement; window.at.blur()")
        page.wait_for_timeout(300)
        if page.screenshot(clip=box) == focused:
            unseen |= found
        page.evaluate("window.at.focus()")
    assert reached == wanted
    assert not unseen


def test_a_printed_page_has_its_whole_content_and_no_controls(page: Page, address: str) -> None:
    settled(page)
    page.emulate_media(media="print")
    assert not page.get_by_role("link", name="Places").is_visible()
    assert not page.get_by_role("button", name="Link to this view").is_visible()
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="Letter")))
    assert pages >= 2  # the overview is longer than a sheet: nothing is cut at the first


def test_an_embedded_page_carries_its_caveat_and_a_link_to_the_whole(page: Page, address: str) -> None:
    page.goto(f"{address}/places?kind=ward&area=2&embed=true")
    settled(page)
    expect(page.get_by_text("no proof of cause").first).to_be_visible()
    whole = page.get_by_role("link", name="Open the whole page").get_attribute("href") or ""
    assert urlparse(whole).path == "/places" and "embed" not in whole
    assert parse_qs(urlparse(whole).query)["area"] == ["2"]


def test_a_click_on_the_map_chooses_what_the_select_box_chooses(page: Page, address: str) -> None:
    page.goto(f"{address}/places?kind=neighborhood")
    settled(page)
    tiles = page.locator('[data-testid="stVegaLiteChart"]').first
    box = tiles.bounding_box()
    assert box is not None
    # Three columns and two rows of tiles: the middle of the first.
    tiles.click(position={"x": box["width"] / 6, "y": 20})
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alder:")
    settled(page)
    assert parse_qs(urlparse(page.url).query)["area"] == ["Alder"]
    expect(page.get_by_role("combobox", name=re.compile("^Area"))).to_have_value("Alder")
