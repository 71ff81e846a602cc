"""Synthetic control: the best convex weights, and placebo inference that can say "cannot be told"."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evaluation.comparison.synthetic_control import convex_weights, synthetic_control
from evaluation.data import DataError
from evaluation.run import evaluate
from evaluation.spec import SpecError, parse_spec

MONTHS = [str(month) for month in pd.period_range("2015-01", "2020-12", freq="M")]
BEFORE = np.arange(72) < 48


def donors(number: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 50 + rng.standard_normal((number, 72)).cumsum(axis=1) * 3


def test_weights_meet_the_conditions_of_the_constrained_optimum() -> None:
    table = donors(8)
    target = table[:3].mean(axis=0) + np.random.default_rng(1).standard_normal(72)
    weights = convex_weights(target, table)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    # Kuhn and Tucker: the gradient is the same for every donor in use, and not smaller for the others.
    gradient = table @ (weights @ table - target)
    assert np.ptp(gradient[weights > 1e-6]) < 1e-4 * np.abs(gradient).max()
    assert (gradient[weights <= 1e-6] >= gradient[weights > 1e-6].min() - 1e-4 * np.abs(gradient).max()).all()


def test_a_planted_mixture_and_its_effect_are_found() -> None:
    table = donors(20)
    treated = 0.6 * table[2] + 0.4 * table[5] - 7.0 * ~BEFORE
    found = synthetic_control(treated, table, BEFORE, ratio=False)
    assert found is not None
    assert found.weights[[2, 5]] == pytest.approx([0.6, 0.4], abs=1e-3)
    assert found.effect == pytest.approx(-7.0, abs=0.02)
    assert found.p == pytest.approx(1 / 21)


def test_the_interval_holds_exactly_the_effects_that_the_placebo_test_does_not_reject() -> None:
    table = donors(30, seed=8)
    treated = table[:4].mean(axis=0) + np.random.default_rng(2).standard_normal(72) - 6.0 * ~BEFORE
    found = synthetic_control(treated, table, BEFORE, ratio=False)
    assert found is not None
    lower, upper = found.interval(0.90)
    for effect, inside in (
        (lower - 0.01, False),
        (lower + 0.01, True),
        (upper - 0.01, True),
        (upper + 0.01, False),
    ):
        shifted = synthetic_control(treated - effect * ~BEFORE, table, BEFORE, ratio=False)
        assert shifted is not None
        assert (shifted.p > 0.10) is inside


def test_few_comparison_areas_cannot_reject_anything() -> None:
    table = donors(10)
    found = synthetic_control(table.mean(axis=0) - 40.0 * ~BEFORE, table, BEFORE, ratio=False)
    assert found is not None
    assert found.p == pytest.approx(1 / 11)
    assert found.interval(0.95) == (-math.inf, math.inf)
    assert all(map(math.isfinite, found.interval(0.80)))
    assert synthetic_control(table[0], table[1:2], BEFORE, ratio=False) is None


def rows(number: int, effect: float) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    season = np.exp(0.4 * np.sin(np.arange(72) / 6))
    parts = []
    for area in range(number + 1):
        mean = (20 + 10 * (area % 4)) * season * np.exp(effect * ~BEFORE * (area == 0))
        parts.append(pd.DataFrame({"date": MONTHS, "area": f"area {area:02d}", "count": rng.poisson(mean)}))
    return pd.concat(parts, ignore_index=True)


def spec(**changes: object) -> dict[str, dict[str, object]]:
    return {
        "data": {"date": "date", "outcome": "count", "area": "area", "treated": ["area 00"]},
        "analysis": {
            "design": "controlled",
            "start": "2019-01",
            "intervals": ["integrated", "ewc", "synthetic-control"],
            **changes,
        },
    }


def test_it_is_a_comparison_row_of_a_controlled_spec() -> None:
    result = evaluate(parse_spec(spec()), rows(24, math.log(0.6)))
    row = result.intervals["synthetic-control"]
    assert math.exp(row.coefficient) == pytest.approx(0.6, abs=0.15)
    assert row.lower_95 < 0.6 < row.upper_95 < 1
    assert row.note is not None and row.note.startswith("placebo_p=0.04")
    assert result.effect is not None and result.effect.interval_method == "integrated"


def test_one_comparison_area_gives_no_number_and_says_so() -> None:
    row = evaluate(parse_spec(spec()), rows(1, 0.0)).intervals["synthetic-control"]
    assert math.isnan(row.coefficient)
    assert row.note == "too_few_areas"


def test_an_interval_that_a_controlled_design_does_not_have_is_refused_by_name() -> None:
    with pytest.raises((SpecError, DataError), match="prais-winsten is not for a controlled design"):
        evaluate(parse_spec(spec(intervals=["integrated", "prais-winsten"])), rows(3, 0.0))
