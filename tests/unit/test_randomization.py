"""Randomization moves the starts only to what could have been chosen, and its p is exact."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.pooled import pooled_result
from evaluation.designs.randomization import (
    admissible_assignments,
    eligible_clusters,
    inverted_intervals,
    p_value,
)
from evaluation.designs.two_way_poisson import fit_two_way_poisson
from evaluation.result import Card

CARD = Card("gunshot", "incidents")


def panel_of(counts: np.ndarray, starts: list[int], clusters: list[str] | None = None) -> Panel:
    names = tuple(f"a{index:02d}" for index in range(len(counts)))
    labels = tuple(clusters) if clusters else names
    periods = tuple(str(t) for t in range(counts.shape[1]))
    return Panel(names, periods, counts.astype(float), np.array(starts, dtype=np.int64), labels)


def noise(seed: int, areas: int, periods: int = 24, mean: float = 6.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(mean * np.exp(rng.normal(0, 0.3, (areas, 1))), (areas, periods)).astype(float)


def test_assignments_are_counted_and_listed_without_repeats() -> None:
    panel = panel_of(noise(1, 8), [12, 12, 18, *[NEVER] * 5])
    assignments = admissible_assignments(panel)
    assert assignments.number == math.comb(8, 2) * 6
    assert assignments.complete
    assert len({tuple(row) for row in assignments.starts}) == assignments.number
    assert tuple(assignments.starts[0]) == tuple(panel.starts)


def test_the_p_value_ranks_the_estimate_among_all_refits() -> None:
    counts = noise(2, 7)
    panel = panel_of(counts, [10, 16, *[NEVER] * 5])
    actual = fit_two_way_poisson(counts, panel.treatment).coefficient[0]
    others = []
    for first, second in itertools.permutations(range(7), 2):
        starts = np.full(7, NEVER)
        starts[first], starts[second] = 10, 16
        others.append(fit_two_way_poisson(counts, (np.arange(24) >= starts[:, None]) * 1.0).coefficient[0])
    expected = np.mean(np.abs(others) >= abs(actual) - 1e-9)
    assert p_value(panel, admissible_assignments(panel)) == pytest.approx(expected)


def test_under_twenty_assignments_nothing_is_computed_and_the_count_is_printed() -> None:
    panel = panel_of(noise(3, 6), [12, 12, *[NEVER] * 4])
    result = pooled_result(panel, CARD)
    check = next(item for item in result.checks if item.name == "randomization")
    assert check.status == "cannot_run"
    assert check.figures["admissible_assignments"] == 15
    assert check.figures["smallest_p"] == pytest.approx(1 / 15)
    assert check.figures["p"] is None
    assert "randomization" not in result.intervals


def test_clusters_too_low_to_have_been_chosen_are_never_treated() -> None:
    panel = panel_of(noise(4, 10), [12, 12, *[NEVER] * 8])
    levels = {f"a{index:02d}": 100.0 if index < 6 else 10.0 for index in range(10)}
    assignments = admissible_assignments(panel, levels)
    assert assignments.number == math.comb(6, 2)
    assert (assignments.starts[:, 6:] == NEVER).all()


def test_whole_clusters_move_together() -> None:
    clusters = [f"c{index // 3}" for index in range(24)]
    starts = [12 if label in ("c0", "c1") else NEVER for label in clusters]
    panel = panel_of(noise(5, 24), starts, clusters)
    assert admissible_assignments(panel).number == math.comb(8, 2)


def test_false_alarms_stay_at_the_nominal_level_when_clusters_share_shocks() -> None:
    """200 panels without effect: eight clusters of three areas, each with a shock of its own."""
    rng = np.random.default_rng(6)
    clusters = [f"c{index // 3}" for index in range(24)]
    starts = [12 if label in ("c0", "c1") else NEVER for label in clusters]
    rejected = 0
    for _ in range(200):
        level = rng.normal(1.5, 0.3, (24, 1))
        shock = np.repeat(rng.normal(0, 0.3, (8, 1)), 3, axis=0) * (np.arange(24) >= 12)
        panel = panel_of(rng.poisson(np.exp(level + shock)), starts, clusters)
        rejected += p_value(panel, admissible_assignments(panel)) <= 0.05
    assert rejected / 200 <= 0.09


def test_the_inverted_interval_holds_exactly_what_is_not_rejected() -> None:
    counts = noise(7, 12, mean=12.0)
    starts = [12, 12, 12, *[NEVER] * 9]
    treated = np.arange(24) >= np.array(starts)[:, None]
    counts = np.where(treated, np.random.default_rng(8).poisson(counts * 0.5), counts)
    panel = panel_of(counts, starts)
    assignments = admissible_assignments(panel)
    estimate = float(fit_two_way_poisson(counts, panel.treatment).coefficient[0])
    wide, narrow = inverted_intervals(panel, assignments, estimate)
    for lower, upper in (wide, narrow):
        assert lower < estimate < upper
    assert wide[0] <= narrow[0] < narrow[1] <= wide[1]
    assert p_value(panel, assignments, wide[0] - 0.01) <= 0.05
    assert p_value(panel, assignments, wide[1] + 0.01) <= 0.05
    assert p_value(panel, assignments, wide[0] + 0.01) > 0.05
    assert p_value(panel, assignments, wide[1] - 0.01) > 0.05
    assert wide[1] < 0


def test_the_common_start_is_labelled_as_no_second_line_of_evidence() -> None:
    result = pooled_result(panel_of(noise(9, 8), [12, 12, 12, *[NEVER] * 5]), CARD)
    check = next(item for item in result.checks if item.name == "own_line_of_evidence")
    assert check.status == "failed"
    assert check.reason == "equals_two_by_two_ratio"
    assert "second_line_of_evidence" in result.card.is_not
    staggered = pooled_result(panel_of(noise(9, 8), [8, 12, 16, *[NEVER] * 5]), CARD)
    assert "second_line_of_evidence" not in staggered.card.is_not


def test_one_treated_cluster_has_no_interval_that_could_be_believed() -> None:
    result = pooled_result(panel_of(noise(10, 8), [12, *[NEVER] * 7]), CARD)
    assert result.effect is not None
    assert result.effect.interval_95 == (0.0, math.inf)
    assert result.effect.averted_interval_95 == (-result.effect.observed, math.inf)
    assert "cr3" not in result.intervals
    assert result.verdict == "cannot_tell"


def test_levels_that_are_known_for_no_treated_cluster_bar_nobody(recwarn: pytest.WarningsRecorder) -> None:
    starts = np.array([10, NEVER, NEVER], dtype=np.int64)
    levels = np.array([np.nan, 5.0, 0.1])
    assert eligible_clusters(starts, levels).all()
    assert not recwarn.list


@pytest.mark.parametrize("guess", [0.0, math.nan, math.inf])
def test_the_search_for_the_interval_ends_whatever_the_guess_at_its_size(guess: float) -> None:
    panel = panel_of(noise(3, 8), [12, 12, *[NEVER] * 6])
    assignments = admissible_assignments(panel)
    usual = inverted_intervals(panel, assignments, 0.0, 0.1, (0.80,))
    found = inverted_intervals(panel, assignments, 0.0, guess, (0.80,))
    assert found[0] == pytest.approx(usual[0], abs=5e-3)
