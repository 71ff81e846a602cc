"""The pages of a document as PNG pictures, for the preview on the Briefing page."""

from __future__ import annotations

import json

import typst

from reports.document import Document
from reports.render.pdf import TEMPLATES, typst_input


def page_pictures(document: Document, most: int = 4, dots_per_inch: float = 90) -> list[bytes]:
    """PNG of the first `most` pages, drawn by the template that makes the PDF."""
    pages = typst.compile(
        str(TEMPLATES / "report.typ"),
        root=str(TEMPLATES),
        format="png",
        ppi=dots_per_inch,
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(typst_input(document), sort_keys=True)},
    )
    listed = pages if isinstance(pages, list) else [pages]
    return [bytes(page) for page in listed[:most]]
