"""The two-way Poisson fit gives what other packages give, and errors that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaluation.checks.staggered_placebos import errors_of, placebo_clusters
from evaluation.designs.cluster_errors import clustered, hc1, jackknife
from evaluation.designs.event_study import average_effect, event_study
from evaluation.designs.panel import NEVER, Panel, collapse, two_by_two
from evaluation.designs.two_way_poisson import fit_two_way_poisson

AGREEMENT = 1e-6
STAGGERED = (12, 18, 18, 24)


def simulated_panel(
    seed: int, areas: int = 20, periods: int = 36, starts: tuple[int, ...] = STAGGERED, effect: float = -0.4
) -> Panel:
    rng = np.random.default_rng(seed)
    level = rng.normal(1.2, 0.6, (areas, 1)) + rng.normal(0, 0.2, (1, periods))
    start = np.full(areas, NEVER, dtype=np.int64)
    start[np.linspace(0, areas - 1, len(starts)).astype(int)] = rng.permutation(starts)
    treated = np.arange(periods) >= start[:, None]
    counts = rng.poisson(np.exp(level + effect * treated)).astype(float)
    names = tuple(f"area {index:02d}" for index in range(areas))
    return Panel(names, tuple(str(t) for t in range(periods)), counts, start, tuple(n[:-1] for n in names))


def long_frame(panel: Panel) -> pd.DataFrame:
    areas, periods = panel.counts.shape
    return pd.DataFrame(
        {
            "y": panel.counts.ravel(),
            "d": panel.treatment.ravel(),
            "area": np.repeat(panel.areas, periods),
            "period": np.tile(np.arange(periods), areas),
            "cluster": np.repeat(panel.clusters, periods),
        }
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_statsmodels_dummies(seed: int) -> None:
    panel = simulated_panel(seed)
    frame = long_frame(panel)
    dummies = pd.get_dummies(frame[["area", "period"]].astype(str), drop_first=True, dtype=float)
    design = sm.add_constant(pd.concat([frame[["d"]], dummies], axis=1))
    reference = sm.GLM(frame["y"], design, family=sm.families.Poisson()).fit(tol=1e-12, maxiter=200)
    fit = fit_two_way_poisson(panel.counts, panel.treatment)
    assert fit.coefficient[0] == pytest.approx(reference.params["d"], abs=AGREEMENT)
    assert fit.information[0] ** -0.5 == pytest.approx(reference.bse["d"], abs=AGREEMENT)
    assert np.abs(fit.fitted[0].ravel() - reference.fittedvalues).max() < 1e-5
    robust = sm.GLM(frame["y"], design, family=sm.families.Poisson()).fit(cov_type="HC0", tol=1e-12)
    error, n, k = hc1(fit, panel.counts)
    assert (n, k) == (720, len(reference.params))
    assert error == pytest.approx(robust.bse["d"] * np.sqrt(n / (n - k)), rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_agrees_with_pyfixest(seed: int) -> None:
    fixest = pytest.importorskip("pyfixest")
    panel = simulated_panel(seed)
    frame = long_frame(panel)
    reference = fixest.fepois(
        "y ~ d | area + period",
        data=frame,
        vcov={"CRV1": "cluster"},
        iwls_tol=1e-12,
        fixef_tol=1e-12,
        ssc=fixest.ssc(k_adj=False, G_adj=True),
    )
    fit = fit_two_way_poisson(panel.counts, panel.treatment)
    assert fit.coefficient[0] == pytest.approx(reference.coef()["d"], abs=AGREEMENT)
    error, _ = clustered(fit, panel.counts, panel.clusters)
    assert error == pytest.approx(reference.se()["d"], rel=1e-4)


def test_one_common_start_equals_the_two_by_two_ratio() -> None:
    panel = simulated_panel(4, starts=(15, 15, 15, 15))
    assert panel.common_start
    table = two_by_two(panel)
    ratio = (table["treated_after"] / table["treated_before"]) / (
        table["comparison_after"] / table["comparison_before"]
    )
    fit = fit_two_way_poisson(panel.counts, panel.treatment)
    assert fit.coefficient[0] == pytest.approx(np.log(ratio), abs=1e-9)


def test_summing_months_between_starts_changes_neither_estimate_nor_cluster_scores() -> None:
    panel = simulated_panel(5)
    counts, treatment = collapse(panel)
    assert counts.shape == (20, 4)
    whole, small = fit_two_way_poisson(panel.counts, panel.treatment), fit_two_way_poisson(counts, treatment)
    assert small.coefficient[0] == pytest.approx(whole.coefficient[0], abs=1e-10)
    assert small.information[0] == pytest.approx(whole.information[0], rel=1e-9)
    assert clustered(small, counts, panel.clusters)[0] == pytest.approx(
        clustered(whole, panel.counts, panel.clusters)[0], rel=1e-9
    )


def test_cr3_is_the_jackknife_done_one_cluster_at_a_time() -> None:
    panel = simulated_panel(6)
    labels = np.array(panel.clusters)
    full = fit_two_way_poisson(panel.counts, panel.treatment).coefficient[0]
    without = []
    for label in np.unique(labels):
        keep = labels != label
        fit = fit_two_way_poisson(panel.counts[keep], panel.treatment[keep])
        without.append(fit.coefficient[0])
    groups = len(without)
    by_hand = np.sqrt((groups - 1) / groups * ((np.array(without) - full) ** 2).sum())
    error, found = jackknife(panel)
    assert found == groups
    assert error == pytest.approx(by_hand, rel=1e-8)


def test_a_thousand_fits_at_once_are_the_same_as_one_by_one() -> None:
    panel = simulated_panel(7)
    rng = np.random.default_rng(0)
    moved = np.stack([panel.treatment[rng.permutation(20)] for _ in range(30)])
    together = fit_two_way_poisson(panel.counts, moved).coefficient
    alone = [fit_two_way_poisson(panel.counts, one).coefficient[0] for one in moved]
    assert np.abs(together - alone).max() < 1e-9


def test_no_events_on_one_side_is_no_estimate() -> None:
    panel = simulated_panel(8)
    empty = np.where(panel.treatment > 0, 0.0, panel.counts)
    assert np.isnan(fit_two_way_poisson(empty, panel.treatment).coefficient[0])
    assert np.isnan(fit_two_way_poisson(panel.counts, np.zeros_like(panel.counts)).coefficient[0])


def test_event_study_finds_the_planted_effect_after_the_start_and_none_before() -> None:
    panel = simulated_panel(9, areas=60, starts=(12,) * 8 + (18,) * 8 + (24,) * 8, effect=np.log(0.5))
    spans = event_study(panel)
    after = [span for span in spans if span.first >= 0]
    before = [span for span in spans if span.last < 0]
    assert after
    assert before
    for span in after:
        assert span.standard_error is not None
        assert abs(span.log_ratio - np.log(0.5)) < 4 * span.standard_error
    for span in before:
        assert span.standard_error is not None
        assert abs(span.log_ratio) < 4 * span.standard_error
    observed, expected = average_effect(panel)
    assert observed / expected == pytest.approx(0.5, abs=0.06)
    assert sum(span.expected for span in after) == pytest.approx(expected, rel=1e-6)


def test_errors_of_many_assignments_are_those_of_each_panel_alone() -> None:
    panel = simulated_panel(11, areas=16, starts=STAGGERED)
    own = replace(panel, clusters=panel.areas)
    rng = np.random.default_rng(0)
    drawn = np.stack([rng.permutation(panel.starts) for _ in range(5)])
    edges = np.array([0, 12, 18, 24])
    value, cr3, usual = errors_of(np.add.reduceat(panel.counts, edges, axis=1), drawn, edges)
    for row, starts in enumerate(drawn):
        one = replace(own, starts=starts)
        fit = fit_two_way_poisson(one.counts, one.treatment)
        assert value[row] == pytest.approx(fit.coefficient[0], abs=1e-7)
        assert cr3[row] == pytest.approx(jackknife(one)[0], rel=1e-5)
        assert usual[row] == pytest.approx(clustered(fit, one.counts, one.clusters)[0], rel=1e-5)


def test_false_alarms_on_never_treated_areas_are_few_for_cr3_and_more_for_the_usual_error() -> None:
    rng = np.random.default_rng(12)
    drift = rng.normal(0, 0.4, (40, 1)) * (np.arange(48) - 24) / 24
    counts = rng.poisson(np.exp(1.5 + drift)).astype(float)
    start = np.full(40, NEVER, dtype=np.int64)
    start[:6] = [24, 24, 30, 30, 36, 36]
    names = tuple(f"a{index:02d}" for index in range(40))
    panel = Panel(names, tuple(str(t) for t in range(48)), counts, start, names)
    check = placebo_clusters(panel)
    assert check.figures["draws"] == 200
    assert check.figures["treated_clusters"] == 6
    assert check.figures["false_alarm_percent_cr3"] < check.figures["false_alarm_percent_clustered_z"]
    assert check.status == "passed"
    few = replace(panel, starts=np.where(np.arange(40) < 36, 24, NEVER).astype(np.int64))
    assert placebo_clusters(few).reason == "too_few_areas"
