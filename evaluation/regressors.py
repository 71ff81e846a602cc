"""The design matrix of a segmented regression: what each column is, and what it would be without the program.

Columns, in order: intercept, trend, sin and cos of each harmonic, shock, covariates, one dummy a further phase,
level, slope. The counterfactual is the same matrix with every phase, level and slope column at zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluation.calendar import Timeline
from evaluation.numerics.poisson import Array, Flags
from evaluation.series import NotEstimableError, Series
from evaluation.spec import Spec, SpecError

FEWEST_PERIODS = 3
"""Cochrane EPOC: at least three points before and three after, or it is no interrupted time series."""

HALF_LIVES: tuple[float, ...] = (3.0, 6.0, 12.0, 24.0, np.inf)
"""Half-lives of the shock block in months (weeks and years are converted); the last is permanent."""

PERIODS_A_MONTH = {"month": 1.0, "week": 365.25 / 12 / 7, "year": 1 / 12, "index": 1.0}


@dataclass(frozen=True)
class Regressors:
    """Columns of a fit for T periods and p terms.

    X, without_program (T, p) for the first half-life; names (p,); offset (T,); used (T,): periods that the
    fit sees; before, after (T,): of these the baseline and the headline phase; in_scope (T,): periods that
    belong to baseline or a phase, observed or not; headline (T,): of the headline phase, observed or not; shock_column: index of the
    shock or None, with `shock_shapes` (half-lives, T).
    """

    X: Array
    without_program: Array
    names: tuple[str, ...]
    offset: Array
    used: Flags
    before: Flags
    after: Flags
    in_scope: Flags
    headline: Flags
    shock_column: int | None = None
    shock_shapes: Array | None = None

    def column(self, name: str) -> int | None:
        return self.names.index(name) if name in self.names else None

    def with_shape(self, number: int) -> Regressors:
        """The same terms with the shock of that half-life alone."""
        if self.shock_column is None or self.shock_shapes is None:
            return self
        X, without = self.designs()[number]
        return replace(self, X=X, without_program=without, shock_shapes=self.shock_shapes[[number]])

    def designs(self) -> list[tuple[Array, Array]]:
        """(X, without_program) for each half-life of the shock; one pair where there is no shock."""
        if self.shock_column is None or self.shock_shapes is None:
            return [(self.X, self.without_program)]
        found = []
        for shape in self.shock_shapes:
            pair = []
            for matrix in (self.X, self.without_program):
                copy = matrix.copy()
                copy[:, self.shock_column] = shape
                pair.append(copy)
            found.append((pair[0], pair[1]))
        return found


def regressors(spec: Spec, series: Series) -> Regressors:
    """Build the design. Raises NotEstimableError when the data cannot carry it, SpecError on bad dates."""
    axis = series.timeline
    headline, phases = phase_masks(spec, axis)
    in_phase = headline.copy()
    for mask in phases.values():
        in_phase |= mask
    first = int(np.flatnonzero(in_phase)[0])
    position = np.arange(axis.count)
    belongs = in_phase | (position < first)
    series.refuse_faults(belongs)
    used = series.observed & belongs
    before = used & ~in_phase
    after = used & headline
    if before.sum() < FEWEST_PERIODS:
        raise NotEstimableError("too_few_periods_before")
    if after.sum() < FEWEST_PERIODS:
        raise NotEstimableError("too_few_periods_after")

    columns: list[tuple[str, Array, bool]] = [("intercept", np.ones(axis.count), False)]
    if spec.trend:
        columns.append(("trend", position.astype(float), False))
    columns += [(name, values, False) for name, values in harmonic_columns(spec, axis)]
    shapes = shock_shapes(spec, axis)
    shock_column = None
    if shapes is not None:
        shock_column = len(columns)
        columns.append(("shock", shapes[0], False))
    if series.covariates is not None:
        for name, values in zip(spec.covariates, series.covariates.T, strict=True):
            columns.append((f"covariate:{name}", np.where(used, values, 0.0), False))
    for name, mask in phases.items():
        if (mask & used).any():
            columns.append((f"phase:{name}", mask.astype(float), True))
    begin = int(np.flatnonzero(headline)[0])
    if spec.level:
        columns.append(("level", headline.astype(float), True))
    if spec.slope:
        columns.append(("slope", headline * (position - begin + float(spec.slope_origin)), True))

    X = np.column_stack([values for _, values, _ in columns])
    program = np.array([of_program for _, _, of_program in columns])
    terms = X.shape[1]
    if used.sum() - terms < FEWEST_PERIODS:
        raise NotEstimableError("too_few_periods_for_terms")
    made = Regressors(
        X=X,
        without_program=np.where(program, 0.0, X),
        names=tuple(name for name, _, _ in columns),
        offset=_offset(spec, series),
        used=used,
        before=before,
        after=after,
        in_scope=belongs,
        headline=headline,
        shock_column=shock_column,
        shock_shapes=shapes,
    )
    for matrix, _ in made.designs():
        scaled = matrix[used] / np.maximum(np.abs(matrix[used]).max(axis=0), 1e-300)
        if np.linalg.matrix_rank(scaled, tol=1e-8 * np.sqrt(used.sum())) < terms:
            raise NotEstimableError("collinear_terms")
    return made


def phase_masks(spec: Spec, axis: Timeline) -> tuple[Flags, dict[str, Flags]]:
    """Periods of the headline phase and of each further phase; no period belongs to two.

    Raises NotEstimableError when the start lies outside the rows, SpecError when phases overlap.
    """
    begin = axis.first_position(spec.start, "analysis.start")
    last = axis.count - 1 if spec.end is None else axis.last_position(spec.end, "analysis.end")
    if begin <= 0 or begin >= axis.count:
        raise NotEstimableError("start_outside_data")
    if last < begin:
        raise SpecError("analysis.end: lies before start; correct one of them")
    position = np.arange(axis.count)
    headline = (position >= begin) & (position <= last)
    phases: dict[str, Flags] = {}
    taken = np.zeros(axis.count, dtype=bool)
    for phase in spec.phases:
        key = f"analysis.phases ({phase.name})"
        lower = axis.first_position(phase.start, key)
        upper = axis.count - 1 if phase.end is None else axis.last_position(phase.end, key)
        mask = (position >= lower) & (position <= upper)
        if (mask & taken).any():
            raise SpecError(f"{key}: overlaps another phase; end one before the other starts")
        taken |= mask
        phases[phase.name] = mask
    headline &= ~taken
    if not headline.any():
        raise SpecError(
            "analysis.phases: they cover the whole of start to end; leave some of it to the headline"
        )
    return headline, phases


def harmonic_columns(spec: Spec, axis: Timeline) -> list[tuple[str, Array]]:
    """sin and cos of 2πk·month/period; the month is 1–12 on a calendar, else the running position."""
    months = axis.calendar_month()
    place = np.arange(axis.count, dtype=float) if months is None else months
    found = []
    for k in range(1, spec.harmonics + 1):
        angle = 2 * np.pi * k * place / spec.period
        # At half the period the sine is zero at every whole step, so it carries nothing.
        if 2 * k < spec.period:
            found.append((f"sin_{k}", np.sin(angle)))
        found.append((f"cos_{k}", np.cos(angle)))
    return found


def shock_shapes(spec: Spec, axis: Timeline) -> Array | None:
    """The shock block, (half-lives, T): 1 at its first period, then fading by half every half-life."""
    if spec.shock is None:
        return None
    begin = axis.first_position(spec.shock, "analysis.shock")
    if begin <= 0 or begin >= axis.count:
        raise NotEstimableError("shock_outside_data")
    since = np.arange(axis.count) - begin
    length = np.array(HALF_LIVES)[:, None] * PERIODS_A_MONTH[axis.kind]
    return np.where(since >= 0, 0.5 ** (np.maximum(since, 0) / length), 0.0)


def _offset(spec: Spec, series: Series) -> Array:
    offset = np.zeros(series.timeline.count)
    if spec.days_offset:
        offset = offset + series.timeline.log_days()
    if series.exposure is not None:
        if spec.family not in ("poisson", "negative-binomial"):
            raise SpecError(f"data.exposure: an offset has no meaning in family {spec.family}; leave it out")
        offset = offset + np.log(np.where(series.exposure > 0, series.exposure, 1.0))
    return offset
