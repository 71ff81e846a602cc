"""A simulated twin of one series: made-up histories like the real one, in which the truth is known.

Counts are drawn from the fitted model without its effect (trend, seasons, offset, and a latent process drawn from
the posterior), and the default interval is computed on each. How often it excludes "no change" is
the false-alarm rate on this very series; with a planted effect, its power.
"""

from __future__ import annotations

import numpy as np

from evaluation.intervals.fitted import average_gradient
from evaluation.intervals.integrated import IntegratedSeries
from evaluation.numerics.integrated import integrated_ar
from evaluation.numerics.poisson import Array, Flags
from evaluation.result import Check

HISTORIES = 1000
MOST_FALSE_ALARMS = 0.09
ASSUMED_RATIO = 0.8


def simulated_twin(fitted: IntegratedSeries, histories: int = HISTORIES, seed: int = 20200906) -> Check:
    """False alarms with no effect, and power, exaggeration and wrong signs at −20 %, by simulation.

    Fails when more than 9 % of the histories without effect cry wolf.
    """
    alarms, estimable, _ = run_histories(fitted, histories, 0.0, seed)
    found, possible, estimates = run_histories(fitted, histories, float(np.log(ASSUMED_RATIO)), seed + 1)
    rate = alarms.sum() / max(int(estimable.sum()), 1)
    seen = estimates[found]
    figures: dict[str, float | int | None] = {
        "histories": int(estimable.sum()),
        "false_alarms": int(alarms.sum()),
        "false_alarm_rate": float(rate),
        "assumed_percent": 100 * (ASSUMED_RATIO - 1),
        "power": float(found.sum() / max(int(possible.sum()), 1)),
        "exaggeration": float(np.abs(seen).mean() / -np.log(ASSUMED_RATIO)) if len(seen) else None,
        "wrong_sign": float((seen > 0).mean()) if len(seen) else None,
    }
    if not estimable.any():
        return Check("simulated_twin", "informing", "cannot_run", "no_history_estimable", figures)
    if rate > MOST_FALSE_ALARMS:
        return Check("simulated_twin", "informing", "failed", "too_many_false_alarms", figures)
    return Check("simulated_twin", "informing", "passed", None, figures)


def run_histories(
    fitted: IntegratedSeries, histories: int, effect: float, seed: int
) -> tuple[Flags, Flags, Array]:
    """(excludes no change, estimable, estimate) of each history, (histories,) each."""
    terms = fitted.terms
    counts = draw_histories(fitted, histories, effect, seed)
    counts[:, ~terms.used] = 0.0
    happened = np.asarray(counts[:, terms.before].any(axis=1) & counts[:, terms.after].any(axis=1))
    X, without = terms.designs()[_likeliest(fitted)]
    gradient = average_gradient(X, without, terms.after, fitted.fit.beta[0], terms.offset, True)
    posterior = integrated_ar(
        counts[happened], X, gradient, offset=terms.offset, observed=terms.used, grid=fitted.fit.grid
    )
    estimable = happened.copy()
    estimable[happened] = posterior.converged
    alarms = np.zeros(histories, dtype=bool)
    estimates = np.full(histories, np.nan)
    lower, upper = posterior.interval(0.95)
    alarms[happened] = posterior.converged & ((lower > 0) | (upper < 0))
    estimates[happened] = posterior.estimate
    return alarms, estimable, estimates


def draw_histories(fitted: IntegratedSeries, histories: int, effect: float, seed: int) -> Array:
    """Counts (histories, T) with log effect `effect` over the headline phase; latent mean 1."""
    random = np.random.default_rng(seed)
    terms, fit = fitted.terms, fitted.fit
    likeliest = _likeliest(fitted)
    count = len(fit.grid.nodes)
    own = slice(likeliest * count, (likeliest + 1) * count)
    weights = fit.weights[0, own] / fit.weights[0, own].sum()
    sigma, rho, nugget = fit.grid.nodes[random.choice(count, size=histories, p=weights)].T
    _, without = terms.designs()[likeliest]
    beta = weights @ fit.node_beta[0, own]
    periods = len(terms.offset)
    latent = np.empty((histories, periods))
    latent[:, 0] = sigma * random.standard_normal(histories)
    for t in range(1, periods):
        shock = sigma * np.sqrt(1 - rho**2) * random.standard_normal(histories)
        latent[:, t] = rho * latent[:, t - 1] + shock
    latent += nugget[:, None] * random.standard_normal((histories, periods))
    latent -= ((sigma**2 + nugget**2) / 2)[:, None]
    mean = np.exp(without @ beta + terms.offset + effect * terms.headline)
    return random.poisson(mean * np.exp(latent)).astype(float)


def _likeliest(fitted: IntegratedSeries) -> int:
    return int(fitted.fit.design_weights[0].argmax())
