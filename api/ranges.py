"""The Range header of RFC 9110, one range a request."""

from __future__ import annotations

import re

_ONE_RANGE = re.compile(r"^\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*$", re.IGNORECASE)


class RangeNotSatisfiable(Exception):
    """The range begins beyond the end of the file."""


def byte_range(header: str, length: int) -> tuple[int, int] | None:
    """First and last byte asked for, or None for the whole file.

    A header that is malformed, of another unit, or asks for several ranges is ignored, as the standard
    allows: the client then gets the whole file. Raises RangeNotSatisfiable.
    """
    found = _ONE_RANGE.match(header) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first_text, last_text = found.groups()
    if not first_text:
        wanted = int(last_text)
        if wanted == 0 or length == 0:
            raise RangeNotSatisfiable
        return max(0, length - wanted), length - 1
    first = int(first_text)
    last = min(int(last_text), length - 1) if last_text else length - 1
    if last_text and int(last_text) < first:
        return None
    if first >= length:
        raise RangeNotSatisfiable
    return first, last
