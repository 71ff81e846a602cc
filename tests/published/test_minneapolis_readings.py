"""The fixed analyses of Minneapolis on the City's own records, against figures counted another way."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.analysis_result import AnalysisResult
from evaluation.program import parse_program
from evaluation.readings import evaluate_program
from tests import minneapolis_records as records

PROGRAM = Path(__file__).resolve().parents[2] / "data" / "programs" / "minneapolus.toml"
pytestmark = pytest.mark.skipif(
    not (records.DATA.exists() and PROGRAM.exists()),
    reason="needs ../shared/data/minneapolis and data/programs/minneapolus.toml",
)


@cache
def result(analysis: str) -> AnalysisResult:
    program = tomllib.loads(PROGRAM.read_text(encoding="utf-8"))
    found = evaluate_program(
        program,
        records.panel(),
        records.areas(),
        records.neighbor_pairs(),
        levels=records.levels(),
        only=[analysis],
        deep=(),
    )
    return found[0]


def events(areas: set[str], first: str, last: str) -> int:
    """Incidents counted straight from the rows of the file."""
    rows = pd.read_csv(records.DATA / "incidents" / "gunshot_wound_victims.csv", dtype=str)
    rows = rows.drop_duplicates("Case_Number")
    month = rows["Occurred_Date"].str[:7].str.replace("/", "-")
    return int((rows["Neighborhood"].isin(areas) & (month >= first) & (month <= last)).sum())


def test_the_plain_ratio_is_the_two_by_two_of_the_rows_themselves() -> None:
    found = result("gunshot_incidents_contracted").headline
    treated, comparison = set(found.card.areas), set(found.card.comparison_areas)
    before, after = ("2019-01", "2020-05"), ("2021-06", "2025-03")
    by_hand = (events(treated, *after) / events(treated, *before)) / (
        events(comparison, *after) / events(comparison, *before)
    )
    assert np.exp(found.intervals["standard"].coefficient) == pytest.approx(by_hand, rel=1e-6)
    assert found.effect is not None
    assert found.effect.observed == events(treated, *after)


def test_no_area_served_under_any_reading_or_beside_a_served_one_is_in_the_headline_pool() -> None:
    program = parse_program(tomllib.loads(PROGRAM.read_text(encoding="utf-8")))
    found = result("gunshot_incidents_contracted").headline
    pool = set(found.card.comparison_areas)
    assert not pool & program.ever_treated
    beside = {
        other
        for pair in records.neighbor_pairs()
        for one, other in (pair, pair[::-1])
        if one in found.card.areas
    }
    assert not pool & beside
    assert len(pool) > 20


def test_all_registered_readings_are_there_and_their_width_is_the_one_found_before() -> None:
    """About 0.88 on the log scale for pool a without a differential trend, on a baseline to May 2021."""
    rows = {
        (row.catchment, row.pool, row.baseline): row
        for row in result("gunshot_incidents_contracted").headline.readings
    }
    assert len(rows) == 5 * 4 * 4
    row = rows["north_south", "a", "to_may_2021"]
    assert row.lower_95 is not None
    assert row.upper_95 is not None
    assert np.log(row.upper_95 / row.lower_95) == pytest.approx(0.88, abs=0.15)


def test_minneapolis_cannot_be_told_and_the_gates_say_why() -> None:
    found = result("gunshot_incidents_contracted").headline
    assert found.verdict == "cannot_tell"
    gates = {gate.name: gate for gate in found.gates}
    assert gates["comparison_pool"].reason == "no_like_for_like_pool"
    assert gates["pre_period_ratio"].reason == "unpowered"
    assert found.registration == "retrospective"


def test_both_sides_rose_after_2020_so_a_lower_ratio_is_not_a_fall_in_shootings() -> None:
    sides = result("gunshot_incidents_contracted").headline.sides
    assert sides["treated"].coefficient > 0
    assert sides["comparison"].coefficient > sides["treated"].coefficient


def test_two_months_of_withdrawal_are_too_few_for_an_estimate() -> None:
    found = result("gunshot_incidents_withdrawn").headline
    assert (found.status, found.reason) == ("not_estimable", "too_few_periods_after")
    assert found.verdict == "cannot_tell"
