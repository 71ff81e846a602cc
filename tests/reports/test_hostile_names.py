"""A name with markup in it is printed in every format, never run."""

import io
import zipfile
from xml.etree import ElementTree

import pytest
from docx import Document as open_word_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from presentation.charts.description import Axis, ChartDescription, Event, Line, Span
from reports.document import Bullets, Document, Figure, Heading, Paragraph, Provenance, Table
from reports.render.docx import render_docx
from reports.render.html import render_html
from reports.render.pdf import render_pdf
from reports.render.picture import render_svg
from reports.render.sheet import render_csv, render_xlsx, safe_cell

FORMULAS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1+1",
    '=HYPERLINK("http://x","y")',
]
HOSTILE = [
    "#panic()",
    "$x$ *b* _i_ `c`",
    "<script>alert(1)</script>",
    "]]>&amp;<!--",
    "@label <ref>",
    "\\u{41}",
    "\x00\x0b\x1f",
    "\ud800x",
    "0\U00011a51",  # a mark no font has after a digit: the compiler blames the digit
    "".join(chr(0x4E00 + step) for step in range(0, 4000, 100)),
]


def document(text: str) -> Document:
    table = Table(text, text, (text, "b"), ((text, text),), "lr", note=text)
    figure = Figure(text, chart(text), f"Chart of {text}", text)
    blocks = (Heading(text), Paragraph(text, "lead"), Bullets((text,)), table, figure)
    provenance = Provenance(text, "2026-01-05T10:00:00", text, text, text, ((text, text),), text)
    return Document("council", text, text, text, blocks, provenance, simulated=True)


def chart(text: str) -> ChartDescription:
    """A chart with `text` wherever words stand."""
    months = ("2020-01-01", "2020-02-01", "2020-03-01")
    return ChartDescription(
        id="chart",
        title=text,
        alt=f"Chart of {text}",
        x=Axis(text, "month"),
        y=Axis(text, lowest=0),
        subtitle=text,
        note=text,
        lines=(Line(text, months, (1.0, 2.0, 3.0), "observed"),),
        spans=(Span(months[0], months[1], "A", text),),
        events=(Event(months[1], 1, text),),
    )


def check_all_formats(text: str) -> None:
    made = document(text)
    assert render_pdf(made).startswith(b"%PDF")
    page = render_html(made).decode()
    assert "<script>alert" not in page
    word = open_word_file(io.BytesIO(render_docx(made)))
    assert word.tables[0].rows[1].cells[0].text is not None
    svg = ElementTree.fromstring(render_svg(made.figures[0].chart))
    assert not [element for element in svg.iter() if element.tag.endswith("script")]
    book = load_workbook(io.BytesIO(render_xlsx(made)))
    for sheet in book:
        for row in sheet:
            assert all(cell.data_type != "f" for cell in row)
    first = render_csv(made.tables[0]).decode("utf-8-sig")
    assert not first.lstrip('" ').startswith(("=", "@", "\t", "\r"))


def test_markup_of_every_format_is_only_text() -> None:
    for text in HOSTILE + FORMULAS:
        check_all_formats(text)


@pytest.mark.slow
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=40))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_at_all_goes_through_every_format(text: str) -> None:
    check_all_formats(text)


def test_no_spreadsheet_runs_a_cell() -> None:
    for text in FORMULAS:
        assert safe_cell(text).startswith("'"), text
    assert safe_cell("−12.5%") == "−12.5%" and safe_cell("-12.5") == "-12.5"


def test_files_hold_no_macro() -> None:
    names = zipfile.ZipFile(io.BytesIO(render_xlsx(document("a")))).namelist()
    names += zipfile.ZipFile(io.BytesIO(render_docx(document("a")))).namelist()
    assert not [name for name in names if "vba" in name.lower()]
