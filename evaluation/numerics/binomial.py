"""Many binomial regressions at once: treated events out of treated and comparison events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.numerics.poisson import Array, Flags

LARGEST_ETA = 30.0
LARGEST_STEP = 2.0


@dataclass(frozen=True)
class BinomialBatch:
    """Fits of S series. beta (S, p); share (S, T) fitted probabilities; weight (S, T) = n p (1 − p), 0 in
    periods left out; bread (S, p, p) inverse information; converged (S,) False under separation."""

    beta: Array
    share: Array
    weight: Array
    bread: Array
    converged: Flags

    def dispersion(self, y: Array, trials: Array) -> Array:
        """Pearson chi-squared over residual degrees of freedom, (S,)."""
        seen = self.weight > 0
        squares = np.where(seen, (y - trials * self.share) ** 2 / np.where(seen, self.weight, 1.0), 0.0)
        return np.asarray(squares.sum(axis=1) / np.maximum(seen.sum(axis=1) - self.beta.shape[1], 1))


def fit_binomial(
    y: Array,
    trials: Array,
    X: Array,
    offset: Array | None = None,
    observed: Flags | None = None,
    tolerance: float = 1e-9,
    most_iterations: int = 60,
) -> BinomialBatch:
    """Fit logit(share) = offset + X beta to S series.

    y, trials (S, T); X (T, p) or (S, T, p); offset and observed (T,) or (S, T). Periods without trials are
    left out. Agrees with `statsmodels.GLM(Binomial)` to 1e-6.
    """
    y, n = np.asarray(y, float), np.asarray(trials, float)
    own = np.broadcast_to(np.asarray(X, float), (len(y), *np.asarray(X).shape[-2:]))
    shift = np.zeros(y.shape) if offset is None else np.broadcast_to(offset, y.shape)
    seen = (n > 0) if observed is None else (n > 0) & np.broadcast_to(observed, y.shape)
    n = np.where(seen, n, 0.0)
    y = np.where(seen, y, 0.0)
    p = own.shape[-1]
    beta = np.zeros((len(y), p))
    converged = np.zeros(len(y), dtype=bool)
    ridge = 1e-10 * np.eye(p)
    for _ in range(most_iterations):
        eta = np.clip(shift + (own @ beta[..., None])[..., 0], -LARGEST_ETA, LARGEST_ETA)
        share = 1 / (1 + np.exp(-eta))
        weight = n * share * (1 - share)
        information = np.swapaxes(own, 1, 2) @ (own * weight[..., None])
        score = (np.swapaxes(own, 1, 2) @ (y - n * share)[..., None])[..., 0]
        step = np.linalg.solve(information + ridge, score[..., None])[..., 0]
        moved = np.where(seen, np.abs((own @ step[..., None])[..., 0]), 0.0).max(axis=1)
        beta = beta + step * np.minimum(1.0, LARGEST_STEP / np.maximum(moved, 1e-300))[:, None]
        converged = moved < tolerance
        if converged.all():
            break
    eta = np.clip(shift + (own @ beta[..., None])[..., 0], -LARGEST_ETA, LARGEST_ETA)
    share = 1 / (1 + np.exp(-eta))
    weight = n * share * (1 - share)
    information = np.swapaxes(own, 1, 2) @ (own * weight[..., None])
    scale = np.sqrt(np.maximum(np.einsum("sii->si", information), 1e-300))
    scaled = information / scale[:, :, None] / scale[:, None, :]
    regular = (np.linalg.det(scaled) > 1e-10) & (np.abs(beta).max(axis=1) < LARGEST_ETA / 2)
    safe = np.where(regular[:, None, None], information, np.eye(p))
    return BinomialBatch(beta, share, weight, np.linalg.inv(safe), converged & regular)
