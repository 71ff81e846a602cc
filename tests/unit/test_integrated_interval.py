"""The integrated AR-Poisson against dense matrices: no filter, no batching, no shared code."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import optimize, stats

from evaluation.numerics.integrated import DEFAULT_GRID, Grid, Mixture, integrated_ar

MONTHS = 40


def one_series(seed: int = 1, mean: float = 9.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    position = np.arange(MONTHS)
    X = np.column_stack([np.ones(MONTHS), position / MONTHS, np.sin(position / 2), position >= 24])
    latent = np.zeros(MONTHS)
    for t in range(1, MONTHS):
        latent[t] = 0.7 * latent[t - 1] + 0.2 * random.standard_normal()
    return random.poisson(mean * np.exp(latent)).astype(float), X


def dense_nodes(
    y: np.ndarray,
    designs: list[np.ndarray],
    grid: Grid,
    eta: np.ndarray,
    offset: np.ndarray,
    seen: np.ndarray,
    trials: np.ndarray | None = None,
    precision: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log posterior, coefficients and covariance at each node by explicit T × T algebra."""
    if trials is None:
        mean = weight = np.exp(eta)
    else:
        share = 1 / (1 + np.exp(-eta))
        mean, weight = trials * share, trials * share * (1 - share)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (eta - offset + (y - mean) / weight)[seen]
    lag = np.abs(np.subtract.outer(np.arange(len(y)), np.arange(len(y))))
    found = []
    for X in designs:
        for (sigma, rho, nugget), log_prior in zip(grid.nodes, grid.log_prior, strict=True):
            V = sigma**2 * rho**lag + nugget**2 * np.eye(len(y))
            with np.errstate(divide="ignore"):
                V = V + np.diag(1 / weight)
            V = V[np.ix_(seen, seen)]
            inverse = np.linalg.inv(V)
            information = X[seen].T @ inverse @ X[seen]
            if precision is not None:
                information = information + np.diag(precision)
            covariance = np.linalg.inv(information)
            beta = covariance @ X[seen].T @ inverse @ z
            squares = z @ inverse @ z - beta @ information @ beta
            log_likelihood = -0.5 * (np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1] + squares)
            found.append((log_prior + log_likelihood, beta, covariance))
    return tuple(np.array([one[item] for one in found]) for item in range(3))  # type: ignore[return-value]


