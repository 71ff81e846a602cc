"""Area by area: raw beside partially pooled, and no ward is talked up by chance."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.area_effects import area_effects, area_verdict, partial_pooling
from evaluation.cube import Cube, calendar_months
from evaluation.program import Window

MONTHS = calendar_months("2018-01", "2022-12")
BASELINE = Window("before", "2018-01", "2019-12")
PHASE = Window("after", "2020-01", "2022-12")
KEY = ("gunshot", "incidents")


def city(rng: np.random.Generator, means: np.ndarray, changes: np.ndarray) -> Cube:
    after = np.array(PHASE.inside(MONTHS))
    counts = rng.poisson(means[:, None] * np.exp(changes[:, None] * after)).astype(float)
    return Cube(tuple(f"ward {n:02d}" for n in range(len(means))), MONTHS, {KEY: counts})


def test_counts_months_and_the_raw_ratio_are_what_one_counts_by_hand() -> None:
    counts = np.zeros((3, 60))
    counts[0, :24], counts[0, 24:] = 1, 2
    counts[1], counts[2] = 4, 5
    frame = area_effects(Cube(("a", "b", "c"), MONTHS, {KEY: counts}), KEY, BASELINE, PHASE, ["b"])
    first = frame.iloc[0]
    assert (first["baseline_count"], first["phase_count"]) == (24, 72)
    assert (first["baseline_months"], first["phase_months"]) == (24, 36)
    assert first["rate_ratio_raw"] == pytest.approx((72 / 36) / (24 / 24))
    assert list(frame["is_treated"]) == [False, True, False]


def test_pooling_agrees_with_the_known_answer_for_equal_errors() -> None:
    """Equal errors: τ² by REML is the sample variance less the error variance, the mean is the mean."""
    log = np.array([-1.2, -0.5, 0.0, 0.3, 0.9, 1.4])
    error = np.full(6, 0.4)
    pooled = partial_pooling(log, error)
    assert pooled.mean == pytest.approx(log.mean(), abs=1e-9)
    assert pooled.spread**2 == pytest.approx(log.var(ddof=1) - 0.16, abs=1e-5)
    # James-Stein with the factor (K − 3)/(K − 1), as in Morris (1983).
    shrink = 3 / 5 * 0.16 / log.var(ddof=1)
    assert pooled.estimate == pytest.approx(log.mean() + (1 - shrink) * (log - log.mean()), abs=1e-5)


def test_few_events_are_drawn_to_the_mean_more_than_many() -> None:
    rng = np.random.default_rng(3)
    means = np.array([0.5, 0.5, 0.5, *np.full(17, 12.0)])
    frame = area_effects(city(rng, means, rng.normal(0, 0.4, 20)), KEY, BASELINE, PHASE)
    moved = np.abs(np.log(frame["rate_ratio_pooled"]) - np.log(frame["rate_ratio_raw"]))
    width = np.log(frame["pooled_upper_95"]) - np.log(frame["pooled_lower_95"])
    raw_width = np.log(frame["raw_upper_95"]) - np.log(frame["raw_lower_95"])
    assert (width[:3] < raw_width[:3]).all()
    assert moved[:3].mean() > moved[3:].mean()


@pytest.mark.slow
def test_pooled_intervals_cover_the_true_changes_and_are_closer_than_raw_ones() -> None:
    """200 cities of 20 wards whose true changes spread with 0.25 on the log scale."""
    rng = np.random.default_rng(4)
    inside, total, raw_loss, pooled_loss = 0, 0, 0.0, 0.0
    for _ in range(200):
        changes = rng.normal(0, 0.25, 20)
        frame = area_effects(city(rng, np.full(20, 3.0), changes), KEY, BASELINE, PHASE)
        # The raw ratio is against the other areas, so the truth is too.
        weight = np.exp(changes)
        truth = changes - np.log((weight.sum() - weight) / 19)
        inside += int(
            ((np.log(frame["pooled_lower_95"]) <= truth) & (truth <= np.log(frame["pooled_upper_95"]))).sum()
        )
        total += 20
        raw_loss += float(((np.log(frame["rate_ratio_raw"]) - truth) ** 2).sum())
        pooled_loss += float(((np.log(frame["rate_ratio_pooled"]) - truth) ** 2).sum())
    assert inside / total >= 0.92
    assert pooled_loss < raw_loss


@pytest.mark.slow
def test_over_thousands_of_quiet_wards_hardly_a_table_cries_wolf() -> None:
    rng = np.random.default_rng(5)
    alarms = sum(
        bool(
            (
                area_effects(city(rng, np.full(13, 5.0), np.zeros(13)), KEY, BASELINE, PHASE)["verdict"]
                != "cannot_tell"
            ).any()
        )
        for _ in range(300)
    )
    assert alarms / 300 <= 0.05


def test_a_ward_that_halves_against_the_city_can_be_told_when_it_has_events_enough() -> None:
    rng = np.random.default_rng(6)
    changes = np.zeros(13)
    changes[4] = np.log(0.4)
    frame = area_effects(city(rng, np.full(13, 20.0), changes), KEY, BASELINE, PHASE)
    assert frame.loc[4, "verdict"] == "fewer_than_expected"
    assert (frame["verdict"].drop(4) == "cannot_tell").all()


def test_areas_without_events_are_empty_and_not_zero() -> None:
    counts = np.zeros((4, 60))
    counts[1:] = 3
    frame = area_effects(Cube(("a", "b", "c", "d"), MONTHS, {KEY: counts}), KEY, BASELINE, PHASE)
    assert np.isnan(frame.loc[0, "rate_ratio_raw"])
    assert np.isnan(frame.loc[0, "smallest_detectable_percent"])
    assert frame.loc[0, "verdict"] == "cannot_tell"
    assert frame["smallest_detectable_percent"].drop(0).between(0, 100).all()


def test_more_areas_make_the_same_ward_harder_to_tell() -> None:
    assert area_verdict(-0.9, 0.3, -0.8, 0.27, areas=1) == "fewer_than_expected"
    assert area_verdict(-0.9, 0.3, -0.8, 0.27, areas=87) == "cannot_tell"
