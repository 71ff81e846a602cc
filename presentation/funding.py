"""Money in words: what was published, what it bought as far as that can be said, and what it would take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from evaluation.funding import break_even
from presentation import numbers, words
from presentation.charts.counterfactual import note, phase_spans
from presentation.charts.description import Axis, ChartDescription, Event, Line
from presentation.language import count_of, say
from presentation.program import Program

Plain = dict[str, Any]


def of_kind(review: Sequence[Plain], kind: str) -> list[Plain]:
    return [row | {"inputs": json.loads(row["inputs_json"])} for row in review if row["kind"] == kind]


def main_row(review: Sequence[Plain], program: Program) -> Plain | None:
    """The cost for each shooting averted of the primary analysis, else the first there is."""
    rows = of_kind(review, "cost_per_averted")
    analyses = program.analyses()
    first = f"{program.id}/{analyses[0]['id']}" if analyses else ""
    return next((row for row in rows if row["basis"] == first), rows[0] if rows else None)


def title(review: Sequence[Plain], program: Program) -> str:
    """The answer on cost in one sentence."""
    visible = of_kind(review, "smallest_visible_change")
    if visible and not program.entries("analysis"):
        best = _best(visible)
        return say(
            "funding.visible_title_page",
            percent=numbers.percent(best["value"]),
            months=numbers.count(best["inputs"]["months_after"]),
        )
    row = main_row(review, program)
    if row is None:
        return say("funding.title.no_estimate")
    if row["status"] != "stated":
        return say("funding.title.cannot_be_stated")
    return say(
        "funding.title.stated",
        money=numbers.dollars(row["amount_usd"]),
        cost=numbers.dollars(row["value"]),
        lower=numbers.dollars(row["lower_95"]),
        upper=numbers.dollars(row["upper_95"]),
        things=_things(row),
    )


def averted(row: Plain, program: Program) -> str:
    """How the cost for each shooting averted comes about, or why it cannot be stated."""
    inputs = row["inputs"]
    analysis = program.entry("analysis", row["basis"].partition("/")[2])
    parts = {
        "amount": numbers.dollars(row["amount_usd"]),
        "phase": say("funding.phase", name=program.phase_name(analysis.get("phase", ""))),
        "things": _things(row),
        "averted": _signed(inputs["averted"]),
        "lower": _signed(inputs["averted_lower_95"]),
        "upper": _signed(inputs["averted_upper_95"]),
        "count": numbers.count(-inputs["averted"]),
    }
    caveat = say(f"funding.caveat.{inputs['money']}")
    if row["status"] == "stated":
        return f"{say('funding.detail.stated', **parts)} {caveat}"
    if row["reason"] == "more_than_expected":
        return f"{say('funding.detail.more_than_expected', **parts)} {caveat}"
    text = say("funding.detail.cannot_be_stated", at_least=numbers.dollars(inputs["at_least_usd"]), **parts)
    return f"{text} {caveat}"


def unit_cost(row: Plain) -> str:
    """Cost for one unit of work, with its denominator and why it may not be known."""
    what = words.word("unit_of_work", row["figure"])
    reason = say(f"funding.reason.{row['reason']}")
    if row["status"] != "stated":
        return say("funding.unit.no_data", what=what, reason=reason)
    text = say(
        "funding.unit.stated",
        what=what,
        value=numbers.dollars(row["value"]),
        amount=numbers.dollars(row["amount_usd"]),
        denominator=numbers.count(row["denominator"]),
        denominator_unit=row["denominator_unit"],
    )
    return f"{text} {reason}"


def break_even_line(row: Plain) -> str:
    percent = row["inputs"]["percent_of_expected"]
    return say(
        "funding.even",
        cost=numbers.dollars(row["denominator"]),
        name=cost_name(row["inputs"]),
        amount=numbers.dollars(row["amount_usd"]),
        people=numbers.decimal(row["value"], 1 if row["value"] >= 0.1 else 2),
        percent=say("funding.even_percent", percent=numbers.percent(percent, 1 if percent >= 1 else 2))
        if percent is not None
        else "",
    )


def cost_name(inputs: Plain) -> str:
    """What the cost is of, with its source and the year of its prices."""
    text = say(
        "funding.cost_name",
        name=inputs["cost_name"],
        source=inputs["cost_source"],
        year=inputs["cost_dollars_of"],
    )
    return text if inputs.get("cost_verified", True) else say("funding.cost_not_verified", text=text)


def even_range(rows: Sequence[Plain]) -> str:
    """Break-even over the whole range of published costs, in one sentence."""
    ordered = sorted(rows, key=lambda row: row["denominator"])
    low, high = ordered[0], ordered[-1]
    percents = [row["inputs"]["percent_of_expected"] for row in (high, low)]
    share = ""
    if all(value is not None for value in percents):
        share = say(
            "funding.even_range_share",
            least=numbers.percent(percents[0], 1 if percents[0] >= 1 else 2),
            most=numbers.percent(percents[1], 1),
        )
    return say(
        "funding.even_range",
        amount=numbers.dollars(low["amount_usd"]),
        least=numbers.decimal(high["value"], 1 if high["value"] >= 0.1 else 2),
        most=numbers.decimal(low["value"], 1 if low["value"] >= 0.1 else 2),
        cheap=numbers.dollars(low["denominator"]),
        dear=numbers.dollars(high["denominator"]),
        share=share,
    )


def ward_table(rows: Sequence[Plain], names: dict[str, str]) -> list[Plain]:
    """One row a ward: shootings, and hours and money where a log is there. Most shootings first."""
    table = []
    for row in sorted(rows, key=lambda row: -row["inputs"]["incidents"]):
        inputs = row["inputs"]
        entry = {
            "area": names.get(inputs["ward"], inputs["ward"]),
            "incidents": int(inputs["incidents"]),
            "incidents_share": numbers.percent(row["value"]),
        }
        if inputs["percent_of_hours"] is not None:
            entry |= {
                "hours": numbers.count(row["denominator"]),
                "hours_share": numbers.percent(inputs["percent_of_hours"]),
                "amount": numbers.dollars(row["amount_usd"]) if row["amount_usd"] is not None else "",
            }
        table.append(entry)
    return table


def ward_intro(rows: Sequence[Plain]) -> str:
    """What the split rests on."""
    first, _, last = str(rows[0]["basis"]).partition("/")
    parts = {"first": numbers.month(first), "last": numbers.month(last)}
    top = max(rows, key=lambda row: row["value"])
    parts |= {"ward": top["inputs"]["ward"], "share": numbers.percent(top["value"])}
    if rows[0]["reason"] != "money_follows_hours":
        return say("funding.ward_no_hours", **parts)
    return say(
        "funding.ward_hours",
        hours=numbers.percent(top["inputs"]["percent_of_hours"]),
        paid=numbers.dollars(top["inputs"]["paid_usd"]),
        **parts,
    )


def review_line(row: Plain) -> str:
    return say(
        "funding.review",
        when=numbers.month(row["basis"]),
        months=numbers.count(row["inputs"]["months_after"]),
        percent=numbers.percent(row["value"]) if numbers.is_known(row["value"]) else say("numbers.unknown"),
        power=numbers.percent(100 * row["inputs"]["power_to_see_20_percent"]),
    )


def review_intro(row: Plain, last: object) -> str:
    return say(
        "funding.review_intro",
        last=numbers.month(last),
        dispersion=numbers.decimal(row["inputs"]["dispersion"], 1),
    )


def visible(row: Plain) -> str:
    """The smallest change that a record of yearly counts could have shown."""
    inputs = row["inputs"]
    parts = {
        "monthly": numbers.count(inputs["events_a_month"]),
        "noise": count_of(
            "funding.noise", inputs["dispersion"], times=numbers.decimal(inputs["dispersion"], 0)
        ),
    }
    if row["status"] != "stated":
        return say("funding.visible_none", **parts)
    return say(
        "funding.visible",
        before=numbers.count(inputs["months_before"]),
        after=numbers.count(inputs["months_after"]),
        percent=numbers.percent(row["value"]),
        events=numbers.count(inputs["events_that_would_have_to_be_averted"]),
        expected=numbers.count(inputs["expected_events"]),
        **parts,
    )


def too_few(visible: Sequence[Plain], facts: Sequence[Plain]) -> str:
    """What would have to have been prevented to be seen, beside the calls that were answered."""
    calls = next((fact for fact in facts if fact["id"] == "calls_answered"), None)
    inputs = _best(visible)["inputs"]
    if calls is None or inputs["events_that_would_have_to_be_averted"] is None:
        return ""
    return say(
        "funding.visible_too_few",
        calls=numbers.count(calls["value"]),
        events=numbers.count(inputs["events_that_would_have_to_be_averted"]),
        months=numbers.count(inputs["months_after"]),
    )


def _best(visible: Sequence[Plain]) -> Plain:
    """The most favorable case: the smallest change that could have been seen."""
    return min(visible, key=lambda row: row["value"] if numbers.is_known(row["value"]) else 100)


def scenario(amount: float, cost: float, expected: float, fall: float) -> list[str]:
    """What the visitor's own assumptions lead to; the assumptions are printed with the result."""
    even = break_even(amount, cost, expected)
    count = expected * fall / 100
    gain = count * cost - amount
    balance = say("funding.own_gain" if gain >= 0 else "funding.own_loss", value=numbers.dollars(abs(gain)))
    percent = even.inputs["percent_of_expected"]
    parts = {
        "fall": numbers.percent(fall),
        "expected": numbers.count(expected),
        "money": numbers.dollars(amount),
        "cost": numbers.dollars(cost),
    }
    each = numbers.dollars(amount / count) if count else say("numbers.unknown")
    return [
        say("funding.own_result", averted=numbers.decimal(count, 1), each=each, balance=balance, **parts),
        say("funding.own_even", percent=numbers.percent(percent, 1)),
        say("funding.own_note", **parts),
    ]


