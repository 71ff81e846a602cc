"""The single-series engine gives what statsmodels gives where both compute the same thing."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaluation.designs.single import fit_single
from evaluation.numerics.poisson import fit_poisson
from tests.unit.single_series_data import monthly_counts, spec

AGREEMENT = 1e-6
TERMS = ["intercept", "trend", "sin_1", "cos_1", "level", "slope"]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return monthly_counts(effect=-0.3)


@pytest.fixture(scope="module")
def design(frame: pd.DataFrame) -> np.ndarray:
    position = np.arange(len(frame), dtype=float)
    month = pd.to_datetime(frame["month"]).dt.month.to_numpy()
    after = position >= 36
    angle = 2 * np.pi * month / 12
    return np.column_stack(
        [np.ones(len(frame)), position, np.sin(angle), np.cos(angle), after, after * (position - 35)]
    )


def statsmodels_fit(frame: pd.DataFrame, design: np.ndarray, **kind: object):
    return sm.GLM(frame["victims"], design, family=sm.families.Poisson()).fit(tol=1e-12, **kind)


@pytest.mark.parametrize(
    ("interval", "kind", "correction"),
    [
        ("poisson", {}, 1.0),
        ("hc1", {"cov_type": "HC0"}, math.sqrt(60 / 54)),
        ("hac:3", {"cov_type": "HAC", "cov_kwds": {"maxlags": 3}}, math.sqrt(60 / 54)),
    ],
)
def test_every_coefficient_and_error(frame, design, interval, kind, correction):
    """statsmodels' GLM leaves out the factor n/(n − p), here the square root of 60/54 on each error."""
    result = fit_single(spec(slope=True, intervals=[interval]), frame)
    peer = statsmodels_fit(frame, design, **kind)
    for at, name in enumerate(TERMS):
        assert result.terms[name]["coefficient"] == pytest.approx(peer.params.iloc[at], abs=AGREEMENT)
        error = peer.bse.iloc[at] * correction
        assert result.terms[name]["standard_error"] == pytest.approx(error, rel=AGREEMENT)


def test_quasi_poisson_dispersion_and_errors(frame, design):
    result = fit_single(spec(slope=True, intervals=["standard"]), frame)
    peer = statsmodels_fit(frame, design, scale="X2")
    assert result.dispersion == pytest.approx(peer.scale, rel=AGREEMENT)
    floor = math.sqrt(max(1.0, peer.scale) / peer.scale)
    assert result.terms["level"]["standard_error"] == pytest.approx(peer.bse.iloc[4] * floor, rel=AGREEMENT)


def test_dispersion_under_one_does_not_narrow_the_interval():
    frame = monthly_counts(mean=50.0)
    frame["victims"] = np.rint(50 + 3 * np.sin(np.arange(60) * 2.1)).astype(int)
    result = fit_single(spec(intervals=["standard", "poisson"]), frame)
    assert result.dispersion < 0.5
    assert result.intervals["standard"].standard_error == result.intervals["poisson"].standard_error


def test_average_effect_is_the_ratio_of_sums(frame, design):
    result = fit_single(spec(slope=True, intervals=["poisson"]), frame)
    peer = statsmodels_fit(frame, design)
    without = design.copy()
    without[:, 4:] = 0
    after = slice(36, None)
    ratio = peer.predict(design[after]).sum() / peer.predict(without[after]).sum()
    assert result.effect.rate_ratio == pytest.approx(ratio, rel=AGREEMENT)
    # Its error by differentiating statsmodels' predictions numerically.
    step = 1e-6
    gradient = np.empty(6)
    for at in range(6):
        logs = []
        for sign in (1, -1):
            beta = peer.params.to_numpy() + sign * step * (np.arange(6) == at)
            logs.append(np.log(np.exp(design[after] @ beta).sum() / np.exp(without[after] @ beta).sum()))
        gradient[at] = (logs[0] - logs[1]) / (2 * step)
    error = math.sqrt(gradient @ peer.cov_params().to_numpy() @ gradient)
    assert result.effect.standard_error == pytest.approx(error, rel=1e-5)


