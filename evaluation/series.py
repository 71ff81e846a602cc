"""One time series out of rows: areas added up, excluded and missing periods marked, bad counts named."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.calendar import Timeline, timeline
from evaluation.data import DataError, check_columns, labels, numbers
from evaluation.numerics.poisson import Array, Flags
from evaluation.spec import Spec, SpecError

COUNT_FAMILIES = ("poisson", "negative-binomial")


class NotEstimableError(Exception):
    """A question these data cannot answer; `reason` is the code that the result carries."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Series:
    """Outcome by period. All arrays have one entry a period of `timeline`, NaN where there is no row.

    observed is False for a period without a row, or excluded by the spec. `areas` were added up. faults: code
    of what is wrong with the outcome of a period, which matters only if the analysis uses that period.
    """

    timeline: Timeline
    outcome: Array
    observed: Flags
    exposure: Array | None = None
    covariates: Array | None = None
    areas: tuple[str, ...] = ()
    faults: dict[int, str] = field(default_factory=dict)

    def refuse_faults(self, in_scope: Flags) -> None:
        """Raise NotEstimableError when a period of the analysis holds an outcome that is no count."""
        for position in sorted(self.faults):
            if in_scope[position]:
                raise NotEstimableError(self.faults[position])


def read_series(spec: Spec, frame: pd.DataFrame, areas: tuple[str, ...] | None = None) -> Series:
    """The series of `areas` (default: the treated areas of the spec, else all).

    Counts and exposures of several areas are added up; a period in which an area has no row is missing.
    Raises DataError for rows that cannot be read; counts that are no counts are kept as `faults`.
    """
    check_columns(spec, frame)
    data = spec.data
    axis, position = timeline(spec, frame)
    excluded = excluded_positions(spec, axis)
    outcome = numbers(frame, data.outcome).to_numpy()
    chosen = np.ones(len(frame), dtype=bool)
    names: tuple[str, ...] = ()
    if data.area:
        area = labels(frame, data.area)
        wanted = data.treated if areas is None else areas
        if wanted:
            present = set(area.dropna())
            for name in wanted:
                if name not in present:
                    raise DataError(
                        f"data.treated: area {name!r} is not in column {data.area!r}; check the spelling"
                    )
            chosen = area.isin(wanted).to_numpy()
        names = tuple(sorted(set(area[chosen].dropna())))
        if len(names) > 1 and spec.family not in COUNT_FAMILIES:
            raise SpecError(
                f"data.treated: {len(names)} areas cannot be added up in family {spec.family}; name one"
            )
        keys = pd.Series(list(zip(position[chosen], area[chosen], strict=True)))
    else:
        keys = pd.Series(position)
    if keys.duplicated().any():
        at = int(np.flatnonzero(chosen)[int(keys.duplicated().to_numpy().argmax())])
        where = axis.label(int(position[at]))
        raise DataError(
            f"row {at + 2}: a second row for {where}; name the column of areas, or add the rows up"
        )

    used = chosen & ~np.isin(position, np.flatnonzero(excluded))
    faults = {}
    for code, wrong in outcome_faults(spec, outcome).items():
        for at in position[wrong & used]:
            faults[int(at)] = code
    count = np.bincount(position[chosen], minlength=axis.count)
    observed = (count == max(len(names), 1)) & ~excluded
    total = np.bincount(position[chosen], weights=np.nan_to_num(outcome[chosen]), minlength=axis.count)
    exposure: Array | None = None
    if data.exposure:
        values = numbers(frame, data.exposure).to_numpy()
        if not (values[used] > 0).all():
            raise NotEstimableError("exposure_not_positive")
        exposure = np.bincount(
            position[chosen], weights=np.nan_to_num(values[chosen]), minlength=axis.count
        ).astype(float)
    covariates: Array | None = None
    if spec.covariates:
        columns = []
        for name in spec.covariates:
            values = numbers(frame, name).to_numpy()
            if np.isnan(values[used]).any():
                raise NotEstimableError("missing_covariates")
            sums = np.bincount(position[chosen], weights=np.nan_to_num(values[chosen]), minlength=axis.count)
            columns.append(sums / np.maximum(count, 1))
        covariates = np.column_stack(columns).astype(float)
    return Series(axis, np.where(observed, total, np.nan), observed, exposure, covariates, names, faults)


def outcome_faults(spec: Spec, values: Array) -> dict[str, Flags]:
    """Which outcome cells the family of the spec cannot take, by reason code."""
    faults: dict[str, Flags] = {"infinite_values": np.isinf(values)}
    if spec.family in COUNT_FAMILIES:
        faults["counts_not_whole"] = np.isfinite(values) & (values != np.floor(values))
        faults["negative_counts"] = values < 0
    if spec.family == "log-gaussian":
        faults["log_of_zero"] = values <= 0
    faults["missing_counts"] = np.isnan(values)
    return faults


def check_outcome(spec: Spec, values: Array) -> None:
    """Raise NotEstimableError unless the outcome cells fit the family of the spec."""
    for code, wrong in outcome_faults(spec, values).items():
        if wrong.any():
            raise NotEstimableError(code)


def excluded_positions(spec: Spec, axis: Timeline) -> Flags:
    """Which periods the spec excludes, (count,)."""
    excluded = np.zeros(axis.count, dtype=bool)
    for point in spec.data.exclude:
        first, _, last = point.partition("/") if isinstance(point, str) else (point, "", point)
        lower = axis.first_position(first, "data.exclude")
        upper = axis.last_position(last or first, "data.exclude")
        excluded[max(lower, 0) : max(upper + 1, 0)] = True
    return excluded
