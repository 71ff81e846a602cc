"""Log-linear counts with a latent AR(1) process, its variance parameters integrated over a grid.

Model: y ~ Poisson(exp(offset + x'beta + u + e)) or Binomial(n, logit⁻¹(x'beta + u + e)), with u a
stationary AR(1) of standard deviation `sigma` and correlation `rho`, and e independent of
standard deviation `nugget`. Following marginal quasi-likelihood (Breslow & Clayton 1993, JASA 88:9–25), the
response is linearized around the mean with u = e = 0; given (sigma, rho, nugget) the working response is
Gaussian with covariance diag(1/weight + nugget²) + sigma² rho^|i−j|, so that beta is a generalized
least squares estimate and the variance parameters have a restricted likelihood. The posterior of a contrast
is then a finite mixture of normals over the grid.

Prior (`Grid`): sigma and nugget half-normal, rho a beta density, independent. A node stands for a cell of
the parameter space and its prior weight is the prior probability of that cell, so an uneven
grid does not bend the prior. The linearization point is the posterior mean of beta and is iterated until
no linear predictor moves by more than 1e-6; a series that does not get there is not estimable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from evaluation.numerics.poisson import Array, Flags, fit_poisson, solve

CONVERGED = 1e-6
MOST_PASSES = 40
LARGEST_ETA = 30.0
LARGEST_STEP = 2.0
PAIRS_AT_ONCE = 2048
"""Series × nodes handled together: about what stays in the processor's cache."""


@dataclass(frozen=True)
class Grid:
    """Nodes for (sigma, rho, nugget) with the prior probability of the cell each stands for.

    sigma ~ half-normal(sigma_scale), nugget ~ half-normal(nugget_scale), rho ~ Beta(rho_a, rho_b).
    Cells of sigma and nugget end at geometric midpoints of the nodes (half the first node for the zero
    cell), cells of rho at arithmetic midpoints. At sigma 0 there is no rho, so one node serves the cell.
    """

    sigma: tuple[float, ...] = (0.0, 0.06, 0.1, 0.165, 0.27, 0.45, 0.75, 1.2)
    rho: tuple[float, ...] = (0.1, 0.4, 0.65, 0.82, 0.92, 0.975)
    nugget: tuple[float, ...] = (0.0, 0.2, 0.35)
    sigma_scale: float = 0.4
    rho_a: float = 2.0
    rho_b: float = 1.0
    nugget_scale: float = 0.25

    @cached_property
    def nodes(self) -> Array:
        """(G, 3) rows of sigma, rho, nugget."""
        return np.array([node for node, _ in self._cells])

    @cached_property
    def log_prior(self) -> Array:
        """(G,) log prior probability of each cell; the probabilities sum to 1."""
        mass = np.array([mass for _, mass in self._cells])
        return np.asarray(np.log(mass / mass.sum()))

    @cached_property
    def _cells(self) -> list[tuple[tuple[float, float, float], float]]:
        sigma = _positive_cells(self.sigma, self.sigma_scale)
        nugget = _positive_cells(self.nugget, self.nugget_scale)
        rho_edges = [0.0, *[(a + b) / 2 for a, b in zip(self.rho, self.rho[1:], strict=False)], 1.0]
        rho = np.diff(stats.beta.cdf(rho_edges, self.rho_a, self.rho_b))
        cells = []
        for (s, s_mass), (n, n_mass) in product(sigma, nugget):
            if s == 0:
                cells.append(((0.0, 0.0, n), s_mass * n_mass))
            else:
                cells += [((s, r, n), s_mass * n_mass * mass) for r, mass in zip(self.rho, rho, strict=True)]
        return cells


def _positive_cells(nodes: tuple[float, ...], scale: float) -> list[tuple[float, float]]:
    inner = [(b / 2 if a == 0 else float(np.sqrt(a * b))) for a, b in zip(nodes, nodes[1:], strict=False)]
    mass = np.diff(stats.halfnorm.cdf([0.0, *inner, np.inf], scale=scale))
    return list(zip(nodes, mass.tolist(), strict=True))


DEFAULT_GRID = Grid()


