"""Whatever counts, areas and starts come in, the controlled and the pooled design answer with numbers or a reason."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from evaluation.data import DataError
from evaluation.run import evaluate
from evaluation.spec import SpecError, parse_spec

counts = some.one_of(
    some.just([0.0]),
    some.lists(some.sampled_from([0.0, 0.0, 1.0, 2.0]), min_size=1, max_size=6),
    some.lists(some.sampled_from([0.0, 3.0, 900.0]), min_size=1, max_size=6),
    some.lists(some.sampled_from([1.0, 5.0, -1.0, 0.5, math.nan, math.inf]), min_size=1, max_size=6),
)


def answer(design: str, frame: pd.DataFrame, data: dict[str, object], **analysis: object) -> None:
    spec = parse_spec(
        {
            "data": {"date": "month", "outcome": "victims", "area": "area", **data},
            "analysis": {"design": design, **analysis},
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = evaluate(spec, frame)
        except (SpecError, DataError) as error:
            assert "\n" not in str(error)
            return
    if result.status == "not_estimable":
        assert result.reason and result.effect is None and result.verdict == "cannot_tell"
        return
    assert result.effect is not None and result.effect.rate_ratio is not None
    assert math.isfinite(result.effect.rate_ratio)
    for interval in result.intervals.values():
        if interval.note != "too_few_areas":
            ends = [interval.lower_95, interval.lower_80, interval.upper_80, interval.upper_95]
            assert ends == sorted(ends) and ends[0] >= 0
    for check in result.checks:
        for figure in check.figures.values():
            assert figure is None or math.isfinite(figure)


def table(
    areas: int, length: int, pattern: list[float], dropped: set[int], seed: int, step: int
) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    if step == 7:
        dates = pd.date_range("2019-01-07", periods=length, freq="7D").strftime("%Y-%m-%d")
    else:
        dates = pd.period_range("2015-01", periods=length, freq="M").strftime("%Y-%m")
    frame = pd.DataFrame(
        {
            "month": np.tile(dates, areas),
            "area": np.repeat([f"a{at}" for at in range(areas)], length),
            "victims": random.choice(pattern, size=areas * length),
        }
    )
    # A missing period is missing for all areas; a single missing cell is a fault of its own (test_controlled).
    return frame[[at % length not in dropped for at in range(areas * length)]]


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    areas=some.integers(1, 6),
    length=some.integers(1, 60),
    pattern=counts,
    start=some.integers(0, 59),
    phase=some.integers(0, 50),
    again=some.booleans(),
    dropped=some.sets(some.integers(0, 59), max_size=12),
    trend=some.booleans(),
    seed=some.integers(0, 3),
    step=some.sampled_from([1, 7]),
)
def test_the_controlled_design(areas, length, pattern, start, phase, again, dropped, trend, seed, step):
    frame = table(areas, length, pattern, dropped, seed, step)
    if frame.empty:
        return
    when = table(1, 70, [0.0], set(), 0, step)["month"].to_list()
    phases = [{"name": "pilot", "start": when[phase], "end": when[phase + 3]}]
    if again:
        phases.append({"name": "return", "start": when[phase + 6], "end": when[phase + 9]})
    answer(
        "controlled",
        frame,
        {"treated": ["a0"]},
        start=when[start],
        end=when[min(start + 20, 69)],
        phases=phases,
        differential_trend=trend,
        intervals=["integrated", "ewc", "standard", "synthetic-control"],
    )


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    areas=some.integers(1, 9),
    length=some.integers(1, 48),
    pattern=counts,
    starts=some.lists(some.integers(-2, 55), min_size=0, max_size=4),
    dropped=some.sets(some.integers(0, 47), max_size=12),
    seed=some.integers(0, 3),
)
def test_the_pooled_design(areas, length, pattern, starts, dropped, seed):
    frame = table(areas, length, pattern, dropped, seed, 1)
    if frame.empty:
        return
    when = pd.period_range("2014-11", periods=70, freq="M").strftime("%Y-%m")
    own = {f"a{at}": when[start + 2] for at, start in enumerate(starts)}
    frame = frame.assign(begun=frame["area"].map(own))
    answer("pooled", frame, {"treated_from": "begun"}, start="2015-01")


def weekly(effect: float) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    weeks = pd.date_range("2020-01-06", periods=208, freq="7D").strftime("%Y-%m-%d")
    parts = []
    for area in range(10):
        season = 0.3 * np.cos(2 * np.pi * np.arange(208) / 52)
        mean = 12 * np.exp(season + effect * (np.arange(208) >= 104) * (area < 3))
        parts.append(pd.DataFrame({"month": weeks, "area": f"a{area}", "victims": rng.poisson(mean)}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("design", ["controlled", "pooled"])
def test_weeks_with_a_gap_are_estimated_like_months(design: str) -> None:
    frame = weekly(math.log(0.7))
    weeks = sorted(frame["month"].unique())
    frame = frame[~frame["month"].isin(weeks[50:54])]
    spec = parse_spec(
        {
            "data": {"date": "month", "outcome": "victims", "area": "area", "treated": ["a0", "a1", "a2"]},
            "analysis": {"design": design, "start": weeks[104]},
        }
    )
    result = evaluate(spec, frame)
    assert result.effect is not None and result.effect.rate_ratio is not None
    assert result.effect.rate_ratio == pytest.approx(0.7, abs=0.05)
    low, high = result.effect.interval_95
    assert low < 0.7 < high < 1
    assert result.n in (204, 204 * 10)
