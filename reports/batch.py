"""All ward briefs of a program in one zip: what a council night needs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from etl.warehouse import Release
from reports.build import documents, render
from reports.render.fixed_zip import ZIP_TIME


@dataclass(frozen=True)
class Batch:
    data: bytes
    files: int


def ward_batch(
    release: Release,
    program: str,
    formats: Sequence[str] = ("pdf", "docx"),
    progress: Callable[[str, int, int], None] = lambda name, number, total: None,
) -> Batch:
    """A zip with one file a ward and format. `progress` is told name, number and total before each.

    Raises ReportError as `documents` and `render` do.
    """
    made = list(documents(release, program, "ward", all_wards=True))
    work = [(document, name) for document in made for name in formats]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for number, (document, name) in enumerate(work, start=1):
            progress(document.title, number, len(work))
            file = render(document, name)
            pack.writestr(zipfile.ZipInfo(file.name, ZIP_TIME), file.data)
    return Batch(out.getvalue(), len(work))
