"""A document as PDF by Typst: PDF/UA-1 and PDF/A-2a, bookmarks, alt text, vector charts.

The words travel as data, so markup in a name is printed, never run. Only the fonts inside the
compiler are used and no clock is read: the same document gives the same bytes on every machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from presentation.language import say
from reports.document import Block, Bullets, Document, Figure, Heading, PageBreak, Paragraph, Table
from reports.render.chart_layout import lay_out

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
STANDARDS = ["a-2a", "ua-1"]
NAMES: dict[type, str] = {
    Heading: "heading",
    Paragraph: "paragraph",
    Bullets: "bullets",
    Table: "table",
    Figure: "figure",
    PageBreak: "pagebreak",
}


def render_pdf(document: Document) -> bytes:
    """PDF of `document`. Raises typst.TypstError if a figure lacks alt text (PDF/UA-1 enforces it)."""
    pdf = typst.compile(
        str(TEMPLATES / "report.typ"),
        root=str(TEMPLATES),
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards=STANDARDS,
        sys_inputs={"document": json.dumps(typst_input(document), sort_keys=True)},
        timestamp=document.provenance.built_at(),
    )
    return bytes(pdf)


def typst_input(document: Document) -> dict[str, Any]:
    """The document as the template reads it."""
    return {
        "kind": document.kind,
        "title": document.title,
        "subtitle": document.subtitle,
        "author": say("report.author"),
        "language": document.language,
        "keywords": list(document.keywords),
        "simulated": document.simulated,
        "watermark": say("report.watermark"),
        "footer": footer(document),
        "blocks": [_block(block) for block in document.blocks],
    }


def footer(document: Document) -> str:
    """The line at the foot of every page: release, date of the data, and whether they are invented."""
    facts = document.provenance
    line = say("report.footer", release=facts.release, through=facts.data_through)
    return f"{line} {say('report.footer_simulated')}" if document.simulated else line


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Figure):
        return {"block": "figure", "alt": block.alt, "caption": block.caption, "chart": lay_out(block.chart)}
    return {"block": NAMES[type(block)], **asdict(block)}
