"""Charts of estimates: designs beside each other, all registered readings, specification and placebo curves."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from statistics import median
from typing import Any

import pandas as pd

from presentation import numbers, sentences, words
from presentation.charts.counterfactual import note
from presentation.charts.description import Axis, Band, ChartDescription, Estimate, Line, Role
from presentation.language import say, sentence_case
from presentation.program import Program

Plain = dict[str, Any]
TICKS = (0.1, 0.25, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 4.0, 10.0)


def ratio_axis(ends: Sequence[float | None]) -> Axis:
    """A logarithmic axis over rate ratios, its ticks said as changes; wide ends may leave the picture."""
    known = [value for value in ends if value is not None and numbers.is_known(value) and value > 0]
    lowest = max(0.1, min([*known, 0.8]) / 1.05)
    highest = min(10.0, max([*known, 1.25]) * 1.05)
    shown = [tick for tick in TICKS if lowest <= tick <= highest]
    if len(shown) > 6:
        shown = [tick for tick in shown if tick in (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)]
    ticks = tuple((tick, say("change.none") if tick == 1 else numbers.signed_percent(tick)) for tick in shown)
    return Axis(say("axis.change"), "ratio", ticks=ticks, lowest=lowest, highest=highest)


def _hover(label: str, value: float | None, lower: float | None, upper: float | None) -> str:
    return say(
        "estimates.hover",
        label=label,
        change=numbers.change(value),
        interval=numbers.change_range(lower, upper),
    )


def design_name(row: Plain) -> str:
    """A row of out_estimate as people call it: its design (or the field's usual method) and its side."""
    name = say("role.standard") if row["role"] == "standard" else words.word("design", row["design"])
    side = side_of(row)
    return say("designs.name", design=name, side=words.word("side", side)) if side else name


def side_of(row: Plain) -> str:
    """The side of a single-series companion, from the end of its id; empty for estimates of both sides."""
    if row["design"] != "single":
        return ""
    return "comparison" if str(row["estimate_id"]).endswith("_comparison") else "treated"


def designs(rows: Sequence[Plain], release: str = "") -> ChartDescription:
    """The designs on one question beside each other; `rows` are rows of out_estimate, the headline first."""
    shown = [row for row in rows if numbers.is_known(row["rate_ratio"]) and side_of(row) != "comparison"]
    estimates = []
    for row in shown:
        label = design_name(row)
        role: Role = "headline" if row["role"] == "headline" else "estimate"
        estimates.append(
            Estimate(
                label, row["rate_ratio"], row["lower_95"], row["upper_95"], row["lower_80"], row["upper_80"],
                role, _hover(label, row["rate_ratio"], row["lower_95"], row["upper_95"]),
            )
        )  # fmt: skip
    ratios = [row["rate_ratio"] for row in shown]
    alike = bool(ratios) and (max(ratios) < 1 or min(ratios) > 1)
    first = rows[0]
    return ChartDescription(
        id=numbers.file_part(f"{first['analysis']} designs"),
        title=say("designs.title.alike" if alike else "designs.title.apart"),
        subtitle=say("designs.subtitle", things=words.things(first["outcome"], first["unit"])),
        alt=say(
            "designs.alt",
            rows="; ".join(
                _hover(design_name(r), r["rate_ratio"], r["lower_95"], r["upper_95"]) for r in shown
            ),
        ),
        note=note(first["outcome"], first["unit"], release),
        x=ratio_axis([e for row in shown for e in (row["lower_95"], row["upper_95"])]),
        y=Axis("", "category", categories=tuple(item.label for item in estimates)),
        estimates=tuple(estimates),
        reference=1.0,
        height=110 + 56 * max(1, len(estimates)),
        table=tuple(
            {
                "design": design_name(row),
                **{name: _rounded(row[name]) for name in ("rate_ratio", "lower_95", "upper_95")},
                **{name: _whole(row[name]) for name in ("observed", "expected")},
                "averted": _whole(row["averted"]),
                "averted_lower_95": _whole(row["averted_lower_95"]),
                "averted_upper_95": _whole(row["averted_upper_95"]),
                "interval_method": words.interval_name(row["interval_method"]),
                "verdict": words.word("verdict", row["verdict"]),
            }
            for row in rows
        ),
    )


def _rounded(value: float | None) -> float | None:
    return round(float(value), 3) if numbers.is_known(value) and value is not None else None


def _whole(value: float | None) -> float | None:
    return round(float(value)) if numbers.is_known(value) and value is not None else None


def readings(result: Plain, program: Program, release: str = "") -> ChartDescription:
    """All registered readings of one question in order, with their range and median."""
    found = sorted(sentences.estimated_readings(result), key=lambda item: item["rate_ratio"])
    card = result["card"]
    main = (card["catchment"], card["pool"], result_baseline(result, program))
    estimates = []
    for item in found:
        label = reading_name(item, program)
        is_main = (item["catchment"], item["pool"]) == main[:2] and program.baseline_name(
            item["baseline"]
        ) == main[2]
        estimates.append(
            Estimate(
                label, item["rate_ratio"], item["lower_95"], item["upper_95"], item.get("lower_80"),
                item.get("upper_80"), "headline" if is_main else "estimate",
                _hover(label, item["rate_ratio"], item["lower_95"], item["upper_95"]),
            )
        )  # fmt: skip
    ratios = [item["rate_ratio"] for item in found]
    middle = median(ratios)
    excluding = sum(item["upper_95"] < 1 or item["lower_95"] > 1 for item in found if item["upper_95"])
    parts = {
        "count": numbers.count(len(found)),
        "range": numbers.change_range(ratios[0], ratios[-1]),
        "median": numbers.change(middle),
        "below": numbers.count(sum(value < 1 for value in ratios)),
        "excluding": numbers.count(excluding),
        "things": sentences.things(result),
    }
    return ChartDescription(
        id=numbers.file_part(f"{card['outcome']} {card['unit']} {card['phase']} readings"),
        title=say("readings.title", **parts),
        subtitle=say("readings.subtitle", **parts),
        alt=say("readings.alt", **parts),
        note=note(card["outcome"], card["unit"], release),
        x=Axis(say("readings.axis"), lowest=0.3, highest=len(found) + 0.7, ticks=((1, "1"), (len(found), parts["count"]))),
        y=ratio_axis([end for item in found for end in (item["lower_95"], item["upper_95"])]),
        estimates=tuple(estimates),
        is_curve=True,
        reference=1.0,
        reference_label=say("change.none"),
        median=middle,
        median_label=say("readings.median", median=parts["median"]),
        table=tuple(
            {
                "catchment": program.catchment_name(item["catchment"]),
                "pool": words.pool(item["pool"]),
                "baseline": program.baseline_name(item["baseline"]),
                "change": numbers.change(item["rate_ratio"]),
                **{name: _rounded(item[name]) for name in ("rate_ratio", "lower_95", "upper_95")},
            }
            for item in found
        ),
    )  # fmt: skip


def result_baseline(result: Plain, program: Program) -> str:
    """The baseline window of the result's card, in words."""
    card = result["card"]
    return numbers.months_between(card["baseline_first"], card["baseline_last"], short=True)


def reading_name(item: Plain, program: Program) -> str:
    return say(
        "readings.name",
        catchment=program.catchment_name(item["catchment"]),
        pool=words.pool(item["pool"]),
        baseline=program.baseline_name(item["baseline"]),
    )


def readings_by_choice(result: Plain, program: Program) -> list[Plain]:
    """What moves the answer: median and range of the readings under each choice."""
    found = sentences.estimated_readings(result)
    names = {
        "catchment": program.catchment_name,
        "pool": words.pool,
        "baseline": program.baseline_name,
    }
    rows = []
    for choice, name in names.items():
        for value in dict.fromkeys(item[choice] for item in found):
            ratios = [item["rate_ratio"] for item in found if item[choice] == value]
            rows.append(
                {
                    "choice": say(f"readings.choice.{choice}"),
                    "value": sentence_case(name(value)),
                    "median": numbers.change(median(ratios)),
                    "range": numbers.change_range(min(ratios), max(ratios)),
                    "count": len(ratios),
                }
            )
    return rows


def curve(frame: pd.DataFrame, kind: str, label: str, result: Plain, release: str = "") -> ChartDescription:
    """A specification or placebo curve. `frame` has `label`, rate_ratio, lower_95, upper_95."""
    known = frame[frame["rate_ratio"].notna()].sort_values("rate_ratio", kind="stable")
    rows = known.to_dict("records")
    actual = (result.get("estimate") or {}).get("rate_ratio")
    ratios = [row["rate_ratio"] for row in rows]
    as_large = sum(abs_log(value) >= abs_log(actual) for value in ratios) if actual else 0
    card = result["card"]
    parts = {
        "count": numbers.count(len(rows)),
        "range": numbers.change_range(min(ratios), max(ratios)),
        "as_large": numbers.count(as_large),
        "actual": numbers.change(actual),
        "below": numbers.count(sum(value < 1 for value in ratios)),
        "things": sentences.things(result),
    }
    estimates = [
        Estimate(
            str(row[label]), row["rate_ratio"], _known(row["lower_95"]), _known(row["upper_95"]),
            hover=_hover(str(row[label]), row["rate_ratio"], row["lower_95"], row["upper_95"]),
        ) for row in rows
    ]  # fmt: skip
    is_dense = len(estimates) > MOST_INTERVALS
    return ChartDescription(
        id=numbers.file_part(f"{card['outcome']} {card['unit']} {card['phase']} {kind}"),
        title=say(f"curve.{kind}.title", **parts),
        subtitle=say(f"curve.{kind}.subtitle", **parts),
        alt=say(f"curve.{kind}.alt", **parts),
        note=note(card["outcome"], card["unit"], release),
        x=Axis(say("curve.axis"), lowest=0.3, highest=len(rows) + 0.7, ticks=((1, "1"), (len(rows), parts["count"]))),
        y=ratio_axis([end for row in rows for end in (_known(row["lower_95"]), _known(row["upper_95"]))]),
        estimates=() if is_dense else tuple(estimates),
        lines=_dense_line(estimates) if is_dense else (),
        bands=_dense_band(estimates) if is_dense else (),
        is_curve=True,
        reference=1.0,
        reference_label=say("change.none"),
        median=actual,
        median_label=say("curve.actual", actual=parts["actual"]),
        table=tuple(
            {label: row[label], "change": numbers.change(row["rate_ratio"]),
             **{name: _rounded(row[name]) for name in ("rate_ratio", "lower_95", "upper_95")}}
            for row in rows
        ),
    )  # fmt: skip


MOST_INTERVALS = 200


def _dense_line(estimates: Sequence[Estimate]) -> tuple[Line, ...]:
    """Very many estimates as one line."""
    ranks = tuple(range(1, len(estimates) + 1))
    return (Line(say("curve.estimates"), ranks, tuple(item.value for item in estimates), "headline"),)


def _dense_band(estimates: Sequence[Estimate]) -> tuple[Band, ...]:
    """The intervals of very many estimates as an area: the average end over their neighbors in the order."""
    step = max(1, len(estimates) // 60)
    blocks = [estimates[i : i + step] for i in range(0, len(estimates), step)]
    ranks = tuple(min(len(estimates), i * step + step / 2) for i in range(len(blocks)))
    ends = [
        tuple(
            sum(known) / len(known) if (known := [v for item in block if (v := getattr(item, end))]) else None
            for block in blocks
        )
        for end in ("lower_95", "upper_95")
    ]
    return (Band(say("curve.band"), ranks, ends[0], ends[1], "neutral"),)


def _known(value: float | None) -> float | None:
    return value if numbers.is_known(value) else None


def abs_log(value: float) -> float:
    return abs(log(value)) if value > 0 else float("inf")
