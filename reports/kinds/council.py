"""Council funding review: the answer, chart, checks, money, what would be known by the next review."""

from __future__ import annotations

from presentation import sentences
from presentation.language import say
from reports import money, parts
from reports.content import Content
from reports.document import Block, Document, Paragraph


def build(content: Content) -> Document:
    """The review of one program, 2 to 4 pages."""
    result = content.primary
    blocks: list[Block] = []
    if result is None:
        blocks += [Paragraph(say("report.no_estimate"), "lead"), *parts.facts(content)]
    else:
        blocks += [
            Paragraph(sentences.finding(result), "lead"),
            Paragraph(parts.checks_line(result)),
            *parts.detectable(result),
            *parts.counterfactual_figure(content, result),
        ]
        sides, averted = sentences.sides(result), sentences.averted(result)
        if sides:
            blocks += [parts.heading("sides"), Paragraph(sides)]
        if averted:
            blocks.append(Paragraph(averted))
        blocks += [parts.heading("checks"), *parts.gates_table(result), *parts.would_change(result)]
        figure = parts.readings_figure(content, result)
        if figure:
            blocks += [parts.heading("readings"), Paragraph(say("report.text.readings_intro")), *figure]
    blocks += money.money(content)
    if result is not None:
        blocks += money.next_review(content)
    blocks += [
        *parts.limits(),
        Paragraph(say("report.retrospective"), "note"),
        *parts.provenance(content, content.primary_analysis),
    ]
    return Document(
        kind="council",
        title=say("report.title.council", program=content.program.name),
        subtitle=content.subtitle,
        program=content.program.id,
        blocks=tuple(blocks),
        provenance=content.provenance,
        simulated=content.program.is_simulated,
        file_stem=f"{content.program.id}-council-review",
        keywords=(content.program.id, content.release.id),
    )
