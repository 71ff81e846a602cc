"""The pages of a document as PNG pictures, for the preview on the Briefing page."""

from __future__ import annotations

import json
from dataclasses import replace

import typst

from reports.document import Document, PageBreak
from reports.render.pdf import TEMPLATES, typst_input


def page_pictures(document: Document, most: int = 4, dots_per_inch: float = 90) -> list[bytes]:
    """PNG of the first `most` pages, drawn by the template that makes the PDF.

    What stands after as many page breaks cannot be on them and is not drawn: an appendix has a hundred pages.
    """
    breaks = [place for place, block in enumerate(document.blocks) if isinstance(block, PageBreak)]
    if len(breaks) >= most:
        document = replace(document, blocks=document.blocks[: breaks[most - 1]])
    pages = typst.compile(
        str(TEMPLATES / "report.typ"),
        root=str(TEMPLATES),
        format="png",
        ppi=dots_per_inch,
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps({**typst_input(document), "preview": True}, sort_keys=True)},
    )
    listed = pages if isinstance(pages, list) else [pages]
    return [bytes(page) for page in listed[:most]]