def timeline(
    monthly: pd.DataFrame, money: Sequence[Plain], program: Program, release: str
) -> ChartDescription:
    """Shootings by month with the phases and the dated amounts, numbered."""
    months = tuple(numbers.as_date(month).isoformat() for month in monthly["month"])  # type: ignore[union-attr]
    counts = tuple(float(value) for value in monthly["count"])
    counted = words.things("gunshot", "incidents")
    shown = [row for row in money if months[0] <= _day(row) <= months[-1]]
    dated: dict[str, list[str]] = {}
    for row in shown:
        label = say(
            "funding.timeline.event",
            amount=numbers.dollars(row["amount_usd"]),
            kind=words.word("funding_kind", row["kind"]),
            when=_when(row),
        )
        dated.setdefault(_day(row), []).append(label)
    # One number a day: two amounts of the same day would stand on each other.
    labels = ["; ".join(texts) for texts in dated.values()]
    return ChartDescription(
        id=numbers.file_part(f"{program.id} funding timeline"),
        title=say("funding.timeline.title", things=counted),
        subtitle=say("funding.timeline.subtitle", things=words.things("gunshot", "incidents").capitalize()),
        alt=say(
            "funding.timeline.alt",
            things=counted,
            first=numbers.month(months[0]),
            last=numbers.month(months[-1]),
            count=len(shown),
            amounts="; ".join(labels),
        ),
        note=note("gunshot", "incidents", release),
        x=Axis("", "month"),
        y=Axis(say("axis.per_month", things=counted), lowest=0),
        lines=(Line(say("counterfactual.observed", things=counted), months, counts, "observed"),),
        spans=phase_spans(program, months),
        events=tuple(Event(day, n, text) for n, (day, text) in enumerate(zip(dated, labels, strict=True), 1)),
        height=380,
        table=tuple(
            {"month": month[:7], "count": int(count)} for month, count in zip(months, counts, strict=True)
        ),
    )


