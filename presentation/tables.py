"""Tables for people and for files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from presentation import words

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with column names for people (`column.*` of the language file)."""
    return frame.rename(columns={name: words.word("column", name) for name in frame.columns})


def csv(frame: pd.DataFrame, release_id: str) -> bytes:
    """UTF-8 CSV with the release in every row; a text that a spreadsheet would run is made harmless."""
    plain = frame.copy()
    for name in plain.columns:
        if plain[name].dtype == object or pd.api.types.is_string_dtype(plain[name]):
            plain[name] = plain[name].map(_harmless)
    plain["release"] = release_id
    return plain.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def frame_of(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))
