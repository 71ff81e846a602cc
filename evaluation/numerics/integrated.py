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

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evaluation.numerics.latent_filter import moments
from evaluation.numerics.latent_grid import DEFAULT_GRID, Grid
from evaluation.numerics.mixture import Mixture
from evaluation.numerics.symmetric import Array, Factored, Flags, solve

__all__ = ["DEFAULT_GRID", "Grid", "IntegratedFit", "Mixture", "integrated_ar"]

CONVERGED = 1e-6
ROUGH = 0.002
"""While linear predictors still move more than this, half the digits will do."""
MOST_ROUGH = 6
MOST_PASSES = 40
LARGEST_ETA = 30.0
LARGEST_STEP = 2.0
MEMORY = 2
IMPOSSIBLE = -1e300
PAIRS_AT_ONCE = 1536
"""Series × nodes handled together: about what stays in the processor's cache."""


@dataclass(frozen=True)
class IntegratedFit:
    """Posterior of the regression coefficients of S series over G nodes (designs × grid).

    weights (S, G); node_beta (S, G, p) and node_covariance (S, G, p, p) given each node; beta (S, p)
    posterior mean; design_weights (S, M) posterior probability of each design; converged (S,); passes: how
    often the whole grid was visited at most. Series that did not converge hold NaN.
    """

    weights: Array
    node_beta: Array
    node_covariance: Array
    converged: Flags
    df: Array
    passes: int
    design_weights: Array
    contrast: Array | None = None
    grid: Grid = DEFAULT_GRID

    @cached_property
    def beta(self) -> Array:
        """Posterior mean of the coefficients, (S, p)."""
        return np.asarray((self.weights[..., None] * self.node_beta).sum(axis=1))

    def mixture(self, contrast: Array) -> Mixture:
        """Posterior of contrast'beta; contrast (p,), (S, p), or for each design (S or 1, M, p)."""
        contrast = np.asarray(contrast, dtype=float)
        if contrast.ndim == 3:
            own = np.repeat(contrast, len(self.grid.nodes), axis=1)
        else:
            own = np.broadcast_to(contrast, (len(self.weights), contrast.shape[-1]))[:, None, :]
        own = np.broadcast_to(own, self.node_beta.shape)
        means = (own * self.node_beta).sum(axis=2)
        variances = ((own[..., None, :] @ self.node_covariance)[..., 0, :] * own).sum(axis=2)
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
    X: Array | Sequence[Array],
    contrast: Array | None = None,
    family: str = "poisson",
    trials: Array | None = None,
    offset: Array | None = None,
    observed: Flags | None = None,
    prior_precision: Array | None = None,
    grid: Grid = DEFAULT_GRID,
) -> IntegratedFit:
    """Fit S series at once; see the module's text for the model.

    y (S, T) counts, periods equally spaced; X (T, p) or (S, T, p), of full rank; contrast (p,) or (S, p);
    trials (S, T) for family "binomial"; offset (T,) or (S, T); observed (T,) or (S, T), False for
    missing periods. Missing periods and periods without trials carry no information, but the latent
    process runs on through them.

    X may be a list of M designs of the same shape: they are averaged, their marginal likelihoods compared
    on one common working response. Then columns that differ need a proper prior: prior_precision (p,)
    is 1/variance of a normal prior with mean 0 for each coefficient (0: flat).
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
    columns, designs, scale = _columns_of(X, len(y))
    precision = np.zeros(len(scale)) if prior_precision is None else prior_precision / scale**2
    block = _Block(y, columns, designs, shift, seen, total, precision)
    found = _iterate(block, grid)
    return IntegratedFit(
        weights=found.weights,
        node_beta=found.beta / scale,
        node_covariance=found.covariance / np.outer(scale, scale),
        converged=found.converged,
        df=(seen.sum(axis=1) - len(scale)).astype(float),
        passes=found.passes,
        design_weights=found.weights.reshape(len(y), len(designs), -1).sum(axis=2),
        contrast=None if contrast is None else np.asarray(contrast, dtype=float),
        grid=grid,
    )


def _columns_of(X: Array | Sequence[Array], series: int) -> tuple[Array, list[NDArray[np.intp]], Array]:
    """All distinct columns (S, T, C) scaled to at most 1, each design's choice of them, and the scale (p,)."""
    given = [np.asarray(one, dtype=float) for one in (X if isinstance(X, list | tuple) else [X])]
    terms = given[0].shape[-1]
    scale = np.array([max(np.abs(one[..., at]).max() for one in given) for at in range(terms)])
    scale = np.where(scale > 0, scale, 1.0)
    distinct: list[Array] = []
    designs = []
    for one in given:
        chosen = []
        for at in range(terms):
            column = one[..., at] / scale[at]
            same = [number for number, other in enumerate(distinct) if np.array_equal(other, column)]
            if not same:
                distinct.append(column)
            chosen.append(same[0] if same else len(distinct) - 1)
        designs.append(np.array(chosen))
    columns = np.stack(distinct, axis=-1)
    return np.broadcast_to(columns, (series, *columns.shape[-2:])), designs, scale


