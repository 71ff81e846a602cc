"""What the checks of a controlled headline work on: its areas, months, windows and estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.cube import Cube
from evaluation.designs.two_groups import BASELINE, PHASE, Estimates, TwoGroups, estimate_two_groups
from evaluation.result import Check, Result

Array = NDArray[np.float64]
Figures = dict[str, float | int | None]


@dataclass(frozen=True)
class Headline:
    """One controlled headline.

    treated, comparison  (N1, T) and (N0, T) events by area; codes (T,) segment of each month
    months (T,) labels; areas names of both groups; outcome (outcome, unit)
    log_ratio and error  of the default interval, error as half its width over 1.96
    plain                log ratio of the plain binomial fit: what quick refits are compared with
    """

    cube: Cube
    outcome: tuple[str, str]
    treated_areas: tuple[str, ...]
    comparison_areas: tuple[str, ...]
    months: tuple[str, ...]
    codes: tuple[str, ...]
    log_ratio: float
    error: float
    plain: float
    shift: float = 0.0

    @property
    def treated(self) -> Array:
        return self.cube.counts[self.outcome][self.cube.rows(self.treated_areas)]

    @property
    def comparison(self) -> Array:
        return self.cube.counts[self.outcome][self.cube.rows(self.comparison_areas)]

    @property
    def baseline(self) -> NDArray[np.int64]:
        return np.flatnonzero([code == BASELINE for code in self.codes])

    @property
    def phase(self) -> NDArray[np.int64]:
        return np.flatnonzero([code == PHASE for code in self.codes])


def headline_of(result: Result, cube: Cube, codes: tuple[str, ...], shift: float = 0.0) -> Headline | None:
    """The working copy of an estimated controlled result; None when nothing was estimated."""
    effect = result.effect
    if effect is None:
        return None
    low, high = np.log(effect.interval_95)
    return Headline(
        cube=cube,
        outcome=(result.card.outcome, result.card.unit),
        treated_areas=result.card.areas,
        comparison_areas=result.card.comparison_areas,
        months=cube.months,
        codes=codes,
        log_ratio=effect.coefficient,
        error=float((high - low) / (2 * 1.96)),
        plain=result.intervals["standard"].coefficient,
        shift=shift,
    )


def refit(
    treated: Array, comparison: Array, codes: tuple[str, ...] | list[tuple[str, ...]], integrate: bool = False
) -> Estimates:
    """Estimates of S pairs of series (S, T), one set of codes for all or one each; plain by default."""
    own = tuple(codes) if isinstance(codes, list) else (codes,) * len(treated)
    return estimate_two_groups(TwoGroups(treated, comparison, own), integrate=integrate)


def outcome_of(name: str, failed: bool, reason: str, figures: Figures) -> Check:
    """An informing check that passed, or failed with its reason."""
    return Check(name, "informing", "failed" if failed else "passed", reason if failed else None, figures)


def cannot_run(name: str, reason: str, figures: Figures | None = None) -> Check:
    """An informing check that cannot be run."""
    return Check(name, "informing", "cannot_run", reason, figures or {})
