"""`python -m evaluation run SPEC.toml [--json]`: any analysis of any file, from the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from evaluation.data import DataError, read_frame
from evaluation.numerics.integrated import DEFAULT_GRID
from evaluation.result import Result
from evaluation.run import evaluate
from evaluation.spec import SpecError, load_spec


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 with a result (also "not estimable"), 2 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="evaluate the analysis of a spec file")
    run.add_argument("spec", help="path of a SPEC.toml")
    run.add_argument("--json", action="store_true", help="print one JSON object instead of a summary")
    chosen = parser.parse_args(arguments)
    try:
        spec = load_spec(chosen.spec)
        result = evaluate(spec, read_frame(spec))
    except (SpecError, DataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    plain = result.as_dict()
    plain["sentence"] = _sentence(plain)
    if "integrated" in result.intervals:
        plain["prior"] = DEFAULT_GRID.prior()
    text = (
        json.dumps(plain, ensure_ascii=False, indent=2) if chosen.json else summary(result, plain["sentence"])
    )
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough (`| head`); what is left must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _sentence(plain: dict[str, Any]) -> str:
    from presentation.sentences import finding

    return str(finding(plain))


def summary(result: Result, sentence: str) -> str:
    """A readable account of a result: sentence, effect, intervals, terms, checks, gates, hashes."""
    lines = [sentence, ""]
    card = result.card
    lines.append(f"design {result.design}, family {result.family}, {result.n} observations")
    if card.phase_first:
        lines.append(
            f"outcome {card.outcome} ({card.unit}); {card.phase_first} to {card.phase_last} "
            f"against {card.baseline_first} to {card.baseline_last}"
        )
    if result.effect is None:
        lines.append(f"not estimable: {result.reason}")
    else:
        lines += ["", *_effect_lines(result)]
    if "integrated" in result.intervals:
        prior = ", ".join(f"{name} {value:g}" for name, value in DEFAULT_GRID.prior().items())
        lines.append(f"prior of the integrated interval: {prior}")
    if result.terms:
        lines += ["", f"{'term':<24}{'coefficient':>14}{'std. error':>14}"]
        for name, term in result.terms.items():
            lines.append(f"{name:<24}{_number(term['coefficient']):>14}{_number(term['standard_error']):>14}")
    if result.dispersion is not None:
        lines.append(f"dispersion {result.dispersion:.4f}")
    for check in result.checks:
        lines.append(f"check {check.name}: {check.status}" + (f" ({check.reason})" if check.reason else ""))
    for gate in result.gates:
        reason = f" ({gate.reason})" if gate.reason else ""
        lines.append(f"gate {gate.gate} {gate.name}: {gate.status}{reason}")
    lines += [f"verdict {result.verdict}", f"spec {result.spec_sha256}", f"data {result.data_sha256}"]
    return "\n".join(lines)


def _effect_lines(result: Result) -> list[str]:
    effect = result.effect
    assert effect is not None
    ratio = effect.rate_ratio is not None
    lines = [f"{'interval':<22}{'ratio' if ratio else 'effect':>10}{'95 %':>22}{'80 %':>22}"]
    for interval in result.intervals.values():
        value = _exp(interval.coefficient) if ratio else interval.coefficient
        lines.append(
            f"{interval.name:<22}{value:>10.4f}"
            f"{f'{interval.lower_95:.4f} to {interval.upper_95:.4f}':>22}"
            f"{f'{interval.lower_80:.4f} to {interval.upper_80:.4f}':>22}"
        )
    if effect.averted is not None and effect.averted_interval_95 is not None:
        lower, upper = effect.averted_interval_95
        lines.append(
            f"observed {effect.observed:g}, expected {effect.expected:.1f}, "
            f"averted {effect.averted:.1f} ({lower:.1f} to {upper:.1f})"
        )
    return lines


def _exp(value: float) -> float:
    from math import exp

    return exp(min(value, 700.0))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


if __name__ == "__main__":
    sys.exit(main())
