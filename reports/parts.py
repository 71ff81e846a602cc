"""Blocks that several kinds of report share. Words come from `presentation`, numbers from the release."""

from __future__ import annotations

from typing import Any

from presentation import numbers, sentences, words
from presentation.charts.counterfactual import counterfactual
from presentation.charts.estimates import readings, readings_by_choice
from presentation.language import say, sentence_case
from reports.content import Content
from reports.document import Block, Bullets, Figure, Heading, Paragraph, Table

Plain = dict[str, Any]


def column(name: str) -> str:
    return say(f"report.table.{name}")


def heading(name: str, level: int = 2) -> Heading:
    return Heading(say(f"report.heading.{name}"), level)


def counterfactual_figure(content: Content, result: Plain) -> list[Block]:
    """The counterfactual chart of a result, or nothing where it has no monthly series."""
    if not result.get("series"):
        return []
    chart = counterfactual(result, content.program, release=content.release.id)
    caption = say(
        "report.text.chart_caption", title=chart.title, subtitle=sentence_case(chart.subtitle).rstrip(".")
    )
    return [Figure("counterfactual", chart, chart.alt, caption)]


def answer_figure(content: Content, result: Plain) -> list[Block]:
    """The one chart of a result: counted against expected, or its readings where it has no monthly series."""
    return counterfactual_figure(content, result) or readings_figure(content, result)[:1]


def gates_table(result: Plain) -> list[Block]:
    rows = tuple(
        (
            say(f"gate.{gate['name']}.question"),
            words.word("status", gate["status"]),
            sentences.reason(gate) if gate["status"] != "passed" else "",
        )
        for gate in result.get("gates") or ()
    )
    if not rows:
        return [Paragraph(say("gates.no_gates"))]
    head = (column("check"), column("status"), column("why"))
    if not any(row[2] for row in rows):
        head, rows = head[:2], tuple(row[:2] for row in rows)
        return [Table("Conditions", column("caption.gates"), head, rows, "ll", (3.2, 1))]
    return [Table("Conditions", column("caption.gates"), head, rows, "lll", (3.2, 1.2, 3.4))]


def would_change(result: Plain) -> list[Block]:
    """What each gate that is not met would have taken."""
    unmet = sentences.unmet_gates(result)
    if not unmet:
        return []
    items = tuple(say(f"gate.{gate['name']}.taken") for gate in unmet)
    return [heading("would_change"), Paragraph(say("gates.change_intro")), Bullets(items)]


def checks_table(result: Plain) -> list[Block]:
    rows = tuple(
        (sentences.check_question(check), words.word("status", check["status"]), sentences.check(check))
        for check in result.get("checks") or ()
    )
    if not rows:
        return []
    head = (column("check"), column("status"), column("why"))
    return [Table("Checks", column("caption.checks"), head, rows, "lll", (2.6, 1.1, 4.2))]


def interval_words(lower: float | None, upper: float | None) -> str:
    if not numbers.is_known(lower) or not numbers.is_known(upper):
        return numbers.decimal(None)
    return f"{numbers.signed_percent(lower)} to {numbers.signed_percent(upper)}"


def readings_figure(content: Content, result: Plain) -> list[Block]:
    """Every registered reading in order, and what each choice does to the answer."""
    if len(sentences.estimated_readings(result)) < 2:
        return []
    chart = readings(result, content.program, content.release.id)
    caption = say(
        "report.text.chart_caption", title=chart.title, subtitle=sentence_case(chart.subtitle).rstrip(".")
    )
    rows = tuple(
        (row["choice"], row["value"], str(row["median"]), str(row["range"]), str(row["count"]))
        for row in readings_by_choice(result, content.program)
    )
    head = tuple(column(name) for name in ("choice", "choice_value", "median", "range", "readings"))
    return [
        Figure("readings", chart, chart.alt, caption),
        Table("By choice", column("caption.by_choice"), head, rows, "llrrr", (1.4, 3.6, 1.3, 2.2, 1)),
    ]


def readings_table(content: Content, result: Plain) -> list[Block]:
    readings = result.get("readings") or ()
    rows = tuple(
        (
            content.program.catchment_name(reading["catchment"]),
            words.pool(reading["pool"]),
            content.program.baseline_name(reading["baseline"]),
            numbers.signed_percent(reading["rate_ratio"]),
            interval_words(reading["lower_95"], reading["upper_95"]),
        )
        for reading in readings
    )
    if not rows:
        return []
    head = tuple(column(name) for name in ("reading", "pool", "baseline", "estimate", "interval"))
    return [Table("Readings", column("caption.readings"), head, rows, "lllrr", (4, 3.2, 2.6, 1, 1.9))]


def phases_table(content: Content) -> list[Block]:
    rows = tuple(
        (
            phase.name,
            numbers.months_between(phase.first_month, phase.last_month, short=True),
            words.word("certainty", phase.certainty),
            phase.source,
        )
        for phase in content.program.phases
    )
    if not rows:
        return []
    head = tuple(column(name) for name in ("phase", "months", "certainty", "source"))
    return [
        heading("phases"),
        Table("Phases", column("caption.phases"), head, rows, "llll", (2.4, 1.8, 1, 4)),
    ]


def detectable(result: Plain) -> list[Block]:
    """Smallest detectable change, said before the result, in the sentence of the Results page."""
    text = sentences.smallest_detectable(result)
    return [Paragraph(text)] if text else []


def limits() -> list[Block]:
    names = ("unit", "police", "areas", "selection", "cause")
    return [heading("limits"), Bullets(tuple(say(f"report.limit.{name}") for name in names))]


def provenance(content: Content, analyses: tuple[str, ...] | None = None) -> list[Block]:
    """This release and the specifications of `analyses` (all without it), so that a number can be found again."""
    known = content.provenance
    rows = (
        (column("program"), content.program.name),
        (column("release"), known.release),
        (column("through"), known.data_through or say("report.no_month")),
        (column("snapshot"), known.snapshot),
        (column("code"), known.code_version),
    )
    blocks: list[Block] = [
        heading("provenance"),
        Table(
            "Release", column("caption.provenance"), (column("name"), column("value")), rows, "ll", (1.4, 5)
        ),
    ]
    specs = tuple(item for item in known.specs if analyses is None or item[0] in analyses)
    if specs:
        head = (column("analysis"), column("spec"))
        blocks.append(Table("Specifications", column("caption.specs"), head, specs, "ll", (3.1, 5)))
    blocks.append(Paragraph(known.cite, "note"))
    return blocks


def facts(content: Content) -> list[Block]:
    """Published figures, quoted with their source as what they are."""
    items = tuple(_fact(fact) for fact in content.program.entries("fact"))
    return [heading("facts"), Bullets(items)] if items else []


def _fact(fact: Plain) -> str:
    text, value = fact["text"].rstrip("."), fact.get("value")
    if value is not None and numbers.count(value) not in text and str(value) not in text:
        text = f"{text}: {numbers.count(value)} {fact.get('unit', '')}".rstrip()
    return f"{text} ({fact['source']})"


def analysis_name(content: Content, analysis: str) -> str:
    entry = content.program.entry("analysis", analysis)
    return entry.get("question") or words.plain(analysis)


def checks_line(result: Plain) -> str:
    return say(
        "report.text.checks_line",
        gates=sentences.gates_summary(result),
        checks=sentences.checks_summary(result),
    )
