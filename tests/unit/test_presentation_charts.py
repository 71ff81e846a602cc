"""Charts say in words what they show, keep every number they got, and draw the same thing in both themes."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
import pytest

from evaluation.result import SeriesPoint
from pages.parts.finished_figure import FinishedFigure
from presentation.charts import altair_chart, estimates, plotly_chart
from presentation.charts.counterfactual import counterfactual
from presentation.charts.description import ChartDescription
from presentation.charts.hours import week
from presentation.charts.places import class_limits, tile_map
from presentation.hours import schedule_hours, schedule_words
from presentation.palette import DARK, LIGHT
from presentation.program import read_program
from tests.fixture_release import CITY, PROGRAM, program_file, result

PLAIN = program_file(PROGRAM, CITY, simulated=False)
PROGRAM_READ = read_program(
    {"program": PROGRAM, "city": CITY, "name": "River Teams", "summary": "", "simulated": False,
     "program_json": json.dumps(PLAIN)})  # fmt: skip
PLANTED = result().as_dict()


def charts() -> dict[str, ChartDescription]:
    hours = pd.DataFrame(
        [{"weekday": d, "hour": h, "count": d + h, "first_month": "2019-01-01", "last_month": "2020-12-01"}
         for d in range(1, 8) for h in range(24)])  # fmt: skip
    curve = pd.DataFrame(
        {"placebo": ["2019-03", "2019-04"], "rate_ratio": [0.7, 1.2], "lower_95": 0.5, "upper_95": 1.6}
    )
    return {
        "counterfactual": counterfactual(PLANTED, PROGRAM_READ, release="2026.1.0"),
        "comparison": counterfactual(PLANTED, PROGRAM_READ, "comparison"),
        "readings": estimates.readings(PLANTED, PROGRAM_READ),
        "placebo": estimates.curve(curve, "date", "placebo", PLANTED),
        "week": week(hours, {(5, 22)}, "gunshot", "incidents"),
    }


@pytest.mark.parametrize("name", charts())
def test_a_chart_is_plain_json_with_words_for_those_who_do_not_see_it(name: str) -> None:
    chart = charts()[name]
    assert json.loads(json.dumps(chart.as_dict()))["id"] == chart.id
    assert len(chart.alt) > 40
    assert chart.title
    assert chart.table


@pytest.mark.parametrize("name", charts())
def test_plotly_takes_a_drawing_as_it_is(name: str) -> None:
    """Plotly refuses settings that it does not know; what it makes of the rest is what was drawn."""
    drawn = plotly_chart.draw(charts()[name]).to_dict()
    taken = go.Figure(drawn).to_dict()
    assert as_sent(taken) == as_sent(drawn)


@pytest.mark.parametrize("name", charts())
def test_a_figure_that_is_written_beforehand_reaches_the_browser_as_plotly_writes_it(name: str) -> None:
    drawn = plotly_chart.draw(charts()[name]).to_dict()
    sent = plotly.io.to_json(FinishedFigure(drawn), validate=False)
    assert json.loads(sent) == json.loads(plotly.io.to_json(drawn, validate=False, engine="json"))


def as_sent(value: Any) -> Any:
    """What reaches the browser, with numbers as numbers however they were packed."""
    if isinstance(value, dict) and "bdata" in value:
        return [float(item) for item in np.frombuffer(b64decode(value["bdata"]), dtype=value["dtype"])]
    if isinstance(value, dict):
        return {name: as_sent(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [as_sent(inner) for inner in value]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@pytest.mark.parametrize("name", charts())
def test_both_themes_draw_the_same_values_in_other_colors(name: str) -> None:
    light, dark = (plotly_chart.draw(charts()[name], is_dark).to_dict() for is_dark in (False, True))
    assert [trace.get("y") for trace in light["data"]] == [trace.get("y") for trace in dark["data"]]
    assert light["layout"]["font"]["color"] != dark["layout"]["font"]["color"]


def test_the_counterfactual_keeps_each_month_in_its_table_and_as_a_dot() -> None:
    chart = charts()["counterfactual"]
    observed = [point["observed"] for point in PLANTED["series"] if point["side"] == "treated"]
    assert [row["observed"] for row in chart.table] == observed
    assert list(chart.dots[0].y) == observed


def test_three_month_averages_keep_the_total_of_whole_blocks() -> None:
    chart = charts()["counterfactual"]
    assert 3 * sum(chart.lines[0].y) == pytest.approx(sum(row["observed"] for row in chart.table))


def test_a_block_of_months_begins_where_the_phase_begins() -> None:
    made = replace(result(), card=replace(result().card, phase_first="2021-02"))
    chart = counterfactual(made.as_dict(), PROGRAM_READ)
    assert "2021-03-01" in chart.lines[0].x  # the middle of February to April


def test_a_missing_month_is_a_gap_not_a_zero() -> None:
    series = tuple(SeriesPoint(f"2020-0{m}", None if m == 2 else 5.0) for m in range(1, 7))
    made = replace(result(), series=series, card=replace(result().card, phase_first="2020-04"))
    chart = counterfactual(made.as_dict())
    assert chart.lines[0].y == (None, 5.0)


def test_phases_are_lettered_and_those_evaluated_are_marked() -> None:
    spans = charts()["counterfactual"].spans
    assert [(span.letter, span.is_evaluated) for span in spans] == [("A", False), ("B", True), ("C", False)]


def test_all_readings_are_in_the_figure_with_range_and_median() -> None:
    chart = charts()["readings"]
    assert [item.value for item in chart.estimates] == [0.62, 0.84, 0.95, 1.21]
    assert chart.median == pytest.approx((0.84 + 0.95) / 2)
    assert [item.role for item in chart.estimates].count("headline") == 1
    assert "from 38% fewer to 21% more" in chart.title


def test_what_moves_the_answer_lists_each_choice_with_its_range() -> None:
    rows = estimates.readings_by_choice(PLANTED, PROGRAM_READ)
    core = next(row for row in rows if row["value"] == "Core streets")
    assert core["range"] == "from 38% to 16% fewer"
    assert core["count"] == 2


def test_a_placebo_curve_counts_those_as_large_as_the_estimate() -> None:
    # |log 0.7| = .357 and |log 1.2| = .182 against |log 0.84| = .174
    assert charts()["placebo"].title.startswith("At 2 of 2 dates")


def test_the_week_keeps_a_night_in_one_row() -> None:
    cells = {cell.text.split(":")[0]: cell for cell in charts()["week"].cells}
    assert cells["Sunday 2 am"].row == cells["Saturday 11 pm"].row == 5
    assert cells["Monday 1 am"].row == 6
    assert cells["Friday 10 pm"].is_marked


def test_published_hours_leave_out_the_hour_they_end_in() -> None:
    hours = schedule_hours([{"weekdays": [2], "start_hour": 14, "end_hour": 20}])
    assert hours == {(2, hour) for hour in (14, 15, 16, 17, 18, 19)}
    assert schedule_words(PLAIN["schedule"]) == "Thursday, Friday, and Saturday 4 pm to midnight"


def frame_of_areas() -> pd.DataFrame:
    return pd.DataFrame(
        {"area": ["a", "b", "c"], "name": ["Alder", "Birch Hill", "Ward 6"], "tile_row": [0, 0, 1], "tile_column": [0, 1, 0],
         "count": [0, 3, 40], "rate_per_100k": [None, None, 20.0], "is_too_few": [True, True, False],
         "verdict": ["cannot_tell"] * 3})  # fmt: skip


def test_a_map_says_each_area_in_its_tile_not_by_color_alone() -> None:
    counts = tile_map(frame_of_areas(), "count", "gunshot", "incidents", "2025")
    assert [tile.symbol for tile in counts.tiles] == ["0", "3", "40"]
    change = tile_map(frame_of_areas(), "change", "gunshot", "incidents", "2025")
    assert [tile.place for tile in change.tiles] == ["too_few", "too_few", "cannot_tell"]
    assert len({tile.symbol for tile in change.tiles}) == 2


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_and_texts_stand_out_from_their_background(palette) -> None:  # type: ignore[no-untyped-def]
    for look in palette.roles.values():
        assert altair_chart._contrast(look.color, palette.background) >= 3
    for color in (palette.text, palette.muted):
        assert altair_chart._contrast(color, palette.background) >= 4.5
    for color in (*palette.steps, *palette.changes.values()):
        ink = altair_chart._text_color(color, palette)
        assert altair_chart._contrast(ink, color) >= 4.5, color


def test_map_classes_hold_about_as_many_areas_each_and_never_twice_the_same_limit() -> None:
    assert class_limits([0.0, *range(1, 11)]) == [2, 4, 6, 8, 10]
    assert class_limits([0, 0, 1, 1, 1, 1, 1, 1, 9, 10]) == [1, 10]
    assert class_limits([None, 0]) == []
