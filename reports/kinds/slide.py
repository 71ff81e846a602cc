"""One slide: the answer, the chart, how sure one can be."""

from __future__ import annotations

from presentation import sentences
from presentation.language import say
from reports import parts
from reports.content import Content
from reports.document import Block, Document, Paragraph


def build(content: Content) -> Document:
    """A single page in 16:9."""
    result = content.primary
    if result is None:
        blocks: list[Block] = [Paragraph(say("report.no_estimate"), "lead")]
    else:
        blocks = [
            Paragraph(sentences.finding(result), "lead"),
            *parts.answer_figure(content, result),
            Paragraph(parts.checks_line(result), "note"),
        ]
    return Document(
        kind="slide",
        title=say("report.title.slide", program=content.program.name),
        subtitle=content.subtitle,
        program=content.program.id,
        blocks=tuple(blocks),
        provenance=content.provenance,
        simulated=content.program.is_simulated,
        file_stem=f"{content.program.id}-slide",
    )
