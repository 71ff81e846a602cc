"""Integrated AR-Poisson interval of one series: the default (see `evaluation.numerics.integrated`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.intervals.fitted import average_effect, average_gradient
from evaluation.numerics.integrated import DEFAULT_GRID, Grid, IntegratedFit, Mixture, integrated_ar
from evaluation.numerics.poisson import Array
from evaluation.regressors import HALF_LIVES, Regressors
from evaluation.result import Interval
from evaluation.series import NotEstimableError, Series

SHOCK_PRIOR_DEVIATION = 1.0
"""Prior standard deviation of the shock at its first period, on the log scale (a factor of 2.7 either way).

A proper prior makes the marginal likelihoods of the half-lives comparable; it is wide beside any estimate.
"""


@dataclass(frozen=True)
class IntegratedSeries:
    """The fit of one series with its designs, ready for effects and bands."""

    fit: IntegratedFit
    terms: Regressors

    def effect(self) -> Mixture:
        """Posterior of the average effect, linearized at the posterior mean of each half-life."""
        count = len(self.fit.grid.nodes)
        weights, node_beta = self.fit.weights[0], self.fit.node_beta[0]
        means, variances = np.empty(len(weights)), np.empty(len(weights))
        for number, (X, without) in enumerate(self.terms.designs()):
            own = slice(number * count, (number + 1) * count)
            share = weights[own] / max(float(weights[own].sum()), 1e-300)
            center = share @ node_beta[own] if share.sum() > 0 else node_beta[own].mean(axis=0)
            arguments = (X, without, self.terms.after, center, self.terms.offset, True)
            gradient = average_gradient(*arguments)
            means[own] = average_effect(*arguments) + (node_beta[own] - center) @ gradient
            variances[own] = np.einsum("i,gij,j->g", gradient, self.fit.node_covariance[0][own], gradient)
        return Mixture(weights[None], means[None], variances[None], self.fit.df)

    def without_program(self) -> Mixture:
        """Posterior of the log of the expected outcome without the program, one row a period."""
        count = len(self.fit.grid.nodes)
        means, variances = [], []
        for number, (_, without) in enumerate(self.terms.designs()):
            own = slice(number * count, (number + 1) * count)
            means.append(without @ self.fit.node_beta[0][own].T + self.terms.offset[:, None])
            variances.append(
                np.einsum("ti,gij,tj->tg", without, self.fit.node_covariance[0][own], without, optimize=True)
            )
        periods = len(self.terms.offset)
        weights = np.repeat(self.fit.weights, periods, axis=0)
        df = np.repeat(self.fit.df, periods)
        return Mixture(weights, np.concatenate(means, axis=1), np.concatenate(variances, axis=1), df)

    def half_life(self) -> str | None:
        """Code of the most probable half-life of the shock, or None where there is no shock."""
        if self.terms.shock_column is None:
            return None
        return half_life_code(int(self.fit.design_weights[0].argmax()))


def fit_integrated(series: Series, terms: Regressors, grid: Grid = DEFAULT_GRID) -> IntegratedSeries:
    """Fit one series. Raises NotEstimableError("no_convergence") rather than return a half-way answer."""
    y = np.where(terms.used, series.outcome, 0.0)
    designs = [X for X, _ in terms.designs()]
    precision: Array | None = None
    if terms.shock_column is not None:
        precision = np.zeros(len(terms.names))
        precision[terms.shock_column] = 1 / SHOCK_PRIOR_DEVIATION**2
    fit = integrated_ar(
        y[None], designs, offset=terms.offset, observed=terms.used, prior_precision=precision, grid=grid
    )
    if not fit.converged[0]:
        raise NotEstimableError("no_convergence")
    return IntegratedSeries(fit, terms)


def integrated_interval(fitted: IntegratedSeries) -> Interval:
    """Interval of the average effect from the posterior mixture, both levels."""
    effect = fitted.effect()
    (lower_95, upper_95), (lower_80, upper_80) = effect.interval(0.95), effect.interval(0.80)
    return Interval(
        name="integrated",
        coefficient=float(effect.mean[0]),
        standard_error=float(effect.standard_deviation[0]),
        lower_95=float(np.exp(lower_95[0])),
        upper_95=float(np.exp(upper_95[0])),
        lower_80=float(np.exp(lower_80[0])),
        upper_80=float(np.exp(upper_80[0])),
        degrees_of_freedom=float(effect.df[0]),
        note=fitted.half_life(),
    )


def half_life_code(number: int) -> str:
    """Code of a shock shape: "half_life_6" or "permanent"."""
    value = HALF_LIVES[number]
    return "permanent" if np.isinf(value) else f"half_life_{value:.0f}"
