"""The tables of a document as XLSX or CSV, safe against formula injection."""

from __future__ import annotations

import csv
import io
import re

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from presentation.language import say
from reports.document import Document, Table
from reports.render.fixed_zip import without_clock
from reports.render.xml_text import clean

# A spreadsheet runs a cell that begins with one of these as a formula.
FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"[-+−]?\d[\d,]*(\.\d+)?%?$")


def safe_cell(text: str) -> str:
    """Text that no spreadsheet will run: a leading apostrophe before anything that looks like a formula."""
    text = clean(text)
    if text.lstrip(" ").startswith(FORMULA_START) and not NUMBER.match(text):
        return "'" + text
    return text


def render_xlsx(document: Document) -> bytes:
    """A workbook with a sheet of provenance and a sheet for each table of `document`."""
    book = Workbook()
    first = book.active
    first.title = "About"
    provenance = document.provenance
    about = [
        ("Title", document.title),
        ("Program", document.program),
        ("Release", provenance.release),
        ("Data through", provenance.data_through or say("report.no_month")),
        ("Data snapshot", provenance.snapshot),
        ("Code version", provenance.code_version),
        ("How to cite", provenance.cite),
        *((f"Spec of {name}", sha) for name, sha in provenance.specs),
    ]
    if document.simulated:
        about.insert(0, ("SIMULATED", "Invented city: no real people, providers or money."))
    for name, value in about:
        first.append([safe_cell(name), safe_cell(value)])
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 24, 90
    for table in document.tables:
        _sheet(book, table, document)
    book.properties.created = book.properties.modified = provenance.built_at()
    out = io.BytesIO()
    book.save(out)
    return without_clock(out.getvalue(), provenance.built_at())


def _sheet(book: Workbook, table: Table, document: Document) -> None:
    sheet = book.create_sheet(_sheet_name(table.name, book.sheetnames))
    sheet.append([safe_cell(table.caption)])
    sheet.append(
        [safe_cell(f"Release {document.provenance.release}" + (". SIMULATED" if document.simulated else ""))]
    )
    sheet.append([safe_cell(cell) for cell in table.head])
    for cell in sheet[3]:
        cell.font = Font(bold=True)
    for row in table.rows:
        sheet.append([safe_cell(cell) for cell in row])
    for column, align in enumerate(table.align, start=1):
        letter = sheet.cell(row=3, column=column).column_letter
        longest = max([len(table.head[column - 1]), *(len(r[column - 1]) for r in table.rows)], default=10)
        sheet.column_dimensions[letter].width = min(max(longest + 2, 10), 60)
        for cell in sheet[letter][3:]:
            cell.alignment = Alignment(
                horizontal="right" if align == "r" else "left", wrap_text=True, vertical="top"
            )
    sheet.freeze_panes = "A4"


def _sheet_name(name: str, taken: list[str]) -> str:
    base = re.sub(r"[\[\]:*?/\\']", " ", clean(name))[:28] or "Table"
    chosen, number = base, 2
    while chosen in taken:
        chosen, number = f"{base} {number}", number + 1
    return chosen


def render_csv(table: Table) -> bytes:
    """One table as CSV, UTF-8 with a byte-order mark so that Excel reads it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(cell) for cell in table.head])
    writer.writerows([[safe_cell(cell) for cell in row] for row in table.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")
