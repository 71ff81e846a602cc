"""The verdict: one function and five gates, written so that it cannot say more than the design carries.

1 pre_period_ratio       the pre-period ratio is homogeneous (p ≥ .10) and the test could have seen a drift
                         that would erase the estimate
2 breakdown_value        that drift is at least as large as the worst drift before the start
3 placebo_outcomes       no powered placebo outcome moved the same way by over a third of the estimate
4 comparison_pool        a like-for-like pool, or staggered starts with at least 20 admissible assignments
5 agreement_of_readings  the same side of 1 in 90 % of the registered readings, half of them excluding none

A gate that failed or could not be run caps the verdict at "cannot_tell"; the estimates stay visible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from evaluation.result import GATE_NAMES, Check, Gate, Result, Verdict

COMPANION = {
    "integrated": ("ewc",),
    "ewc": ("integrated",),
    "randomization": ("cr3",),
    "cr3": ("randomization",),
}
"""The second interval that must agree with the one of the effect, by the name of the first."""

DEFAULT_MARGIN = 0.10


def gates_of(checks: Iterable[Check]) -> tuple[Gate, ...]:
    """The five gates, one from each deciding check; a check that is absent cannot have been run."""
    found = {check.name: check for check in checks if check.kind == "deciding"}
    gates = []
    for number, name in GATE_NAMES.items():
        check = found.get(name)
        if check is None:
            gates.append(Gate(number, "cannot_run", "not_evaluated"))
        else:
            gates.append(Gate(number, check.status, check.reason, check.figures))
    return tuple(gates)


def decide(result: Result, margin: float | None = None) -> Verdict:
    """What may be said of a result whose gates are filled in.

    margin: 0.10 means that changes from −10 % to +10 % count as little; None: no such statement is made.

    Anything that is missing, out of order or not finite gives "cannot_tell".
    """
    effect = result.effect
    if result.status != "estimated" or effect is None or effect.rate_ratio is None:
        return "cannot_tell"
    by_number = {gate.gate: gate.status for gate in result.gates}
    if sorted(by_number) != sorted(GATE_NAMES) or len(result.gates) != len(GATE_NAMES):
        return "cannot_tell"
    if any(status != "passed" for status in by_number.values()):
        return "cannot_tell"
    companion = companion_interval(result)
    if companion is None:
        return "cannot_tell"
    intervals = (effect.interval_95, companion)
    if not all(_sound(interval) for interval in intervals) or not _within(effect.rate_ratio, intervals[0]):
        return "cannot_tell"
    lower = min(interval[0] for interval in intervals)
    upper = max(interval[1] for interval in intervals)
    if margin is not None and 0 < margin < 1 and 1 - margin < lower and upper < 1 + margin:
        return "little_or_no_change"
    if upper < 1:
        return "fewer_than_expected"
    if lower > 1:
        return "more_than_expected"
    return "cannot_tell"


def companion_interval(result: Result) -> tuple[float, float] | None:
    """The 95 % interval, as rate ratios, that must agree with that of the effect; None if there is none."""
    if result.effect is None:
        return None
    for name in COMPANION.get(result.effect.interval_method, ()):
        interval = result.intervals.get(name)
        if interval is not None:
            return interval.lower_95, interval.upper_95
    return None


def with_verdict(result: Result, margin: float | None = None) -> Result:
    """The result with its gates filled in from its deciding checks, and the verdict they allow."""
    gated = replace(result, gates=gates_of(result.checks))
    return replace(gated, verdict=decide(gated, margin))


def _sound(interval: tuple[float, float]) -> bool:
    lower, upper = interval
    return math.isfinite(lower) and math.isfinite(upper) and 0 < lower <= upper


def _within(value: float, interval: tuple[float, float]) -> bool:
    return math.isfinite(value) and interval[0] <= value <= interval[1]
