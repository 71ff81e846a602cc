"""The verdict says no more than its gates and both intervals carry, whatever it is given."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.result import GATE_NAMES, Card, Check, Effect, Gate, Interval, Reading, Result
from evaluation.verdict import decide, gates_of, with_verdict

ODD = (0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 0.9999, 1.0001)


BREAKS = (
    "gate_failed", "gate_missing", "gate_twice", "no_gates", "not_estimable", "no_effect", "no_ratio",
    "no_companion", "other_method", "swapped", "not_finite", "companion_not_finite", "ratio_outside",
)  # fmt: skip


def random_result(rng: Random) -> Result:
    """A sound result with any numbers, then none, one or several things broken."""

    def value() -> float:
        if rng.random() < 0.05:
            return rng.choice(ODD)
        return rng.uniform(*spread)

    spread = rng.choice([(0.3, 0.99), (1.01, 3.0), (0.85, 1.15), (0.05, 20.0)])
    lower, upper = sorted((value(), value()))
    other_lower, other_upper = sorted((value(), value()))
    method, companion_name = rng.choice([("integrated", "ewc"), ("randomization", "cr3")])
    ratio: float | None = (lower + upper) / 2
    statuses = dict.fromkeys(GATE_NAMES, "passed")
    broken = set(rng.sample(BREAKS, rng.choice([0, 0, 1, 2, 3])))
    if "gate_failed" in broken:
        statuses[rng.choice(sorted(GATE_NAMES))] = rng.choice(["failed", "cannot_run"])
    gates = [Gate(key, status) for key, status in statuses.items()]  # type: ignore[arg-type]
    if "gate_missing" in broken:
        gates.pop(rng.randrange(5))
    if "gate_twice" in broken:
        gates[0] = gates[-1]
    if "no_gates" in broken:
        gates = []
    if "swapped" in broken:
        lower, upper = upper, lower
    if "not_finite" in broken:
        lower = rng.choice([math.nan, -math.inf, 0.0])
    if "companion_not_finite" in broken:
        other_upper = rng.choice([math.nan, math.inf])
    if "ratio_outside" in broken:
        ratio = rng.choice([*ODD, upper + 0.1, lower - 0.1])
    if "no_ratio" in broken:
        ratio = None
    effect = Effect(0.0, 0.1, ratio, (lower, upper), (lower, upper), method)
    if "other_method" in broken:
        effect = replace(effect, interval_method=rng.choice(["cluster", "hc1", "standard", "none"]))
    companion = Interval(companion_name, 0.0, 0.1, other_lower, other_upper, 0.5, 2.0)
    return Result(
        design=rng.choice(["single", "controlled", "pooled"]),
        family="poisson",
        status="not_estimable" if "not_estimable" in broken else "estimated",
        card=Card("gunshot", "incidents"),
        n=60,
        effect=None if "no_effect" in broken else effect,
        intervals={} if "no_companion" in broken else {companion_name: companion},
        gates=tuple(gates),
    )


def overclaims(result: Result, margin: float | None) -> str | None:
    """What is wrong with the verdict, worked out from the definition and not from the code."""
    verdict = decide(result, margin)
    if verdict == "cannot_tell":
        return None
    effect = result.effect
    if result.status != "estimated" or effect is None or effect.rate_ratio is None:
        return "nothing was estimated"
    if [gate.gate for gate in result.gates] != [1, 2, 3, 4, 5]:
        return "gates are missing"
    if any(gate.status != "passed" for gate in result.gates):
        return "a gate did not pass"
    name = {"integrated": "ewc", "randomization": "cr3"}.get(effect.interval_method)
    if name not in result.intervals:
        return "no companion"
    companion = result.intervals[name]
    for lower, upper in (effect.interval_95, (companion.lower_95, companion.upper_95)):
        if not 0 < lower <= upper < math.inf:
            return "an interval is no interval"
        holds = {
            "fewer_than_expected": upper < 1,
            "more_than_expected": lower > 1,
            "little_or_no_change": margin is not None and 1 - margin < lower and upper < 1 + margin,
        }
        if not holds[verdict]:
            return "an interval does not carry it"
    return None


@settings(max_examples=1500, deadline=None)
@given(st.randoms(use_true_random=False), st.one_of(st.none(), st.floats(0.01, 0.5)))
def test_no_random_result_gets_more_than_it_carries(rng: Random, margin: float | None) -> None:
    assert overclaims(random_result(rng), margin) is None


def test_thirty_thousand_random_results_of_which_thousands_are_findings() -> None:
    rng = Random(20240601)
    verdicts: Counter[str] = Counter()
    for _ in range(30_000):
        result, margin = random_result(rng), rng.choice([None, 0.05, 0.1, 0.3])
        assert overclaims(result, margin) is None
        verdicts[decide(result, margin)] += 1
    # The test would prove nothing if hardly any result were good enough for a finding.
    assert verdicts["fewer_than_expected"] > 1_000
    assert verdicts["more_than_expected"] > 1_000
    assert verdicts["little_or_no_change"] > 100


def finding(gates: dict[int, str] | None = None) -> Result:
    statuses = {number: "passed" for number in GATE_NAMES} | (gates or {})
    return Result(
        design="controlled",
        family="poisson",
        status="estimated",
        card=Card("gunshot", "incidents"),
        n=60,
        effect=Effect(-0.7, 0.1, 0.5, (0.4, 0.62), (0.43, 0.58), "integrated"),
        intervals={"ewc": Interval("ewc", -0.7, 0.12, 0.38, 0.66, 0.42, 0.6)},
        gates=tuple(Gate(number, value) for number, value in statuses.items()),  # type: ignore[arg-type]
    )


def test_all_five_gates_and_both_intervals_give_the_finding() -> None:
    assert decide(finding()) == "fewer_than_expected"


@pytest.mark.parametrize("gate", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("outcome", ["failed", "cannot_run"])
def test_any_gate_that_did_not_pass_caps_the_verdict(gate: int, outcome: str) -> None:
    assert decide(finding({gate: outcome})) == "cannot_tell"


def test_a_companion_that_includes_none_takes_the_finding_away() -> None:
    wide = {"ewc": Interval("ewc", -0.7, 0.4, 0.2, 1.01, 0.3, 0.9)}
    assert decide(replace(finding(), intervals=wide)) == "cannot_tell"
    assert decide(replace(finding(), intervals={})) == "cannot_tell"


def test_a_small_change_inside_the_margin_is_called_little_and_not_fewer() -> None:
    small = replace(
        finding(),
        effect=Effect(-0.04, 0.01, 0.96, (0.94, 0.98), (0.945, 0.975), "integrated"),
        intervals={"ewc": Interval("ewc", -0.04, 0.01, 0.93, 0.985, 0.94, 0.98)},
    )
    assert decide(small, margin=0.10) == "little_or_no_change"
    assert decide(small, margin=None) == "fewer_than_expected"


def test_a_check_that_is_absent_or_only_informing_is_a_gate_that_cannot_run() -> None:
    gates = gates_of([Check("breakdown_value", "informing", "passed")])
    assert [gate.status for gate in gates] == ["cannot_run"] * 5
    assert {gate.reason for gate in gates} == {"not_evaluated"}


def test_with_verdict_reads_the_deciding_checks() -> None:
    checks = tuple(Check(name, "deciding", "passed") for name in GATE_NAMES.values())
    assert with_verdict(replace(finding(), checks=checks)).verdict == "fewer_than_expected"
    assert with_verdict(replace(finding(), checks=checks[:4])).verdict == "cannot_tell"


def test_readings_alone_never_make_a_verdict() -> None:
    rows = tuple(Reading("c", "a", str(n), 0.5, 0.4, 0.6) for n in range(20))
    assert with_verdict(replace(finding(), gates=(), readings=rows)).verdict == "cannot_tell"
