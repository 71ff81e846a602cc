"""Public brief: the answer in a page, for residents and reporters."""

from __future__ import annotations

from presentation import sentences
from presentation.language import say
from reports import parts
from reports.content import Content
from reports.document import Block, Document, Paragraph


def build(content: Content) -> Document:
    """One page that stands alone, with its caveats."""
    result = content.primary
    blocks: list[Block] = [Paragraph(content.program.summary)]
    if result is None:
        blocks += [Paragraph(say("report.no_estimate"), "lead"), *parts.facts(content)]
    else:
        blocks += [
            Paragraph(sentences.finding(result), "lead"),
            *parts.answer_figure(content, result),
            Paragraph(parts.checks_line(result)),
            *parts.would_change(result),
        ]
    blocks += [*parts.limits(), Paragraph(content.provenance.cite, "note")]
    return Document(
        kind="brief",
        title=say("report.title.brief", program=content.program.name),
        subtitle=content.subtitle,
        program=content.program.id,
        blocks=tuple(blocks),
        provenance=content.provenance,
        simulated=content.program.is_simulated,
        file_stem=f"{content.program.id}-brief",
    )
