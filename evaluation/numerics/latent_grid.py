"""The prior of the latent process and the grid that stands for it.

A node stands for a cell of the parameter space, and its prior weight is the prior probability of that cell, so
an uneven grid does not bend the prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
from scipy import stats

from evaluation.numerics.symmetric import Array


@dataclass(frozen=True)
class Grid:
    """Nodes for (sigma, rho, nugget) with the prior probability of the cell each stands for.

    sigma ~ half-normal(sigma_scale), nugget ~ half-normal(nugget_scale), rho ~ Beta(rho_a, rho_b).
    Cells of sigma and nugget end at geometric midpoints of the nodes (half the first node for the zero
    cell), cells of rho at arithmetic midpoints. The grid is a full product, rho slowest.
    """

    sigma: tuple[float, ...] = (0.0, 0.1, 0.18, 0.32, 0.58, 1.0)
    rho: tuple[float, ...] = (0.2, 0.6, 0.85, 0.965)
    nugget: tuple[float, ...] = (0.0, 0.2, 0.35)
    sigma_scale: float = 0.5
    rho_a: float = 2.0
    rho_b: float = 1.0
    nugget_scale: float = 0.2

    @cached_property
    def nodes(self) -> Array:
        """(G, 3) rows of sigma, rho, nugget; rho varies slowest."""
        return np.array([(s, r, n) for r, s, n in product(self.rho, self.sigma, self.nugget)])

    @cached_property
    def log_prior(self) -> Array:
        """(G,) log prior probability of each cell; the probabilities sum to 1."""
        edges = [0.0, *[(a + b) / 2 for a, b in pairwise(self.rho)], 1.0]
        rho = np.diff(stats.beta.cdf(edges, self.rho_a, self.rho_b))
        sigma = _positive_cells(self.sigma, self.sigma_scale)
        nugget = _positive_cells(self.nugget, self.nugget_scale)
        return np.log(np.einsum("r,s,n->rsn", rho, sigma, nugget).ravel())

    def prior(self) -> dict[str, float | int]:
        """The prior in numbers, for whoever prints an interval."""
        return {
            "sigma_half_normal_scale": self.sigma_scale,
            "rho_beta_a": self.rho_a,
            "rho_beta_b": self.rho_b,
            "nugget_half_normal_scale": self.nugget_scale,
            "nodes": len(self.nodes),
        }


def _positive_cells(nodes: tuple[float, ...], scale: float) -> Array:
    inner = [(b / 2 if a == 0 else float(np.sqrt(a * b))) for a, b in pairwise(nodes)]
    return np.diff(stats.halfnorm.cdf([0.0, *inner, np.inf], scale=scale))


DEFAULT_GRID = Grid()
