"""Coverage cells of the single-series design: false positives and coverage of its intervals.

Histories are monthly counts with a trend and an annual cycle, a latent AR(1) log intensity and gamma noise on top;
the program starts after three fifths. Effects: none and −20 %. Further cells break the assumptions on
purpose: an AR of .9, a shock like that of 2020, a trend that bends, and parameters fitted to the City's own series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from benchmarks.coverage_rows import Cell, Row, count
from evaluation.checks.single_twin import draw_histories
from evaluation.intervals.integrated import SHOCK_PRIOR_DEVIATION, IntegratedSeries, fit_integrated
from evaluation.numerics.ewc import ewc
from evaluation.numerics.integrated import integrated_ar
from evaluation.numerics.poisson import fit_poisson
from evaluation.regressors import HALF_LIVES, regressors
from evaluation.series import read_series
from evaluation.spec import parse_spec

Array = NDArray[np.float64]

EFFECTS = (0.0, float(np.log(0.8)))
START = 0.6
COUNTS = Path(__file__).resolve().parent.parent / "data" / "minneapolis" / "counts_by_month.csv"

PROCESSES: dict[str, tuple[float, float, float]] = {
    "independent": (0.0, 0.0, 0.10),
    "AR .5": (0.25, 0.5, 0.05),
    "AR .8": (0.30, 0.8, 0.05),
    "AR .9": (0.40, 0.9, 0.05),
}
"""Standard deviation and correlation of the latent AR(1), and the squared coefficient of variation of the noise."""


def histories(
    number: int,
    log_mean: Array,
    process: str,
    random: np.random.Generator,
) -> Array:
    """Counts (number, T) around exp(log_mean) (T,), the latent factor having mean 1."""
    sigma, rho, noise = PROCESSES[process]
    periods = len(log_mean)
    latent = np.empty((number, periods))
    latent[:, 0] = sigma * random.standard_normal(number)
    for t in range(1, periods):
        latent[:, t] = rho * latent[:, t - 1] + sigma * np.sqrt(1 - rho**2) * random.standard_normal(number)
    mean = np.exp(log_mean + latent - sigma**2 / 2)
    mean *= random.gamma(1 / noise, noise, size=mean.shape)
    return random.poisson(mean).astype(float)


def base_mean(periods: int, mean: float) -> Array:
    t = np.arange(periods)
    return np.log(mean) + 0.3 * (t - periods / 2) / periods + 0.25 * np.cos(2 * np.pi * (t - 6) / 12)


def design(periods: int, start: int) -> Array:
    """Intercept, trend, one harmonic, level (last)."""
    t = np.arange(periods)
    angle = 2 * np.pi * t / 12
    columns = [np.ones(periods), t / periods, np.sin(angle), np.cos(angle), (t >= start).astype(float)]
    return np.column_stack(columns)


def intervals(
    y: Array, designs: Sequence[Array], precision: Array | None = None
) -> dict[str, tuple[Array, Array, Array, NDArray[np.bool_]]]:
    """(estimate, lower, upper, estimable) of the last coefficient, by interval name, log scale.

    With several designs (shock shapes) the companions use the one whose Poisson fit is best.
    """
    fits = [fit_poisson(y, X) for X in designs]
    quality = [
        np.where(fit.converged, (y * np.log(np.maximum(fit.mu, 1e-300)) - fit.mu).sum(axis=1), -np.inf)
        for fit in fits
    ]
    best = np.argmax(quality, axis=0)
    rows = np.arange(len(y))
    beta = np.stack([fit.beta for fit in fits])[best, rows]
    mu = np.stack([fit.mu for fit in fits])[best, rows]
    bread = np.stack([fit.bread for fit in fits])[best, rows]
    ok = np.stack([fit.converged for fit in fits])[best, rows]
    X = np.stack(list(designs))[best]
    estimate = beta[:, -1]
    df = y.shape[1] - X.shape[2]
    found = {}

    posterior = integrated_ar(y, list(designs), np.eye(X.shape[2])[-1], prior_precision=precision)
    lower, upper = posterior.interval()
    found["integrated"] = (posterior.estimate, lower, upper, posterior.converged)

    bread = np.where(ok[:, None, None], bread, np.eye(X.shape[2]))
    mu = np.where(ok[:, None], mu, 1.0)
    loading = (X @ bread[:, -1, :, None])[..., 0]
    influence = loading * (y - mu)
    lower, upper = ewc(influence, loading, X, mu, bread).interval(estimate)
    found["ewc"] = (estimate, lower, upper, ok)

    dispersion = np.maximum(((y - mu) ** 2 / mu).sum(axis=1) / df, 1.0)
    half = stats.t.ppf(0.975, df) * np.sqrt(bread[:, -1, -1] * dispersion)
    found["standard"] = (estimate, estimate - half, estimate + half, ok)

    lags = int(np.floor(4 * (y.shape[1] / 100) ** (2 / 9)))
    variance = (influence**2).sum(axis=1)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (influence[:, lag:] * influence[:, :-lag]).sum(axis=1)
    half = 1.959964 * np.sqrt(variance)
    found["newey-west"] = (estimate, estimate - half, estimate + half, ok)
    return found


def rows_of(
    name: str,
    gated: bool,
    number: int,
    seed: int,
    draw: Callable[[int, float, np.random.Generator], Array],
    designs: Sequence[Array],
    precision: Array | None = None,
) -> list[Row]:
    """Rows of one cell: both effects, every interval; only the default interval is under the gate."""
    found = []
    for effect in EFFECTS:
        y = draw(number, effect, np.random.default_rng([seed, int(effect != 0)]))
        for interval, (estimate, lower, upper, estimable) in intervals(y, designs, precision).items():
            default = interval == "integrated"
            found.append(
                count(
                    "single",
                    name,
                    interval,
                    effect,
                    estimate,
                    lower,
                    upper,
                    estimable,
                    is_default=default,
                    is_gated=default and gated,
                )
            )
    return found


def plain_cell(
    name: str, periods: int, mean: float, process: str, gated: bool, number: int, seed: int
) -> list[Row]:
    start = round(START * periods)

    def draw(number: int, effect: float, random: np.random.Generator) -> Array:
        log_mean = base_mean(periods, mean) + effect * (np.arange(periods) >= start)
        return histories(number, log_mean, process, random)

    return rows_of(name, gated, number, seed, draw, [design(periods, start)])


def shock_designs(periods: int, start: int, shock: int) -> tuple[list[Array], Array]:
    """Designs with the shock block before the level, and the prior precisions of the coefficients."""
    base = design(periods, start)
    since = np.arange(periods) - shock
    designs = []
    for half_life in HALF_LIVES:
        shape = np.where(since >= 0, 0.5 ** (np.maximum(since, 0) / half_life), 0.0)
        designs.append(np.insert(base, base.shape[1] - 1, shape, axis=1))
    precision = np.zeros(base.shape[1] + 1)
    precision[-2] = 1 / SHOCK_PRIOR_DEVIATION**2
    return designs, precision


def shock_cell(
    name: str, mean: float, kind: str, modelled: bool, gated: bool, number: int, seed: int
) -> list[Row]:
    """84 months, +65 % in month 29 that fades, stays, or half stays; start in month 45; AR .5."""
    periods, shock, start = 84, 28, 44
    since = np.arange(periods) - shock
    fading = np.where(since >= 0, 0.5 ** (np.maximum(since, 0) / 12), 0.0)
    staying = (since >= 0).astype(float)
    shape = {"fades": fading, "stays": staying, "half stays": (fading + staying) / 2}[kind]

    def draw(number: int, effect: float, random: np.random.Generator) -> Array:
        log_mean = base_mean(periods, mean) + 0.5 * shape + effect * (np.arange(periods) >= start)
        return histories(number, log_mean, "AR .5", random)

    if not modelled:
        return rows_of(name, gated, number, seed, draw, [design(periods, start)])
    designs, precision = shock_designs(periods, start, shock)
    return rows_of(name, gated, number, seed, draw, designs, precision)


def bending_cell(name: str, mean: float, number: int, seed: int) -> list[Row]:
    """The trend turns down halfway through the baseline: a mean that the model has wrong."""
    periods, start = 60, 36
    bend = -0.6 * np.maximum(np.arange(periods) - 18, 0) / periods

    def draw(number: int, effect: float, random: np.random.Generator) -> Array:
        log_mean = base_mean(periods, mean) + bend + effect * (np.arange(periods) >= start)
        return histories(number, log_mean, "AR .5", random)

    return rows_of(name, False, number, seed, draw, [design(periods, start)])


def weekly_cell(name: str, mean: float, number: int, seed: int) -> list[Row]:
    """Two hundred and eight weeks with an annual cycle; AR .8 from week to week."""
    periods, start = 208, 125
    t = np.arange(periods)
    angle = 2 * np.pi * t / 52
    X = np.column_stack([np.ones(periods), t / periods, np.sin(angle), np.cos(angle), t >= start])

    def draw(number: int, effect: float, random: np.random.Generator) -> Array:
        log_mean = np.log(mean) + 0.3 * (t / periods - 0.5) + 0.25 * np.cos(angle) + effect * (t >= start)
        return histories(number, log_mean, "AR .8", random)

    return rows_of(name, True, number, seed, draw, [X.astype(float)])


@cache
def fitted_series(geography: str, area: str) -> IntegratedSeries:
    """The City's gunshot incidents in one area, with the shock of June 2020, fitted once."""
    frame = pd.read_csv(COUNTS, dtype={"area": str})
    frame = frame[(frame["geography"] == geography) & (frame["area"] == area)]
    spec = parse_spec(
        {
            "data": {"date": "month", "outcome": "gunshot_incidents_occurred"},
            "analysis": {"start": "2021-06", "harmonics": 1, "days_offset": True, "shock": "2020-06"},
        }
    )
    series = read_series(spec, frame)
    return fit_integrated(series, regressors(spec, series))


