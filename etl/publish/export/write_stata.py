"""Stata twin (.dta, format 118): variable labels, value labels for closed lists, dates as %td."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from etl.dictionary import Column, Table
from etl.publish.export.errors import ExportError

LABEL_LENGTH = 80
NAME_LENGTH = 32
FIXED_TEXT_BYTES = 2045


def stata_label(column: Column) -> str:
    """Variable label: meaning and unit, cut at a word to Stata's 80 characters."""
    unit = f" ({column.unit})" if column.unit and column.unit not in column.meaning else ""
    text = column.meaning + unit
    if len(text) <= LABEL_LENGTH:
        return text
    return text[: LABEL_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:(") + "…"


def write_stata(table: pa.Table, meaning: Table, path: Path, built_at: datetime, release_id: str) -> None:
    """Write a whole table. Raises ExportError (code "stata_name") if a name does not fit Stata."""
    long_text: list[str] = []
    dates: dict[Hashable, Any] = {}
    columns = {}
    for column in meaning.columns:
        if len(column.name) > NAME_LENGTH:
            raise ExportError(
                "stata_name", f"{meaning.name}.{column.name} is longer than Stata's 32 letters."
            )
        columns[column.name] = _stata_values(table.column(column.name), column)
        if column.type == "DATE":
            dates[column.name] = "td"
        elif column.type == "TIMESTAMP":
            dates[column.name] = "tc"
        elif columns[column.name].dtype == object and _longest(columns[column.name]) > FIXED_TEXT_BYTES:
            long_text.append(column.name)
    frame = pd.DataFrame(columns)
    frame.to_stata(
        path,
        write_index=False,
        version=118,
        time_stamp=built_at.replace(tzinfo=None),
        data_label=f"{meaning.name}, release {release_id}"[:LABEL_LENGTH],
        variable_labels={column.name: stata_label(column) for column in meaning.columns},
        convert_dates=dates,
        convert_strl=long_text,
        value_labels={column.name: _labels(column) for column in meaning.columns if _labels(column)},
    )


def _longest(texts: pd.Series) -> int:
    return max((len(text.encode("utf-8")) for text in texts), default=0)


def _labels(column: Column) -> dict[float, str]:
    """Value labels: a closed list is numbered from 1 in the order of the dictionary."""
    if column.type == "BOOLEAN":
        return {0: "no", 1: "yes"}
    return dict(enumerate(column.allowed, start=1))


def _stata_values(values: pa.ChunkedArray, column: Column) -> pd.Series:
    """One column in a type that Stata has. A closed list becomes numbers with value labels."""
    if column.type == "BOOLEAN":
        return values.cast(pa.int8()).to_pandas()
    if column.type in {"DATE", "TIMESTAMP"}:
        return pd.Series(pd.to_datetime(values.to_pandas()), dtype="datetime64[ns]")
    if column.allowed:
        codes = {text: code for code, text in _labels(column).items()}
        numbers = [codes.get(text) for text in values.to_pylist()]
        return pd.Series(numbers, dtype="float64" if None in numbers else "int8")
    if column.type == "VARCHAR":
        return pd.Series(["" if text is None else text for text in values.to_pylist()], dtype=object)
    if column.type == "BIGINT" or (column.null and column.type == "INTEGER"):
        # Stata's integers end at 2,147,483,620 and pandas' have no missing value.
        return values.cast(pa.float64(), safe=False).to_pandas()
    return values.to_pandas()
