"""The counterfactual chart: what was counted, and what was to be expected, with phases and events."""

from __future__ import annotations

import itertools
from typing import Any

from presentation import numbers, sentences, words
from presentation.charts.description import Axis, Band, ChartDescription, Event, Line, Role, Span
from presentation.language import say, sentence_case
from presentation.program import Program

Plain = dict[str, Any]


def counterfactual(
    result: Plain, program: Program | None = None, side: str = "treated", release: str = ""
) -> ChartDescription:
    """Observed and expected by month of one side of `result`, with its interval.

    `program` gives phases and events; without it the chart has the evaluated phase only.
    Raises ValueError when the result has no monthly series for that side.
    """
    points = [point for point in result.get("series") or () if point["side"] == side]
    if not points:
        raise ValueError(f"the result has no monthly series for the side {side!r}")
    card = result["card"]
    counted = sentences.things(result)
    times = tuple(_iso(point["time"]) for point in points)
    dated = numbers.as_date(times[0]) is not None
    blocks = _blocks(points, card.get("phase_first") or "") if dated else [[point] for point in points]
    middles = tuple(_iso(block[len(block) // 2]["time"]) for block in blocks)
    observed = tuple(_mean(block, "observed") for block in blocks)
    expected = tuple(_mean(block, "expected") for block in blocks)
    lower = tuple(_mean(block, "lower_95") for block in blocks)
    upper = tuple(_mean(block, "upper_95") for block in blocks)
    bands = ()
    if any(value is not None for value in lower):
        bands = (Band(say("counterfactual.band"), middles, lower, upper, "expected"),)
    role: Role = "observed" if side == "treated" else "comparison"
    average = "_average" if dated else ""
    lines = [Line(say(f"counterfactual.observed{average}", things=counted), middles, observed, role)]
    if any(value is not None for value in expected):
        lines.append(Line(say("counterfactual.expected"), middles, expected, "expected"))
    monthly = tuple(point["observed"] for point in points)
    spans = _spans(program, card, times) if dated else ()
    return ChartDescription(
        id=numbers.file_part(f"{card['outcome']} {card['unit']} {card.get('phase', '')} {side}"),
        title=_title(result, side),
        subtitle=sentence_case(say(f"counterfactual.subtitle.{side}", things=counted)),
        alt=_alt(result, points, counted),
        note=note(card["outcome"], card["unit"], release),
        x=Axis("", "month") if dated else Axis(say("axis.time")),
        y=Axis(sentence_case(say("axis.per_month", things=counted)), lowest=0, highest=_top(monthly, upper)),
        lines=tuple(lines),
        bands=bands,
        dots=(Line(say("counterfactual.monthly"), times, monthly, role),) if dated else (),
        spans=spans,
        events=_events(program, times) if dated and side == "treated" else (),
        table=tuple(
            {
                "month": point["time"],
                "observed": point["observed"],
                "expected": _rounded(point["expected"]),
                "expected_lower_95": _rounded(point["lower_95"]),
                "expected_upper_95": _rounded(point["upper_95"]),
            }
            for point in points
        ),
    )


BLOCK_MONTHS = 3


def _blocks(points: list[Plain], phase_first: str) -> list[list[Plain]]:
    """Blocks of three months, laid so that one begins where the phase begins.

    The expected number of a single month follows the few events of the comparison areas and jumps;
    the average over three months shows the same in a calmer line. The table keeps the months.
    """
    times = [point["time"][:7] for point in points]
    start = times.index(phase_first[:7]) if phase_first[:7] in times else 0
    first = start % BLOCK_MONTHS
    cuts = [0, *range(first, len(points), BLOCK_MONTHS), len(points)]
    return [points[i:j] for i, j in itertools.pairwise(cuts) if j > i]


def _mean(block: list[Plain], name: str) -> float | None:
    """Average of a block per month; None where a month of it is not known."""
    values = [point[name] for point in block]
    return None if any(value is None for value in values) else sum(values) / len(values)


def note(outcome: str, unit: str, release: str) -> str:
    """Unit and release, as they stand under every chart."""
    parts = [say("chart.unit", unit=words.things(outcome, unit))]
    if release:
        parts.append(say("chart.release", release=release))
    return " ".join(parts)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _iso(time: str) -> str:
    day = numbers.as_date(time)
    return day.isoformat() if day else time


def _top(observed: tuple[float | None, ...], upper: tuple[float | None, ...]) -> float | None:
    """Upper end of the axis: all counts visible; a very wide band may leave the picture."""
    counts = [value for value in observed if value is not None]
    if not counts:
        return None
    widest = max((value for value in upper if value is not None), default=0)
    return 1.08 * max(max(counts), min(widest, 1.6 * max(counts)))


def _title(result: Plain, side: str) -> str:
    counted = sentences.things(result)
    if side == "comparison":
        return say("counterfactual.title.comparison", things=counted)
    estimate = result.get("estimate") or {}
    if not estimate.get("averted_interval_95"):
        return sentences.headline(result)
    return say(
        "counterfactual.title.treated",
        observed=numbers.count(estimate["observed"]),
        expected=sentences.expected_range(result),
        things=counted,
    )


def _months_inside(result: Plain) -> tuple[int, int] | None:
    """Of the months of the phase that have a band, how many counts lie within it."""
    card = result["card"]
    first, last = numbers.as_date(card.get("phase_first")), numbers.as_date(card.get("phase_last"))
    if first is None:
        return None
    inside = total = 0
    for point in result["series"]:
        month = numbers.as_date(point["time"])
        if point["side"] != "treated" or point["observed"] is None or point["lower_95"] is None:
            continue
        if month and month >= first and (last is None or month <= last):
            total += 1
            inside += point["lower_95"] <= point["observed"] <= point["upper_95"]
    return (inside, total) if total else None


def _alt(result: Plain, points: list[Plain], counted: str) -> str:
    observed = [point for point in points if point["observed"] is not None]
    peak = max(observed, key=lambda point: point["observed"])
    inside = _months_inside(result) if points[0]["side"] == "treated" else None
    text = say(
        "counterfactual.alt",
        things=counted,
        first=numbers.month(points[0]["time"]),
        last=numbers.month(points[-1]["time"]),
        peak=numbers.count(peak["observed"]),
        peak_month=numbers.month(peak["time"]),
    )
    if inside is not None:
        text += " " + say(
            "counterfactual.alt_inside", inside=numbers.count(inside[0]), total=numbers.count(inside[1])
        )
    return text


def _spans(program: Program | None, card: Plain, months: tuple[str, ...]) -> tuple[Span, ...]:
    if program is None:
        if not card.get("phase_first"):
            return ()
        last = card.get("phase_last") or months[-1]
        return (Span(_iso(card["phase_first"]), _after(last), "", say("axis.phase"), is_evaluated=True),)
    return phase_spans(program, months, card.get("phase_first"), card.get("phase_last"))


def phase_spans(
    program: Program, months: tuple[str, ...], phase_first: str | None = None, phase_last: str | None = None
) -> tuple[Span, ...]:
    """The program's phases within `months`, lettered; those between phase_first and phase_last are marked."""
    evaluated = numbers.as_date(phase_first), numbers.as_date(phase_last)
    spans = []
    shown = [phase for phase in program.phases if phase.is_band and _iso(phase.first_month) <= months[-1]]
    for letter, phase in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", shown, strict=False):
        last = min(_iso(phase.last_month or months[-1]), months[-1])
        first = max(_iso(phase.first_month), months[0])
        start, end = numbers.as_date(first), numbers.as_date(last)
        inside = (
            evaluated[0] is not None
            and start is not None
            and end is not None
            and evaluated[0] <= start
            and (evaluated[1] is None or end <= evaluated[1])
        )
        label = say(
            "axis.phase_label",
            name=phase.name,
            months=numbers.months_between(phase.first_month, phase.last_month, short=True),
        )
        spans.append(Span(first, _after(last), letter, label, is_evaluated=inside))
    return tuple(spans)


def _after(month: str) -> str:
    """First day of the month after, where a phase's band ends."""
    day = numbers.as_date(month)
    if day is None:
        return month
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1, day=1).isoformat()


def _events(program: Program | None, months: tuple[str, ...]) -> tuple[Event, ...]:
    if program is None:
        return ()
    shown = [event for event in program.events if months[0] <= event.date <= _after(months[-1])]
    return tuple(
        Event(
            event.date,
            number,
            say("axis.event", name=event.name, month=numbers.month(event.date, short=True)),
        )
        for number, event in enumerate(shown, start=1)
    )
