"""Other methods of the field, against the library that is known for each."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaluation.designs.single import fit_single
from tests.unit.single_series_data import monthly_counts, spec

METHODS = [
    "prais-winsten", "cochrane-orcutt", "newey-west", "negative-binomial", "log-gaussian",
    "sarimax-step", "sarimax-ramp", "local-level",
]  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return monthly_counts(months=84, mean=50, effect=-0.4)


@pytest.fixture(scope="module")
def design(frame) -> np.ndarray:
    position = np.arange(84.0)
    angle = 2 * np.pi * pd.to_datetime(frame["month"]).dt.month.to_numpy() / 12
    return np.column_stack([np.ones(84), position, np.sin(angle), np.cos(angle), position >= 50])


@pytest.fixture(scope="module")
def rows(frame):
    return fit_single(spec(start="2022-03", intervals=["standard", *METHODS]), frame).intervals


def test_every_method_finds_the_planted_fall(rows):
    for name in METHODS:
        if name in ("sarimax-ramp", "local-level"):  # another shape of effect, or no trend
            assert rows[name].coefficient < 0
            continue
        assert rows[name].lower_95 < math.exp(-0.4) < rows[name].upper_95, name
        assert rows[name].upper_95 < 1, name


def test_newey_west_is_statsmodels_default(rows, frame, design):
    lags = math.floor(4 * (84 / 100) ** (2 / 9))
    peer = sm.GLM(frame["victims"], design, family=sm.families.Poisson()).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags}
    )
    assert rows["newey-west"].coefficient == pytest.approx(peer.params.iloc[-1], abs=1e-6)
    assert rows["newey-west"].standard_error == pytest.approx(peer.bse.iloc[-1], rel=1e-5)


def test_cochrane_orcutt_is_statsmodels_glsar(rows, frame, design):
    peer = sm.GLSAR(frame["victims"].to_numpy(), design, rho=1).iterative_fit(maxiter=500, rtol=1e-10)
    mean = frame["victims"][50:].mean()
    ratio = mean / (mean - peer.params[-1])
    assert math.exp(rows["cochrane-orcutt"].coefficient) == pytest.approx(ratio, rel=1e-6)


def test_prais_winsten_is_generalized_least_squares_at_its_rho(rows, frame, design):
    """At the rho it settled on, GLS with the AR(1) covariance matrix gives the same level."""
    y = frame["victims"].to_numpy(float)
    rho = 0.0
    for _ in range(200):
        lag = np.abs(np.subtract.outer(np.arange(84), np.arange(84)))
        fit = sm.GLS(y, design, sigma=rho**lag if rho else np.eye(84)).fit()
        residual = y - design @ fit.params
        rho = float(residual[1:] @ residual[:-1] / (residual[:-1] @ residual[:-1]))
    mean = y[50:].mean()
    ratio = mean / (mean - fit.params[-1])
    assert math.exp(rows["prais-winsten"].coefficient) == pytest.approx(ratio, rel=1e-5)


def test_sarimax_does_not_depend_on_the_unit_of_the_outcome(frame):
    made = spec(start="2022-03", family="gaussian", intervals=["standard", "sarimax-step", "local-level"])
    plain = fit_single(made, frame).intervals
    larger = fit_single(made, frame.assign(victims=frame["victims"] * 1000)).intervals
    for name in ("sarimax-step", "local-level"):
        assert larger[name].coefficient == pytest.approx(1000 * plain[name].coefficient, rel=1e-3)
        assert larger[name].standard_error == pytest.approx(1000 * plain[name].standard_error, rel=1e-2)


def test_log_gaussian_is_least_squares_of_the_logarithm(rows, frame, design):
    peer = sm.OLS(np.log(frame["victims"]), design).fit()
    assert rows["log-gaussian"].coefficient == pytest.approx(peer.params.iloc[-1], abs=1e-8)
    assert rows["log-gaussian"].standard_error == pytest.approx(peer.bse.iloc[-1], rel=1e-8)


def test_a_method_that_cannot_be_used_says_why_and_gives_no_number(frame):
    gap = frame.drop(index=[30])
    gap.loc[10, "victims"] = 0
    made = spec(start="2022-03", intervals=["standard", "prais-winsten", "log-gaussian", "sarimax-step"])
    rows = fit_single(made, gap).intervals
    assert rows["prais-winsten"].note == "missing_periods"
    assert rows["log-gaussian"].note == "log_of_zero"
    assert math.isnan(rows["prais-winsten"].coefficient)
    assert rows["sarimax-step"].upper_95 < 1  # the state space model stands a gap


def test_negative_binomial_without_overdispersion_is_poisson():
    """statsmodels does not converge there; the likelihood has its maximum at alpha = 0."""
    frame = monthly_counts(mean=50)
    frame["victims"] = np.rint(50 + 3 * np.sin(np.arange(60) * 2.1)).astype(int)
    rows = fit_single(spec(intervals=["poisson", "negative-binomial"]), frame).intervals
    assert rows["negative-binomial"].note == "no_overdispersion"
    assert rows["negative-binomial"].coefficient == pytest.approx(rows["poisson"].coefficient)
    assert rows["negative-binomial"].standard_error == pytest.approx(rows["poisson"].standard_error)


def test_arima_family_with_a_seasonal_difference(frame):
    made = spec(
        start="2022-03",
        family="arima",
        harmonics=0,
        order=[1, 0, 0],
        seasonal_order=[0, 1, 1],
        intervals=["standard"],
    )
    result = fit_single(made, frame)
    assert result.status == "estimated"
    expected = frame["victims"][50:].mean() * (1 - 1 / math.exp(-0.4))
    assert result.intervals["standard"].lower_95 < expected < result.intervals["standard"].upper_95