@dataclass
class _Block:
    """Some series with the columns of their designs (S, T, C), at most 1 in size.

    A design is a choice of p columns; columns that designs share stand there once.
    """

    y: Array
    columns: Array
    designs: list[NDArray[np.intp]]
    shift: Array
    seen: Flags
    trials: Array | None
    precision: Array

    def rows(self, chosen: slice | NDArray[np.intp]) -> _Block:
        trials = None if self.trials is None else self.trials[chosen]
        return _Block(
            self.y[chosen],
            self.columns[chosen],
            self.designs,
            self.shift[chosen],
            self.seen[chosen],
            trials,
            self.precision,
        )

    def design(self, number: int) -> Array:
        """Design `number`, (S, T, p)."""
        return self.columns[:, :, self.designs[number]]

    def working(self, eta: Array) -> tuple[Array, Array]:
        """Working weight and working response less the offset at the linear predictor `eta`, (S, T)."""
        eta = np.clip(eta, -LARGEST_ETA, LARGEST_ETA)
        if self.trials is None:
            mean = weight = np.exp(eta)
        else:
            share = special.expit(eta)
            mean, weight = self.trials * share, self.trials * share * (1 - share)
        residual = (self.y - mean) / np.maximum(weight, 1e-300)
        response = np.where(self.seen, eta - self.shift + residual, 0.0)
        return np.where(self.seen, weight, 0.0), response

    def first_eta(self) -> tuple[Array, Flags]:
        """Linear predictor of a fit without latent process, and whether it exists."""
        eta = np.zeros(self.y.shape)
        if self.trials is None:
            level = self.y.sum(axis=1) / np.maximum((np.exp(self.shift) * self.seen).sum(axis=1), 1e-300)
            eta = np.log(np.maximum(self.y, 0.3 * np.maximum(level, 1e-3)[:, None] * np.exp(self.shift)))
        else:
            eta = np.log((self.y + 0.5) / (self.trials - self.y + 0.5))
        design = self.design(0)
        moved = np.full(len(eta), np.inf)
        regular = np.ones(len(eta), dtype=bool)
        for _ in range(25):
            weight, response = self.working(eta)
            weighted = design * weight[..., None]
            information = weighted.swapaxes(-1, -2) @ design
            beta, fine = solve(information, (weighted * response[..., None]).sum(axis=1))
            following = (design @ beta[..., None])[..., 0] + self.shift
            moved = np.abs(np.where(self.seen, following - eta, 0.0)).max(axis=1)
            eta = following
            regular &= fine
            if moved[regular].max(initial=0.0) < 1e-3:
                break
        return eta, regular & (moved < 0.5) & (np.abs(eta * self.seen).max(axis=1) < LARGEST_ETA)


@dataclass
class _Nodes:
    """What one visit of the grid gives, for S series and M × G nodes; `factors` has one entry a design."""

    beta: Array
    log_posterior: Array
    factors: list[Factored]

    def covariance(self, chosen: NDArray[np.intp]) -> Array:
        """Covariance of the coefficients at each node for some of the series, (chosen, M G, p, p)."""
        nodes = self.log_posterior.shape[1] // len(self.factors)
        columns = (chosen[:, None] * nodes + np.arange(nodes)).ravel()
        terms = self.beta.shape[2]
        parts = [factor.of(columns, terms).inverse() for factor in self.factors]
        shaped = [part.reshape(terms, terms, len(chosen), nodes).transpose(2, 3, 0, 1) for part in parts]
        return np.concatenate(shaped, axis=1)


def _visit(block: _Block, weight: Array, response: Array, grid: Grid, rough: bool) -> _Nodes:
    """Generalized least squares and restricted likelihood at each node of each design."""
    series, nodes = len(weight), len(grid.nodes)
    cross, log_determinant = moments(block.columns, weight, response, grid, rough)
    betas, posteriors, factors = [], [], []
    for chosen in block.designs:
        own = np.append(chosen, len(cross) - 1)
        products = cross[np.ix_(own, own)]
        products[range(len(chosen)), range(len(chosen))] += block.precision[:, None]
        factored = Factored(products)
        beta, log_information, squares = factored.regression()
        likelihood = -0.5 * (log_determinant + log_information + squares)
        posterior = np.where(factored.regular, likelihood, IMPOSSIBLE).reshape(series, nodes) + grid.log_prior
        betas.append(beta.T.reshape(series, nodes, -1))
        posteriors.append(posterior)
        factors.append(factored)
    return _Nodes(np.concatenate(betas, axis=1), np.concatenate(posteriors, axis=1), factors)


