"""A document as Word (DOCX) to edit: real styles, real tables with header rows, charts with alt text."""

from __future__ import annotations

import io
from typing import Any

from docx import Document as new_word_file
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor

from presentation.language import say
from reports.document import Bullets, Document, Figure, Heading, PageBreak, Paragraph, Table
from reports.render.fixed_zip import without_clock
from reports.render.pdf import footer
from reports.render.picture import render_png
from reports.render.xml_text import clean

ACCENT = RGBColor(0x1F, 0x4E, 0x79)
QUIET = RGBColor(0x55, 0x55, 0x55)
ALIGN = {"l": "left", "r": "right", "c": "center"}
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
PARAGRAPH_PROPERTIES = f'<w:pPr {WORD}><w:spacing w:after="20"/><w:jc w:val="{{align}}"/></w:pPr>'
RUN = f'<w:r {WORD}><w:rPr>{{marks}}<w:sz w:val="18"/></w:rPr></w:r>'
PICTURE_DOTS_PER_INCH = 150


def render_docx(document: Document) -> bytes:
    """DOCX of `document`; the same document gives the same bytes."""
    word = new_word_file()
    _styles(word)
    _core_properties(word, document)
    section = word.sections[0]
    section.left_margin = section.right_margin = Inches(0.95)
    section.top_margin = section.bottom_margin = Inches(0.85)
    _footer(section, document)
    if document.simulated:
        header = section.header.paragraphs[0]
        header.text = say("report.banner_simulated")
        header.alignment = WD_ALIGN_PARAGRAPH.CENTER
        header.runs[0].bold = True
    _styled(word, document.title, "Heading1")
    _paragraph(word, Paragraph(document.subtitle, "note"))
    for block in document.blocks:
        if isinstance(block, Heading):
            _styled(word, block.text, f"Heading{block.level}")
        elif isinstance(block, Paragraph):
            _paragraph(word, block)
        elif isinstance(block, Bullets):
            for item in block.items:
                _styled(word, item, "ListBullet")
        elif isinstance(block, Table):
            _table(word, block)
        elif isinstance(block, Figure):
            _figure(word, block)
        elif isinstance(block, PageBreak):
            word.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    out = io.BytesIO()
    word.save(out)
    return without_clock(out.getvalue(), document.provenance.built_at())


def _styles(word: Any) -> None:
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = "Georgia", Pt(10.5)
    normal.paragraph_format.space_after = Pt(6)
    for level, size in ((1, 20), (2, 13), (3, 11)):
        style = word.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.color.rgb = "Georgia", Pt(size), ACCENT
        style.element.rPr.rFonts.set(qn("w:ascii"), "Georgia")
        style.element.rPr.rFonts.set(qn("w:hAnsi"), "Georgia")
    word.styles["Caption"].font.size = Pt(9)
    word.styles["Caption"].font.color.rgb = QUIET


def _core_properties(word: Any, document: Document) -> None:
    core = word.core_properties
    core.title, core.subject = clean(document.title)[:255], clean(document.subtitle)[:255]
    core.author, core.language = say("report.author"), f"{document.language}-US"
    core.comments = clean(f"Release {document.provenance.release}")[:255]
    core.keywords = clean(", ".join(document.keywords))[:255]
    core.created = core.modified = document.provenance.built_at()


def _footer(section: Any, document: Document) -> None:
    text = footer(document)
    paragraph = section.footer.paragraphs[0]
    paragraph.text = clean(text)
    paragraph.runs[0].font.size = Pt(8)


def _paragraph(word: Any, block: Paragraph) -> None:
    paragraph = word.add_paragraph()
    run = paragraph.add_run(clean(block.text))
    if block.style == "lead":
        run.font.size = Pt(14)
    elif block.style == "note":
        run.font.size, run.font.color.rgb = Pt(8.5), QUIET
    elif block.style == "caution":
        paragraph.paragraph_format.left_indent = Inches(0.2)
        run.italic = True


def _styled(word: Any, text: str, style: str) -> Any:
    """A paragraph by the id of its style: by name, the library searches all styles for each paragraph."""
    paragraph = word.add_paragraph(clean(text))
    paragraph._p.style = style
    return paragraph


def _table(word: Any, block: Table) -> None:
    _styled(word, block.caption, "Caption").paragraph_format.keep_with_next = True
    table = word.add_table(rows=1 + len(block.rows), cols=len(block.head), style="Light List Accent 1")
    table.autofit = True
    for number, (row, cells) in enumerate(zip(table._tbl.tr_lst, (block.head, *block.rows), strict=True)):
        for cell, words, align in zip(row.tc_lst, cells, block.align, strict=True):
            _cell(cell, words, align, bold=number == 0)
        properties = row.get_or_add_trPr()
        # A row is not torn in two by the end of a page.
        properties.append(_switched_on("w:cantSplit"))
        if number == 0:
            properties.append(_switched_on("w:tblHeader"))
    if block.note:
        _paragraph(word, Paragraph(block.note, "note"))
    word.add_paragraph()


def _switched_on(tag: str) -> Any:
    element = OxmlElement(tag)
    element.set(qn("w:val"), "true")
    return element


def _cell(cell: Any, words: str, align: str, bold: bool = False) -> None:
    """Fill a table cell. Its XML is made whole: the object model looks up styles for every run."""
    if not cell.p_lst:
        cell.add_p()
    paragraph = cell.p_lst[0]
    marks = "<w:b/>" if bold else ""
    paragraph.append(parse_xml(PARAGRAPH_PROPERTIES.format(align=ALIGN[align])))
    run = parse_xml(RUN.format(marks=marks))
    run.text = clean(words)
    paragraph.append(run)


def _figure(word: Any, block: Figure) -> None:
    _styled(word, block.caption, "Caption").paragraph_format.keep_with_next = True
    picture = word.add_picture(io.BytesIO(render_png(block.chart, PICTURE_DOTS_PER_INCH)), width=Inches(6.5))
    inline = picture._inline.docPr
    inline.set("descr", clean(block.alt))
    inline.set("title", clean(block.caption))
