"""Landing: a file is looked at from its first to its last byte before anything is read from it.

A feed is never sniffed. What passes has a known size, SHA-256, encoding, newline and header.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from etl.checksum import file_sha256
from etl.problems import BadInput, Problem, shown

PACKED_LIMIT = 200 * 1024**2
UNPACKED_LIMIT = 2 * 1024**3
PLAIN_LIMIT = 8 * 1024**3
COLUMN_LIMIT = 200
LINE_LIMIT = 1024**2
_CHUNK = 4 * 1024**2
_PACKED = {b"\x1f\x8b": "gzip", b"PK": "zip"}
_NOT_TEXT = {
    b"PK\x03\x04": "a ZIP or XLSX file",
    b"\xd0\xcf\x11\xe0": "an old Excel (XLS) file",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "a gzip file",
}


@dataclass(frozen=True)
class Landed:
    """A text file that passed. `path` is UTF-8 with one kind of newline, ready to be read."""

    name: str
    path: Path
    bytes: int
    sha256: str
    encoding: str
    header: tuple[str, ...]
    note: str = ""


def land_text(source: Path, workplace: Path, delimiter: str = ",") -> Landed:
    """Check a CSV file (plain, .gz or .zip with one file) and give back what to read.

    A copy is written to `workplace` only when the bytes must change (packed, cp1252, mixed
    newlines, byte order mark). Raises BadInput with one problem.
    """
    if not source.is_file():
        raise _problem(source, "there is no such file", "Check the name and the folder.")
    size = source.stat().st_size
    if size == 0:
        raise _problem(source, "the file is empty (0 bytes)", "Export or download it again.")
    with source.open("rb") as opened:
        start = opened.read(8)
    packed = next((kind for magic, kind in _PACKED.items() if start.startswith(magic)), None)
    named = {".gz": "gzip", ".zip": "zip"}.get(source.suffix.lower())
    if packed != named:
        was = _kind_of(start) or "plain text"
        raise _problem(
            source,
            f"the ending {source.suffix!r} does not fit the content, which is {was}",
            "Rename or export again.",
        )
    limit = PACKED_LIMIT if packed else PLAIN_LIMIT
    if size > limit:
        raise _problem(
            source, f"{size:,} bytes, more than {limit:,}", "Split the file by year and load the parts."
        )
    digest = file_sha256(source)
    path = source if packed is None else _unpack(source, workplace / f"{digest[:16]}.csv", packed)
    encoding, newlines, marked = _scan(source, path)
    notes = []
    if encoding != "utf-8" or newlines == "mixed" or marked:
        path = _rewrite(path, workplace / f"{digest[:16]}.utf8.csv", encoding)
        if encoding != "utf-8":
            notes.append("read as Windows-1252")
        if newlines == "mixed":
            notes.append("mixed newlines made one kind")
    header = _header(source, path, delimiter)
    return Landed(source.name, path, size, digest, encoding, header, "; ".join(notes))


def _unpack(source: Path, target: Path, packed: str) -> Path:
    """Unpack while counting, so that a small file cannot become an endless one."""
    try:
        with _packed_stream(source, packed) as stream, target.open("wb") as out:
            written = 0
            while chunk := stream.read(_CHUNK):
                written += len(chunk)
                if written > UNPACKED_LIMIT:
                    raise _problem(
                        source,
                        f"unpacks to more than {UNPACKED_LIMIT:,} bytes",
                        "Split the file by year; load the parts.",
                    )
                out.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise _problem(
            source,
            f"the packed file is damaged or cut short ({error})",
            "Download it again and compare sizes.",
        ) from error
    if written == 0:
        raise _problem(source, "the file is empty (0 bytes unpacked)", "Export or download it again.")
    return target


def _packed_stream(source: Path, packed: str) -> IO[bytes]:
    if packed == "gzip":
        return cast("IO[bytes]", gzip.open(source, "rb"))
    archive = zipfile.ZipFile(source)
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1 or not names[0].lower().endswith((".csv", ".txt", ".tsv")):
        raise _problem(
            source, f"the ZIP holds {len(names)} files, not one CSV", "Put one CSV file in the ZIP."
        )
    return archive.open(names[0])


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _scan(source: Path, path: Path) -> tuple[str, str, bool]:
    """One pass over all bytes: encoding, newlines, byte order mark. Raises BadInput."""
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    pending = False
    carriage_returns = pairs = line_feeds = line = 0
    marked = False
    last = b""
    for number, chunk in enumerate(_chunks(path)):
        if number == 0:
            kind = _kind_of(chunk)
            if kind:
                raise _problem(
                    source, f"this is {kind}, not a text table", "Export the table as CSV (UTF-8)."
                )
            marked = chunk.startswith(codecs.BOM_UTF8)
        if b"\0" in chunk:
            place = number * _CHUNK + chunk.index(b"\0")
            raise _problem(
                source, f"a NUL byte at byte {place + 1:,}", "The file is damaged: export it again."
            )
        if decoder is not None and (pending or not chunk.isascii()):
            try:
                decoder.decode(chunk)
                pending = bool(decoder.getstate()[0])
            except UnicodeDecodeError:
                decoder = None
        if b"\r" in chunk or last == b"\r":
            carriage_returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
        line_feeds += chunk.count(b"\n")
        line = _longest_line(source, chunk, line)
        last = chunk[-1:]
    encoding = "utf-8"
    if decoder is None or pending:
        encoding = "cp1252"
        cp1252 = codecs.getincrementaldecoder("cp1252")()
        for number, chunk in enumerate(_chunks(path)):
            try:
                cp1252.decode(chunk)
            except UnicodeDecodeError as error:
                raise _problem(
                    source,
                    f"neither UTF-8 nor Windows-1252 (byte {number * _CHUNK + error.start + 1:,})",
                    "Save the file as CSV UTF-8 and load it again.",
                ) from error
    mixed = carriage_returns and not (carriage_returns == pairs == line_feeds)
    return encoding, "mixed" if mixed else "one", marked


def _longest_line(source: Path, chunk: bytes, carried: int) -> int:
    """Length of the unfinished line at the end of `chunk`; raises when a line is too long."""
    first = chunk.find(b"\n")
    if first == -1:
        carried += len(chunk)
        longest = carried
    else:
        # A line that lies wholly inside a chunk can only be too long if the window below finds it.
        longest = carried + first
        position = first
        while len(chunk) - position > LINE_LIMIT:
            following = chunk.rfind(b"\n", position + 1, position + 1 + LINE_LIMIT)
            if following == -1:
                longest = LINE_LIMIT + 1
                break
            position = following
        carried = len(chunk) - chunk.rfind(b"\n") - 1
    if longest > LINE_LIMIT:
        raise _problem(
            source,
            f"a line is longer than {LINE_LIMIT:,} bytes",
            "Look for a quotation mark that is never closed.",
        )
    return carried


def _rewrite(path: Path, target: Path, encoding: str) -> Path:
    """A UTF-8 copy without byte order mark and with \\n newlines."""
    with (
        path.open("r", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline=None) as opened,
        target.open("w", encoding="utf-8", newline="\n") as out,
    ):
        while text := opened.read(_CHUNK):
            out.write(text)
    return target


def _header(source: Path, path: Path, delimiter: str) -> tuple[str, ...]:
    with path.open("r", encoding="utf-8", newline="") as opened:
        beginning = io.StringIO(opened.read(LINE_LIMIT))
        reader = csv.reader(beginning, delimiter=delimiter)
        try:
            header = [name.strip() for name in next(reader)]
        except (StopIteration, csv.Error) as error:
            raise _problem(
                source, "there is no header line", "Export the table with its column names."
            ) from error
        has_rows = False
        with suppress(csv.Error):
            has_rows = any(any(row) for row in reader)
    if len(header) > COLUMN_LIMIT:
        raise _problem(
            source, f"{len(header):,} columns, more than {COLUMN_LIMIT}", "Export only the table itself."
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise _problem(
            source, "the column name stands twice in the header", "Rename one of them.", column=twice[0]
        )
    if not has_rows and path.stat().st_size < LINE_LIMIT:
        raise _problem(source, "there is a header but no row under it", "Export or download it again.")
    return tuple(name or f"column_{position + 1}" for position, name in enumerate(header))


def _kind_of(start: bytes) -> str | None:
    for magic, kind in _NOT_TEXT.items():
        if start.startswith(magic):
            return kind
    beginning = start[:512].lstrip().lower()
    if beginning.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "a web page or XML (often an error message)"
    if beginning.startswith((b'{"', b'[{"')):
        return "JSON"
    return None


def _problem(source: Path, reason: str, what_to_do: str, column: str | None = None) -> BadInput:
    return BadInput(Problem(source.name, reason, what_to_do, column=column))


def require_columns(landed: Landed, needed: list[str], settings: str) -> None:
    """Raise BadInput, one problem a column, when a column that the settings name is not there."""
    missing = [name for name in dict.fromkeys(needed) if name not in landed.header]
    if missing:
        there = ", ".join(shown(name, 30) for name in landed.header[:30])
        raise BadInput(
            *(
                Problem(
                    landed.name,
                    f"the column is missing; the file has {there}",
                    f"Export it again with this column, or correct {settings}.",
                    row=1,
                    column=name,
                )
                for name in missing
            )
        )
