"""Checks beside a single series: they find what was planted and keep still otherwise."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox

from evaluation.checks.single_dates import placebo_dates
from evaluation.checks.single_power import design_analysis, smallest_detectable
from evaluation.checks.single_residuals import (
    cumby_huizinga,
    ljung_box,
    overdispersion,
    quantile_residuals,
    residual_autocorrelation,
)
from evaluation.checks.single_twin import draw_histories, simulated_twin
from evaluation.designs.single import fit_regression, fit_single
from evaluation.intervals.integrated import fit_integrated
from evaluation.regressors import regressors
from evaluation.series import read_series
from tests.unit.single_series_data import monthly_counts, spec


def pieces(frame: pd.DataFrame, **analysis: object):
    made = spec(**analysis)
    series = read_series(made, frame)
    terms = regressors(made, series)
    return made, series, terms


def fitted(frame: pd.DataFrame):
    made, series, terms = pieces(frame)
    return fit_regression(made, series, terms)[0]


def autocorrelated(months: int = 120, seed: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    latent = np.zeros(months)
    for t in range(1, months):
        latent[t] = 0.8 * latent[t - 1] + 0.2 * random.standard_normal()
    frame = monthly_counts(months=months)
    return frame.assign(victims=random.poisson(60 * np.exp(latent)))


def named(result, name: str):
    return next(check for check in result.checks if check.name == name)


def test_independent_poisson_counts_pass_the_residual_checks():
    one = fitted(monthly_counts(months=120))
    assert overdispersion(one).status == "passed"
    assert [check.status for check in residual_autocorrelation(one)] == ["passed", "passed"]


def test_months_that_resemble_one_another_fail_them():
    one = fitted(autocorrelated())
    first, second = residual_autocorrelation(one)
    assert (first.status, first.reason) == ("failed", "residuals_autocorrelated")
    assert (second.status, second.reason) == ("failed", "residuals_autocorrelated")
    assert first.figures["first_autocorrelation"] > 0.3
    assert overdispersion(one).reason == "counts_overdispersed"


def test_ljung_box_is_that_of_statsmodels():
    one = fitted(autocorrelated())
    residual = quantile_residuals(one)[0]
    statistic, p = ljung_box(residual, one, 8)
    peer = acorr_ljungbox(residual - residual.mean(), lags=[8]).iloc[0]
    assert statistic == pytest.approx(peer["lb_stat"], rel=1e-9)
    assert p == pytest.approx(peer["lb_pvalue"], rel=1e-9)


def test_cumby_huizinga_has_its_nominal_size_and_sees_autocorrelation():
    one = fitted(monthly_counts(months=120))
    random = np.random.default_rng(11)
    hat = one.X @ np.linalg.pinv(one.X)
    draws = random.standard_normal((400, 120))
    draws = draws - draws @ hat.T
    false = np.mean([cumby_huizinga(draw, one, 4)[1] < 0.05 for draw in draws])
    assert false < 0.09
    moving = draws[:, 1:] + 0.6 * draws[:, :-1]
    moving = np.column_stack([draws[:, 0], moving])
    assert np.mean([cumby_huizinga(draw, one, 4)[1] < 0.05 for draw in moving[:100]]) > 0.9


def test_quantile_residuals_are_standard_normal_even_for_small_counts():
    random = np.random.default_rng(12)
    frame = monthly_counts(months=400, start="1985-01").assign(victims=random.poisson(0.7, size=400))
    made, series, terms = pieces(frame, start="2005-01")
    one = fit_regression(made, series, terms)[0]
    draws = quantile_residuals(one, repetitions=5)
    for draw in draws:
        assert stats.kstest(draw, "norm").pvalue > 0.01
    pearson = one.residual / np.sqrt(one.mu)
    assert stats.kstest(pearson, "norm").pvalue < 1e-6


def test_few_months_cannot_be_checked_for_autocorrelation():
    result = fit_single(spec(start="2018-09", harmonics=0), monthly_counts(months=15))
    assert (named(result, "ljung_box").status, named(result, "ljung_box").reason) == (
        "cannot_run",
        "too_few_periods",
    )


def test_placebo_dates_rank_a_real_break_first():
    made, series, terms = pieces(
        monthly_counts(months=96, mean=60, effect=-0.5), start="2022-11", harmonics=1
    )
    check, curve = placebo_dates(made, series, terms)
    assert check.status == "passed"
    assert check.figures["rank"] <= 2  # a neighboring month may fit by chance a little better
    assert check.figures["p"] == pytest.approx(check.figures["rank"] / check.figures["dates"])
    assert sum(date.is_start for date in curve) == 1
    start = next(date for date in curve if date.is_start)
    assert start.placebo == "2022-11"
    assert start.lower_95 < start.rate_ratio < start.upper_95 < 1


def test_placebo_dates_agree_with_one_fit_at_a_time():
    frame = monthly_counts(months=72)
    made, series, terms = pieces(frame)
    _, curve = placebo_dates(made, series, terms)
    position = np.arange(72)
    angle = 2 * np.pi * pd.to_datetime(frame["month"]).dt.month / 12
    for date in curve[::9]:
        after = position >= frame.index[frame["month"] == date.placebo][0]
        X = np.column_stack([np.ones(72), position, np.sin(angle), np.cos(angle), after])
        peer = sm.GLM(frame["victims"], X, family=sm.families.Poisson()).fit(tol=1e-12)
        assert math.log(date.rate_ratio) == pytest.approx(peer.params.iloc[-1], abs=1e-6)


def test_a_change_as_large_at_other_dates_fails_and_few_dates_cannot_be_ranked():
    result = fit_single(spec(start="2021-06"), monthly_counts(months=72))
    assert named(result, "placebo_dates").reason == "as_large_at_other_dates"
    short = fit_single(spec(start="2019-02"), monthly_counts(months=26))
    assert named(short, "placebo_dates").reason == "too_few_dates"


def test_power_exaggeration_and_wrong_sign_against_simulation():
    random = np.random.default_rng(14)
    effect, deviation, critical = math.log(0.8), 0.3, 0.7
    estimates = random.normal(effect, deviation, size=400_000)
    seen = estimates[np.abs(estimates) > critical]
    found = design_analysis(effect, deviation, critical)
    assert found.power == pytest.approx(len(seen) / 400_000, abs=0.002)
    assert found.exaggeration == pytest.approx(np.abs(seen).mean() / abs(effect), rel=0.01)
    assert found.wrong_sign == pytest.approx((seen > 0).mean(), abs=0.005)


def test_smallest_detectable_change_has_the_wanted_power():
    fewer, more = smallest_detectable(0.3, 0.7, power=0.8)
    assert fewer == -more
    assert stats.norm.cdf((-0.7 - fewer) / 0.3) == pytest.approx(0.8, abs=1e-4)


def test_one_ward_can_show_only_very_large_changes():
    """Sixty months of eight shootings a month: a fifth fewer is found less than one time in four."""
    frame = autocorrelated(months=60, seed=2)
    frame["victims"] = np.random.default_rng(2).poisson(8.0, size=60)
    check = named(fit_single(spec(), frame), "detectable_change")
    assert check.figures["power"] < 0.25
    assert check.figures["smallest_decrease_percent"] < -35
    assert check.figures["exaggeration"] > 2


def test_a_single_series_never_passes_a_gate_that_needs_a_comparison():
    result = fit_single(spec(), monthly_counts(mean=200, effect=-1.0))
    for name in ("pre_period_ratio", "breakdown_value", "comparison_pool"):
        assert (named(result, name).status, named(result, name).kind) == ("cannot_run", "deciding")


def test_histories_of_the_twin_have_the_fitted_mean_and_the_planted_effect():
    _, series, terms = pieces(monthly_counts(mean=30))
    one = fit_integrated(series, terms)
    plain = draw_histories(one, 4000, 0.0, seed=1)
    planted = draw_histories(one, 4000, math.log(0.5), seed=2)
    expected = np.exp(terms.without_program @ one.fit.beta[0])
    np.testing.assert_allclose(plain.mean(axis=0), expected, rtol=0.06)
    ratio = planted[:, terms.headline].mean() / plain[:, terms.headline].mean()
    assert ratio == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(draw_histories(one, 5, 0.0, seed=1), draw_histories(one, 5, 0.0, seed=1))


@pytest.mark.slow
def test_the_twin_of_an_ordinary_series_does_not_cry_wolf():
    _, series, terms = pieces(monthly_counts(mean=12))
    check = simulated_twin(fit_integrated(series, terms), histories=300)
    assert check.status == "passed"
    assert check.figures["false_alarm_rate"] <= 0.09
    assert check.figures["histories"] == 300
