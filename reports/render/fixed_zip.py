"""Office files are zips that carry the clock of the machine. This takes it out, so that bytes repeat."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can hold


def without_clock(data: bytes, made: datetime) -> bytes:
    """The same office file with entries dated 1980 and its properties dated `made`."""
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:(created|modified)[^>]*>)[^<]*",
                    lambda match: match.group(1) + stamp,
                    content,
                )
            pack.writestr(zipfile.ZipInfo(entry.filename, ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
