"""Finds the area or provider that a log means by a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import pandas as pd

# A bare number could be a ward or a precinct: it has to be written "Ward 3".
ORDER = ("neighborhood", "community", "zone", "group", "ward", "precinct", "city")


class Areas:
    """Known areas by every way of writing them."""

    def __init__(self, areas: pd.DataFrame) -> None:
        """`areas`: rows of core_area of one city, with columns geography, area, name."""
        self._known: dict[str, tuple[str, str]] = {}
        rows = areas[["geography", "area", "name"]].astype(str).to_dict("records")
        for geography in ORDER:
            for row in rows:
                if row["geography"] == geography:
                    for spelling in (row["area"], row["name"]):
                        if not spelling.isdigit():
                            self._known.setdefault(_plain(spelling), (geography, row["area"]))

    def find(self, text: str) -> tuple[str, str] | None:
        """Geography and area id, or None. Case, blanks and hyphens do not matter."""
        return self._known.get(_plain(text))

    def nearest(self, text: str) -> str:
        """A hint at the nearest known name, empty when nothing is near."""
        close = difflib.get_close_matches(_plain(text), self._known, n=1, cutoff=0.75)
        return f"Did you mean {self._known[close[0]][1]}?" if close else ""


class Providers:
    """Known providers by short and full name."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._known: dict[str, str] = {}
        for provider, name in names:
            self._known[_plain(provider)] = provider
            self._known.setdefault(_plain(name), provider)

    def find(self, text: str) -> str | None:
        return self._known.get(_plain(text))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("-", " ").split())