def fitted_cell(name: str, geography: str, area: str, number: int, seed: int) -> list[Row]:
    """Histories from the posterior of a real series; the whole default, shock block included."""
    fitted = fitted_series(geography, area)
    offset = fitted.terms.offset
    found = []
    for effect in EFFECTS:
        y = draw_histories(fitted, number, effect, seed + int(effect != 0))
        # The offset is taken up by the mean, so that one set of designs serves the batch.
        designs = [np.column_stack([X[:, :-1], offset, X[:, -1]]) for X, _ in fitted.terms.designs()]
        precision = np.zeros(designs[0].shape[1])
        precision[fitted.terms.shock_column] = 1 / SHOCK_PRIOR_DEVIATION**2
        for interval, (estimate, lower, upper, estimable) in intervals(y, designs, precision).items():
            default = interval == "integrated"
            found.append(
                count(
                    "single",
                    name,
                    interval,
                    effect,
                    estimate,
                    lower,
                    upper,
                    estimable,
                    is_default=default,
                    is_gated=default,
                )
            )
    return found


QUICK = {
    (36, 2, "independent"),
    (36, 8, "AR .8"),
    (60, 8, "AR .5"),
    (60, 40, "AR .8"),
    (96, 2, "AR .5"),
    (96, 40, "AR .8"),
}


