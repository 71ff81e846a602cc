"""Many Poisson regressions at once by Newton's method (iteratively reweighted least squares).

Log link, one row a series. Fits agree with `statsmodels.GLM` to 1e-6 and better, and take about a hundredth
of its time: the normal equations of all series are formed by matrix products, the first steps are taken in
single precision, and everything is kept with the series on the last axis in pieces that fit the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.numerics.symmetric import Array, Factored, Flags, solve

__all__ = ["Array", "FitBatch", "Flags", "fit_poisson", "solve"]

LARGEST_ETA = 30.0
LARGEST_STEP = 3.0
SMALL_STEP = 2e-5
"""Newton's error is squared at each step, so after a step this small about 1e-9 is left."""
SERIES_AT_ONCE = 512
ROUGH_STEPS = 4
WORTH_ROUGH_STEPS = 32


@dataclass(frozen=True)
class FitBatch:
    """Fits of S series with T periods and p terms.

    beta (S, p) coefficients; mu (S, T) fitted means; bread (S, p, p) inverse information matrix;
    converged (S,) False where the fit ran off (separation, no events) or the design is singular.
    """

    beta: Array
    mu: Array
    bread: Array
    converged: Flags

    def dispersion(self, y: Array, observed: Flags | None = None) -> Array:
        """Pearson chi-squared over residual degrees of freedom, (S,)."""
        squares = (y - self.mu) ** 2 / np.maximum(self.mu, 1e-300)
        if observed is not None:
            squares = np.where(observed, squares, 0.0)
            count = np.broadcast_to(observed, squares.shape).sum(axis=1)
        else:
            count = np.full(len(squares), squares.shape[1])
        return np.asarray(squares.sum(axis=1) / np.maximum(count - self.beta.shape[1], 1))


