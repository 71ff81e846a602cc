"""The tables of docs/findings-minneapolis.md: `python -m benchmarks.findings_minneapolis` rewrites them.

Everything between a line `<!-- table: name -->` and `<!-- end -->` is made here from the shipped counts and the
program file; the sentences around it are written by hand and say the release they were written for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from benchmarks.shipped_counts import ROOT, program_inputs
from evaluation.analysis_result import AnalysisResult
from evaluation.readings import evaluate_program
from evaluation.result import Interval

PAGE = ROOT / "docs" / "findings-minneapolis.md"
PRIMARY = "gunshot_incidents_contracted"
MINUS = "−"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def all_analyses(found: Sequence[AnalysisResult]) -> str:
    """One row an analysis: headline, range over readings, both sides, counts."""
    rows = []
    for item in found:
        result, effect = item.headline, item.headline.effect
        if effect is None or effect.rate_ratio is None or item.range_and_median is None:
            rows.append(
                [item.analysis.replace("_", " "), f"not estimable: {_words(result.reason)}", *[""] * 6]
            )
            continue
        low, middle, high = item.range_and_median
        additive = result.additive
        rows.append(
            [
                item.analysis.replace("_", " "),
                _interval(effect.rate_ratio, *effect.interval_95),
                _ends(result.intervals["ewc"]),
                f"{low:.2f} · {middle:.2f} · {high:.2f}",
                _side(result.sides.get("treated")),
                _side(result.sides.get("comparison")),
                f"{_signed(additive['per_month'])} ({_signed(additive['lower_95'])} to {_signed(additive['upper_95'])})",
                ", ".join(str(gate.gate) for gate in result.gates if gate.status == "passed") or "none",
            ]
        )
    header = (
        "analysis", "rate ratio (95 %)", "companion 95 %", "lowest · median · highest reading",
        "served areas alone", "comparison areas alone", "per month, in counts (95 %)", "gates passed",
    )  # fmt: skip
    return table(header, rows)


def readings(item: AnalysisResult) -> str:
    """Catchments × pools at each baseline of one analysis."""
    rows = item.headline.readings
    baselines = list(dict.fromkeys(row.baseline for row in rows))
    pools = list(dict.fromkeys(row.pool for row in rows))
    lines = []
    for catchment in dict.fromkeys(row.catchment for row in rows):
        for baseline in baselines:
            cells = {row.pool: row for row in rows if row.catchment == catchment and row.baseline == baseline}
            lines.append(
                [
                    catchment.replace("_", " "),
                    baseline.replace("_", " "),
                    *(
                        _interval(cells[pool].rate_ratio, cells[pool].lower_95, cells[pool].upper_95)
                        for pool in pools
                    ),
                ]
            )
    return table(("catchment", "baseline", *(f"pool {pool}" for pool in pools)), lines)


def gates(item: AnalysisResult) -> str:
    """The five gates of one analysis with their figures."""
    rows = [
        [
            str(gate.gate),
            gate.name.replace("_", " "),
            gate.status.replace("_", " "),
            _words(gate.reason),
            _figures(gate.figures),
        ]
        for gate in item.headline.gates
    ]
    return table(("gate", "name", "outcome", "why", "figures"), rows)


def checks(item: AnalysisResult) -> str:
    """The informing checks of one analysis."""
    rows = [
        [
            check.name.replace("_", " "),
            check.status.replace("_", " "),
            _words(check.reason),
            _figures(check.figures),
        ]
        for check in item.headline.checks
        if check.kind == "informing"
    ]
    return table(("check", "outcome", "why", "figures"), rows)


def placebo_outcomes(found: Sequence[AnalysisResult]) -> str:
    """Outcomes that outreach should leave alone, through the headline design, beside the outcome itself."""
    rows = []
    for item in found:
        effect = item.headline.effect
        own = {one.placebo: one for one in item.placebos if one.kind == "outcome"}
        if effect is None or effect.rate_ratio is None or not own:
            continue
        cells = [_interval(one.rate_ratio, one.lower_95, one.upper_95) for one in own.values()]
        rows.append(
            [item.analysis.replace("_", " "), _interval(effect.rate_ratio, *effect.interval_95), *cells]
        )
    names = [name.replace("_", " ") for name in own]
    return table(
        ("analysis", "the outcome itself", *names), [row for row in rows if len(row) == len(names) + 2]
    )


def companions(item: AnalysisResult) -> str:
    """Other designs on the same question."""
    rows = []
    for other in item.companions:
        effect = other.result.effect
        value = (
            "not estimable"
            if effect is None or effect.rate_ratio is None
            else _interval(effect.rate_ratio, *effect.interval_95)
        )
        rows.append([other.name.replace("_", " "), other.role, value])
    return table(("design", "role", "rate ratio (95 %)"), rows)


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return "not estimable"
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _ends(interval: Interval) -> str:
    return f"{interval.lower_95:.2f} to {interval.upper_95:.2f}"


def _side(interval: Interval | None) -> str:
    if interval is None:
        return "not estimable"
    return _interval(float(np.exp(interval.coefficient)), interval.lower_95, interval.upper_95)


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:+.1f}".replace("-", MINUS)


def _words(code: str | None) -> str:
    return "" if code is None else code.replace("_", " ")


def _figures(figures: dict[str, float | int | None]) -> str:
    parts = []
    for name, value in figures.items():
        if value is None:
            continue
        shown = str(value) if isinstance(value, int) else f"{value:.3g}".replace("-", MINUS)
        parts.append(f"{name.replace('_', ' ')} {shown}")
    return "; ".join(parts)


def main() -> None:
    found = evaluate_program(**program_inputs("minneapolus", "minneapolis", "neighborhood"))
    primary = next(item for item in found if item.analysis == PRIMARY)
    tables = {
        "all_analyses": all_analyses(found),
        "readings": readings(primary),
        "gates": gates(primary),
        "checks": checks(primary),
        "companions": companions(primary),
        "placebo_outcomes": placebo_outcomes(
            [item for item in found if item.analysis.startswith("gunshot_incidents_contracted")]
        ),
    }
    text = PAGE.read_text(encoding="utf-8")
    for name, content in tables.items():
        text, count = re.subn(
            rf"(<!-- table: {name} -->\n).*?(<!-- end -->)",
            lambda match, content=content: f"{match[1]}{content}\n{match[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
        if count != 1:
            raise SystemExit(f"{PAGE.name}: the marker for table {name!r} is there {count} times; want one")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
