"""Random-effects summaries agree with published results, with statsmodels and with closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from evaluation import meta_analysis
from evaluation.meta_analysis import (
    egger,
    equal_weights,
    error_from_interval,
    error_from_p_value,
    partially_pooled,
    random_effects,
)

# BCG vaccine against tuberculosis, 13 trials (Colditz and others 1994): cases and non-cases,
# vaccinated and not. The textbook example of the metafor manual (Viechtbauer 2010).
BCG = [
    (4, 119, 11, 128),
    (6, 300, 29, 274),
    (3, 228, 11, 209),
    (62, 13536, 248, 12619),
    (33, 5036, 47, 5761),
    (180, 1361, 372, 1079),
    (8, 2537, 10, 619),
    (505, 87886, 499, 87892),
    (29, 7470, 45, 7232),
    (17, 1699, 65, 1600),
    (186, 50448, 141, 27197),
    (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
]
BCG_EFFECTS = [math.log((a / (a + b)) / (c / (c + d))) for a, b, c, d in BCG]
BCG_ERRORS = [math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)) for a, b, c, d in BCG]


def test_the_published_bcg_summary_comes_out() -> None:
    summary = random_effects(BCG_EFFECTS, BCG_ERRORS)
    assert summary.mean == pytest.approx(-0.7145, abs=5e-5)
    assert summary.tau_squared == pytest.approx(0.3132, abs=5e-5)
    assert summary.plain_standard_error == pytest.approx(0.1798, abs=5e-5)
    assert summary.heterogeneity_q == pytest.approx(152.2330, abs=5e-4)
    assert summary.i_squared == pytest.approx(92.22, abs=5e-3)


def test_the_published_hartung_knapp_interval_of_bcg_comes_out() -> None:
    summary = random_effects(BCG_EFFECTS, BCG_ERRORS, never_narrower=False)
    assert summary.standard_error == pytest.approx(0.1807, abs=5e-4)
    assert summary.interval_95 == pytest.approx((-1.108, -0.321), abs=1e-3)


def test_mean_and_error_agree_with_statsmodels_at_the_same_spread_between_places() -> None:
    # statsmodels has no REML; given our tau², its weights and Hartung-Knapp scale must be ours.
    summary = random_effects(BCG_EFFECTS, BCG_ERRORS, never_narrower=False)
    shifted = np.asarray(BCG_ERRORS) ** 2 + summary.tau_squared
    peer = combine_effects(np.asarray(BCG_EFFECTS), shifted, method_re="chi2", use_t=True)
    assert summary.mean == pytest.approx(peer.mean_effect_fe, abs=1e-10)
    assert summary.standard_error == pytest.approx(peer.sd_eff_w_fe_hksj, abs=1e-10)


def test_restricted_likelihood_is_highest_at_the_spread_found() -> None:
    rng = np.random.default_rng(11)
    for _ in range(6):
        errors = rng.uniform(0.05, 0.5, 6)
        effects = rng.normal(-0.1, 0.2, 6) + rng.normal(0, errors)
        found = random_effects(effects.tolist(), errors.tolist()).tau_squared

        def restricted(tau2: float, y: np.ndarray = effects, s: np.ndarray = errors) -> float:
            # Density of the contrasts of y, which carry no mean: another way to the same likelihood.
            contrast = np.linalg.svd(np.ones((1, 6)))[2][1:]
            covariance = contrast @ np.diag(s**2 + tau2) @ contrast.T
            return float(stats.multivariate_normal(np.zeros(5), covariance).logpdf(contrast @ y))

        others = np.linspace(0, 1, 100)
        assert restricted(found) >= max(restricted(value) for value in others) - 1e-6


def test_equal_errors_have_a_closed_form() -> None:
    effects, error = [-0.5, 0.1, 0.4, -0.2], 0.1
    summary = random_effects(effects, [error] * 4, never_narrower=False)
    spread = np.std(effects, ddof=1)
    assert summary.mean == pytest.approx(np.mean(effects))
    assert summary.tau_squared == pytest.approx(spread**2 - error**2, abs=1e-6)
    low, high = stats.t.interval(0.95, 3, np.mean(effects), stats.sem(effects))
    assert summary.interval_95 == pytest.approx((low, high), abs=1e-6)


def test_results_that_agree_better_than_chance_do_not_narrow_the_interval() -> None:
    summary = random_effects([-0.100, -0.101, -0.099], [0.2, 0.2, 0.2])
    assert summary.tau_squared == 0
    assert summary.scale is not None and summary.scale < 1
    assert summary.standard_error == pytest.approx(0.2 / math.sqrt(3))


def test_prediction_interval_is_wider_than_the_interval_of_the_mean_and_needs_three_results() -> None:
    summary = random_effects(BCG_EFFECTS, BCG_ERRORS)
    assert summary.prediction_95 is not None
    assert (
        summary.prediction_95[0] < summary.interval_95[0] < summary.interval_95[1] < summary.prediction_95[1]
    )
    assert random_effects([0.1, -0.3], [0.1, 0.2]).prediction_95 is None


def test_prediction_interval_covers_the_next_place_nineteen_times_in_twenty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(meta_analysis, "_DRAWS", 1000)
    rng = np.random.default_rng(20)
    inside, textbook, rounds = 0, 0, 300
    for _ in range(rounds):
        errors = rng.uniform(0.1, 0.3, 8)
        truth = rng.normal(-0.15, 0.3, 9)
        summary = random_effects((truth[:8] + rng.normal(0, errors)).tolist(), errors.tolist())
        assert summary.prediction_95 is not None and summary.textbook_prediction_95 is not None
        inside += summary.prediction_95[0] <= truth[8] <= summary.prediction_95[1]
        textbook += summary.textbook_prediction_95[0] <= truth[8] <= summary.textbook_prediction_95[1]
    # 93 % in 1,500 rounds (the textbook formula 90 %); 300 rounds are sure to 3 points.
    assert inside / rounds >= 0.90
    assert inside > textbook


def test_textbook_prediction_interval_of_bcg_has_its_closed_form() -> None:
    summary = random_effects(BCG_EFFECTS, BCG_ERRORS)
    half = stats.t.ppf(0.975, 11) * math.sqrt(0.3132 + summary.standard_error**2)
    assert summary.textbook_prediction_95 == pytest.approx((-0.7145 - half, -0.7145 + half), abs=1e-3)


def test_sites_with_equal_weight_give_the_t_interval() -> None:
    sites = [math.log(value) for value in (0.692, 0.79, 0.789, 0.914, 1.759, 2.122, 1.69)]
    summary = equal_weights(sites)
    low, high = stats.t.interval(0.95, 6, np.mean(sites), stats.sem(sites))
    assert summary.interval_95 == pytest.approx((low, high))


def test_egger_is_the_weighted_regression_on_the_error() -> None:
    import statsmodels.api as sm

    found = egger(BCG_EFFECTS, BCG_ERRORS)
    fit = sm.WLS(BCG_EFFECTS, sm.add_constant(BCG_ERRORS), weights=1 / np.asarray(BCG_ERRORS) ** 2).fit()
    assert found is not None
    assert found.intercept == pytest.approx(fit.params[1])
    assert found.p_value == pytest.approx(fit.pvalues[1])
    assert egger([0.1, 0.2], [0.1, 0.2]) is None


def test_partial_pooling_is_the_posterior_of_two_normals() -> None:
    prior = random_effects([-0.2, 0.1, -0.4], [0.1, 0.2, 0.15])
    found = partially_pooled(0.3, 0.5, prior)
    grid = np.linspace(-4, 4, 200_001)
    spread = math.sqrt(prior.tau_squared + prior.standard_error**2)
    density = stats.norm.pdf(grid, prior.mean, spread) * stats.norm.pdf(0.3, grid, 0.5)
    density /= density.sum()
    mean = float((grid * density).sum())
    assert found.mean == pytest.approx(mean, abs=1e-6)
    assert found.standard_error == pytest.approx(math.sqrt(((grid - mean) ** 2 * density).sum()), abs=1e-6)
    assert 0 < found.weight_local < 1


def test_errors_come_back_from_intervals_and_p_values() -> None:
    low, high = math.exp(-0.3 - 1.959964 * 0.12), math.exp(-0.3 + 1.959964 * 0.12)
    assert error_from_interval(low, high) == pytest.approx(0.12, abs=1e-6)
    p = 2 * stats.norm.sf(0.3 / 0.12)
    assert error_from_p_value(-0.3, float(p)) == pytest.approx(0.12)


@pytest.mark.parametrize(
    ("effects", "errors"),
    [([0.1], [0.1]), ([0.1, 0.2], [0.1, 0.0]), ([0.1, float("nan")], [0.1, 0.1]), ([0.1, 0.2], [0.1])],
)
def test_a_summary_of_nothing_is_refused(effects: list[float], errors: list[float]) -> None:
    with pytest.raises(ValueError, match=r"at least two|positive|each result"):
        random_effects(effects, errors)