def money_table(money: Sequence[Plain]) -> list[Plain]:
    """Amounts as published, by date. `precision` of a row says how much of its date is known."""
    return [
        {
            "when": _when(row),
            "kind": words.word("funding_kind", row["kind"]),
            "amount": int(row["amount_usd"]),
            "description": row["description"],
            "source": row["source"],
        }
        for row in money
    ]


def money_line(row: Plain) -> str:
    """One amount: when, how much, what it is, who reported it."""
    return say(
        "funding.money_line",
        when=_when(row),
        amount=numbers.dollars(row["amount_usd"]),
        kind=words.word("funding_kind", row["kind"]),
        description=row["description"],
        source=row["source"],
    )


def _when(row: Plain) -> str:
    """The date as far as it is known: a year, a month or a day."""
    day = numbers.as_date(row["date"])
    if row.get("precision") == "year" and day:
        return str(day.year)
    return numbers.month(row["date"], short=True)


def _day(row: Plain) -> str:
    day = numbers.as_date(row["date"])
    return day.isoformat() if day else ""


def _things(row: Plain) -> str:
    return words.things("gunshot", str(row["denominator_unit"]).partition(" ")[0])


def _signed(value: float) -> str:
    return numbers.count(value) if value >= 0 else say("funding.negative", count=numbers.count(-value))
