"""The specification curve and the simulated twin of a program with staggered starts."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import statsmodels.api as sm

from benchmarks.simulated_program import World, make_city
from evaluation.analysis_result import AnalysisResult
from evaluation.checks.staggered_curve import (
    Variant,
    by_start,
    fit_tables,
    tables_of,
    variants_of,
)
from evaluation.checks.staggered_twin import draw, latent_of, staggered_false_alarms
from evaluation.designs.panel import NEVER, Panel, treatment_of
from evaluation.designs.randomization import admissible_assignments
from evaluation.readings import evaluate_program

WORLD = World(areas=40, treated=6, months=84, effect=float(np.log(0.5)))


def panel(seed: int = 1, effect: float = 0.0, sigma: float = 0.0, rho: float = 0.0) -> Panel:
    rng = np.random.default_rng(seed)
    starts = np.array([30, 36, 36, 48, *[NEVER] * 16], dtype=np.int64)
    level = rng.uniform(2, 9, (20, 1))
    mean = level * np.exp(0.3 * np.sin(np.arange(72) / 6) + effect * treatment_of(starts, 72))
    names = tuple(f"{index:02d}" for index in range(20))
    months = tuple(f"{2015 + month // 12}-{month % 12 + 1:02d}" for month in range(72))
    return Panel(names, months, draw(mean, sigma, rho, 1, rng)[0], starts, names)


@pytest.mark.parametrize(
    "variant",
    [
        Variant(0, 0, 0, None, None),
        Variant(6, 12, 3, None, 40),
        Variant(12, 0, 6, 36, None),
        Variant(0, 6, 3, 30, 5),
    ],
)
def test_a_cell_is_the_regression_on_the_rows_that_it_keeps(variant: Variant) -> None:
    data = panel(2, effect=-0.4)
    value, information = (item[0] for item in fit_tables(tables_of(data, [variant], *by_start(data))))
    month = np.arange(72)
    keep = np.ones((20, 72), dtype=bool)
    keep[:, : variant.beginning] = False
    keep[:, 72 - variant.ending :] = False
    since = month[None, :] - data.starts[:, None]
    keep[(since >= 0) & (since < variant.transition)] = False
    if variant.cohort is not None:
        keep[data.starts == variant.cohort] = False
    if variant.without is not None:
        keep[:, variant.without] = False
    area, time = np.nonzero(keep)
    columns = [data.treatment[keep], *(np.eye(20)[area].T), *(np.eye(72)[time].T)]
    X = np.column_stack([column for column in columns if column.any()])
    X = np.delete(X, 1, axis=1)
    fit = sm.GLM(data.counts[keep], X, family=sm.families.Poisson()).fit(tol=1e-12)
    assert value == pytest.approx(fit.params[0], abs=1e-6)
    assert information**-0.5 == pytest.approx(fit.bse[0], rel=1e-5)


def test_a_curve_keeps_a_year_before_the_first_start() -> None:
    variants = variants_of(panel(), worst=3)
    assert {item.beginning for item in variants} == {0, 6, 12}
    assert {item.without for item in variants} == {None, 3}
    assert {item.cohort for item in variants} == {None, 30, 36, 48}


def test_the_latent_process_of_clusters_is_recovered_from_their_residuals() -> None:
    rng = np.random.default_rng(4)
    starts = np.array([30, 40, *[NEVER] * 38], dtype=np.int64)
    counts = draw(np.full((40, 240), 30.0), 0.3, 0.7, 1, rng)[0]
    sigma, rho, mean = latent_of(counts, starts)
    assert sigma == pytest.approx(0.3, abs=0.05)
    assert rho == pytest.approx(0.7, abs=0.12)
    assert mean.mean() == pytest.approx(30, rel=0.1)


def test_the_twin_of_a_quiet_panel_cries_wolf_about_as_often_as_promised() -> None:
    data = panel(5, sigma=0.25, rho=0.6)
    check = staggered_false_alarms(data, admissible_assignments(data, draws=99), histories=200)
    assert check.status == "passed"
    assert check.figures["histories"] == 200
    for method in ("randomization", "cr3"):
        assert check.figures[f"false_alarm_percent_{method}"] <= 9
    # Four treated areas: the usual clustered z is far too sure of itself.
    assert check.figures["false_alarm_percent_clustered_z"] > check.figures["false_alarm_percent_cr3"]


@cache
def evaluated(effect: float) -> tuple[AnalysisResult, list[str]]:
    told: list[str] = []

    def progress(what: str, done: int, of: int) -> None:
        assert 0 <= done <= of
        told.append(what)

    world = World(areas=40, treated=6, months=84, effect=effect)
    return evaluate_program(**make_city(world, 1), progress=progress)[0], told


@pytest.mark.slow
def test_a_headline_with_staggered_starts_has_its_curve_and_a_joint_test() -> None:
    found, told = evaluated(float(np.log(0.5)))
    curve = next(check for check in found.headline.checks if check.name == "specification_curve")
    assert len(found.specifications) == curve.figures["cells"] >= 200
    assert curve.status == "passed"
    assert 0.4 < float(curve.figures["median"] or 0) < 0.6
    assert float(curve.figures["joint_p"] or 1) <= 0.05
    assert {"cells", "joint test", "made-up histories"} == set(told)


@pytest.mark.slow
def test_without_an_effect_the_joint_test_does_not_reject() -> None:
    found, _ = evaluated(0.0)
    curve = next(check for check in found.headline.checks if check.name == "specification_curve")
    assert float(curve.figures["joint_p"] or 0) > 0.05
