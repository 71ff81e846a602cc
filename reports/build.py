"""Makes the files of a report: kinds × formats, each written whole or not at all."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typst

from etl.warehouse import Release
from reports.content import Content, ReportError, read_content
from reports.document import Document
from reports.kinds import brief, council, slide, technical, ward
from reports.render.docx import render_docx
from reports.render.fixed_zip import ZIP_TIME
from reports.render.html import render_html
from reports.render.pdf import render_pdf
from reports.render.picture import render_png, render_svg
from reports.render.sheet import render_csv, render_xlsx

KINDS: dict[str, Callable[[Content], Document]] = {
    "council": council.build,
    "technical": technical.build,
    "slide": slide.build,
    "brief": brief.build,
}
KIND_NAMES = ("council", "ward", "technical", "slide", "brief")
FORMATS: dict[str, Callable[[Document], bytes]] = {
    "pdf": render_pdf,
    "docx": render_docx,
    "html": render_html,
    "xlsx": render_xlsx,
}
# One file a table or chart: packed into a zip, since a document has several.
BUNDLES = ("csv", "png", "svg")
FORMAT_NAMES = (*FORMATS, *BUNDLES)


@dataclass(frozen=True)
class ReportFile:
    name: str
    data: bytes


def documents(
    release: Release, program: str, kind: str, ward_id: str | None = None, all_wards: bool = False
) -> Iterator[Document]:
    """Documents of `kind` for `program`: one, or one a ward.

    Raises ReportError: unknown_program, unknown_kind, unknown_ward, ward_missing.
    """
    if kind not in KIND_NAMES:
        raise ReportError(
            "unknown_kind", f"{kind}: no such kind of report; there is {', '.join(KIND_NAMES)}."
        )
    content = read_content(release, program)
    if kind != "ward":
        yield KINDS[kind](content)
        return
    chosen = ward.wards(content) if all_wards else [ward_id] if ward_id else []
    if not chosen:
        raise ReportError(
            "ward_missing", "A ward brief needs --ward N or --all-wards (and a city that has wards)."
        )
    for each in chosen:
        yield ward.build(content, each)


def render(document: Document, file_format: str) -> ReportFile:
    """One file. Raises ReportError: unknown_format, not_rendered."""
    if file_format in FORMATS:
        try:
            return ReportFile(f"{document.file_stem}.{file_format}", FORMATS[file_format](document))
        except typst.TypstError as error:
            raise ReportError("not_rendered", f"{document.file_stem}.{file_format}: {error}") from error
    if file_format in BUNDLES:
        return ReportFile(f"{document.file_stem}-{file_format}.zip", _bundle(document, file_format))
    raise ReportError("unknown_format", f"{file_format}: no such format; there is {', '.join(FORMAT_NAMES)}.")


def _bundle(document: Document, file_format: str) -> bytes:
    if file_format == "csv":
        pieces = [(table.name, render_csv(table)) for table in document.tables]
    else:
        draw = render_png if file_format == "png" else render_svg
        pieces = [(figure.name, draw(figure.chart, is_titled=True)) for figure in document.figures]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for number, (name, data) in enumerate(pieces, start=1):
            safe = "".join(c if c.isalnum() else "-" for c in name.lower())
            pack.writestr(zipfile.ZipInfo(f"{number:02d}-{safe}.{file_format}", ZIP_TIME), data)
    return out.getvalue()


def write_file(folder: Path, file: ReportFile) -> Path:
    """Write a file whole or not at all: a full disk leaves no half-written report.

    Raises ReportError(not_written) with the reason.
    """
    target = folder / file.name
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as handle:
            temporary = Path(handle.name)
            handle.write(file.data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = f"{target}: not written ({error.strerror}). Free space or choose another --out; nothing half-written was left."
        raise ReportError("not_written", reason) from error
    return target