@dataclass
class _Posterior:
    weights: Array
    beta: Array
    covariance: Array
    converged: Flags
    passes: int


def _iterate(block: _Block, grid: Grid) -> _Posterior:
    """Visit the grid until the linear predictor of every series stands still.

    All series step together, but a visit takes only as many as fit the cache; a series that has converged
    is left out of the following visits.
    """
    series, terms = len(block.y), len(block.precision)
    nodes = len(grid.nodes) * len(block.designs)
    found = _Posterior(
        weights=np.full((series, nodes), np.nan),
        beta=np.full((series, nodes, terms), np.nan),
        covariance=np.full((series, nodes, terms, terms), np.nan),
        converged=np.zeros(series, dtype=bool),
        passes=0,
    )
    size = max(1, PAIRS_AT_ONCE // len(grid.nodes))
    eta, regular = block.first_eta()
    active = np.flatnonzero(regular)
    part, eta = block.rows(active), eta[active]
    history: list[tuple[Array, Array]] = []
    rough = True
    while len(active) and found.passes < MOST_PASSES:
        found.passes += 1
        following = np.empty_like(eta)
        moved = np.empty(len(active))
        for first in range(0, len(active), size):
            chunk = slice(first, first + size)
            own = part.rows(chunk)
            visit = _visit(own, *own.working(eta[chunk]), grid, rough)
            weights = np.exp(visit.log_posterior - visit.log_posterior.max(axis=1, keepdims=True))
            weights /= weights.sum(axis=1, keepdims=True)
            following[chunk] = _mean_eta(own, weights, visit.beta)
            moved[chunk] = np.abs(np.where(own.seen, following[chunk] - eta[chunk], 0.0)).max(axis=1)
            moved[chunk][visit.log_posterior.max(axis=1) <= IMPOSSIBLE / 2] = np.inf
            done = (moved[chunk] < CONVERGED) & (not rough)
            if done.any():
                rows = active[chunk][done]
                found.weights[rows], found.beta[rows] = weights[done], visit.beta[done]
                found.covariance[rows] = visit.covariance(np.flatnonzero(done))
                found.converged[rows] = True
        step = np.where(part.seen, following - eta, 0.0)
        history = [*history[-MEMORY:], (following, step)]
        eta = _accelerate(eta, moved, history)
        if rough and (np.median(moved) < ROUGH or found.passes >= MOST_ROUGH):
            rough, history = False, []
        if found.converged[active].any():
            going = np.flatnonzero(~found.converged[active])
            active, part, eta = active[going], part.rows(going), eta[going]
            history = [(old[going], gap[going]) for old, gap in history]
    return found


def _mean_eta(block: _Block, weights: Array, beta: Array) -> Array:
    eta = block.shift.copy()
    count = weights.shape[1] // len(block.designs)
    for number in range(len(block.designs)):
        own = slice(number * count, (number + 1) * count)
        mean = (weights[:, own, None] * beta[:, own]).sum(axis=1)
        eta += (block.design(number) @ mean[..., None])[..., 0]
    return eta


def _accelerate(eta: Array, moved: Array, history: list[tuple[Array, Array]]) -> Array:
    """Next linearization point: Anderson's mixing over the last steps (Walker & Ni 2011, SINUM 49:1715–1735).

    A series that still moves a lot takes a plain, shortened step instead, and half a step where the moves do not
    get smaller: persistent series would otherwise jump to and fro between two points for ever.
    """
    following, step = history[-1]
    limit = np.minimum(1.0, LARGEST_STEP / np.maximum(moved, 1e-300))
    if len(history) == 1:
        return eta + step * limit[:, None]
    before = np.abs(history[-2][1]).max(axis=1)
    plain = eta + step * np.where(moved > 0.7 * before, 0.5 * limit, limit)[:, None]
    steps = np.stack([new[1] - old[1] for old, new in pairwise(history)], axis=2)
    points = np.stack([new[0] - old[0] for old, new in pairwise(history)], axis=2)
    gram = steps.swapaxes(1, 2) @ steps
    size = np.einsum("sii->s", gram)[:, None, None]
    gram = gram + (1e-10 * size + 1e-300) * np.eye(gram.shape[1])
    share = np.linalg.solve(gram, steps.swapaxes(1, 2) @ step[..., None])
    mixed = following - (points @ share)[..., 0]
    steady = (moved < 0.5) & (np.abs(share[..., 0]).max(axis=1) < 2.0)
    return np.where(steady[:, None], mixed, plain)
