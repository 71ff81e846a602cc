"""Blank templates for the logs, made from the dictionary: `python -m etl.logs templates --out data/templates`.

For each log a CSV with only its header, and an XLSX with the same header, lists to choose from, and a notes
sheet that says what each column means.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from etl.dictionary import Column
from etl.logs.forms import FORMS, Form

HOW_TO_WRITE = {
    "TIMESTAMP": "2024-05-31 22:15 (local clock; midnight is 00:00 of the next day)",
    "DATE": "2024-05-31",
    "INTEGER": "digits only",
    "DOUBLE": "digits only, with a point for decimals",
    "BOOLEAN": "yes or no",
    "VARCHAR": "text",
}
ROWS_WITH_LISTS = 5_000
MADE = datetime(2024, 1, 1)
"""The date inside the workbooks, so that the same dictionary gives the same bytes."""


def write_templates(folder: Path) -> list[Path]:
    """Write every template; returns the files. The same dictionary gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for form in FORMS:
        header = ",".join(column.name for column in form.columns) + "\n"
        for suffix, content in ((".csv", header.encode("utf-8")), (".xlsx", workbook_bytes(form))):
            path = folder / f"{form.name}{suffix}"
            path.write_bytes(content)
            written.append(path)
    return written


def workbook_bytes(form: Form) -> bytes:
    """One template workbook: a sheet named after the log, and Notes."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = form.name
    sheet.freeze_panes = "A2"
    for number, column in enumerate(form.columns, start=1):
        _head(sheet, number, column)
    _notes(workbook.create_sheet("Notes"), form)
    workbook.properties.created = workbook.properties.modified = MADE
    workbook.properties.creator = "Outreach log template"
    packed = io.BytesIO()
    workbook.save(packed)
    return _same_every_time(packed.getvalue())


def _head(sheet: Worksheet, number: int, column: Column) -> None:
    letter = get_column_letter(number)
    cell = sheet.cell(row=1, column=number, value=column.name)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E8EEF2" if column.null else "CFE0EA")
    sheet.column_dimensions[letter].width = max(14, len(column.name) + 4)
    # Times and dates stay text, so that no spreadsheet turns them into another format.
    for row in range(2, 200):
        sheet.cell(row=row, column=number).number_format = "@"
    values = ("yes", "no") if column.type == "BOOLEAN" else column.allowed
    if values:
        choice = DataValidation(type="list", formula1='"' + ",".join(values) + '"', allow_blank=column.null)
        choice.error = "Choose a value of the list."
        sheet.add_data_validation(choice)
        choice.add(f"{letter}2:{letter}{ROWS_WITH_LISTS}")


def _notes(sheet: Worksheet, form: Form) -> None:
    sheet["A1"] = form.definition.description
    sheet["A1"].font = Font(bold=True, size=13)
    sheet["A2"] = (
        f"{form.definition.grain[0].upper()}{form.definition.grain[1:]}. Save as XLSX or CSV (UTF-8)."
    )
    sheet["A3"] = (
        "No names, phone numbers, e-mail or street addresses of anyone. Notes stay in the private store."
    )
    for number, title in enumerate(("column", "must be filled", "what it means", "how to write it"), start=1):
        sheet.cell(row=5, column=number, value=title).font = Font(bold=True)
    for row, column in enumerate(form.columns, start=6):
        empty = column.caveat.removeprefix("Empty: ") if column.null else ""
        cells = (
            column.name,
            f"no; empty: {empty}" if column.null else "yes",
            column.meaning,
            ", ".join(column.allowed) or HOW_TO_WRITE[column.type],
        )
        for number, value in enumerate(cells, start=1):
            sheet.cell(row=row, column=number, value=value).alignment = Alignment(
                wrap_text=True, vertical="top"
            )
    for letter, width in zip("ABCD", (24, 34, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _same_every_time(packed: bytes) -> bytes:
    """The workbook with fixed times, in the archive and in its properties."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as source,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                stamp = MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
            target.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return result.getvalue()