@dataclass(frozen=True)
class Mixture:
    """Posterior of one contrast for S series: normals (weights, means, variances, each (S, G)).

    For an interval each component is widened by t(df)/normal at that level, `df` being the residual
    degrees of freedom (S,): an allowance for few periods.
    """

    weights: Array
    means: Array
    variances: Array
    df: Array

    @property
    def mean(self) -> Array:
        """Posterior mean, (S,)."""
        return np.asarray((self.weights * self.means).sum(axis=1))

    @property
    def standard_deviation(self) -> Array:
        """Posterior standard deviation without the widening, (S,)."""
        second = (self.weights * (self.variances + self.means**2)).sum(axis=1)
        return np.asarray(np.sqrt(np.maximum(second - self.mean**2, 0.0)))

    def quantile(self, q: float) -> Array:
        """Quantile q (0 < q < 1) of each series, (S,); NaN where the series is not estimable."""
        factor = np.ones(len(self.weights))
        if q != 0.5:
            factor = stats.t.ppf(q, np.maximum(self.df, 1)) / special.ndtri(q)
        deviation = np.sqrt(self.variances) * factor[:, None]
        return _mixture_quantile(q, self.weights, self.means, deviation)

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Equal-tailed interval of the given level: lower and upper ends, (S,) each."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)


def _mixture_quantile(q: float, weights: Array, means: Array, deviation: Array) -> Array:
    """Bisection, then Newton steps kept inside the bracket; to about 1e-12."""
    z = special.ndtri(q)
    ends = means + z * deviation
    used = weights > 0
    lower = np.where(used, ends, np.inf).min(axis=1)
    upper = np.where(used, ends, -np.inf).max(axis=1)
    point = (weights * ends).sum(axis=1)
    for _ in range(60):
        standard = (point[:, None] - means) / deviation
        error = (weights * special.ndtr(standard)).sum(axis=1) - q
        lower = np.where(error < 0, point, lower)
        upper = np.where(error > 0, point, upper)
        density = (weights * np.exp(-0.5 * standard**2) / deviation).sum(axis=1) / np.sqrt(2 * np.pi)
        newton = point - error / np.maximum(density, 1e-300)
        inside = (newton > lower) & (newton < upper)
        following = np.where(inside, newton, (lower + upper) / 2)
        moved = np.abs(following - point)
        point = following
        if not (moved > 1e-12).any():
            break
    return point