def cells() -> list[Cell]:
    """Every single-series cell; the quick ones are a fair sample of the gated grid, both ends included."""
    found = []
    for process in PROCESSES:
        for periods in (36, 60, 96):
            for mean in (2, 8, 40):
                name = f"{periods} months, {mean} a month, {process}"
                gated = process != "AR .9"
                run = partial(plain_cell, name, periods, float(mean), process, gated)
                quick = (periods, mean, process) in QUICK
                found.append(Cell("single", name, run, 1000, gated, quick))
    for kind in ("fades", "stays", "half stays"):
        name = f"84 months, 8 a month, AR .5, shock of +65 % that {kind}, shock block"
        found.append(
            Cell(
                "single",
                name,
                partial(shock_cell, name, 8.0, kind, True, True),
                300,
                True,
                kind == "fades",
                80,
            )
        )
    name = "84 months, 8 a month, AR .5, shock of +65 % that fades, ignored"
    found.append(Cell("single", name, partial(shock_cell, name, 8.0, "fades", False, False), 1000, False))
    name = "60 months, 40 a month, AR .5, trend that bends"
    found.append(Cell("single", name, partial(bending_cell, name, 40.0), 1000, False))
    name = "208 weeks, 4 a week, AR .8"
    found.append(Cell("single", name, partial(weekly_cell, name, 4.0), 300))
    if COUNTS.exists():
        for geography, area, label in (
            ("city", "minneapolis", "the city"),
            ("community", "Near North", "Near North"),
        ):
            name = f"fitted to gunshot incidents of {label}, shock block"
            found.append(Cell("single", name, partial(fitted_cell, name, geography, area), 300))
    return found