def dense_fixed_point(y, designs, grid, offset, seen, **rest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Iterate the linearization point plainly until it stands still to 1e-10."""
    eta = np.full(len(y), math.log(y[seen].mean())) if "trials" not in rest else np.zeros(len(y))
    for _ in range(400):
        log_posterior, beta, covariance = dense_nodes(y, designs, grid, eta, offset, seen, **rest)
        weights = np.exp(log_posterior - log_posterior.max())
        weights /= weights.sum()
        following = offset.copy()
        for number, X in enumerate(designs):
            own = slice(number * len(grid.nodes), (number + 1) * len(grid.nodes))
            following = following + X @ (weights[own] @ beta[own])
        if np.abs(following - eta)[seen].max() < 1e-10:
            break
        eta = eta + np.clip(following - eta, -1, 1)
    return weights, beta, covariance


SMALL = Grid(sigma=(0.0, 0.3), rho=(0.3, 0.8), nugget=(0.0, 0.2))


def compare(fit, dense) -> None:
    weights, beta, covariance = dense
    np.testing.assert_allclose(fit.weights[0], weights, atol=1e-6)
    np.testing.assert_allclose(fit.node_beta[0], beta, atol=2e-6)
    np.testing.assert_allclose(fit.node_covariance[0], covariance, rtol=1e-5, atol=1e-8)


def test_weights_coefficients_and_errors_at_every_node():
    y, X = one_series()
    fit = integrated_ar(y[None], X, grid=SMALL)
    compare(fit, dense_fixed_point(y, [X], SMALL, np.zeros(MONTHS), np.ones(MONTHS, bool)))


def test_missing_months_carry_nothing_but_time_goes_on():
    y, X = one_series(2)
    seen = np.ones(MONTHS, dtype=bool)
    seen[[3, 14, 15, 16, 30]] = False
    offset = np.log(np.linspace(0.9, 1.2, MONTHS))
    fit = integrated_ar(y[None], X, offset=offset, observed=seen, grid=SMALL)
    compare(fit, dense_fixed_point(y, [X], SMALL, offset, seen))
    changed = np.where(seen, y, 1000.0)
    again = integrated_ar(changed[None], X, offset=offset, observed=seen, grid=SMALL)
    np.testing.assert_array_equal(again.weights, fit.weights)


def test_binomial_months_without_trials_are_dropped():
    random = np.random.default_rng(5)
    _, X = one_series(3)
    trials = random.poisson(6.0, size=MONTHS).astype(float)
    trials[[4, 20, 21]] = 0
    y = random.binomial(trials.astype(int), 0.3).astype(float)
    fit = integrated_ar(y[None], X, family="binomial", trials=trials[None], grid=SMALL)
    dense = dense_fixed_point(y, [X], SMALL, np.zeros(MONTHS), trials > 0, trials=trials)
    compare(fit, dense)
    assert fit.df[0] == MONTHS - 3 - 4


def test_half_lives_are_compared_on_one_working_response():
    y, X = one_series(4)
    since = np.arange(MONTHS) - 10
    designs = []
    for half_life in (3.0, 12.0, np.inf):
        shock = np.where(since >= 0, 0.5 ** (np.maximum(since, 0) / half_life), 0.0)
        designs.append(np.column_stack([X, shock]))
    precision = np.array([0, 0, 0, 0, 1.0])
    fit = integrated_ar(y[None], designs, prior_precision=precision, grid=SMALL)
    dense = dense_fixed_point(y, designs, SMALL, np.zeros(MONTHS), np.ones(MONTHS, bool), precision=precision)
    compare(fit, dense)
    nodes = len(SMALL.nodes)
    assert fit.design_weights[0] == pytest.approx(dense[0].reshape(3, nodes).sum(axis=1), abs=1e-6)


def test_small_counts_are_iterated_to_the_end():
    """Four steps from the start are not enough for an area with one event a month or two."""
    random = np.random.default_rng(8)
    _, X = one_series()
    y = random.poisson(0.8, size=(30, MONTHS)).astype(float)
    fit = integrated_ar(y, X, np.eye(4)[3])
    assert fit.passes > 4
    for row in np.flatnonzero(fit.converged)[:4]:
        eta = X @ fit.beta[row]
        log_posterior, beta, _ = dense_nodes(
            y[row], [X], DEFAULT_GRID, eta, np.zeros(MONTHS), np.ones(MONTHS, bool)
        )
        weights = np.exp(log_posterior - log_posterior.max())
        weights /= weights.sum()
        assert np.abs(X @ (weights @ beta) - eta).max() < 5e-6


def test_a_series_that_cannot_converge_holds_no_number():
    y, X = one_series()
    y[24:] = 0
    fit = integrated_ar(y[None], X, np.eye(4)[3])
    assert not fit.converged[0]
    assert np.isnan(fit.estimate[0]) and np.isnan(fit.quantile(0.975)[0])


def test_a_persistent_series_does_not_jump_to_and_fro():
    """Plain iteration swings between two points for ever on this series (AR .9, 8 a month)."""
    y = np.array(
        [
            "4",
            "1",
            "4",
            "4",
            "6",
            "10",
            "8",
            "9",
            "7",
            "7",
            "3",
            "5",
            "9",
            "10",
            "10",
            "2",
            "7",
            "5",
            "4",
            "3",
            "9",
            "3",
            "5",
            "2",
            "3",
            "8",
            "6",
            "7",
            "7",
            "10",
            "7",
            "10",
            "20",
            "9",
            "7",
            "12",
            "25",
            "4",
            "10",
            "18",
            "26",
            "13",
            "14",
            "18",
            "16",
            "8",
            "11",
            "8",
            "10",
            "12",
            "9",
            "25",
            "23",
            "16",
            "27",
            "37",
            "17",
            "10",
            "32",
            "10",
            "10",
            "12",
            "7",
            "11",
            "12",
            "25",
            "7",
            "6",
            "7",
            "10",
            "4",
            "2",
            "2",
            "2",
            "6",
            "14",
            "6",
            "8",
            "8",
            "14",
            "4",
            "5",
            "8",
            "6",
            "6",
            "3",
            "7",
            "10",
            "9",
            "10",
            "9",
            "8",
            "8",
            "4",
            "4",
            "1",
        ],
        dtype=float,
    )
    position = np.arange(96)
    angle = 2 * np.pi * position / 12
    X = np.column_stack([np.ones(96), position / 96, np.sin(angle), np.cos(angle), position >= 58])
    fit = integrated_ar(y[None], X, np.eye(5)[4])
    assert fit.converged[0]
    assert fit.passes < 25
    lower, upper = fit.interval()
    assert lower[0] < fit.estimate[0] < upper[0]


def test_a_batch_gives_what_single_fits_give():
    random = np.random.default_rng(6)
    _, X = one_series()
    y = random.poisson(5.0, size=(7, MONTHS)).astype(float)
    together = integrated_ar(y, X, np.eye(4)[3])
    for row in range(7):
        alone = integrated_ar(y[row : row + 1], X, np.eye(4)[3])
        assert together.estimate[row] == pytest.approx(alone.estimate[0], abs=3e-6)


def test_prior_is_what_the_text_says():
    """Weights are the probabilities of the cells under half-normal and beta densities."""
    grid = DEFAULT_GRID
    prior = np.exp(grid.log_prior)
    assert prior.sum() == pytest.approx(1.0)
    sigma, rho, _ = grid.nodes.T
    below = stats.halfnorm.cdf(math.sqrt(0.18 * 0.32), scale=grid.sigma_scale)
    assert prior[sigma <= 0.18].sum() == pytest.approx(below)
    assert prior[rho <= 0.6].sum() == pytest.approx(stats.beta.cdf(0.725, grid.rho_a, grid.rho_b))


def test_an_uneven_or_finer_grid_does_not_bend_the_prior():
    y, X = one_series(11)
    contrast = np.eye(4)[3]
    fine = Grid(
        sigma=(0.0, *np.geomspace(0.04, 1.6, 13)),
        rho=(0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.83, 0.89, 0.94, 0.98),
        nugget=(0.0, 0.06, 0.12, 0.18, 0.26, 0.36, 0.5),
    )
    lower, upper = integrated_ar(y[None], X, contrast).interval()
    fine_lower, fine_upper = integrated_ar(y[None], X, contrast, grid=fine).interval()
    width = fine_upper - fine_lower
    assert abs(lower - fine_lower) < 0.05 * width
    assert abs(upper - fine_upper) < 0.05 * width


def test_quantiles_invert_the_mixture():
    random = np.random.default_rng(12)
    weights = random.dirichlet(np.ones(9))[None]
    means, variances = random.normal(size=(1, 9)), random.gamma(1.0, size=(1, 9))
    mixture = Mixture(weights, means, variances, df=np.array([30.0]))
    for q in (0.025, 0.1, 0.5, 0.9, 0.975):
        factor = 1.0 if q == 0.5 else stats.t.ppf(q, 30) / stats.norm.ppf(q)
        deviation = np.sqrt(variances[0]) * factor

        def gap(x: float, q: float = q, deviation: np.ndarray = deviation) -> float:
            return float(weights[0] @ stats.norm.cdf((x - means[0]) / deviation)) - q

        assert mixture.quantile(q)[0] == pytest.approx(optimize.brentq(gap, -50, 50), abs=1e-9)


def test_levels_are_nested():
    y, X = one_series(13)
    fit = integrated_ar(y[None], X, np.eye(4)[3])
    ends = [fit.interval(level) for level in (0.5, 0.8, 0.95, 0.99)]
    for inner, outer in pairwise(ends):
        assert outer[0] < inner[0] and inner[1] < outer[1]
