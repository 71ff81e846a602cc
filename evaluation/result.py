"""The one result type that every design returns.

A result holds numbers and codes only. `as_dict` is what the command line prints with `--json`,
what a release stores in `out_estimate.result_json` and what `presentation` reads.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Design = Literal["single", "controlled", "pooled"]
Status = Literal["passed", "failed", "cannot_run"]
Verdict = Literal["fewer_than_expected", "more_than_expected", "little_or_no_change", "cannot_tell"]

GATE_NAMES = {
    1: "pre_period_ratio",
    2: "breakdown_value",
    3: "placebo_outcomes",
    4: "comparison_pool",
    5: "agreement_of_readings",
}


@dataclass(frozen=True)
class Interval:
    """One interval for the headline effect, on the rate-ratio scale.

    `coefficient` and `standard_error` are on the log scale (natural units for gaussian families);
    `degrees_of_freedom` is None for a normal reference distribution.
    """

    name: str
    coefficient: float
    standard_error: float | None
    lower_95: float
    upper_95: float
    lower_80: float
    upper_80: float
    degrees_of_freedom: float | None = None
    note: str | None = None


@dataclass(frozen=True)
class Effect:
    """The headline effect: average over the phase (ratio of sums, never sum of ratios).

    `observed`, `expected` and `averted` are counts over the phase in the unit of the card;
    `averted` = expected − observed, negative when there were more than expected.
    For gaussian families `rate_ratio` is None and `coefficient` is in units of the outcome.
    """

    coefficient: float
    standard_error: float | None
    rate_ratio: float | None
    interval_95: tuple[float, float]
    interval_80: tuple[float, float]
    interval_method: str
    observed: float | None = None
    expected: float | None = None
    averted: float | None = None
    averted_interval_95: tuple[float, float] | None = None

    @property
    def percent(self) -> float | None:
        """Percent change against what was to be expected; −20 means a fifth fewer."""
        return None if self.rate_ratio is None else 100 * (self.rate_ratio - 1)


@dataclass(frozen=True)
class Check:
    """One check: what was asked, how it came out, the figures behind it.

    `reason` is a code that presentation turns into words; required unless the check passed.
    """

    name: str
    kind: Literal["deciding", "informing"]
    status: Status
    reason: str | None = None
    figures: dict[str, float | int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """One of the five gates of the verdict (method: `evaluation/verdict.py`)."""

    gate: int
    status: Status
    reason: str | None = None
    figures: dict[str, float | int | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return GATE_NAMES[self.gate]


@dataclass(frozen=True)
class Reading:
    """One registered reading of the same question: catchment × pool × baseline."""

    catchment: str
    pool: str | None
    baseline: str
    rate_ratio: float | None
    lower_95: float | None
    upper_95: float | None
    lower_80: float | None = None
    upper_80: float | None = None
    status: Literal["estimated", "not_estimable"] = "estimated"
    reason: str | None = None


@dataclass(frozen=True)
class Card:
    """Estimand card: what the number is about, and what it is not."""

    outcome: str
    unit: str
    areas: tuple[str, ...] = ()
    catchment: str = ""
    phase: str = ""
    phase_first: str = ""
    phase_last: str = ""
    baseline_first: str = ""
    baseline_last: str = ""
    pool: str | None = None
    comparison_areas: tuple[str, ...] = ()
    is_not: tuple[str, ...] = ("one_provider", "proof_of_cause")


@dataclass(frozen=True)
class SeriesPoint:
    """One month of the counterfactual chart. `time` is an ISO month or a time index."""

    time: str
    observed: float | None
    expected: float | None = None
    lower_95: float | None = None
    upper_95: float | None = None
    side: Literal["treated", "comparison"] = "treated"


@dataclass(frozen=True)
class Result:
    """What every design returns.

    status      "estimated", or "not_estimable" with `reason` (a code) and no effect.
    sides       single-series change of each side ("treated", "comparison"): which side moved.
    additive    change per month in counts, beside the ratio: {"per_month", "lower_95", "upper_95"}.
    """

    design: Design
    family: str
    status: Literal["estimated", "not_estimable"]
    card: Card
    n: int
    reason: str | None = None
    effect: Effect | None = None
    terms: dict[str, dict[str, float | None]] = field(default_factory=dict)
    intervals: dict[str, Interval] = field(default_factory=dict)
    dispersion: float | None = None
    sides: dict[str, Interval] = field(default_factory=dict)
    additive: dict[str, float | None] = field(default_factory=dict)
    series: tuple[SeriesPoint, ...] = ()
    checks: tuple[Check, ...] = ()
    gates: tuple[Gate, ...] = ()
    readings: tuple[Reading, ...] = ()
    verdict: Verdict = "cannot_tell"
    registration: Literal["retrospective", "confirmatory"] = "retrospective"
    spec_sha256: str = ""
    data_sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-ready object: no NaN, no tuples, effect under the key `estimate`."""
        as_object: dict[str, Any] = plain(asdict(self))
        as_object["estimate"] = as_object.pop("effect")
        if self.effect is not None:
            as_object["estimate"]["percent"] = self.effect.percent
        for gate, source in zip(as_object["gates"], self.gates, strict=True):
            gate["name"] = source.name
        return as_object


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: NumPy scalars as Python's, NaN and unbounded ends as None."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
