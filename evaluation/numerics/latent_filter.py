"""The Kalman filter of a latent AR(1) with independent noise, for many series and grid nodes at once."""

from __future__ import annotations

import numpy as np

from evaluation.numerics.latent_grid import Grid
from evaluation.numerics.symmetric import Array

LOG_BLOCK = 16
"""Factors multiplied before a logarithm is taken; few enough that the product does not run under."""


def moments(
    columns: Array, weight: Array, response: Array, grid: Grid, rough: bool = False
) -> tuple[Array, Array]:
    """Cross-products of the whitened [columns, response], (C+1, C+1, S G), and log determinant, (S G,).

    The whitening is the Kalman filter of the latent AR(1), written for the innovation v instead of the
    state: with 1/(1 + P w) = keep, v[t+1] = c[t+1] − rho c[t] + rho keep[t] v[t]. It runs over time for all
    series and nodes together, nodes on the last axis so that memory is contiguous. A missing period has
    weight 0, keep 1 and no share in either return value. rough: single precision, good to about four digits, for
    the first steps of an iteration.
    """
    series, periods = weight.shape
    rho = np.array(grid.rho)[:, None]
    values = np.concatenate([columns, response[..., None]], axis=2)
    values = np.ascontiguousarray(values.transpose(1, 2, 0))[..., None, None]
    keep, precision, log_determinant = gains(weight, grid)
    kind = np.float32 if rough else np.float64
    if rough:
        values, keep, precision = (item.astype(np.float32) for item in (values, keep, precision))
        rho = rho.astype(np.float32)
    count = values.shape[1]
    shape = (count, series, len(grid.rho), len(grid.sigma) * len(grid.nugget))
    innovation = np.empty((periods, *shape), dtype=kind)
    innovation[0] = values[0]
    carried = keep.reshape(periods, 1, *shape[1:]) * rho
    for t in range(1, periods):
        np.multiply(innovation[t - 1], carried[t - 1], out=innovation[t])
        innovation[t] += values[t] - rho * values[t - 1]
    flat = innovation.reshape(periods, count, -1)
    precision = precision.reshape(periods, -1)
    cross = np.empty((count, count, flat.shape[2]), dtype=kind)
    for row in range(count):
        weighted = flat[:, row] * precision
        np.einsum("tn,tjn->jn", weighted, flat[:, : row + 1], out=cross[row, : row + 1])
        cross[: row + 1, row] = cross[row, : row + 1]
    return cross.astype(np.float64), log_determinant.ravel()


def gains(weight: Array, grid: Grid) -> tuple[Array, Array, Array]:
    """Share of each innovation that is kept and its precision, (T, S, G); log determinant, (S, G)."""
    sigma2, rho = grid.nodes[:, 0] ** 2, grid.nodes[:, 1]
    own = weight.T[:, :, None]
    by_nugget = own / (1 + own * np.square(grid.nugget))
    repeats = len(grid.nodes) // len(grid.nugget)
    log_determinant = np.tile(-np.log(np.where(own > 0, by_nugget, 1.0)).sum(axis=0), repeats)
    precision = np.tile(by_nugget, repeats)
    keep = np.empty_like(precision)
    variance = np.broadcast_to(sigma2, precision.shape[1:]).copy()
    added, squared = sigma2 * (1 - rho**2), rho**2
    for t in range(len(precision)):
        np.multiply(variance, precision[t], out=keep[t])
        keep[t] += 1.0
        np.reciprocal(keep[t], out=keep[t])
        variance *= keep[t]
        variance *= squared
        variance += added
    for first in range(0, len(precision), LOG_BLOCK):
        log_determinant -= np.log(keep[first : first + LOG_BLOCK].prod(axis=0))
    precision *= keep
    return keep, precision, log_determinant
