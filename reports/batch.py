"""Many files of a report at once: all ward briefs of a program, what a council night needs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from etl.warehouse import Release
from reports.build import ReportFile, documents, render
from reports.document import Document
from reports.render.fixed_zip import ZIP_TIME

# The compiler of the PDF files runs outside the interpreter's lock, so one file of each kind is made at once.
AT_ONCE = 2


@dataclass(frozen=True)
class Batch:
    data: bytes
    files: int


def render_all(work: Sequence[tuple[Document, str]]) -> Iterator[ReportFile]:
    """The files of (document, format) pairs in their order, two being made at a time.

    Raises ReportError as `render` does; files that were not begun are then not made.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(render, document, name) for document, name in work]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def ward_batch(
    release: Release,
    program: str,
    formats: Sequence[str] = ("pdf", "docx"),
    progress: Callable[[str, int, int], None] = lambda name, number, total: None,
) -> Batch:
    """A zip with one file a ward and format. `progress` is told name, number and total after each.

    Raises ReportError as `documents` and `render` do.
    """
    made = list(documents(release, program, "ward", all_wards=True))
    work = [(document, name) for document in made for name in formats]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for number, (file, (document, _)) in enumerate(zip(render_all(work), work, strict=True), start=1):
            pack.writestr(zipfile.ZipInfo(file.name, ZIP_TIME), file.data)
            progress(document.title, number, len(work))
    return Batch(out.getvalue(), len(work))
