"""Phases, areas, calendars and shocks of a single series, on made-up counts with a planted truth."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaluation.data import DataError
from evaluation.designs.single import fit_single
from evaluation.spec import SpecError, parse_spec
from tests.unit.single_series_data import monthly_counts, spec


def large_counts(months: int, change: np.ndarray, seed: int = 3) -> pd.DataFrame:
    """Counts of thousands, so that the planted log change comes out nearly exactly."""
    position = np.arange(months)
    mean = 20_000 * np.exp(-0.003 * position + 0.2 * np.sin(2 * np.pi * position / 12) + change)
    dates = pd.period_range("2015-01", periods=months, freq="M").strftime("%Y-%m")
    return pd.DataFrame({"month": dates, "victims": np.random.default_rng(seed).poisson(mean)})


def test_each_phase_has_its_own_effect_against_the_time_before_all_of_them():
    change = np.zeros(96)
    change[36:42], change[42:72], change[72:80] = 0.3, -0.4, -0.1
    phases = [
        {"name": "pilot", "start": "2018-01", "end": "2018-06"},
        {"name": "withdrawn", "start": "2021-01", "end": "2021-08"},
    ]
    made = spec(start="2018-07", end="2020-12", phases=phases, intervals=["standard"])
    result = fit_single(made, large_counts(96, change))
    found = {name: result.terms[name]["coefficient"] for name in ("phase:pilot", "level", "phase:withdrawn")}
    assert found == pytest.approx({"phase:pilot": 0.3, "level": -0.4, "phase:withdrawn": -0.1}, abs=0.02)
    assert (result.card.baseline_first, result.card.baseline_last) == ("2015-01", "2017-12")
    assert (result.card.phase_first, result.card.phase_last) == ("2018-07", "2020-12")
    assert result.n == 80  # the sixteen months after the last phase are nobody's and are left out
    assert result.series[-1].time == "2021-08"


def test_averted_is_expected_less_observed_over_the_phase_only():
    change = np.where(np.arange(60) >= 36, math.log(0.8), 0.0)
    result = fit_single(
        spec(start="2018-01", end="2019-06", intervals=["standard"]), large_counts(60, change)
    )
    effect = result.effect
    assert effect.rate_ratio == pytest.approx(0.8, abs=0.01)
    frame = large_counts(60, change)
    assert effect.observed == frame["victims"][36:54].sum()
    assert effect.averted == pytest.approx(0.25 * effect.observed, rel=0.05)
    assert effect.averted_interval_95[0] < effect.averted < effect.averted_interval_95[1]
    assert result.additive["per_month"] == pytest.approx(-effect.averted / 18)
    assert result.additive["lower_95"] < result.additive["per_month"] < result.additive["upper_95"]


def test_counterfactual_band_holds_the_counterfactual():
    change = np.where(np.arange(60) >= 36, math.log(0.7), 0.0)
    result = fit_single(spec(start="2018-01"), large_counts(60, change))
    position = np.arange(60)
    truth = 20_000 * np.exp(-0.003 * position + 0.2 * np.sin(2 * np.pi * position / 12))
    points = result.series
    assert len(points) == 60
    for at, point in enumerate(points):
        assert point.lower_95 < point.expected < point.upper_95
        assert point.lower_95 < truth[at] < point.upper_95
    assert points[50].observed < points[50].lower_95


def test_a_missing_month_is_a_gap_in_the_series_and_not_a_zero():
    frame = monthly_counts().drop(index=[20])
    result = fit_single(spec(), frame)
    assert result.series[20].observed is None
    assert result.series[20].expected > 0
    assert result.n == 59


def test_treated_areas_are_added_up():
    one, two, other = (monthly_counts(seed=seed) for seed in (1, 2, 3))
    frame = pd.concat([one.assign(area=6), two.assign(area=9), other.assign(area=11)], ignore_index=True)
    roles = {"area": "area", "treated": ["6", "9"]}
    added = one.assign(victims=one["victims"] + two["victims"])
    assert fit_single(spec(data=roles), frame).effect == fit_single(spec(), added).effect
    assert fit_single(spec(data=roles), frame).card.areas == ("6", "9")


def test_a_month_that_one_area_lacks_is_missing_for_the_sum():
    frame = pd.concat(
        [monthly_counts(seed=1).assign(area="a"), monthly_counts(seed=2).assign(area="b").drop(index=[4])],
        ignore_index=True,
    )
    result = fit_single(spec(data={"area": "area"}), frame)
    assert result.series[4].observed is None


def test_an_unknown_area_is_named():
    frame = monthly_counts().assign(area="6")
    with pytest.raises(DataError, match="area '7' is not in column 'area'"):
        fit_single(spec(data={"area": "area", "treated": ["7"]}), frame)


def test_rates_of_several_areas_are_not_added_up():
    frame = pd.concat([monthly_counts().assign(area=name) for name in "ab"])
    with pytest.raises(SpecError, match="cannot be added up"):
        fit_single(spec(data={"area": "area"}, family="gaussian"), frame)


def test_days_of_the_month_are_an_offset():
    """A constant number a day is no seasonal pattern."""
    dates = pd.period_range("2016-01", periods=60, freq="M")
    frame = pd.DataFrame({"month": dates.strftime("%Y-%m"), "victims": 1000 * dates.days_in_month})
    made = spec(start="2019-01", days_offset=True, harmonics=0, trend=False, intervals=["standard"])
    result = fit_single(made, frame)
    assert result.terms["level"]["coefficient"] == pytest.approx(0.0, abs=1e-9)
    without = fit_single(spec(start="2019-01", harmonics=0, trend=False, intervals=["standard"]), frame)
    assert abs(without.terms["level"]["coefficient"]) > 1e-5


def test_weekly_counts():
    weeks = pd.date_range("2021-01-04", periods=208, freq="7D")
    position = np.arange(208)
    mean = 9000 * np.exp(0.3 * np.cos(2 * np.pi * position / 52) - 0.3 * (position >= 130))
    frame = pd.DataFrame(
        {"week": weeks.strftime("%Y-%m-%d"), "victims": np.random.default_rng(1).poisson(mean)}
    )
    made = parse_spec(
        {
            "data": {"date": "week", "outcome": "victims"},
            "analysis": {"start": weeks[130].strftime("%Y-%m-%d"), "harmonics": 1, "period": 52},
        }
    )
    result = fit_single(made, frame)
    assert result.n == 208
    assert result.effect.rate_ratio == pytest.approx(math.exp(-0.3), rel=0.02)


def test_annual_counts():
    years = np.arange(2000, 2024)
    victims = np.random.default_rng(2).poisson(5000 * np.exp(-0.2 * (years >= 2012)))
    made = parse_spec(
        {
            "data": {"year": "year", "outcome": "victims"},
            "analysis": {"start": 2012, "intervals": ["integrated", "standard"]},
        }
    )
    result = fit_single(made, pd.DataFrame({"year": years, "victims": victims}))
    assert result.card.phase_first == "2012"
    assert result.effect.rate_ratio == pytest.approx(math.exp(-0.2), rel=0.03)


def test_ignoring_a_shock_that_fades_makes_an_effect_out_of_nothing():
    """The trap of 2020: no effect at all, and a rise that fades looks like a success unless it is in the model."""
    since = np.arange(84) - 28
    fading = np.where(since >= 0, 0.5 * 0.5 ** (np.maximum(since, 0) / 12), 0.0)
    frame = large_counts(84, fading)
    start = "2018-09"
    ignored = fit_single(spec(start=start, intervals=["standard"]), frame).effect.rate_ratio
    block = fit_single(spec(start=start, shock="2017-05"), frame)
    assert ignored < 0.9
    assert block.effect.rate_ratio == pytest.approx(1.0, abs=0.03)
    assert block.intervals["integrated"].note == "half_life_12"
    assert block.terms["shock"]["coefficient"] == pytest.approx(0.5, abs=0.05)


def test_a_lasting_shock_is_told_from_a_fading_one():
    lasting = np.where(np.arange(84) >= 28, 0.5, 0.0)
    result = fit_single(spec(start="2018-09", shock="2017-05"), large_counts(84, lasting))
    assert result.intervals["integrated"].note == "permanent"
    assert result.effect.rate_ratio == pytest.approx(1.0, abs=0.03)


def test_a_shock_that_begins_with_the_program_cannot_be_told_from_it():
    result = fit_single(spec(shock="2021-01"), monthly_counts())
    assert (result.status, result.reason) == ("not_estimable", "collinear_terms")


def test_a_covariate_takes_up_what_it_explains():
    random = np.random.default_rng(4)
    officers = random.normal(size=60)
    change = 0.2 * officers + np.where(np.arange(60) >= 36, -0.3, 0.0)
    frame = large_counts(60, change).assign(officers=officers)
    made = spec(start="2018-01", covariates=["officers"], intervals=["standard"])
    result = fit_single(made, frame)
    assert result.terms["covariate:officers"]["coefficient"] == pytest.approx(0.2, abs=0.01)
    assert result.terms["level"]["coefficient"] == pytest.approx(-0.3, abs=0.02)


def test_a_ramp_without_a_level():
    position = np.arange(60)
    ramp = np.where(position >= 36, -0.02 * (position - 35), 0.0)
    made = spec(start="2018-01", level=False, slope=True, intervals=["standard"])
    result = fit_single(made, large_counts(60, ramp))
    assert result.terms["slope"]["coefficient"] == pytest.approx(-0.02, abs=0.001)
    without = np.exp(-0.003 * position + 0.2 * np.sin(2 * np.pi * position / 12))[36:]
    truth = (without * np.exp(ramp[36:])).sum() / without.sum()
    assert result.effect.rate_ratio == pytest.approx(truth, rel=0.01)


def test_every_interval_is_wider_than_the_poisson_one_when_months_resemble_one_another():
    random = np.random.default_rng(6)
    latent = np.zeros(60)
    for t in range(1, 60):
        latent[t] = 0.8 * latent[t - 1] + 0.18 * random.standard_normal()
    frame = monthly_counts().assign(victims=random.poisson(40 * np.exp(latent)))
    result = fit_single(spec(intervals=["integrated", "ewc", "standard", "poisson"]), frame)
    width = {name: math.log(one.upper_95 / one.lower_95) for name, one in result.intervals.items()}
    assert width["integrated"] > width["standard"] > width["poisson"]
    assert width["ewc"] > width["poisson"]
    for one in result.intervals.values():
        assert one.lower_95 < one.lower_80 < math.exp(one.coefficient) < one.upper_80 < one.upper_95


def test_an_interval_of_another_design_is_refused_by_name():
    with pytest.raises(SpecError, match=r"analysis.intervals: cluster is not for a single series"):
        fit_single(spec(intervals=["cluster"]), monthly_counts())
    with pytest.raises(SpecError, match=r"integrated needs family poisson"):
        fit_single(spec(family="gaussian", intervals=["integrated"]), monthly_counts())
    with pytest.raises(SpecError, match=r"data.weights"):
        frame = monthly_counts().assign(population=1.0)
        fit_single(spec(data={"weights": "population"}), frame)


def test_ewc_agrees_with_the_textbook_formula_in_a_long_series():
    """Without small-sample correction: mean square of the cosine projections × T, t with B degrees of freedom."""
    frame = monthly_counts(months=600, start="1970-01")
    result = fit_single(spec(start="2000-01", intervals=["ewc"]), frame)
    position = np.arange(600)
    angle = 2 * np.pi * (position % 12 + 1) / 12
    X = np.column_stack([np.ones(600), position / 600, np.sin(angle), np.cos(angle), position >= 360])
    peer = sm.GLM(frame["victims"], X, family=sm.families.Poisson()).fit(tol=1e-12)
    influence = (X @ peer.cov_params().to_numpy()[:, -1]) * (frame["victims"] - peer.predict(X)).to_numpy()
    cosines = int(0.4 * 600 ** (2 / 3))
    basis = math.sqrt(2 / 600) * np.cos(np.pi * np.outer(np.arange(1, cosines + 1), position + 0.5) / 600)
    plain = math.sqrt(600 * np.mean((basis @ influence) ** 2) * 1)
    assert result.intervals["ewc"].standard_error == pytest.approx(plain, rel=0.06)
    # Trend and level take up the slowest movements, so fewer than 28 are left to judge by.
    assert cosines == 28
    assert 10 < result.intervals["ewc"].degrees_of_freedom < 28
