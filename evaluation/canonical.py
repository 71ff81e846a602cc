"""One spelling for each spec and each set of rows, and its SHA-256.

Two specs that mean the same have the same hash: keys are sorted, defaults are written out, and a whole
number is the same number with or without a decimal point.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces, UTF-8 letters kept and whole floats written as integers.

    Raises ValueError on NaN or infinity, which JSON cannot hold.
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_of(value: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of a plain object."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def frame_sha256(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    """SHA-256 of the named columns of a frame, whatever the order of its rows.

    Empty cells count as null; dates as ISO days; numbers by value (3 and 3.0 are the same).
    """
    cells = [_cell_texts(frame[name].astype(object)) for name in columns]
    rows = ["[" + ",".join(record) + "]" for record in zip(*cells, strict=True)]
    digest = hashlib.sha256(canonical_json(list(columns)).encode("utf-8"))
    for row in sorted(rows):
        digest.update(b"\n" + row.encode("utf-8"))
    return digest.hexdigest()


def _cell_texts(column: pd.Series) -> list[str]:
    """Canonical JSON of each cell; a column holds few different values, so each kind is written once."""
    known: dict[tuple[type, Any], str] = {}
    texts = []
    for value in column:
        key = (type(value), value)
        if key not in known:
            known[key] = canonical_json(_cell(value))
        texts.append(known[key])
    return texts


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    return value


def _cell(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool) else str(value)
