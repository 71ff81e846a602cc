"""How the values of a spec file are read: one reader for each kind; each says what is wrong and what to write."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

Point = str | float
"""A place on the time axis: "2005-01", "2005-01-30", "2005", or a number on the time index."""


class SpecError(ValueError):
    """A spec that cannot be read or carried out: one line that names the key and says what to do."""


def read_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SpecError(f'must be a text, not {value!r}; write it in quotes, e.g. "victims"')
    return value


def read_label(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SpecError(f'must be names in quotes, not {value!r}; write e.g. ["77"]')
    return str(value)


def read_labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise SpecError(f'must be a list, not {value!r}; write e.g. ["77"]')
    return tuple(read_label(item) for item in value)


def read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise SpecError(f"must be true or false, not {value!r}")
    return value


def read_whole(lowest: int, highest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise SpecError(f"must be a whole number from {lowest} to {highest}, not {value!r}")
        return value

    return read


def read_share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise SpecError(f"must be a number between 0 and 1, not {value!r}; write e.g. 0.10")
    return float(value)


def read_choice(allowed: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in allowed:
            raise SpecError(f"must be one of {', '.join(allowed)}, not {value!r}")
        return str(value)

    return read


_POINT = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def read_point(value: Any) -> Point:
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, str) and _POINT.fullmatch(value):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise SpecError(f'must be a month like "2021-06", a day like "2021-06-01" or a number, not {value!r}')


def read_point_or_none(value: Any) -> Point | None:
    return None if value == "none" else read_point(value)


def read_excluded(value: Any) -> tuple[Point, ...]:
    if not isinstance(value, list | tuple):
        raise SpecError(f'must be a list of periods, not {value!r}; write e.g. ["2001-09"]')
    found: list[Point] = []
    for item in value:
        if isinstance(item, str) and "/" in item:
            first, _, last = item.partition("/")
            found.append(f"{read_point(first)}/{read_point(last)}")
        else:
            found.append(read_point(item))
    return tuple(found)


def read_order(value: Any) -> tuple[int, int, int]:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise SpecError(f"must be three whole numbers like [2, 1, 0], not {value!r}")
    first, second, third = (read_whole(0, 24)(item) for item in value)
    return first, second, third
