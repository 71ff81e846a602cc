"""Text cells into values: times on the local clock, dates, numbers, yes and no, listed values."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from etl.dictionary import Column
from etl.logs.reading import FORMULA, MOST_CHARACTERS

Value = str | int | float | bool | date | datetime | None

# Beside 2024-05-31 22:15 (with or without seconds, blank or T between).
TIME_LAYOUTS = ("%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p")
DATE_LAYOUTS = ("%Y-%m-%d", "%m/%d/%Y", "%Y-%m-%d %H:%M")
YES, NO = frozenset({"yes", "true", "y", "1"}), frozenset({"no", "false", "n", "0"})

_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?")
_HOUR_24 = re.compile(r"[ T]24:")
_CONTACT_DETAIL = re.compile(r"@|(?:\d[ .()-]*){7,}")
_ID_COLUMNS = frozenset({"worker", "participant"})


class BadCell(Exception):
    """A cell that cannot be used; `reason` is a code of `findings.REASONS`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def cell_value(column: Column, text: str) -> Value:
    """The value of a cell by the dictionary's type. Raises BadCell."""
    if text.startswith(FORMULA):
        if column.name != "note":
            raise BadCell("formula_cell")
        text = text.removeprefix(FORMULA)
    if len(text) > MOST_CHARACTERS:
        raise BadCell("cell_too_long")
    if not text:
        if not column.null:
            raise BadCell("missing_value")
        return None
    if column.type == "TIMESTAMP":
        return time_value(text)
    if column.type == "DATE":
        return date_value(text)
    if column.type in ("INTEGER", "DOUBLE"):
        return number_value(text, whole=column.type == "INTEGER")
    if column.type == "BOOLEAN":
        return yes_or_no(text)
    if column.allowed:
        plain = text.lower().replace(" ", "_").replace("-", "_")
        if plain not in column.allowed:
            raise BadCell("unknown_value", f"Known are {', '.join(column.allowed)}.")
        return plain
    if column.name in _ID_COLUMNS and _CONTACT_DETAIL.search(text):
        raise BadCell("personal_detail")
    return text


def time_value(text: str) -> datetime:
    if _ISO_TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise BadCell("hour_24" if _HOUR_24.search(text) else "unreadable_time") from error
    if _HOUR_24.search(text):
        raise BadCell("hour_24")
    for layout in TIME_LAYOUTS:
        try:
            return datetime.strptime(text, layout)
        except ValueError:
            continue
    raise BadCell("unreadable_time")


def date_value(text: str) -> date:
    for layout in DATE_LAYOUTS:
        try:
            return datetime.strptime(text, layout).date()
        except ValueError:
            continue
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return date_value(text + "-01")
    raise BadCell("unreadable_date")


def number_value(text: str, whole: bool) -> int | float:
    plain = text.replace(",", "").removeprefix("$")
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", plain) or (whole and float(plain) % 1):
        raise BadCell("unreadable_number")
    return int(float(plain)) if whole else float(plain)


def yes_or_no(text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise BadCell("unknown_value", "Known are yes, no.")


def clock_fault(moment: datetime, zone: ZoneInfo) -> str | None:
    """`time_does_not_exist` in the hour that summer time skips, `time_happens_twice` in the one it repeats."""
    first = moment.replace(tzinfo=zone, fold=0).utcoffset()
    second = moment.replace(tzinfo=zone, fold=1).utcoffset()
    if first == second or first is None or second is None:
        return None
    return "time_does_not_exist" if first < second else "time_happens_twice"


def elapsed_hours(start: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Hours between two local clock times, with a clock change in between counted."""
    passed = end.replace(tzinfo=zone).timestamp() - start.replace(tzinfo=zone).timestamp()
    return passed / timedelta(hours=1).total_seconds()