@dataclass(frozen=True)
class IntegratedFit:
    """Posterior of the regression coefficients of S series over G nodes.

    weights (S, G); node_beta (S, G, p) and node_covariance (S, G, p, p) given each node; beta (S, p)
    posterior mean; converged (S,); log_evidence (S,) log marginal likelihood of the working response;
    passes: how often the whole grid was visited. Series that did not converge hold NaN.
    """

    weights: Array
    node_beta: Array
    node_covariance: Array
    beta: Array
    converged: Flags
    log_evidence: Array
    df: Array
    passes: int
    contrast: Array | None = None
    grid: Grid = field(default=DEFAULT_GRID)

    def mixture(self, contrast: Array) -> Mixture:
        """Posterior of contrast'beta; contrast (p,) or one for each series (S, p)."""
        own = np.broadcast_to(np.asarray(contrast, dtype=float), self.beta.shape)
        means = (self.node_beta @ own[:, :, None])[..., 0]
        variances = np.einsum("si,sgij,sj->sg", own, self.node_covariance, own)
        return Mixture(self.weights, means, variances, self.df)

    @property
    def estimate(self) -> Array:
        """Posterior mean of the contrast given to `integrated_ar`, (S,)."""
        return self._own.mean

    def quantile(self, q: float) -> Array:
        """Posterior quantile of the contrast given to `integrated_ar`, (S,)."""
        return self._own.quantile(q)

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Equal-tailed interval of the contrast given to `integrated_ar`."""
        return self._own.interval(level)

    @cached_property
    def _own(self) -> Mixture:
        if self.contrast is None:
            raise ValueError("integrated_ar was called without a contrast; use .mixture(contrast)")
        return self.mixture(self.contrast)


def integrated_ar(
    y: Array,
    X: Array,
    contrast: Array | None = None,
    family: str = "poisson",
    trials: Array | None = None,
    offset: Array | None = None,
    observed: Flags | None = None,
    grid: Grid = DEFAULT_GRID,
) -> IntegratedFit:
    """Fit S series at once; see the module's text for the model.

    y (S, T) counts, periods equally spaced; X (T, p) or (S, T, p), of full rank; contrast (p,) or (S, p);
    trials (S, T) for family "binomial"; offset (T,) or (S, T); observed (T,) or (S, T), False for
    missing periods. Missing periods and periods without trials carry no information, but the latent
    process runs on through them.
    """
    y = np.asarray(y, dtype=float)
    shift = np.zeros(y.shape) if offset is None else np.broadcast_to(offset, y.shape).astype(float)
    seen = np.ones(y.shape, dtype=bool) if observed is None else np.broadcast_to(observed, y.shape)
    total = None
    if family == "binomial":
        if trials is None:
            raise ValueError("family 'binomial' needs trials")
        total = np.asarray(trials, dtype=float)
        seen = seen & (total > 0)
        total = np.where(seen, total, 0.0)
    elif family != "poisson":
        raise ValueError(f"family must be 'poisson' or 'binomial', not {family!r}")
    y = np.where(seen, y, 0.0)
    own = np.asarray(X, dtype=float)
    own = np.broadcast_to(own, (len(y), *own.shape[-2:]))
    size = max(1, PAIRS_AT_ONCE // len(grid.nodes))
    parts = []
    for first in range(0, len(y), size):
        rows = slice(first, first + size)
        part_total = None if total is None else total[rows]
        parts.append(_fit_block(y[rows], own[rows], shift[rows], seen[rows], part_total, grid))
    joined = [np.concatenate([part[item] for part in parts]) for item in range(6)]
    weights, node_beta, node_covariance, beta, converged, evidence = joined
    return IntegratedFit(
        weights=weights,
        node_beta=node_beta,
        node_covariance=node_covariance,
        beta=beta,
        converged=converged,
        log_evidence=evidence,
        df=(seen.sum(axis=1) - own.shape[-1]).astype(float),
        passes=max(part[6] for part in parts),
        contrast=None if contrast is None else np.asarray(contrast, dtype=float),
        grid=grid,
    )


@dataclass
class _Block:
    """A few series, with what a pass over nodes needs. Time comes first so that a pass walks memory once."""

    y: Array
    X: Array
    shift: Array
    seen: Flags
    trials: Array | None

    def working(self, beta: Array) -> tuple[Array, Array, Array]:
        """Linear predictor, working weight and working residual at `beta`, each (S, T)."""
        eta = np.clip((self.X @ beta[..., None])[..., 0] + self.shift, -LARGEST_ETA, LARGEST_ETA)
        if self.trials is None:
            mean = weight = np.exp(eta)
        else:
            share = special.expit(eta)
            mean, weight = self.trials * share, self.trials * share * (1 - share)
        weight = np.where(self.seen, weight, 0.0)
        residual = np.where(self.seen, (self.y - mean) / np.maximum(weight, 1e-300), 0.0)
        return eta, weight, residual

    def first_beta(self) -> tuple[Array, Flags]:
        if self.trials is None:
            fit = fit_poisson(self.y, self.X, offset=self.shift, observed=self.seen, tolerance=1e-4)
            return fit.beta, fit.converged
        beta = np.zeros((len(self.y), self.X.shape[-1]))
        regular = np.ones(len(self.y), dtype=bool)
        for _ in range(25):
            _, weight, residual = self.working(beta)
            weighted = self.X * weight[..., None]
            step, fine = solve(
                weighted.swapaxes(-1, -2) @ self.X, (weighted * residual[..., None]).sum(axis=1)
            )
            moved = np.abs((self.X @ step[..., None])[..., 0]).max(axis=1)
            beta += step * np.minimum(1.0, LARGEST_STEP / np.maximum(moved, 1e-300))[:, None]
            regular &= fine
            if moved.max() < 1e-4:
                break
        return beta, regular & (moved < 1e-2)

    def moments(self, weight: Array, residual: Array, nodes: Array) -> tuple[Array, Array]:
        """Cross-products of the whitened [X, residual] and log determinant of the covariance.

        nodes (S, K, 3) or (1, K, 3). Returns (S, K, p+1, p+1) and (S, K). The whitening is the Kalman
        filter of the latent AR(1), run over time for all series and nodes together; a missing period
        has weight 0, gain 0 and no share in either return value.
        """
        series, periods = weight.shape
        count = nodes.shape[1]
        sigma2, rho, nugget2 = nodes[..., 0] ** 2, nodes[..., 1], nodes[..., 2] ** 2
        innovation = sigma2 * (1 - rho**2)
        columns = np.concatenate([self.X, residual[..., None]], axis=2)
        columns = np.ascontiguousarray(columns.transpose(1, 2, 0))[..., None]
        precision = weight.T[:, :, None] / (1 + weight.T[:, :, None] * nugget2)
        white = np.empty((periods, columns.shape[1], series, count))
        one_plus = np.empty((periods, series, count))
        state = np.zeros((columns.shape[1], series, count))
        product = np.empty_like(state)
        variance = np.broadcast_to(sigma2, (series, count)).copy()
        for t in range(periods):
            own = precision[t]
            gain = variance * own
            np.add(gain, 1.0, out=one_plus[t])
            gain /= one_plus[t]
            np.subtract(columns[t], state, out=white[t])
            np.multiply(white[t], gain * rho, out=product)
            state *= rho
            state += product
            white[t] *= np.sqrt(own / one_plus[t])
            variance *= (1 - gain) * rho**2
            variance += innovation
        seen = weight.T[:, :, None] > 0
        log_determinant = np.log(one_plus / np.where(seen, precision, 1.0)).sum(axis=0)
        stacked = np.ascontiguousarray(white.transpose(2, 3, 1, 0))
        return stacked @ stacked.swapaxes(-1, -2), log_determinant


def _solve_nodes(moments: Array, log_determinant: Array) -> tuple[Array, Array, Array, Array]:
    """Step of beta, restricted log likelihood, Cholesky factor and scale of X'V⁻¹X at each node."""
    terms = moments.shape[-1] - 1
    diagonal = np.einsum("sgii->sgi", moments)
    scale = 1 / np.sqrt(np.maximum(diagonal, 1e-30))
    scaled = moments * scale[..., :, None] * scale[..., None, :]
    scaled = scaled + 1e-12 * np.eye(terms + 1)
    factor = np.linalg.cholesky(scaled)
    information = factor[..., :terms, :terms]
    right = factor[..., terms, :terms]
    step = np.linalg.solve(information.swapaxes(-1, -2), right[..., None])[..., 0]
    step *= scale[..., :terms] / scale[..., terms:]
    log_information = 2 * np.log(np.einsum("sgii->sgi", information) / scale[..., :terms]).sum(axis=-1)
    squares = (factor[..., terms, terms] / scale[..., terms]) ** 2
    return step, -0.5 * (log_determinant + log_information + squares), information, scale[..., :terms]