def test_linear_family_is_ordinary_least_squares(frame, design):
    result = fit_single(spec(family="gaussian", slope=True, intervals=["standard", "hac:2"]), frame)
    peer = sm.OLS(frame["victims"], design).fit()
    for at, name in enumerate(TERMS):
        assert result.terms[name]["coefficient"] == pytest.approx(peer.params.iloc[at], abs=AGREEMENT)
        assert result.terms[name]["standard_error"] == pytest.approx(peer.bse.iloc[at], rel=AGREEMENT)
    assert result.effect.rate_ratio is None


def test_exposure_is_a_log_offset(frame):
    frame = frame.assign(population=np.linspace(900, 1500, len(frame)))
    result = fit_single(spec(data={"exposure": "population"}, intervals=["poisson"]), frame)
    position = np.arange(60.0)
    angle = 2 * np.pi * pd.to_datetime(frame["month"]).dt.month / 12
    X = np.column_stack([np.ones(60), position, np.sin(angle), np.cos(angle), position >= 36])
    peer = sm.GLM(frame["victims"], X, family=sm.families.Poisson(), offset=np.log(frame["population"])).fit(
        tol=1e-12
    )
    assert result.terms["level"]["coefficient"] == pytest.approx(peer.params.iloc[4], abs=AGREEMENT)


def test_a_thousand_batched_fits_are_the_same_as_one_by_one():
    random = np.random.default_rng(3)
    position = np.arange(96)
    X = np.column_stack([np.ones(96), position, np.sin(position / 2), position >= 60])
    y = random.poisson(np.exp(1.5 + 0.3 * np.sin(position / 2)), size=(1000, 96)).astype(float)
    fit = fit_poisson(y, X)
    assert fit.converged.all()
    for row in range(0, 1000, 97):
        peer = sm.GLM(y[row], X, family=sm.families.Poisson()).fit(tol=1e-12)
        np.testing.assert_allclose(fit.beta[row], peer.params, atol=AGREEMENT)
        np.testing.assert_allclose(fit.bread[row], peer.cov_params(), rtol=1e-5, atol=1e-9)


def test_a_design_of_its_own_for_each_series():
    random = np.random.default_rng(4)
    y = random.poisson(9.0, size=(5, 40)).astype(float)
    X = np.stack([np.column_stack([np.ones(40), random.normal(size=40)]) for _ in range(5)])
    fit = fit_poisson(y, X)
    for row in range(5):
        peer = sm.GLM(y[row], X[row], family=sm.families.Poisson()).fit(tol=1e-12)
        np.testing.assert_allclose(fit.beta[row], peer.params, atol=AGREEMENT)


def test_a_missing_month_is_the_same_as_fitting_without_its_row(frame, design):
    gap = frame.drop(index=[10, 41])
    result = fit_single(spec(slope=True, intervals=["poisson"]), gap)
    peer = sm.GLM(gap["victims"], design[gap.index], family=sm.families.Poisson()).fit(tol=1e-12)
    assert result.n == 58
    assert result.terms["level"]["coefficient"] == pytest.approx(peer.params.iloc[4], abs=AGREEMENT)
    excluded = fit_single(
        spec(slope=True, intervals=["poisson"], data={"exclude": ["2018-11", "2021-06"]}), frame
    )
    assert excluded.terms == result.terms


def test_negative_binomial_family(frame, design):
    overdispersed = frame.assign(victims=np.random.default_rng(9).negative_binomial(5, 0.2, size=len(frame)))
    result = fit_single(spec(family="negative-binomial", slope=True), overdispersed)
    peer = sm.NegativeBinomial(overdispersed["victims"], design).fit(disp=0, maxiter=500)
    assert result.terms["level"]["coefficient"] == pytest.approx(peer.params.iloc[4], abs=1e-4)
    assert result.terms["alpha"]["coefficient"] == pytest.approx(peer.params.iloc[-1], abs=1e-4)