def fit_poisson(
    y: Array,
    X: Array,
    offset: Array | None = None,
    observed: Flags | None = None,
    start: Array | None = None,
    most_iterations: int = 50,
) -> FitBatch:
    """Fit log E[y] = offset + X beta to every row of `y`.

    y (S, T) counts; X (T, p) shared or (S, T, p); offset (T,) or (S, T) on the log scale;
    observed (T,) or (S, T), False for missing periods; start (S, p) starting coefficients.
    Never raises on separation or collinearity: those series have `converged` False.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    scale = np.abs(X).max(axis=tuple(range(X.ndim - 1)))
    scale = np.where(scale > 0, scale, 1.0)
    X = X / scale
    shift = None if offset is None else np.broadcast_to(np.asarray(offset, dtype=float), y.shape)
    seen = None if observed is None else np.broadcast_to(observed, y.shape).astype(float)
    parts = []
    for first in range(0, len(y), SERIES_AT_ONCE):
        rows = slice(first, first + SERIES_AT_ONCE)
        design = _Shared(X) if X.ndim == 2 else _Own(np.ascontiguousarray(X[rows].transpose(1, 2, 0)))
        batch = _Batch(
            y=np.ascontiguousarray(y[rows].T),
            design=design,
            shift=None if shift is None else np.ascontiguousarray(shift[rows].T),
            seen=None if seen is None else np.ascontiguousarray(seen[rows].T),
        )
        if batch.seen is not None:
            batch.y *= batch.seen
        parts.append(_fit(batch, None if start is None else (start[rows] * scale).T, most_iterations))
    return FitBatch(
        beta=np.concatenate([part.beta for part in parts]) / scale,
        mu=np.concatenate([part.mu for part in parts]),
        bread=np.concatenate([part.bread for part in parts]) / np.outer(scale, scale),
        converged=np.concatenate([part.converged for part in parts]),
    )


class _Shared:
    """One design (T, p) for all series."""

    def __init__(self, X: Array) -> None:
        self.X = X
        self._upper = np.triu_indices(X.shape[1])
        self._products = np.ascontiguousarray((X[:, self._upper[0]] * X[:, self._upper[1]]).T)

    def of(self, chosen: NDArray[np.intp]) -> _Shared:
        return self

    def rough(self) -> _Shared:
        return _Shared(self.X.astype(np.float32))

    def predict(self, beta: Array) -> Array:
        return np.asarray(self.X @ beta)

    def score(self, residual: Array) -> Array:
        return np.asarray(self.X.T @ residual)

    def information(self, weight: Array) -> Array:
        packed = self._products @ weight
        terms = self.X.shape[1]
        full = np.empty((terms, terms, weight.shape[1]), dtype=weight.dtype)
        full[self._upper] = packed
        full[self._upper[1], self._upper[0]] = packed
        return full


class _Own:
    """A design for each series, (T, p, S)."""

    def __init__(self, X: Array) -> None:
        self.X = X

    def of(self, chosen: NDArray[np.intp]) -> _Own:
        return _Own(np.ascontiguousarray(self.X[:, :, chosen]))

    def rough(self) -> _Own:
        return _Own(self.X.astype(np.float32))

    def predict(self, beta: Array) -> Array:
        return np.asarray(np.einsum("tps,ps->ts", self.X, beta))

    def score(self, residual: Array) -> Array:
        return np.asarray(np.einsum("tps,ts->ps", self.X, residual))

    def information(self, weight: Array) -> Array:
        terms = self.X.shape[1]
        full = np.empty((terms, terms, weight.shape[1]), dtype=weight.dtype)
        for row in range(terms):
            weighted = self.X[:, row] * weight
            np.einsum("ts,tps->ps", weighted, self.X[:, : row + 1], out=full[row, : row + 1])
            full[: row + 1, row] = full[row, : row + 1]
        return full


@dataclass
class _Batch:
    """Some series: y, offset and observed (T, S), or None where there is nothing to add or to leave out."""

    y: Array
    design: _Shared | _Own
    shift: Array | None
    seen: Array | None

    def of(self, chosen: NDArray[np.intp]) -> _Batch:
        return _Batch(
            self.y[:, chosen],
            self.design.of(chosen),
            None if self.shift is None else self.shift[:, chosen],
            None if self.seen is None else self.seen[:, chosen],
        )

    def rough(self) -> _Batch:
        return _Batch(
            self.y.astype(np.float32),
            self.design.rough(),
            None if self.shift is None else self.shift.astype(np.float32),
            None if self.seen is None else self.seen.astype(np.float32),
        )

    def eta(self, beta: Array) -> Array:
        eta = self.design.predict(beta)
        if self.shift is not None:
            eta += self.shift
        return eta

    def mean(self, beta: Array) -> Array:
        """Fitted means, 0 where nothing was observed."""
        eta = self.eta(beta)
        np.clip(eta, -LARGEST_ETA, LARGEST_ETA, out=eta)
        np.exp(eta, out=eta)
        if self.seen is not None:
            eta *= self.seen
        return eta

    def step(self, beta: Array) -> tuple[Array, Array, Flags]:
        """Newton's step (p, S), shortened where it is long; its size (S,); False where singular.

        Columns are at most 1, so the sum over a step bounds the change of every linear predictor.
        """
        mu = self.mean(beta)
        factored = Factored(self.design.information(mu))
        np.subtract(self.y, mu, out=mu)
        step = factored.solve(self.design.score(mu))
        size = np.abs(step).sum(axis=0)
        step *= np.minimum(1.0, LARGEST_STEP / np.maximum(size, 1e-30))
        return step, size, factored.regular

    def first_guess(self) -> Array:
        """Least squares of log(y + 1/2) less the offset."""
        target = np.log(self.y + 0.5)
        if self.shift is not None:
            target -= self.shift
        weight = np.ones_like(target) if self.seen is None else self.seen
        return Factored(self.design.information(weight)).solve(self.design.score(target * weight))


def _fit(batch: _Batch, start: Array | None, most_iterations: int) -> FitBatch:
    series = batch.y.shape[1]
    beta = _start(batch) if start is None else np.ascontiguousarray(start)
    converged = np.zeros(series, dtype=bool)
    active, part = np.arange(series), batch
    for _ in range(most_iterations):
        step, size, regular = part.step(beta[:, active])
        beta[:, active] += step
        done = size < SMALL_STEP
        converged[active[done & regular]] = True
        stopped = done | ~regular
        if stopped.all():
            break
        if stopped.any():
            keep = np.flatnonzero(~stopped)
            active, part = active[keep], part.of(keep)
    eta = batch.eta(beta)
    np.clip(eta, -LARGEST_ETA, LARGEST_ETA, out=eta)
    seen = eta if batch.seen is None else eta * batch.seen
    bounded = np.maximum(seen.max(axis=0), -seen.min(axis=0)) < LARGEST_ETA
    mu = np.exp(eta, out=eta)
    weight = mu if batch.seen is None else mu * batch.seen
    factored = Factored(batch.design.information(weight))
    return FitBatch(
        beta=np.ascontiguousarray(beta.T),
        mu=np.ascontiguousarray(mu.T),
        bread=np.ascontiguousarray(factored.inverse().transpose(2, 0, 1)),
        converged=converged & factored.regular & bounded,
    )


def _start(batch: _Batch) -> Array:
    """First coefficients: for many series a few steps in single precision, where those led to a solution."""
    if batch.y.shape[1] < WORTH_ROUGH_STEPS:
        return batch.first_guess()
    rough = batch.rough()
    moving = rough.first_guess()
    size = np.full(moving.shape[1], np.inf)
    for _ in range(ROUGH_STEPS):
        step, size, _ = rough.step(moving)
        moving += step
        if size.max() < 1e-3:
            break
    near = np.isfinite(moving).all(axis=0) & (size < 0.5)
    found: Array = moving.astype(float)
    if not near.all():
        found[:, ~near] = batch.of(np.flatnonzero(~near)).first_guess()
    return found
