"""Claims, evidence, funding and requests: what the pages say of the real programs, opened through dashboard.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.findings_release import RELEASE_ID, publish_findings
from tests.open_page import open_page, text_of

PAGES = ("claims", "evidence", "funding", "requests", "routes")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    publish_findings(folder, tmp_path_factory)
    before = os.environ.get("OVP_HOME")
    os.environ["OVP_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["OVP_HOME"]
    else:
        os.environ["OVP_HOME"] = before


@pytest.mark.parametrize("page", PAGES)
def test_the_page_names_its_release_and_offers_a_link(page: str, home: Path) -> None:
    app = open_page(page)
    assert f"Release {RELEASE_ID}" in text_of(app)
    assert any(f"release={RELEASE_ID}" in block.value for block in app.code)


def test_claims_are_counted_by_verdict_in_the_first_sentence(home: Path) -> None:
    title = open_page("claims").title[0].value
    assert title.startswith(
        "21 public claims, one set of rules: 4 supported, 2 not supported, 1 in the wrong unit"
    )


def test_a_claim_shows_words_source_and_the_numbers_in_both_units(home: Path) -> None:
    text = text_of(open_page("claims", verdict="unit_mixed_up"))
    assert "gunshot wound victims fell from 114 to 80" in text
    assert "report on Operation Endeavor" in text
    assert (
        "114 and 80 are incidents: the records give 114, then 80 incidents, but 139, then 87 victims." in text
    )
    assert "nearly 40 calls" not in text


def test_claims_can_be_narrowed_to_those_of_critics(home: Path) -> None:
    app = open_page("claims", speaker="critic")
    assert "2 claims" in text_of(app)


def test_evidence_says_the_average_and_what_a_next_place_may_expect(home: Path) -> None:
    app = open_page("evidence")
    assert "the next place could see anything from" in app.title[0].value
    assert "drawn toward the published results" in text_of(app).lower()
    assert "homicides" in open_page("evidence", outcome="homicide").title[0].value
    assert "no average is made" in open_page("evidence", outcome="homicide").title[0].value


def test_evidence_shows_every_baltimore_site_whatever_is_averaged(home: Path) -> None:
    for selection in ("one_per_place", "with_single_sites", "maryland_4_or_more", "every_site_equal_weight"):
        charts = [
            str(chart.proto) for chart in open_page("evidence", selection=selection).get("plotly_chart")
        ]
        assert any("Buggs 2022, Site 7" in chart for chart in charts), selection


def test_funding_does_not_state_a_cost_when_the_interval_includes_none(home: Path) -> None:
    text = text_of(open_page("funding"))
    assert "$7,500,000" in text
    assert "what period it pays for is not published" in text.lower()
    assert "An assumption, not a finding" in text or "an assumption, not a finding" in text


def test_own_assumptions_are_printed_with_their_result(home: Path) -> None:
    app = open_page("funding")
    app.slider[0].set_value(20).run()
    text = text_of(app)
    # 20 % of the 1,000 victims planted as to be expected, at the lowest published cost.
    assert "If 20% of 1,000 shootings were averted, that is 200.0 for $7,500,000: $37,500 each" in text
    assert "Your assumptions, not a finding" in text


def test_madison_is_too_few_to_tell_with_the_smallest_visible_change(home: Path) -> None:
    app = open_page("funding", program="focused-interruption")
    assert app.title[0].value.startswith("Too few to tell: in 9 months only a fall of")
    text = text_of(app)
    assert "$1,500 for each call answered" in text
    assert "it is not known to be the cost of a call" in text


def test_requests_show_both_paths_side_by_side_and_no_number_without_a_log(home: Path) -> None:
    app = open_page("requests")
    assert "cannot be told" in app.title[0].value
    text = text_of(app)
    assert "are not 911 deployable through dispatch" in text
    assert "Workers answer 911 calls together with police" in text
