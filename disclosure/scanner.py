"""Looks for personal details in text cells: phones, e-mails, case numbers, coordinates, addresses.

The last line of defense, not the first: columns are chosen by an allow-list. A column may be exempt from one
pattern where its own meaning explains it (a web address is not an e-mail).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

PATTERNS: dict[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "a phone number": re.compile(
        r"(?<![\w.])(?:\+?1[\s.-]?)?(?:\([2-9]\d{2}\)\s?|[2-9]\d{2}[\s.-])[2-9]\d{2}[\s.-]\d{4}(?![\w.]*\d)"
        r"|(?<![\w.])[2-9]\d{2}[2-9]\d{6}(?![\w.])"
        r"|\+\d[\d\s().-]{8,}\d"
    ),
    "a case number": re.compile(
        r"\b(?:MP|MPD|GO|CCN|CN|case)[\s#:.-]*\d{2,4}[\s-]?\d{5,}\b|\b(?:19|20)?\d{2}-\d{6}\b", re.IGNORECASE
    ),
    "a pair of coordinates": re.compile(
        r"(?<![\d.])-?(?:[1-8]?\d)\.\d{3,}\s*[,;/ ]\s*-?(?:1[0-7]\d|[6-9]\d)\.\d{3,}"
        r"|(?<![\d.])-(?:1[0-7]\d|[6-9]\d)\.\d{3,}\s*[,;/ ]\s*(?:[1-8]?\d)\.\d{3,}"
    ),
    "a social security number": re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),
    "a street address": re.compile(
        r"\b\d{2,5}X{0,2}\s+(?:[NSEW]{1,2}\.?\s+)?(?:\d{1,3}(?:st|nd|rd|th)|[A-Z][a-z]+)"
        r"\s+(?:St|Street|Ave|Avenue|Blvd|Boulevard|Rd|Road|Dr|Drive|Ln|Lane|Pl|Place|Pkwy|Way|Ct|Court)\b"
    ),
}


@dataclass(frozen=True)
class Detail:
    """A personal detail in a text cell. `message` never repeats the detail itself."""

    column: str
    row: int
    kind: str

    @property
    def message(self) -> str:
        return f"column {self.column}, row {self.row + 1}: looks like {self.kind}"


def scan_text(text: str) -> list[str]:
    """Kinds of personal detail that a text seems to hold."""
    return [kind for kind, pattern in PATTERNS.items() if pattern.search(text)]


def scan_frame(frame: pd.DataFrame, exempt: frozenset[tuple[str, str]] = frozenset()) -> list[Detail]:
    """Every personal detail found in the text cells of a frame; `exempt` holds (column, kind) pairs."""
    return list(_details(frame, exempt))


def _details(frame: pd.DataFrame, exempt: frozenset[tuple[str, str]]) -> Iterator[Detail]:
    for column in frame.columns:
        if scan_text(str(column)):
            yield Detail(str(column), -1, scan_text(str(column))[0])
        values = frame[column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype(object)
        if not (pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)):
            continue
        verdicts: dict[str, list[str]] = {}  # names of areas repeat thousands of times
        for row, value in enumerate(values):
            if not isinstance(value, str):
                continue
            if value not in verdicts:
                verdicts[value] = scan_text(value)
            for kind in verdicts[value]:
                if (str(column), kind) not in exempt:
                    yield Detail(str(column), row, kind)
