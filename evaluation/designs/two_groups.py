"""Two groups of areas over time: the estimates behind design 1, many pairs of series at once.

Given the events of both groups in a month, the treated ones are binomial; a shock that scales both alike
drops out, and nothing else does. The log odds carry a latent AR(1) process whose parameters are integrated
over (`numerics.integrated`), so that differential drift widens the interval. The companion is EWC on the
influence series of the plain binomial fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.numerics.binomial import fit_binomial
from evaluation.numerics.ewc import ewc
from evaluation.numerics.integrated import Mixture, integrated_ar

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

BASELINE = "baseline"
PHASE = "phase"
LEFT_OUT = ""
FEWEST_MONTHS = 3  # each side of the start (EPOC)


@dataclass(frozen=True)
class TwoGroups:
    """S pairs of series of T periods, equally spaced.

    treated, comparison  (S, T) events; NaN where a period is missing
    segments             S tuples of T codes: BASELINE, PHASE, LEFT_OUT or the id of another phase
    shift                (S,) log change of the treated/comparison ratio expected without the program,
                         by phase against baseline (pool d), with its variance `shift_variance` (S,)
    """

    treated: Array
    comparison: Array
    segments: tuple[tuple[str, ...], ...]
    differential_trend: bool = False
    slope: bool = False
    slope_origin: int = 1
    shift: Array | None = None
    shift_variance: Array | None = None


@dataclass(frozen=True)
class Estimates:
    """Log rate ratios of S pairs, NaN where not estimable, with the reason.

    integrated and ewc: `lower`/`upper` at 95 and 80 %; standard: quasi-binomial with t(n − p).
    """

    coefficient: Array
    standard_error: Array
    reason: tuple[str | None, ...]
    integrated_95: Array
    integrated_80: Array
    ewc_coefficient: Array
    ewc_error: Array
    ewc_df: Array
    standard_error_quasi: Array
    dispersion: Array
    df: Array
    terms: tuple[dict[str, tuple[float, float]], ...] = field(default=())

    def ewc_interval(self, level: float) -> Array:
        """(S, 2) log scale."""
        return _symmetric(self.ewc_coefficient, self.ewc_error, self.ewc_df, level)

    def standard_interval(self, level: float) -> Array:
        """(S, 2) log scale, quasi-binomial with t(n − p)."""
        return _symmetric(self.ewc_coefficient, self.standard_error_quasi, self.df, level)


def estimate_two_groups(pairs: TwoGroups, integrate: bool = True) -> Estimates:
    """Estimate every pair; series with the same usable design are fitted together.

    integrate=False leaves out the latent process: plain binomial with EWC and quasi-binomial errors.
    """
    size = len(pairs.treated)
    found = _Store(size)
    designs: dict[tuple[tuple[str, ...], ...], list[int]] = {}
    for number in range(size):
        reason, codes = usable_codes(pairs.treated[number], pairs.comparison[number], pairs.segments[number])
        if reason is not None:
            found.reason[number] = reason
        else:
            designs.setdefault((codes,), []).append(number)
    for (codes,), rows in designs.items():
        _fit_group(pairs, codes, rows, found, integrate)
    return found.done()


def usable_codes(
    treated: Array, comparison: Array, segments: Sequence[str]
) -> tuple[str | None, tuple[str, ...]]:
    """Codes with the segments left out that have no event on one side, or why there is no estimate."""
    codes = np.array(segments, dtype=object)
    seen = np.isfinite(treated) & np.isfinite(comparison)
    for side in (treated, comparison):
        if (side[seen] < 0).any():
            return "negative_counts", ()
    codes[~seen] = LEFT_OUT
    if (codes == BASELINE).sum() < FEWEST_MONTHS:
        return "too_few_periods_before", ()
    if (codes == PHASE).sum() < FEWEST_MONTHS:
        return "too_few_periods_after", ()
    if np.nansum(treated) + np.nansum(comparison) == 0:
        return "no_events", ()
    for code in dict.fromkeys(codes):
        inside = codes == code
        empty = treated[inside].sum() == 0 or comparison[inside].sum() == 0
        if code in (BASELINE, PHASE) and empty:
            return "perfect_separation", ()
        if code not in (BASELINE, PHASE, LEFT_OUT) and empty:
            codes[inside] = LEFT_OUT
    return None, tuple(codes)


def _fit_group(
    pairs: TwoGroups, codes: tuple[str, ...], rows: list[int], found: _Store, integrate: bool
) -> None:
    X, names, contrast = design_matrix(codes, pairs.differential_trend, pairs.slope, pairs.slope_origin)
    observed = np.array([code != LEFT_OUT for code in codes])
    y = np.where(observed, np.nan_to_num(pairs.treated[rows]), 0.0)
    n = np.where(observed, np.nan_to_num(pairs.treated[rows] + pairs.comparison[rows]), 0.0)
    own = np.broadcast_to(contrast, (len(rows), len(contrast)))
    plain = fit_binomial(y, n, X, observed=observed)
    loading = np.einsum("sp,spq,tq->st", own, plain.bread, X)
    influence = loading * (y - n * plain.share) * (plain.weight > 0)
    error = ewc(influence, loading, X, plain.weight, plain.bread)
    dispersion = plain.dispersion(y, n)
    months = (plain.weight > 0).sum(axis=1)
    index = np.array(rows)
    extra = np.zeros(len(rows)) if pairs.shift_variance is None else pairs.shift_variance[index]
    move = np.zeros(len(rows)) if pairs.shift is None else pairs.shift[index]
    variance = np.einsum("sp,spq,sq->s", own, plain.bread, own)
    good = plain.converged
    found.ewc_coefficient[index] = np.where(good, plain.beta @ contrast - move, np.nan)
    found.ewc_error[index] = np.sqrt(error.standard_error**2 + extra)
    found.ewc_df[index] = error.df
    found.dispersion[index] = dispersion
    found.df[index] = np.maximum(months - X.shape[1], 1)
    found.quasi[index] = np.sqrt(np.maximum(dispersion, 1.0) * variance + extra)
    if integrate:
        latent = integrated_ar(y, X, contrast, "binomial", n, observed=observed)
        mixture = latent.mixture(contrast)
        good = good & latent.converged
        wide = Mixture(mixture.weights, mixture.means, mixture.variances + extra[:, None], mixture.df)
        found.coefficient[index] = np.where(good, mixture.mean - move, np.nan)
        found.error[index] = np.where(good, wide.standard_deviation, np.nan)
        for level, store in ((0.95, found.integrated_95), (0.80, found.integrated_80)):
            lower, upper = wide.interval(level)
            store[index] = np.where(good[:, None], np.column_stack([lower, upper]) - move[:, None], np.nan)
        deviations = [latent.mixture(row).standard_deviation for row in np.eye(len(contrast))]
        for place, number in enumerate(rows):
            found.terms[number] = {
                name: (float(latent.beta[place, k]), float(deviations[k][place]))
                for k, name in enumerate(names)
            }
    else:
        found.coefficient[index] = found.ewc_coefficient[index]
        found.error[index] = found.ewc_error[index]
    for place, number in enumerate(rows):
        if not good[place]:
            found.reason[number] = "no_convergence"


def design_matrix(
    codes: Sequence[str], differential_trend: bool = False, slope: bool = False, slope_origin: int = 1
) -> tuple[Array, list[str], Array]:
    """X (T, p), names of its columns, and the contrast (p,) that is the average effect over the phase."""
    codes_ = np.array(codes, dtype=object)
    phase = (codes_ == PHASE).astype(float)
    columns, names = [np.ones(len(codes_)), phase], ["intercept", PHASE]
    weights = [0.0, 1.0]
    if slope:
        since = np.maximum(np.arange(len(codes_)) - int(np.argmax(phase > 0)) + slope_origin, 0) * phase
        columns.append(since)
        names.append("slope")
        weights.append(float(since[phase > 0].mean()))
    if differential_trend:
        columns.append((np.arange(len(codes_)) - len(codes_) / 2) / 12.0)
        names.append("differential_trend_per_year")
        weights.append(0.0)
    for code in dict.fromkeys(codes_):
        if code not in (BASELINE, PHASE, LEFT_OUT):
            columns.append((codes_ == code).astype(float))
            names.append(str(code))
            weights.append(0.0)
    return np.column_stack(columns), names, np.array(weights)


def _symmetric(center: Array, error: Array, df: Array, level: float) -> Array:
    half = stats.t.ppf((1 + level) / 2, df) * error
    return np.column_stack([center - half, center + half])


class _Store:
    """Rows of the answer while they are filled in."""

    def __init__(self, size: int) -> None:
        def empty() -> Array:
            return np.full(size, np.nan)

        self.coefficient, self.error, self.dispersion = empty(), empty(), empty()
        self.ewc_coefficient, self.ewc_error, self.ewc_df = empty(), empty(), empty()
        self.quasi, self.df = empty(), empty()
        self.integrated_95, self.integrated_80 = np.full((size, 2), np.nan), np.full((size, 2), np.nan)
        self.reason: list[str | None] = [None] * size
        self.terms: list[dict[str, tuple[float, float]]] = [{} for _ in range(size)]

    def done(self) -> Estimates:
        return Estimates(
            self.coefficient, self.error, tuple(self.reason), self.integrated_95, self.integrated_80,
            self.ewc_coefficient, self.ewc_error, self.ewc_df, self.quasi, self.dispersion, self.df,
            tuple(self.terms),
        )  # fmt: skip
