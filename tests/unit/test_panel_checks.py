"""Checks of the comparison designs, each on counts in which the answer was planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evaluation.checks.claim import claim_of
from evaluation.checks.deciding import agreement_of_readings, placebo_outcomes
from evaluation.checks.headline import Headline, refit
from evaluation.checks.placebos import placebo_areas, placebo_dates, rings, withdrawal
from evaluation.checks.power import confounder_tipping_point, minimum_detectable_effect, type_m_and_s
from evaluation.checks.pre_period import PrePeriod, breakdown_value, pre_period_ratio
from evaluation.checks.ratio_residuals import quantile_residuals
from evaluation.checks.sensitivity import (
    incidents_against_victims,
    leave_one_area_out,
    leave_one_month_out,
    mass_casualty_month,
    near_repeats,
    regression_to_the_mean,
    start_moved,
)
from evaluation.checks.single_residuals import autocorrelations
from evaluation.checks.twin import false_alarms
from evaluation.cube import Cube, calendar_months
from evaluation.designs.level_gradient import level_shift
from evaluation.designs.two_groups import BASELINE, PHASE
from evaluation.result import Card, Effect, Interval, Reading, Result

MONTHS = calendar_months("2016-01", "2021-12")
START = 36
CODES = (BASELINE,) * START + (PHASE,) * (len(MONTHS) - START)
AREAS = tuple(f"n{index:02d}" for index in range(12))
KEY = ("gunshot", "incidents")


def head(
    seed: int = 1,
    effect: float = 0.0,
    mean: float = 6.0,
    more: dict[tuple[str, str], np.ndarray] | None = None,
    counts: np.ndarray | None = None,
) -> Headline:
    """Three treated and nine comparison areas of equal mean."""
    rng = np.random.default_rng(seed)
    after = np.arange(len(MONTHS)) >= START
    if counts is None:
        log = np.log(mean) + effect * after * (np.arange(12)[:, None] < 3)
        counts = rng.poisson(np.exp(log)).astype(float)
    cube = Cube(AREAS, MONTHS, {KEY: counts} | (more or {}))
    found = refit(counts[:3].sum(axis=0)[None], counts[3:].sum(axis=0)[None], CODES)
    value = float(found.coefficient[0])
    return Headline(cube, KEY, AREAS[:3], AREAS[3:], MONTHS, CODES, value, 0.1, value)


def pre_period(seed: int, drift: float = 0.0, months: int = 48, mean: float = 40.0) -> PrePeriod:
    rng = np.random.default_rng(seed)
    time = np.arange(months) - (months - 1) / 2
    return PrePeriod(
        rng.poisson(mean * np.exp(drift / 12 * time)).astype(float),
        rng.poisson(3 * mean, months).astype(float),
        months_to_phase=48.0,
    )


def test_the_pre_period_test_keeps_its_level_and_has_the_power_it_prints() -> None:
    """1,000 baselines without drift, and 1,000 with the very drift the printed power is for."""
    size = np.log(0.85)
    quiet = [pre_period_ratio([pre_period(seed)], size) for seed in range(1000)]
    rejected = np.mean([check.reason == "ratio_not_homogeneous" for check in quiet])
    assert rejected <= 0.12
    drifting = [pre_period_ratio([pre_period(seed, drift=size / 4)], size) for seed in range(1000)]
    seen = np.mean([check.figures["p"] < 0.10 for check in drifting])
    printed = np.mean([check.figures["power"] for check in quiet])
    assert printed - 0.06 <= seen <= printed + 0.10


def test_a_baseline_too_small_to_show_the_drift_fails_as_unpowered() -> None:
    check = pre_period_ratio([pre_period(3, months=12, mean=3.0)], np.log(0.8))
    assert (check.status, check.reason) == ("failed", "unpowered")
    short = pre_period_ratio([pre_period(3, months=5)], np.log(0.8))
    assert (short.status, short.reason) == ("cannot_run", "baseline_too_short")


def test_the_breakdown_value_is_the_estimate_over_the_worst_change_between_half_years() -> None:
    treated = np.repeat([10.0, 20.0, 20.0, 20.0], 6)
    comparison = np.full(24, 50.0)
    check = breakdown_value([PrePeriod(treated, comparison, 40.0)], np.log(0.25))
    worst = np.log((120 + 0.5) / (60 + 0.5))
    assert check.figures["worst_pre_period_drift"] == pytest.approx(worst, rel=0.01)
    assert check.figures["breakdown_value"] == pytest.approx(abs(np.log(0.25)) / worst, rel=0.01)
    assert check.status == "passed"
    assert breakdown_value([PrePeriod(treated, comparison, 40.0)], np.log(0.6)).status == "failed"


@pytest.mark.parametrize(
    ("placebo", "status", "reason"),
    [
        ((-0.30, 0.10), "failed", "placebo_outcome_moved"),
        ((-0.20, 0.10), "passed", None),  # under a third of the estimate
        ((0.40, 0.10), "passed", None),  # the other way
        ((-0.30, 0.20), "passed", None),  # its interval includes none
        ((-0.50, 0.40), "cannot_run", "unpowered"),
        (None, "cannot_run", "unpowered"),
    ],
)
def test_gate_three_fails_only_on_a_powered_outcome_that_moved_the_same_way(
    placebo: tuple[float, float] | None, status: str, reason: str | None
) -> None:
    check = placebo_outcomes(-0.69, {"robbery": placebo})
    assert (check.status, check.reason) == (status, reason)


def reading(ratio: float | None, low: float = 0.4, high: float = 0.9) -> Reading:
    if ratio is None:
        return Reading("c", "a", "b", None, None, None, status="not_estimable", reason="perfect_separation")
    return Reading("c", "a", "b", ratio, low, high)


def test_gate_five_counts_a_reading_without_an_estimate_as_not_agreeing() -> None:
    nine = [reading(0.6)] * 9
    assert agreement_of_readings([*nine, reading(1.2, 0.8, 1.5)], 0.6).status == "passed"
    assert agreement_of_readings([*nine, reading(None)], 0.6).status == "passed"
    assert agreement_of_readings([*nine, reading(None), reading(None)], 0.6).reason == "readings_disagree"
    wide = [reading(0.6, 0.3, 1.1)] * 6 + [reading(0.6)] * 5
    assert agreement_of_readings(wide, 0.6).reason == "too_few_readings_exclude_none"
    assert agreement_of_readings([reading(0.6)], 0.6).status == "cannot_run"


def test_a_claim_of_little_change_is_tested_against_the_margin_and_not_against_its_small_estimate() -> None:
    little = Result(
        design="controlled",
        family="poisson",
        status="estimated",
        card=Card("gunshot", "incidents"),
        n=60,
        effect=Effect(-0.01, 0.01, 0.99, (0.96, 1.02), (0.97, 1.01), "integrated"),
        intervals={"ewc": Interval("ewc", -0.01, 0.01, 0.95, 1.03, 0.97, 1.01)},
    )
    claim = claim_of(little, 0.10)
    assert claim is not None
    assert claim.is_little
    assert claim.size == pytest.approx(np.log(0.9) + 0.01)
    wide = replace(little, intervals={"ewc": Interval("ewc", -0.01, 0.1, 0.8, 1.2, 0.9, 1.1)})
    found = claim_of(wide, 0.10)
    assert found is not None
    assert not found.is_little
    assert agreement_of_readings([reading(0.99, 0.95, 1.03)] * 4, 0.99, 0.10).status == "passed"
    assert agreement_of_readings([reading(0.8, 0.7, 0.9)] * 4, 0.99, 0.10).status == "failed"


def test_power_exaggeration_and_wrong_signs_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(1)
    true, error = np.log(0.8), 0.3
    draws = true + error * rng.standard_normal(2_000_000)
    told = np.abs(draws) > 1.959964 * error
    power, exaggeration, wrong = type_m_and_s(true, error)
    assert power == pytest.approx(told.mean(), abs=0.002)
    assert exaggeration == pytest.approx(np.abs(draws[told]).mean() / abs(true), rel=0.01)
    assert wrong == pytest.approx((draws[told] > 0).mean(), abs=0.003)


def test_the_smallest_detectable_fall_is_seen_with_eighty_percent_power() -> None:
    check = minimum_detectable_effect(0.25)
    size = np.log(1 - check.figures["smallest_fall_percent"] / 100)
    assert stats.norm.sf(1.96 + size / 0.25) == pytest.approx(0.80, abs=0.001)
    assert check.status == "failed"
    assert minimum_detectable_effect(0.05).status == "passed"


def test_the_e_value_is_the_published_example() -> None:
    """VanderWeele and Ding (2017): relative risk 3.9 (1.8 to 8.7) has E-values 7.26 and 3.0."""
    check = confounder_tipping_point(3.9, (1.8, 8.7))
    assert check.figures["e_value"] == pytest.approx(7.26, abs=0.005)
    assert check.figures["e_value_of_interval"] == pytest.approx(3.0, abs=0.005)
    assert confounder_tipping_point(0.8, (0.6, 1.1)).reason == "interval_includes_none"


def test_the_planted_date_stands_out_among_all_dates_and_a_quiet_one_does_not() -> None:
    planted, rows = placebo_dates(head(2, np.log(0.4)))
    assert planted.status == "passed"
    assert planted.figures["dates"] == len(rows) == len(MONTHS) - 11
    assert min(rows, key=lambda row: row.rate_ratio or 9).placebo in MONTHS[START - 2 : START + 3]
    quiet, _ = placebo_dates(head(3))
    assert quiet.reason == "as_large_at_other_dates"


def test_each_comparison_cluster_is_a_placebo_area_and_few_of_them_give_no_p() -> None:
    check, rows = placebo_areas(head(4, np.log(0.4)), {area: f"c{i // 3}" for i, area in enumerate(AREAS)})
    assert [row.placebo for row in rows] == ["c1", "c2", "c3"]
    assert check.status == "cannot_run"
    assert "p" not in check.figures
    assert check.figures["as_large"] == 0


def test_a_ring_that_rose_is_seen_and_a_quiet_one_is_not() -> None:
    rng = np.random.default_rng(5)
    after = np.arange(len(MONTHS)) >= START
    log = np.log(8.0) + np.zeros((12, 1)) * after
    log = log + np.log(2.0) * after * np.isin(np.arange(12), [3, 4])[:, None]
    moved = head(counts=rng.poisson(np.exp(log)).astype(float))
    neighbors = {("n02", "n03"), ("n01", "n04")}
    check = rings(moved, AREAS[3:], neighbors)
    assert (check.status, check.reason) == ("failed", "ring_moved")
    assert check.figures["rate_ratio"] == pytest.approx(2.0, abs=0.3)
    assert rings(head(6), AREAS[3:], neighbors).status == "passed"
    assert rings(head(6), AREAS[3:], set()).reason == "no_ring"


def test_one_area_or_month_that_makes_the_whole_estimate_is_named() -> None:
    rng = np.random.default_rng(7)
    counts = rng.poisson(6.0, (12, len(MONTHS))).astype(float)
    counts[0, START:] = rng.poisson(1.0, len(MONTHS) - START)
    counts[1:3, START:] = rng.poisson(6.8, (2, len(MONTHS) - START))
    alone = head(counts=counts)
    assert alone.plain < 0
    assert leave_one_area_out(alone).reason == "one_area_decides_the_side"
    assert leave_one_area_out(head(8, np.log(0.5))).status == "passed"
    burst = rng.poisson(6.0, (12, len(MONTHS))).astype(float)
    burst[:3, START:] = rng.poisson(5.0, (3, len(MONTHS) - START))
    burst[1, START + 5] += 400
    assert leave_one_month_out(head(counts=burst)).reason == "one_month_decides_the_side"
    assert leave_one_month_out(head(8, np.log(0.5))).status == "passed"


def test_moving_the_start_by_a_year_keeps_the_side_of_a_real_effect() -> None:
    check = start_moved(head(9, np.log(0.4)))
    assert check.status == "passed"
    assert check.figures["moves"] == 25
    assert check.figures["lowest"] < 0.5


def test_the_month_with_most_victims_in_one_incident_is_found_and_left_out() -> None:
    base = head(10, np.log(0.8))
    incidents = base.cube.counts[KEY]
    victims = incidents + np.random.default_rng(0).poisson(0.2, incidents.shape)
    victims[0, START + 7] += 300
    check = mass_casualty_month(head(counts=incidents, more={("gunshot", "victims"): victims}))
    assert (check.figures["year"], check.figures["month"]) == (2019, 8)
    assert check.figures["rate_ratio_victims"] > 1 > check.figures["rate_ratio_without_month"]
    assert check.reason == "one_month_decides_the_side"
    units = incidents_against_victims(head(counts=incidents, more={("gunshot", "victims"): victims}))
    assert units.reason == "units_disagree"
    assert mass_casualty_month(base).reason == "needs_incidents_and_victims"


def test_near_repeats_are_a_question_of_their_own() -> None:
    assert near_repeats(head(11)).reason == "no_counts_of_outcome"
    other = {("near_repeat_shooting", "incidents"): head(12, np.log(0.5)).cube.counts[KEY]}
    check = near_repeats(head(13, np.log(0.5), more=other))
    assert check.status == "passed"
    assert check.figures["rate_ratio"] == pytest.approx(0.5, abs=0.15)


def test_a_short_withdrawal_is_too_short_and_a_long_one_that_reverses_is_seen() -> None:
    rng = np.random.default_rng(14)
    time = np.arange(len(MONTHS))
    active = (time >= START) & (time < 54)
    log = np.log(40.0) + np.log(0.5) * active * (np.arange(12)[:, None] < 3)
    found = head(counts=rng.poisson(np.exp(log)).astype(float))
    long = withdrawal(found, {"first": MONTHS[54], "last": MONTHS[-1]}, MONTHS[53])
    assert long.status == "passed"
    assert long.figures["rate_ratio_after_0"] == pytest.approx(2.0, abs=0.4)
    assert long.figures["months_after_6"] == 12
    short = withdrawal(found, {"first": MONTHS[54], "last": MONTHS[55]}, MONTHS[53])
    assert (short.status, short.reason) == ("cannot_run", "too_short_to_test")


def test_a_fall_that_goes_with_level_is_called_regression_and_the_gradient_takes_it_away() -> None:
    rng = np.random.default_rng(15)
    levels = np.geomspace(5, 200, 30)
    expected = levels * (levels / 40) ** -0.3
    before, after = rng.poisson(levels * 3), rng.poisson(expected * 3)
    shift = level_shift(before[:24].astype(float), after[:24].astype(float), levels[:24], levels[24:])
    assert shift is not None
    assert shift.slope == pytest.approx(-0.3, abs=0.06)
    treated = np.log(after[24:].sum() / before[24:].sum()) - np.log(after[:24].sum() / before[:24].sum())
    assert treated < -0.1
    assert treated - shift.shift == pytest.approx(0.0, abs=3 * np.sqrt(shift.variance) + 0.08)
    rows = [Reading("c", "c", "b", 0.7, 0.5, 0.9), Reading("c", "d", "b", 0.95, 0.7, 1.2)]
    assert regression_to_the_mean(rows, ("c", "a", "b")).reason == "level_explains_part"


@pytest.mark.slow
def test_the_twin_of_a_quiet_history_cries_wolf_about_as_often_as_promised() -> None:
    check = false_alarms(head(16), histories=400)
    assert check.figures["histories"] == 400
    assert check.figures["false_alarm_percent_integrated"] <= 9
    assert check.status == "passed"


def test_residuals_of_the_ratio_are_normal_and_unrelated_when_months_are() -> None:
    rng = np.random.default_rng(9)
    total = rng.poisson(30, 400).astype(float)
    share = np.full(400, 0.3)
    uniform = rng.uniform(size=(5, 400))
    plain = quantile_residuals(
        rng.binomial(total.astype(int), share).astype(float), total, share, 1.0, uniform
    )
    wide = rng.binomial(total.astype(int), rng.beta(6, 14, 400)).astype(float)
    dispersion = float(np.mean((wide - total * share) ** 2 / (total * share * (1 - share))))
    spread = quantile_residuals(wide, total, share, dispersion, uniform)
    for draw in (*plain, *spread):
        assert abs(draw.mean()) < 0.2
        assert 0.85 < draw.std() < 1.15
        assert abs(autocorrelations(draw, np.ones(400, dtype=bool), 1)[0]) < 0.15
