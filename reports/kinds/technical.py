"""Technical appendix: every analysis, reading, check and specification, so that it can be disputed."""

from __future__ import annotations

from presentation import numbers, sentences, words
from presentation.charts.estimates import design_name
from presentation.language import say
from reports import money, parts
from reports.content import Content
from reports.document import Block, Bullets, Document, Heading, PageBreak, Paragraph, Table


def build(content: Content) -> Document:
    """The appendix of one program: one section for each fixed analysis."""
    blocks: list[Block] = [Paragraph(say("report.retrospective")), *_overview(content)]
    blocks += parts.phases_table(content)
    for analysis in content.program.analyses():
        result = content.results.get(analysis["id"])
        if result is not None:
            blocks += [PageBreak(), *_analysis(content, analysis["id"], result)]
    blocks += [
        PageBreak(),
        *money.money_in_detail(content),
        *_sources(content),
        *parts.limits(),
        *_recompute(content),
        *parts.provenance(content),
    ]
    return Document(
        kind="technical",
        title=say("report.title.technical", program=content.program.name),
        subtitle=content.subtitle,
        program=content.program.id,
        blocks=tuple(blocks),
        provenance=content.provenance,
        simulated=content.program.is_simulated,
        file_stem=f"{content.program.id}-technical-appendix",
        keywords=(content.program.id, content.release.id),
    )


def _overview(content: Content) -> list[Block]:
    rows = []
    for name, result in content.results.items():
        card, estimate = result["card"], result.get("estimate")
        lower, upper = estimate["interval_95"] if estimate else (None, None)
        rows.append(
            (
                parts.analysis_name(content, name),
                sentences.things(result),
                content.program.phase_name(card["phase"]),
                numbers.signed_percent(estimate["rate_ratio"]) if estimate else numbers.decimal(None),
                parts.interval_words(lower, upper),
                words.word("verdict", result["verdict"]),
            )
        )
    if not rows:
        return [Paragraph(say("report.no_estimate"), "lead")]
    head = tuple(parts.column(n) for n in ("analysis", "outcome", "phase", "estimate", "interval", "verdict"))
    caption = parts.column("caption.analyses")
    widths = (5, 1.5, 1.7, 0.9, 1.6, 1.4)
    return [parts.heading("analyses"), Table("Analyses", caption, head, tuple(rows), "lllrrl", widths)]


def _analysis(content: Content, name: str, result: dict) -> list[Block]:
    blocks: list[Block] = [
        Heading(parts.analysis_name(content, name)),
        Paragraph(sentences.finding(result), "caution"),
        *parts.detectable(result),
        *parts.answer_figure(content, result),
    ]
    for text in (sentences.sides(result), sentences.averted(result), sentences.additive(result)):
        if text:
            blocks.append(Paragraph(text))
    blocks += [*parts.gates_table(result), *_standard(content, name)]
    checks = parts.checks_table(result)
    if checks:
        blocks += [parts.heading("informing", 3), *checks]
    readings = parts.readings_table(content, result)
    if readings:
        blocks += [parts.heading("readings", 3), Paragraph(say("report.text.readings_intro")), *readings]
    return blocks


def _standard(content: Content, name: str) -> list[Block]:
    rows = []
    for role in ("companion", "standard"):
        for row, result in content.results_of(role, name):
            estimate = result.get("estimate")
            if not estimate or estimate.get("rate_ratio") is None:
                continue
            rows.append(
                (
                    design_name(row),
                    words.interval_name(estimate["interval_method"]),
                    numbers.signed_percent(estimate["rate_ratio"]),
                    parts.interval_words(*estimate["interval_95"]),
                )
            )
    if not rows:
        return []
    head = tuple(parts.column(n) for n in ("design", "method", "estimate", "interval"))
    caption = parts.column("caption.standard")
    return [
        parts.heading("standard", 3),
        Table("Other designs", caption, head, tuple(rows), "llrr", (3, 3, 1, 1.6)),
    ]


def _recompute(content: Content) -> list[Block]:
    """The commands that give these numbers again from the files of the release alone."""
    names = ("export", "verify", "replicate", "own")
    text = {"release": content.release.id, "program": content.program.id}
    return [
        parts.heading("recompute"),
        Paragraph(say("report.text.recompute")),
        Bullets(tuple(say(f"report.recompute.{name}", **text) for name in names)),
    ]


def _sources(content: Content) -> list[Block]:
    frame = content.read("sources", city=content.program.city)
    rows = tuple(
        (
            row["title"],
            row["publisher"],
            numbers.count(row["rows_read"]),
            numbers.month(row["last_complete_month"], short=True),
        )
        for row in frame.astype({"last_complete_month": object}).where(frame.notna(), None).to_dict("records")
    )
    if not rows:
        return []
    head = tuple(parts.column(n) for n in ("name", "source", "rows", "through"))
    return [
        parts.heading("sources"),
        Table("Sources", parts.column("caption.sources"), head, rows, "llrl", (3, 3.4, 1.2, 1.4)),
    ]
