"""Log files into text cells: CSV in any encoding, XLSX. Sizes are capped before anything is unpacked."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from etl.logs.findings import Finding
from etl.logs.forms import Form, form_of

LARGEST_FILE = 20_000_000
LARGEST_UNPACKED = 200_000_000
MOST_ROWS = 300_000
MOST_COLUMNS = 100
MOST_CHARACTERS = 4_000
# What the workbook reader raises on bytes that are no workbook: its parts are looked up, unpacked and parsed
# as it goes, so that damage shows as almost anything. Each kind here was met with changed files (tests/trust/fuzz).
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    RuntimeError,
)
FORMULA = "\x00formula"
"""Stands for a formula in a cell; no text of a file can hold it."""


@dataclass
class Sheet:
    """One log as text: header names and rows of cells with their row numbers."""

    form: Form
    file: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    findings: list[Finding] = field(default_factory=list)


class Refused(Exception):
    """A file or sheet that is not read; carries the findings."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("\n".join(finding.line() for finding in findings))
        self.findings = findings


def read_log(path: Path) -> list[Sheet]:
    """The logs in one file: one for a CSV, one for each known sheet of a workbook.

    Raises Refused with findings that say why and what to do. Never follows formulas, links or macros.
    """
    if path.stat().st_size > LARGEST_FILE:
        raise Refused(_about(path, "file_too_large", f"The limit is {LARGEST_FILE // 1_000_000} MB."))
    content = path.read_bytes()
    if not content.strip():
        raise Refused(_about(path, "empty_file"))
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xls"} or content[:4] == b"PK\x03\x04":
        return _read_workbook(path, content)
    return [_read_csv(path, content)]


def _read_csv(path: Path, content: bytes) -> Sheet:
    form = form_of(path.stem)
    if form is None:
        raise Refused(_about(path, "unknown_form"))
    text, note = _decoded(path, content)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    header_line = lines.lstrip("\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(lines), delimiter=delimiter, strict=True)
    table: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                table.append((reader.line_num, [_as_formula(cell.strip()) for cell in row]))
            if len(table) > MOST_ROWS + 1:
                raise Refused(_about(path, "too_many_rows", f"The limit is {MOST_ROWS:,}."))
    except csv.Error as error:
        raise Refused(_about(path, "broken_csv", row=reader.line_num)) from error
    sheet = _sheet(form, path.name, table)
    if note:
        sheet.findings.append(Finding(form.name, path.name, note))
    return sheet


def _decoded(path: Path, content: bytes) -> tuple[str, str | None]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in content:
        raise Refused(_about(path, "not_text"))
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding), "read_as_cp1252" if encoding == "cp1252" else None
        except UnicodeDecodeError:
            continue
    raise Refused(_about(path, "not_text"))


def _as_formula(cell: str) -> str:
    """A spreadsheet would run a cell that begins like this; a time or a number never does."""
    return FORMULA + cell if cell[:1] in ("=", "@") else cell


def _read_workbook(path: Path, content: bytes) -> list[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
            if any("vbaproject" in name.lower() for name in names):
                raise Refused(_about(path, "macro_workbook"))
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_UNPACKED:
                raise Refused(_about(path, "file_too_large", "It unpacks to more than 200 MB."))
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        return _read_sheets(path, workbook)
    except DAMAGE as error:
        raise Refused(_about(path, "not_a_workbook")) from error


def _read_sheets(path: Path, workbook: Workbook) -> list[Sheet]:
    chosen = [(form, sheet) for sheet in workbook.worksheets if (form := form_of(sheet.title)) is not None]
    if not chosen:
        form = form_of(path.stem)
        if form is None or not workbook.worksheets:
            raise Refused(_about(path, "unknown_form"))
        chosen = [(form, workbook.worksheets[0])]
    sheets = []
    for form, worksheet in chosen:
        file = path.name if len(chosen) == 1 else f"{path.name}/{worksheet.title}"
        table = []
        for number, row in enumerate(worksheet.iter_rows(), start=1):
            if len(row) > MOST_COLUMNS:
                raise Refused(_about(path, "too_many_columns", f"The limit is {MOST_COLUMNS}."))
            if number > MOST_ROWS + 1:
                raise Refused(_about(path, "too_many_rows", f"The limit is {MOST_ROWS:,}."))
            cells = [_cell_text(cell.value, cell.data_type) for cell in row]
            if any(cells):
                table.append((number, cells))
        sheets.append(_sheet(form, file, _same_width(table)))
    workbook.close()
    return sheets


def _cell_text(value: object, data_type: str) -> str:
    if value is None:
        return ""
    if data_type == "f":
        return FORMULA + str(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S" if value.second else "%Y-%m-%d %H:%M")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _as_formula(str(value).strip())


def _same_width(table: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Sheets drop trailing empty cells: fill rows up to the header, cut what is empty beyond it."""
    if not table:
        return table
    width = len([cell for cell in table[0][1] if cell])
    return [(number, _fitted(cells, width)) for number, cells in table]


def _fitted(cells: list[str], width: int) -> list[str]:
    kept = cells[:width] if not any(cells[width:]) else cells
    return kept + [""] * (width - len(kept))


def _sheet(form: Form, file: str, table: list[tuple[int, list[str]]]) -> Sheet:
    if len(table) < 2:
        raise Refused(Finding(form.name, file, "empty_file"))
    header = [_column_name(cell) for cell in table[0][1]]
    if len(header) > MOST_COLUMNS:
        raise Refused(Finding(form.name, file, "too_many_columns", detail=f"The limit is {MOST_COLUMNS}."))
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    known = {column.name for column in form.columns} | {"simulated", "city", "program"}
    problems = [Finding(form.name, file, "repeated_column", 1, name) for name in repeated if name in known]
    problems += [
        Finding(form.name, file, "missing_column", 1, name) for name in form.required if name not in header
    ]
    if problems:
        raise Refused(*problems)
    extra = [Finding(form.name, file, "unknown_column", 1) for name in header if name not in known]
    return Sheet(form, file, header, table[1:], extra)


def _column_name(cell: str) -> str:
    return cell.removeprefix(FORMULA).strip().lower().replace(" ", "_")


def _about(path: Path, reason: str, detail: str = "", row: int | None = None) -> Finding:
    form = form_of(path.stem)
    return Finding(form.name if form else "", path.name, reason, row, detail=detail)


def log_files(places: Iterator[Path] | list[Path]) -> list[Path]:
    """Files to read, in a fixed order: those given, and the CSV and Excel files of the folders given."""
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            found += sorted(
                path for path in place.iterdir() if path.suffix.lower() in {".csv", ".xlsx", ".xlsm", ".xls"}
            )
        else:
            found.append(place)
    return found
