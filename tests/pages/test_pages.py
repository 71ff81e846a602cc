"""Every public page in every state: it opens through dashboard.py, says what it should, and never fails."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.fixture_release import (
    AREAS,
    CITY,
    OBSERVED_IN_PHASE,
    OLDER_ID,
    PROGRAM,
    RELEASE_ID,
    SIMULATED_PROGRAM,
    write_release,
)
from tests.open_page import open_page, text_of

# By what they can be opened for: all pages, those that let a program be chosen, those that are about one.
PAGES = ("overview", "results", "places", "outreach", "routes", "requests", "funding", "claims", "evidence",
         "briefing", "downloads", "method", "promises")  # fmt: skip
WITH_A_PROGRAM = tuple(page for page in PAGES if page not in ("claims", "evidence", "downloads"))
ABOUT_A_PROGRAM = tuple(page for page in WITH_A_PROGRAM if page != "promises")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    return tmp_path


def as_read(markdown: str) -> str:
    """Markdown as a reader sees it: an escaped character is the character."""
    return re.sub(r"\\([^\w\s])", r"\1", markdown)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_a_release_says_the_one_command_to_run(page: str, home: Path) -> None:
    text = text_of(open_page(page))
    assert "There is no data release yet" in text
    assert "python -m etl build" in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_with_a_broken_release_says_so_and_shows_no_number(page: str, home: Path) -> None:
    path = write_release(home)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:5000])
    text = text_of(open_page(page))
    assert "cannot be read" in text
    assert "python -m etl build" in text
    assert str(OBSERVED_IN_PHASE) not in text.replace(",", "")


@pytest.mark.parametrize("page", ABOUT_A_PROGRAM)
def test_a_page_with_a_release_that_holds_nothing_says_what_is_missing(page: str, home: Path) -> None:
    write_release(home, is_empty=True)
    assert "has no program in it" in text_of(open_page(page))


@pytest.mark.parametrize("page", sorted(set(PAGES) - set(ABOUT_A_PROGRAM)))
def test_the_other_pages_open_on_a_release_that_holds_nothing_and_name_it(page: str, home: Path) -> None:
    write_release(home, is_empty=True)
    assert f"Release {RELEASE_ID}" in text_of(open_page(page))


@pytest.mark.parametrize("page", WITH_A_PROGRAM)
def test_simulated_data_carry_a_banner_and_real_data_do_not(page: str, home: Path) -> None:
    write_release(home)
    assert any("Simulated data" in box.value for box in open_page(page, program=SIMULATED_PROGRAM).warning)
    assert not any("Simulated data" in box.value for box in open_page(page).warning)


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_an_older_release_opens_that_release(page: str, home: Path) -> None:
    write_release(home, OLDER_ID)
    write_release(home, RELEASE_ID)
    text = text_of(open_page(page, release=OLDER_ID))
    assert f"Release {OLDER_ID}" in text
    assert f"Release {RELEASE_ID}, built" not in text


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_a_release_that_is_not_here_says_so_and_shows_and_names_the_one_in_use(
    page: str, home: Path
) -> None:
    write_release(home)
    app = open_page(page, release="1999.1.0")
    assert any("no release 1999.1.0" in as_read(box.value) for box in app.warning)
    assert f"Release {RELEASE_ID}" in text_of(app)


@pytest.mark.parametrize("page", WITH_A_PROGRAM)
def test_an_unknown_choice_in_a_link_gives_a_note_and_the_default(page: str, home: Path) -> None:
    write_release(home)
    app = open_page(page, program="<img src=x onerror=alert(1)>")
    assert any("not in this release" in box.value and "River Teams" in box.value for box in app.info)
    assert app.selectbox(key="program").value == "river-teams"


def test_the_overview_answers_first_with_a_range_and_a_verdict(home: Path) -> None:
    write_release(home)
    app = open_page("overview")
    assert app.title[0].value == (
        "Cannot tell: estimates run from 38% fewer to 21% more shooting incidents than expected, "
        "with 95% intervals from 63% fewer to 94% more."
    )
    text = text_of(app)
    assert "1,203 were counted in 24 months" in text
    assert "2 of 5 conditions" in text
    assert "What it would have taken" in text
    assert "complete through December 2023" in text


def test_the_overview_says_which_side_moved_and_what_the_other_unit_says(home: Path) -> None:
    write_release(home)
    text = text_of(open_page("overview"))
    assert "the areas served 30% fewer" in text
    assert "Counted as gunshot-wound victims" in text


@pytest.mark.parametrize(
    ("page", "charts"), [("overview", 1), ("results", 6), ("outreach", 1)], ids=lambda value: str(value)
)
def test_every_chart_has_a_text_for_those_who_do_not_see_it(page: str, charts: int, home: Path) -> None:
    write_release(home)
    drawn = open_page(page).get("plotly_chart")
    assert len(drawn) >= charts
    for chart in drawn:
        assert len(chart.proto.alt) > 40


def test_results_show_the_smallest_detectable_change_before_the_answer(home: Path) -> None:
    write_release(home)
    app = open_page("results")
    main = app.main.children.get(0, app.main)
    order = [element.type for element in main]
    words = [str(getattr(element, "value", "")) for element in main]
    before = next(i for i, text in enumerate(words) if "Before looking" in text)
    assert before < order.index("title")


def test_results_put_every_design_check_and_reading_on_the_page(home: Path) -> None:
    write_release(home)
    text = text_of(open_page("results"))
    for piece in ("Compared with other areas", "Against its own trend", "4 registered readings", "What moves the answer",
                  "1 passed, 2 failed, 1 could not be run", "It is not proof of cause", "retrospective"):  # fmt: skip
        assert piece.lower() in text.lower(), piece


def test_a_link_with_ids_chooses_the_unit(home: Path) -> None:
    write_release(home)
    app = open_page("results", unit="victims")
    assert app.selectbox(key="unit").value == "victims"
    assert "gunshot-wound victims" in app.title[0].value


def test_the_link_to_the_view_holds_every_choice_and_the_release(home: Path) -> None:
    write_release(home)
    links = [block.value for block in open_page("results", unit="victims").code]
    link = next(text for text in links if "unit=victims" in text)
    for piece in (
        "program=river-teams",
        "outcome=gunshot",
        "phase=contracted",
        "areas=core",
        f"release={RELEASE_ID}",
    ):
        assert piece in link


def test_places_opens_the_page_of_a_ward_from_a_link(home: Path) -> None:
    write_release(home)
    app = open_page("places", kind="ward", area="2")
    assert app.title[0].value.startswith("Ward 2: ")
    assert "Cannot tell whether shooting incidents changed here" in text_of(app)


def test_an_area_without_a_shooting_is_too_few_to_tell(home: Path) -> None:
    write_release(home)
    app = open_page("places", kind="neighborhood", area=AREAS[-1])
    assert "0 shooting incidents" in app.title[0].value
    assert "Too few to tell" in text_of(app)


def test_the_table_of_places_says_too_few_instead_of_a_rate(home: Path) -> None:
    write_release(home)
    table = open_page("places", kind="neighborhood").dataframe[0].value.set_index("Area")
    assert table.loc[AREAS[-1], "Per 100,000 residents a year"] == "too few to tell"
    assert table.loc[AREAS[-1], "Change, pooled"] == "too few to tell"


def test_outreach_gives_the_share_of_shootings_in_published_hours(home: Path) -> None:
    # 3 evenings of 16-24: 4 hours of 2 and 4 hours of 12 each; the week has 7 x (20 x 2 + 4 x 12)
    write_release(home)
    app = open_page("outreach")
    assert "27%" in app.title[0].value
    assert "168 of 616" in text_of(app)


@pytest.mark.parametrize("program", [PROGRAM, SIMULATED_PROGRAM])
def test_with_a_log_work_and_shootings_stand_on_the_same_months(program: str, home: Path) -> None:
    # Teams out 20-24 every day: 7 x 4 hours with 12 each of the week's 616 shootings.
    write_release(home, has_logs=True)
    app = open_page("outreach", program=program)
    assert "55%" in app.title[0].value
    text = text_of(app)
    assert "336 of 616" in text
    for piece in ("1,000 worker hours", "220 mediations", "in the same months", "2 of 12 months",
                  "Entered more than 72 hours later"):  # fmt: skip
        assert piece in text, piece
    assert any("Simulated data" in box.value for box in app.warning) == (program == SIMULATED_PROGRAM)
    ranges = [
        json.loads(chart.proto.spec)["layout"]["xaxis"]["range"] for chart in app.get("plotly_chart")[1:]
    ]
    assert len(ranges) == 3 and len({tuple(item) for item in ranges}) == 1


@pytest.mark.parametrize("program", [PROGRAM, SIMULATED_PROGRAM])
def test_with_a_log_routes_say_what_the_chosen_areas_held_and_where_hours_went(
    program: str, home: Path
) -> None:
    write_release(home, has_logs=True)
    app = open_page("routes", program=program)
    # 60 of 200 incidents in the one area with most the year before; a quarter of the hours there; Alder is the last.
    assert app.title[0].value.startswith("25% of the hours worked went to the 1 of 6")
    assert app.title[0].value.endswith("held 30% of shootings.")
    text = text_of(app)
    for piece in ("60 of 200 shooting incidents", "Alder", "20", "rank 6 of 6"):
        assert piece in text, piece
    assert len(app.get("plotly_chart")) == 4  # curve, hours by quarter, times chance by quarter, hot spots
    assert any("Simulated data" in box.value for box in app.warning) == (program == SIMULATED_PROGRAM)
    assert not any("Blank logs" in fold.label for fold in app.expander)


def test_without_a_log_routes_do_not_say_where_teams_walked(home: Path) -> None:
    write_release(home)
    app = open_page("routes")
    assert "hours" not in app.title[0].value.lower()
    assert any("Blank logs" in fold.label for fold in app.expander)


@pytest.mark.parametrize("page", ["funding", "requests"])
def test_with_a_log_of_another_kind_pages_open_and_name_their_release(page: str, home: Path) -> None:
    write_release(home, has_logs=True)
    assert f"Release {RELEASE_ID}" in text_of(open_page(page, program=SIMULATED_PROGRAM))


def test_a_boundary_file_beside_the_releases_gives_the_map_its_shapes(home: Path) -> None:
    write_release(home)
    folder = home / "boundaries" / CITY
    folder.mkdir(parents=True)
    features = [
        {"type": "Feature", "properties": {"ward": ward},
         "geometry": {"type": "Polygon", "coordinates": [[[i, 0], [i + 1, 0], [i + 1, 1], [i, 1], [i, 0]]]}}
        for i, ward in enumerate(("1", "2", "3"))
    ]  # fmt: skip
    (folder / "ward.geojson").write_text(json.dumps({"features": features}), encoding="utf-8")
    spec = open_page("places", kind="ward").get("vega_lite_chart")[0].proto.spec
    assert "geoshape" in spec
    (folder / "ward.geojson").write_text("<html>", encoding="utf-8")
    assert "geoshape" not in open_page("places", kind="ward").get("vega_lite_chart")[0].proto.spec


def test_method_says_what_changed_since_the_release_before(home: Path) -> None:
    write_release(home, OLDER_ID)
    write_release(home, RELEASE_ID)
    assert (
        f"Release {RELEASE_ID} against release {OLDER_ID}: 0 answers and 0 yearly totals differ"
        in text_of(open_page("method"))
    )


def test_method_says_how_to_cite(home: Path) -> None:
    write_release(home)
    assert any(
        RELEASE_ID in block.value and "City police" in block.value for block in open_page("method").code
    )