def _weights(log_posterior: Array) -> tuple[Array, Array]:
    largest = log_posterior.max(axis=1, keepdims=True)
    weights = np.exp(log_posterior - largest)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, largest[:, 0] + np.log(total[:, 0])


def _fit_block(
    y: Array, X: Array, shift: Array, seen: Flags, total: Array | None, grid: Grid
) -> tuple[Array, Array, Array, Array, Flags, Array, int]:
    block = _Block(y, X, shift, seen, total)
    beta, regular = block.first_beta()
    nodes = grid.nodes[None]
    moved = np.full(len(y), np.inf)
    for number in range(1, MOST_PASSES + 1):
        _, weight, residual = block.working(beta)
        moments, log_determinant = block.moments(weight, residual, nodes)
        step, likelihood, information, scale = _solve_nodes(moments, log_determinant)
        weights, evidence = _weights(likelihood + grid.log_prior)
        mean_step = (weights[..., None] * step).sum(axis=1)
        moved = np.abs((X @ mean_step[..., None])[..., 0]).max(axis=1)
        if (moved[regular] < CONVERGED).all():
            break
        beta = beta + mean_step * np.minimum(1.0, LARGEST_STEP / np.maximum(moved, 1e-300))[:, None]
    converged = regular & (moved < CONVERGED)
    inverse = np.linalg.inv(information) * scale[..., None, :]
    covariance = inverse.swapaxes(-1, -2) @ inverse
    return weights, beta[:, None] + step, covariance, beta + mean_step, converged, evidence, number
