"""`python -m etl new-city SAMPLE`: a first draft of a file of settings, from a look at a sample of rows.

It guesses; a person decides. Each guess that is not sure stands as a comment.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import datetime
from itertools import islice
from pathlib import Path

from etl.source_settings import GEOGRAPHIES
from etl.sources.tabular import land_table

SAMPLE_ROWS = 2000
DATE_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d %H:%M:%S+00",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p",
    "%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d", "%m/%d/%y",
)  # fmt: skip
TIME_FORMATS = ("%H:%M:%S", "%H:%M", "%H:%M:%S+00", "%I:%M %p")
_MISSING = ("", "NA", "NULL", "null", "None", "N/A")
_WORDS = {
    "case": r"case|incident.?(key|id|no|num)|report.?(no|num)|^id$",
    "victims": r"victim.*(count|number)|crime_?count|num.*victim|^victims$",
    "longitude": r"^(x|lon|long|longitude)$",
    "latitude": r"^(y|lat|latitude)$",
    "occurred": r"occur|incident.?date|date.?of|begin|from.?date",
    "reported": r"report",
    "precinct": r"precinct|district|division",
    "ward": r"ward|council",
    "community": r"community",
    "neighborhood": r"neighbou?rhood|hood|beat|area",
    "zone": r"zone",
    "class": r"offense|crime|type|category|description|flag",
}


def draft(path: Path, workplace: Path, city: str) -> str:
    """Settings in TOML for a file of rows. Raises BadInput when the file cannot be read."""
    landed = land_table(path, workplace)
    with landed.path.open(encoding="utf-8", newline="") as opened:
        rows = list(islice(csv.DictReader(opened), SAMPLE_ROWS))
    columns = {
        name: [row[name].strip() for row in rows if (row[name] or "").strip() not in _MISSING]
        for name in landed.header
    }
    case = _named(columns, "case") or max(columns, key=lambda name: len(set(columns[name])))
    repeats = Counter(columns[case])
    dated = _dated(columns)
    lines = [
        f"# Draft from {path.name}: check every line, then `python -m etl check {path.name} --source NAME`.",
        f'city = "{city}"',
        'kind = "rows"',
        'title = "TODO: what the rows are"',
        'publisher = "TODO: who publishes them; the credit line"',
        'url = "TODO"',
        'licence = "TODO"',
        f'files = ["{path.name}"]',
        "",
        "[rows]",
        f"# {len(repeats):,} different values in {len(columns[case]):,} rows of {case!r}.",
        f'row_is = "{"case" if max(repeats.values(), default=1) == 1 else "victim"}"  # case: a row is an incident; victim: a row is a person',
        f'case = "{case}"',
    ]
    for key in ("victims", "longitude", "latitude"):
        found = _named(columns, key)
        lines += [f'{key} = "{found}"'] if found else []
    first = min((low for _, _, low in dated), default=None)
    lines += [
        f'first_month = "{first:%Y-%m}"  # the first complete month' if first else 'first_month = "TODO"',
        "",
        "[time]",
    ]
    lines += [
        'zone = "America/Chicago"  # TODO',
        'clock = "local"  # utc only when the publisher truly converts',
    ]
    lines += _times(columns, dated)
    lines += ["", "[areas]", 'list = "from_rows"  # known: only the names of the city\'s areas file']
    for kind in GEOGRAPHIES:
        found = _named(columns, kind)
        lines += [f'{kind} = "{found}"  # {len(set(columns[found]))} different'] if found else []
    lines += [
        "",
        "[[outcome]]",
        'outcome = "gunshot"',
        f'units = ["incidents"{_victims_unit(columns, repeats)}]',
    ]
    lines += _classes(columns)
    return "\n".join(lines) + "\n"


def _named(columns: dict[str, list[str]], key: str) -> str | None:
    return next(
        (name for name in columns if re.search(_WORDS[key], name, re.IGNORECASE) and columns[name]), None
    )


def _dated(columns: dict[str, list[str]]) -> list[tuple[str, str, datetime]]:
    """Columns that are dates: name, format, earliest."""
    found = []
    for name, values in columns.items():
        for layout in DATE_FORMATS:
            parsed = [_parse(value, layout) for value in values]
            known = [value for value in parsed if value is not None]
            if values and len(known) >= 0.95 * len(values):
                found.append((name, layout, min(known)))
                break
    return found


def _parse(text: str, layout: str) -> datetime | None:
    try:
        return datetime.strptime(text, layout)
    except ValueError:
        return None


def _times(columns: dict[str, list[str]], dated: list[tuple[str, str, datetime]]) -> list[str]:
    lines = []
    used = set()
    for key in ("occurred", "reported"):
        for name, layout, _ in dated:
            if name in used or not re.search(_WORDS[key], name, re.IGNORECASE):
                continue
            used.add(name)
            clock = _clock(columns, name) if "%H" not in layout and "%I" not in layout else None
            parts = [name, clock[0]] if clock else [name]
            written = f"{layout} {clock[1]}" if clock else layout
            listed = ", ".join(f'"{part}"' for part in parts)
            lines.append(f'{key} = {{ columns = [{listed}], format = "{written}" }}')
            break
    rest = [f'# also a date: "{name}" ({layout})' for name, layout, _ in dated if name not in used]
    if not lines and dated:
        name, layout, _ = dated[0]
        return [f'occurred = {{ columns = ["{name}"], format = "{layout}" }}', *rest[1:]]
    return lines + rest


def _clock(columns: dict[str, list[str]], date_column: str) -> tuple[str, str] | None:
    """A column with the time of day that goes with a date column."""
    for name, values in columns.items():
        if name == date_column or not re.search("time", name, re.IGNORECASE):
            continue
        for layout in TIME_FORMATS:
            if values and sum(_parse(value, layout) is not None for value in values) >= 0.95 * len(values):
                return name, layout
    return None


def _victims_unit(columns: dict[str, list[str]], repeats: Counter[str]) -> str:
    several = max(repeats.values(), default=1) > 1
    return ', "victims"' if several or _named(columns, "victims") else ""


def _classes(columns: dict[str, list[str]]) -> list[str]:
    lines = []
    for name, values in columns.items():
        different = Counter(values)
        if re.search(_WORDS["class"], name, re.IGNORECASE) and 1 < len(different) <= 60:
            common = ", ".join(f'"{value}"' for value, _ in different.most_common(6))
            lines += [f'# column = "{name}"', f"# values = [{common}]"]
    return lines
