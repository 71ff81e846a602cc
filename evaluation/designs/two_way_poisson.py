"""Two-way Poisson regression (area and period effects) with one treatment term, many fits at once.

Poisson pseudo-maximum likelihood (Santos Silva and Tenreyro 2006): only the mean has to be right.
Each step is a Newton step in which the area effects are eliminated by hand and the period effects by
one small linear system, so that a thousand fits of the same shape are one array operation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST_COEFFICIENT = 12.0  # beyond this the likelihood has no maximum: one side has no events


@dataclass(frozen=True)
class TwoWayFit:
    """Fits of B panels of N areas × T periods.

    coefficient    (B,) log rate ratio of the treatment; NaN where it is not estimable
    fitted         (B, N, T) expected counts
    residualized   (B, N, T) treatment with area and period effects projected out, weights = fitted
    information    (B,) Fisher information of the coefficient
    weights        (B, N, T) the weights used: 0 for cells left out
    """

    coefficient: Array
    fitted: Array
    residualized: Array
    information: Array
    weights: Array


def fit_two_way_poisson(
    counts: Array,
    treatment: Array,
    weights: Array | None = None,
    max_steps: int = 100,
    tolerance: float = 1e-11,
    start: TwoWayFit | None = None,
) -> TwoWayFit:
    """Fit log E(y_it) = area_i + period_t + coefficient · treatment_it.

    counts, treatment, weights: (N, T) or (B, N, T), broadcast against each other; counts ≥ 0, not
    necessarily whole. Weight 0 leaves a cell out. Areas and periods without any event carry no
    information on the coefficient and are left out, as every regression package does. `start`: a fit of
    the same shape to begin from, as when the counts changed a little.
    """
    y, d = np.asarray(counts, float), np.asarray(treatment, float)
    w = np.ones((1, 1)) if weights is None else np.asarray(weights, float)
    shape = np.broadcast_shapes(y.shape, d.shape, w.shape, (1, *y.shape[-2:]))
    y, d, w = (np.broadcast_to(item, shape) for item in (y, d, w))
    w = w * ((y * w).sum(2, keepdims=True) > 0) * ((y * w).sum(1, keepdims=True) > 0)

    eta, coefficient = _start(y, w), np.zeros(shape[0])
    if start is not None:
        usable = np.isfinite(start.coefficient)
        eta = np.where(usable[:, None, None], np.log(np.maximum(start.fitted, 1e-300)), eta)
        coefficient = np.where(usable, start.coefficient, 0.0)
    deviance = _deviance(y, w, eta)
    active = np.ones(shape[0], dtype=bool)
    for _ in range(max_steps):
        mu = np.exp(eta)
        weighted = w * mu
        z = (y - mu) / mu
        d_tilde, z_tilde = project_out(d, weighted), project_out(z, weighted)
        information = (weighted * d_tilde * d).sum((1, 2))
        step = (weighted * d_tilde * z).sum((1, 2)) / np.where(information > 0, information, np.inf)
        direction = (z - z_tilde) + step[:, None, None] * d_tilde
        size = np.abs(np.where(w > 0, direction, 0)).max((1, 2))
        scale = np.where(active, np.minimum(1.0, 3.0 / np.maximum(size, 1e-12)), 0.0)
        for _ in range(12):
            trial = eta + scale[:, None, None] * direction
            trial_deviance = _deviance(y, w, trial)
            worse = active & (scale > 0) & ~(trial_deviance <= deviance + 1e-9 * (1 + np.abs(deviance)))
            if not worse.any():
                break
            scale = np.where(worse, scale / 2, scale)
        eta, deviance = trial, trial_deviance
        coefficient = coefficient + scale * step
        active = active & (size > tolerance) & (np.abs(coefficient) < LARGEST_COEFFICIENT)
        if not active.any():
            break
    mu = np.exp(eta)
    weighted = w * mu
    d_tilde = project_out(d, weighted)
    information = (weighted * d_tilde * d).sum((1, 2))
    total = np.maximum((weighted * d * d).sum((1, 2)), 1e-300)
    bad = active | (np.abs(coefficient) >= LARGEST_COEFFICIENT) | (information <= 1e-9 * total)
    return TwoWayFit(np.where(bad, np.nan, coefficient), mu, d_tilde, information, w)


def project_out(values: Array, weights: Array) -> Array:
    """Residuals of `values` after weighted area and period effects: both (B, N, T)."""
    row = weights.sum(2)
    column = weights.sum(1)
    safe_row = np.where(row > 0, row, 1.0)
    share = weights / safe_row[:, :, None]
    row_mean = (share * values).sum(2)
    # The first period is the reference: without it the system is singular by one dimension.
    system = -np.matmul(weights.transpose(0, 2, 1), share)
    index = np.arange(weights.shape[2])
    system[:, index, index] += np.where(column > 0, column, 1.0)
    right = (weights * values).sum(1) - np.matmul(row_mean[:, None, :], weights)[:, 0, :]
    reference = np.argmax(column > 0, axis=1)
    batch = np.arange(len(weights))
    system[batch, reference, :] = 0.0
    system[batch, :, reference] = 0.0
    system[batch, reference, reference] = 1.0
    right[batch, reference] = 0.0
    # A ridge far below rounding of the estimate keeps groups of periods that share no area solvable.
    system[:, index, index] += 1e-13 * system[:, index, index]
    period = np.linalg.solve(system, right[..., None])[..., 0]
    area = row_mean - np.matmul(share, period[..., None])[..., 0]
    return np.asarray(values - area[:, :, None] - period[:, None, :])


def _start(y: Array, w: Array) -> Array:
    """Log of (area total × period total / total): the maximum when nothing is treated or left out."""
    total = (y * w).sum((1, 2), keepdims=True)
    row = (y * w).sum(2, keepdims=True) / np.maximum(w.sum(2, keepdims=True), 1e-12)
    column = (y * w).sum(1, keepdims=True) / np.maximum(w.sum(1, keepdims=True), 1e-12)
    mean = total / np.maximum(w.sum((1, 2), keepdims=True), 1e-12)
    return np.asarray(
        np.log(np.maximum(row, 1e-8)) + np.log(np.maximum(column, 1e-8)) - np.log(np.maximum(mean, 1e-8))
    )


def _deviance(y: Array, w: Array, eta: Array) -> Array:
    """Minus the Poisson log likelihood, up to a constant of y."""
    with np.errstate(over="ignore"):
        return np.asarray((w * (np.exp(eta) - y * eta)).sum((1, 2)))
