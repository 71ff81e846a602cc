"""Numbers, dates and changes as people read them, by the rules of the language file."""

from __future__ import annotations

import math
from datetime import date, datetime

from presentation.language import listed, say

MANY_TIMES = 4.0  # from here a ratio is said as "times as many"


def is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def decimal(value: float | None, places: int = 1) -> str:
    """1234.5 -> 1,234.5; unknown -> the word for not known."""
    if value is None or not math.isfinite(value):
        return say("numbers.unknown")
    text = f"{abs(value):,.{places}f}"
    text = text.replace(",", "\0").replace(".", say("numbers.decimal")).replace("\0", say("numbers.group"))
    return (say("numbers.minus") if value < 0 and float(f"{value:.{places}f}") != 0 else "") + text


def count(value: float | None) -> str:
    """A whole number: 1234 -> 1,234."""
    return decimal(value, 0)


def percent(value: float | None, places: int = 0) -> str:
    """38.2 -> 38%; a value that rounds to nothing but is not nothing -> less than 1%."""
    if value is not None and places == 0 and 0 < abs(value) < 0.5:
        return say("numbers.under_one_percent")
    if value is None or not math.isfinite(value):
        return say("numbers.unknown")
    return say("numbers.percent", value=decimal(value, places))


def share(part: float, whole: float) -> str:
    """Part of a whole as a percent, or not known for an empty whole."""
    return percent(100 * part / whole) if whole else say("numbers.unknown")


def dollars(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return say("numbers.unknown")
    return say("numbers.dollars", value=count(value))


def ratio(value: float | None) -> str:
    """A rate ratio with two decimals."""
    return decimal(value, 2)


def probability(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return say("numbers.unknown")
    if value < 0.001:
        return say("numbers.p_tiny", value=decimal(0.001, 3))
    return say("numbers.p", value=decimal(value, 3 if value < 0.1 else 2))


def change(rate_ratio: float | None) -> str:
    """A rate ratio as a change: 0.62 -> 38% fewer; 1.21 -> 21% more; 5.2 -> 5.2 times as many."""
    if rate_ratio is None or not math.isfinite(rate_ratio):
        return say("numbers.unknown")
    size = abs(100 * (rate_ratio - 1))
    if round(size) == 0:
        return say("change.none")
    if rate_ratio >= MANY_TIMES:
        return say("change.times", value=decimal(rate_ratio, 1))
    return say("change.fewer" if rate_ratio < 1 else "change.more", percent=percent(size))


def change_range(lower: float | None, upper: float | None) -> str:
    """Two rate ratios as a range: from 38% fewer to 21% more; from 12% to 38% more."""
    if not is_known(lower) or not is_known(upper):
        return say("numbers.unknown")
    assert lower is not None and upper is not None
    first, last = change(lower), change(upper)
    if first == last:
        return say("change.same", value=first)
    sizes = [percent(abs(100 * (value - 1))) for value in (lower, upper)]
    if upper < 1 and say("change.none") not in (first, last):
        return say("change.range_fewer", first=sizes[0], last=sizes[1])
    if lower > 1 and upper < MANY_TIMES and say("change.none") not in (first, last):
        return say("change.range_more", first=sizes[0], last=sizes[1])
    return say("change.range", first=first, last=last)


def signed_percent(rate_ratio: float | None) -> str:
    """For axes and tables: 0.62 -> −38%; 1.21 -> +21%; 1 -> 0%."""
    if rate_ratio is None or not math.isfinite(rate_ratio):
        return say("numbers.unknown")
    size = 100 * (rate_ratio - 1)
    return ("+" if round(size) > 0 else "") + say("numbers.percent", value=decimal(size, 0))


def as_date(value: object) -> date | None:
    """A date from a date, datetime (or pandas Timestamp), `2021-06` or `2021-06-01`; None if it is none."""
    if isinstance(value, datetime):
        return value.date() if value == value else None  # NaT is not equal to itself
    if isinstance(value, date):
        return value
    text = str(value) if value is not None else ""
    try:
        return date.fromisoformat(text if len(text) != 7 else text + "-01")
    except ValueError:
        return None


def month(value: object, short: bool = False) -> str:
    """June 2021, or Jun 2021. Anything that is no month comes back as it is (a time index)."""
    day = as_date(value)
    if day is None:
        return "" if value is None else str(value)
    name = listed("numbers.months_short" if short else "numbers.months")[day.month - 1]
    return say("numbers.month_year", month=name, year=day.year)


def day(value: object) -> str:
    """June 1, 2021."""
    known = as_date(value)
    if known is None:
        return say("numbers.unknown")
    return say("numbers.day", month=listed("numbers.months")[known.month - 1], day=known.day, year=known.year)


def months_between(first: object, last: object, short: bool = False) -> str:
    """June 2021 to March 2025; since June 2021 when it is still going on."""
    if not as_date(last) and not last:
        return say("numbers.since", first=month(first, short))
    return say("numbers.span", first=month(first, short), last=month(last, short))


def month_count(first: object, last: object) -> int | None:
    """Calendar months from first to last, both included."""
    start, end = as_date(first), as_date(last)
    if start is None or end is None:
        return None
    return (end.year - start.year) * 12 + end.month - start.month + 1


def hour(value: int) -> str:
    """Hour of the clock: 0 -> 12 am, 15 -> 3 pm."""
    return say("numbers.am" if value % 24 < 12 else "numbers.pm", hour=(value % 12) or 12)


def file_part(text: str) -> str:
    """A safe piece of a file name."""
    kept = "".join(c.lower() if c.isascii() and c.isalnum() else "-" for c in text)
    return "-".join(piece for piece in kept.split("-") if piece)
