"""Routes: shrinkage against a planted city, accuracy in closed form, forecasts that never look ahead."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from evaluation.hot_spots import hot_spots, spread_between_areas
from evaluation.route_accuracy import accuracy, accuracy_of_set, curve, expected_inside, pooled
from evaluation.route_forecast import (
    Settings,
    baseline,
    calibration,
    calibration_slope,
    deviance,
    forecast,
    validate,
)


def planted(
    seed: int, areas: int = 80, mean: float = 5.0, shape: float = 0.7
) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    truth = mean * draws.gamma(shape, 1 / shape, areas)
    return truth, draws.poisson(truth)


def test_intervals_of_hot_spots_hold_the_planted_level_and_lie_closer_to_it_than_the_count() -> None:
    held = cells = 0
    own = drawn = 0.0
    for seed in range(40):
        truth, counts = planted(seed)
        found = {s.area: s for s in hot_spots({f"{i:03d}": n for i, n in enumerate(counts)}, 1, 8)}
        for i, level in enumerate(truth):
            spot = found[f"{i:03d}"]
            held += spot.lower_95 <= level <= spot.upper_95
            cells += 1
            own += (counts[i] - level) ** 2
            drawn += (spot.rate - level) ** 2
    assert 0.93 <= held / cells <= 0.97
    assert drawn < 0.9 * own


def test_chance_to_be_in_the_top_is_what_it_says() -> None:
    said, was = [], []
    for seed in range(25):
        truth, counts = planted(1000 + seed)
        top = set(np.argsort(-truth)[:8])
        for spot in hot_spots({f"{i:03d}": n for i, n in enumerate(counts)}, 1, 8):
            said.append(spot.chance_in_top)
            was.append(int(spot.area) in top)
    said_array, was_array = np.array(said), np.array(was)
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.01)):
        inside = (said_array >= low) & (said_array < high)
        error = math.sqrt(0.25 / inside.sum())
        assert abs(said_array[inside].mean() - was_array[inside].mean()) < 3 * error + 0.02


def test_the_shrunk_level_is_the_negative_binomial_one_that_statsmodels_finds() -> None:
    _, counts = planted(7, areas=400)
    fitted = sm.NegativeBinomial(counts, np.ones(len(counts))).fit(disp=0)
    shape = 1 / fitted.params[-1]
    assert spread_between_areas(counts, np.full(len(counts), counts.mean())) == pytest.approx(shape, rel=0.05)
    spot = next(s for s in hot_spots({str(i): n for i, n in enumerate(counts)}, 1, 40) if s.area == "0")
    assert spot.rate == pytest.approx(counts.mean() * (shape + counts[0]) / (shape + counts.mean()), rel=0.02)


def test_ties_at_the_edge_count_as_the_mean_over_all_ways_to_break_them() -> None:
    score, events = [5, 2, 2, 2, 0], [4, 3, 0, 1, 9]
    ways = [sum(events[i] for i in (0, *pair)) for pair in itertools.combinations((1, 2, 3), 2)]
    assert expected_inside(score, events)[2] == pytest.approx(np.mean(ways))
    assert expected_inside(score, events)[-1] == sum(events)


def test_accuracy_index_is_one_by_chance_and_highest_with_foresight() -> None:
    events = np.array([8, 4, 2, 1, 1, 0, 0, 0, 0, 0])
    alike = accuracy(np.zeros(10), events, 2)
    assert alike.index == pytest.approx(1.0)
    best = accuracy(events, events, 2)
    assert (best.inside, best.share, best.index, best.efficiency) == (12.0, 0.75, 3.75, 1.0)
    served = accuracy_of_set([False, True, True] + [False] * 7, events)
    assert served.share == 6 / 16 and served.efficiency == 6 / 12


def test_a_curve_runs_from_none_to_all_and_foresight_lies_above_every_other_order() -> None:
    draws = np.random.default_rng(3)
    events = draws.poisson(2.0, (6, 30)).astype(float)
    foresight, other = curve(events, events), curve(draws.random((6, 30)), events)
    assert foresight[0] == 0 and foresight[-1] == pytest.approx(1)
    assert (foresight >= other - 1e-12).all()
    assert (np.diff(foresight) >= 0).all()
    flat = curve(np.zeros((6, 30)), events)
    assert flat == pytest.approx(np.linspace(0, 1, 31))


def test_pooling_quarters_adds_up_their_events() -> None:
    one, two = accuracy([3, 2, 1], [3, 0, 1], 1), accuracy([1, 2, 3], [6, 2, 8], 1)
    both = pooled([one, two])
    assert (both.inside, both.events) == (3 + 8, 4 + 16)
    assert both.share == pytest.approx(11 / 20)
    assert both.best == pytest.approx((3 + 8) / 20)


def monthly(seed: int, months: int = 100, areas: int = 50) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    of_year = np.arange(months) % 12 + 1
    season = 1 + 0.4 * np.cos(2 * np.pi * (of_year - 7) / 12)
    shares = draws.gamma(0.8, 1.0, areas)
    return draws.poisson(40 * season[:, None] * shares / shares.sum()).astype(float), of_year


def test_a_forecast_uses_earlier_months_only() -> None:
    counts, of_year = monthly(5)
    settings = Settings(6.0, 24.0)
    before = forecast(counts[:60], of_year[:61], settings).expected
    changed = counts.copy()
    changed[60:] = 99
    assert forecast(changed[:60], of_year[:61], settings).expected == pytest.approx(before)
    # and validation of the first 90 months does not change with what comes after
    assert validate(counts[:90], of_year[:90]) == validate(
        np.vstack([counts[:90], changed[90:]])[:90], of_year[:90]
    )


def test_on_a_steady_city_the_forecast_beats_last_quarter_and_is_calibrated() -> None:
    counts, of_year = monthly(11)
    found = validate(counts, of_year)
    scores = {score.method: score for score in found.scores}
    assert scores["last_quarter"].worse_by_95[0] > 0
    assert scores["same_everywhere"].worse_by_95[0] > 0
    assert scores["model"].observed_over_expected == pytest.approx(1, abs=0.08)
    assert scores["model"].slope == pytest.approx(1, abs=0.12)
    assert scores["model"].coverage_80 >= 0.8  # type: ignore[operator]
    assert sum(item.observed for item in found.bins) == found.events == counts[-36:].sum()


def test_calibration_and_deviance_are_those_of_statsmodels() -> None:
    draws = np.random.default_rng(2)
    expected = draws.gamma(1.0, 2.0, 500) + 0.05
    counts = draws.poisson(expected**0.7).astype(float)
    fitted = sm.GLM(counts, sm.add_constant(np.log(expected)), family=sm.families.Poisson()).fit()
    assert calibration_slope(counts, expected) == pytest.approx(fitted.params[1], abs=1e-6)
    assert deviance(counts, fitted.fittedvalues).sum() == pytest.approx(fitted.deviance)
    group = calibration(counts, expected)[-1]
    assert stats.poisson.cdf(group.observed, group.upper_95) == pytest.approx(0.025)
    assert stats.poisson.sf(group.observed - 1, group.lower_95) == pytest.approx(0.025)


def test_plain_rules_keep_the_citys_total_and_expect_something_everywhere() -> None:
    counts, _ = monthly(8)
    for method, window in (("last_year", 12), ("last_quarter", 3), ("same_everywhere", 12)):
        made = baseline(counts, method)  # type: ignore[arg-type]
        assert made.sum() == pytest.approx(counts[-window:].sum() / window)
        assert (made > 0).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: hot_spots({"a": 0, "b": 0}, 1, 1), "an event"),
        (lambda: hot_spots({"a": 3}, 1, 1), "two areas"),
        (lambda: accuracy([1, 2], [0, 0], 1), "at least one event"),
        (lambda: accuracy([1, 2], [1], 1), "one score and one count"),
        (lambda: forecast(np.ones((5, 3)), np.arange(6), Settings(6, 12)), "at least 18 months"),
        (lambda: validate(np.ones((60, 3)), np.arange(60) % 12 + 1), "before the 36 held back"),
    ],
)
def test_what_cannot_be_worked_out_says_so(call, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
