"""Simulated twin: how often the methods cry wolf on made-up histories like this one, without any effect.

Months, windows and totals of both groups are the real ones, the ratio's latent process is drawn from what was
fitted to it, and the phase has no effect. A twin shares the model of the default interval, so it shows what
the data can carry when that model holds; the coverage tables show where it does not.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from evaluation.checks.headline import Array, Figures, Headline, cannot_run, outcome_of, refit
from evaluation.designs.two_groups import LEFT_OUT, design_matrix, usable_codes
from evaluation.numerics.binomial import fit_binomial
from evaluation.numerics.integrated import integrated_ar
from evaluation.result import Check

HISTORIES = 1_000
NOMINAL = 0.05
TOLERATED = 0.09


def false_alarms(head: Headline, histories: int = HISTORIES, seed: int = 20_240_601) -> Check:
    """False alarms in percent of `histories`, of the default, the companion and the usual methods.

    before_after: treated events alone, after against before, with a Poisson error, which is what a plain
    comparison does. Fails when the default's rate is over 9 %.
    """
    name = "simulated_twin"
    treated, comparison = head.treated.sum(axis=0), head.comparison.sum(axis=0)
    reason, codes = usable_codes(treated, comparison, head.codes)
    if reason is not None:
        return cannot_run(name, reason)
    rng = np.random.default_rng(seed)
    histories_drawn = draw_histories(treated, comparison, codes, histories, rng)
    if histories_drawn is None:
        return cannot_run(name, "no_convergence")
    total = np.nan_to_num(treated + comparison)
    found = refit(histories_drawn, total - histories_drawn, codes, integrate=True)
    good = np.isfinite(found.coefficient)
    figures: Figures = {"histories": int(good.sum())}
    if good.sum() < histories / 2:
        return cannot_run(name, "too_few_events", figures)
    ends = {
        "integrated": found.integrated_95,
        "ewc": found.ewc_interval(0.95),
        "standard": found.standard_interval(0.95),
    }
    for method, pair in ends.items():
        alarms = (pair[good, 0] > 0) | (pair[good, 1] < 0)
        figures[f"false_alarms_{method}"] = int(alarms.sum())
        figures[f"false_alarm_percent_{method}"] = float(100 * alarms.mean())
    figures["false_alarm_percent_before_after"] = _before_after(histories_drawn[good], head)
    rate = float(figures["false_alarm_percent_integrated"] or 0.0)
    return outcome_of(name, rate > 100 * TOLERATED, "too_many_false_alarms", figures)


def draw_histories(
    treated: Array, comparison: Array, codes: tuple[str, ...], number: int, rng: np.random.Generator
) -> Array | None:
    """(number, T) treated events given the real totals, without effect of the phase."""
    X, _, contrast = design_matrix(codes)
    observed = np.array([code != LEFT_OUT for code in codes])
    total = np.where(observed, np.nan_to_num(treated + comparison), 0.0)
    y = np.where(observed, np.nan_to_num(treated), 0.0)
    fit = integrated_ar(y[None], X, contrast, "binomial", total[None], observed=observed)
    plain = fit_binomial(y[None], total[None], X, observed=observed)
    if not (fit.converged[0] and plain.converged[0]):
        return None
    beta = plain.beta[0].copy()
    beta[contrast != 0] = 0.0
    eta = X @ beta
    sigma, rho, nugget = fit.grid.nodes[rng.choice(len(fit.grid.nodes), number, p=fit.weights[0])].T
    state = sigma * rng.standard_normal(number)
    path = np.empty((number, len(codes)))
    for month in range(len(codes)):
        path[:, month] = state
        state = rho * state + sigma * np.sqrt(1 - rho**2) * rng.standard_normal(number)
    path += nugget[:, None] * rng.standard_normal(path.shape)
    share = 1 / (1 + np.exp(-(eta + path)))
    whole = np.nan_to_num(treated + comparison).astype(np.int64)
    return np.asarray(rng.binomial(whole, share), dtype=float)


def _before_after(treated: Array, head: Headline) -> float:
    """False alarms in percent of treated events after against before, Poisson errors."""
    before, after = treated[:, head.baseline].sum(axis=1), treated[:, head.phase].sum(axis=1)
    both = (before > 0) & (after > 0)
    log = np.log(after[both] / before[both]) - np.log(len(head.phase) / len(head.baseline))
    z = log / np.sqrt(1 / before[both] + 1 / after[both])
    return float(100 * np.mean(2 * stats.norm.sf(np.abs(z)) < NOMINAL))
