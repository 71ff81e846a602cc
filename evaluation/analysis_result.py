"""What evaluating one fixed analysis gives: the headline, its readings, companions and placebos."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Literal

from evaluation.result import Result


@dataclass(frozen=True)
class Companion:
    """Another design on the same question. role "standard": the field's usual method, for comparison."""

    name: str
    role: Literal["companion", "standard"]
    result: Result


@dataclass(frozen=True)
class Placebo:
    """An estimate where there should be none: rate ratio and 95 % interval, None when not estimable."""

    kind: Literal["date", "area", "outcome"]
    placebo: str
    rate_ratio: float | None
    lower_95: float | None
    upper_95: float | None


@dataclass(frozen=True)
class Specification:
    """One cell of the specification curve; `specification` joins its choices by " | "."""

    specification: str
    rate_ratio: float | None
    lower_95: float | None
    upper_95: float | None


@dataclass(frozen=True)
class AnalysisResult:
    """One fixed analysis. key: catchment, pool and baseline of the headline.

    The headline's `readings` hold every registered reading, the headline's own among them.
    """

    program: str
    analysis: str
    phase: str
    key: tuple[str, str, str]
    headline: Result
    companions: tuple[Companion, ...] = ()
    placebos: tuple[Placebo, ...] = ()
    specifications: tuple[Specification, ...] = ()

    @property
    def estimate_id(self) -> str:
        return f"{self.program}/{self.analysis}"

    @property
    def rate_ratios(self) -> list[float]:
        """Estimates of all readings that could be made, in ascending order."""
        return sorted(row.rate_ratio for row in self.headline.readings if row.rate_ratio is not None)

    @property
    def range_and_median(self) -> tuple[float, float, float] | None:
        """Lowest, median and highest rate ratio over the registered readings; None without any."""
        values = self.rate_ratios
        return (values[0], median(values), values[-1]) if values else None
