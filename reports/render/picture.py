"""One chart as PNG or SVG, drawn by the same template as in the PDF."""

from __future__ import annotations

import json
from typing import Any

import typst

from reports.render.chart_layout import lay_out
from reports.render.pdf import TEMPLATES, printable_all
from reports.render.xml_text import clean


def render_png(chart: Any, dots_per_inch: int = 200, is_titled: bool = False) -> bytes:
    """PNG of a chart description on white, 16.5 cm wide; `is_titled` where no caption will stand beside it."""
    return _draw(chart, "png", dots_per_inch, is_titled)


def render_svg(chart: Any, is_titled: bool = False) -> bytes:
    """SVG of a chart description, 16.5 cm wide, with its alt text as title and description."""
    svg = _draw(chart, "svg", None, is_titled).decode("utf-8")
    title = f"<title>{_xml(chart.title)}</title><desc>{_xml(chart.alt)}</desc>"
    start = svg.index(">", svg.index("<svg")) + 1
    return (svg[:start] + title + svg[start:]).encode("utf-8")


def _draw(chart: Any, file_format: str, dots_per_inch: int | None, is_titled: bool) -> bytes:
    extra = {"ppi": float(dots_per_inch)} if dots_per_inch else {}
    shapes = {**lay_out(chart), "heading": chart.title if is_titled else ""}
    drawn = typst.compile(
        str(TEMPLATES / "picture.typ"),
        root=str(TEMPLATES),
        format=file_format,
        ignore_system_fonts=True,
        sys_inputs={"chart": json.dumps(printable_all(shapes), sort_keys=True)},
        **extra,
    )
    return bytes(drawn)


def _xml(text: str) -> str:
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
