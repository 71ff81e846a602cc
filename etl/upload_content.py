"""What an uploaded file really is, from its bytes: a plain workbook, plain text, or nothing to be opened.

Runs in the bounded child and, for the cheap part, in the web server. Nothing here parses a cell.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from etl.problems import BadInput, Problem

LARGEST_FILE = 20 * 1024**2
LARGEST_UNPACKED = 200 * 1024**2
LARGEST_RATIO = 200
MOST_PARTS = 500
LONGEST_LINE = 1024**2
MOST_COLUMNS = 200
MOST_ROWS = 250_000
EXTENSIONS = {"csv": (".csv", ".txt"), "xlsx": (".xlsx",)}

_FORBIDDEN_PARTS = (
    ("vbaproject", "it holds macros"),
    ("macrosheets", "it holds macros"),
    ("dialogsheets", "it holds macros"),
    ("activex", "it holds controls"),
    ("externallinks", "it is linked to other files"),
    ("embeddings", "it holds embedded files"),
    ("connections.xml", "it is linked to a data source"),
    ("querytables", "it is linked to a data source"),
    ("customui", "it changes the program that opens it"),
)
_OTHER_KINDS = (
    (b"%PDF", "it is a PDF"),
    (b"\xd0\xcf\x11\xe0", "it is an old or encrypted Office file"),
    (b"\x7fELF", "it is a program"),
    (b"MZ", "it is a program"),
    (b"\x1f\x8b", "it is packed"),
    (b"Rar!", "it is packed"),
    (b"7z\xbc\xaf", "it is packed"),
    (b"PAR1", "it is a Parquet file"),
    (b"{\\rtf", "it is a text document"),
)
_SAVE = "Save it as a plain .xlsx or .csv file from the template."


def kind_of(path: Path, name: str) -> str:
    """`csv` or `xlsx`. Raises BadInput, one line, for everything else and for a name that says otherwise."""
    size = path.stat().st_size
    if size == 0:
        raise _bad(name, "it is empty", "Fill in the template and upload that.")
    if size > LARGEST_FILE:
        raise _bad(name, f"it is larger than {LARGEST_FILE // 1024**2} MB", "Upload it in parts, by month.")
    with path.open("rb") as file:
        start = file.read(8192)
    kind = "xlsx" if start.startswith(b"PK") else "csv"
    if kind == "xlsx":
        _check_workbook(path, name)
    else:
        _check_text(path, name, start)
    if not name.lower().endswith(EXTENSIONS[kind]):
        raise _bad(name, f"its content is {kind}, its name says otherwise", _SAVE)
    return kind


def _check_workbook(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise _bad(name, "it has too many parts for a workbook", _SAVE)
            names = {part.filename.lower() for part in parts}
            if len(names) != len(parts):
                raise _bad(name, "it holds two parts of one name", _SAVE)
            if not {"[content_types].xml", "xl/workbook.xml"} <= names:
                raise _bad(name, "it is a packed file, not a workbook", _SAVE)
            for part in parts:
                _check_part_name(part, name)
            unpacked = 0
            for part in parts:
                unpacked = _check_part(archive, part, name, unpacked)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        LookupError,
        EOFError,
        OSError,
        RuntimeError,
    ) as error:
        raise _bad(name, "it is damaged", _SAVE) from error


def _check_part_name(part: zipfile.ZipInfo, name: str) -> None:
    inside = part.filename.replace("\\", "/").lower()
    if part.flag_bits & 0x1:
        raise _bad(name, "it is protected by a password", "Save it without one.")
    if inside.startswith("/") or ".." in inside.split("/") or ":" in inside:
        raise _bad(name, "it holds a part with a path outside the workbook", _SAVE)
    for piece, reason in _FORBIDDEN_PARTS:
        if piece in inside:
            raise _bad(name, reason, _SAVE)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str, unpacked: int) -> int:
    """Unpack one part without keeping it, because the size it declares may lie. Returns the bytes so far."""
    before = unpacked
    tail = b""
    is_text = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    with archive.open(part) as stream:
        while chunk := stream.read(1024**2):
            unpacked += len(chunk)
            if unpacked > LARGEST_UNPACKED:
                raise _bad(name, "it unpacks to more than 200 MB", "Upload it in parts, by month.")
            if unpacked - before > 1024**2 and (unpacked - before) > LARGEST_RATIO * max(
                part.compress_size, 1
            ):
                raise _bad(name, "it unpacks to far more than a log would", _SAVE)
            if is_text:
                seen = (tail + chunk).replace(b"\x00", b"").upper()  # UTF-16 would hide it
                if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                    raise _bad(name, "it holds document definitions, which a workbook never needs", _SAVE)
                if part.filename.lower() == "[content_types].xml" and b"MACROENABLED" in seen:
                    raise _bad(name, "it holds macros", _SAVE)
                tail = chunk[-16:]
    return unpacked


def _check_text(path: Path, name: str, start: bytes) -> None:
    for signature, reason in _OTHER_KINDS:
        if start.startswith(signature):
            raise _bad(name, reason, _SAVE)
    if b"\x00" in start:
        raise _bad(name, "it is not text", _SAVE)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb"<(!doctype|html|\?xml|script|svg)", text, re.IGNORECASE):
        raise _bad(name, "it is a web page", _SAVE)
    if text[:1] in (b"{", b"["):
        raise _bad(name, "it is JSON", _SAVE)
    rows = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE + 1):
            rows += 1
            if len(line) > LONGEST_LINE:
                raise _bad(name, "it has a line of over 1 MB", _SAVE, rows)
            if b"\x00" in line:
                raise _bad(name, "it is not text", _SAVE, rows)
            if rows > MOST_ROWS:
                raise _bad(name, f"it has over {MOST_ROWS:,} lines", "Upload it in parts, by month.")


def _bad(name: str, reason: str, what_to_do: str, row: int | None = None) -> BadInput:
    return BadInput(Problem(name, reason, what_to_do, row=row))
