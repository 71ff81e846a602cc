"""Workbooks (XLSX, XLS) as text tables, sheet by sheet, after the same look at the file as for CSV."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import xlrd

from etl.problems import BadInput, Problem
from etl.sources.landing import COLUMN_LIMIT, PACKED_LIMIT, UNPACKED_LIMIT, Landed

WORKBOOK_ENDINGS = (".xlsx", ".xls")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGER = re.compile(r"thru|through|quarter|qtr|half|year|ytd|\bto\b", re.IGNORECASE)
_SHEET_MONTH = re.compile(rf"^\s*({'|'.join(_MONTHS)})[a-z]*[\s_,.-]*(\d{{4}})", re.IGNORECASE)
_FILE_MONTH = re.compile(r"^(\d{4})[_-](\d{2})[_-]")


@dataclass(frozen=True)
class Sheet:
    """One sheet: title, header texts, and rows of texts with their row number."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def land_workbook(source: Path) -> tuple[Landed, list[Sheet]]:
    """Check a workbook and read its sheets that hold a table. Raises BadInput."""
    if not source.is_file():
        raise _problem(source, "there is no such file", "Check the name and the folder.")
    size = source.stat().st_size
    if size == 0:
        raise _problem(source, "the file is empty (0 bytes)", "Export or download it again.")
    if size > PACKED_LIMIT:
        raise _problem(source, f"{size:,} bytes, more than {PACKED_LIMIT:,}", "Export it as CSV.")
    content = source.read_bytes()
    reader = _read_xlsx if content[:4] == b"PK\x03\x04" else _read_xls
    try:
        sheets = [sheet for sheet in reader(source, content) if sheet.rows]
    except (zipfile.BadZipFile, xlrd.XLRDError, KeyError, ValueError, EOFError) as error:
        raise _problem(
            source, f"not a workbook that can be read ({error})", "Save it again as XLSX or CSV."
        ) from error
    if not sheets:
        raise _problem(source, "no sheet holds a table", "Check the file.")
    header = sheets[0].header
    return Landed(source.name, source, size, hashlib.sha256(content).hexdigest(), "", header), sheets


def _read_xlsx(source: Path, content: bytes) -> list[Sheet]:
    with zipfile.ZipFile(source) as archive:
        unpacked = sum(item.file_size for item in archive.infolist())
    if unpacked > UNPACKED_LIMIT // 10:
        raise _problem(source, f"unpacks to {unpacked:,} bytes", "Export only the table itself, as CSV.")
    book = openpyxl.load_workbook(source, read_only=True, data_only=True)
    try:
        return [_sheet(source, page.title, page.iter_rows(values_only=True)) for page in book.worksheets]
    finally:
        book.close()


def _read_xls(source: Path, content: bytes) -> list[Sheet]:
    book = xlrd.open_workbook(file_contents=content)
    return [
        _sheet(source, page.name, (page.row_values(row) for row in range(page.nrows)))
        for page in book.sheets()
    ]


def _sheet(source: Path, title: str, lines: Any) -> Sheet:
    header: tuple[str, ...] = ()
    rows = []
    for number, cells in enumerate(lines, start=1):
        texts = tuple(_text(cell) for cell in cells)
        if not any(texts):
            continue
        if len(texts) > COLUMN_LIMIT:
            raise _problem(
                source, f"{len(texts):,} columns, more than {COLUMN_LIMIT}", "Export only the table itself."
            )
        if not header:
            header = texts
        else:
            rows.append((number, texts))
    return Sheet(title, header, tuple(rows))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()


def is_longer(title: str) -> bool:
    """Whether a sheet's title says a quarter, a half, a year to date or several months."""
    return bool(_LONGER.search(title))


def month_of_title(title: str) -> date | None:
    """The month a sheet's title begins with, such as "October 2015" or "Jan2006_Crosstab"."""
    found = _SHEET_MONTH.match(title)
    return date(int(found[2]), _MONTHS.index(found[1].lower()) + 1, 1) if found else None


def month_of_file(name: str) -> date | None:
    """The month that a file's name begins with, such as 2015_09_."""
    found = _FILE_MONTH.match(name)
    return date(int(found[1]), int(found[2]), 1) if found else None


def _problem(source: Path, reason: str, what_to_do: str) -> BadInput:
    return BadInput(Problem(source.name, reason, what_to_do))
