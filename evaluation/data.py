"""Rows of a spec's data file as a frame, with the columns the spec names.

Reads CSV (comma, semicolon or tab; UTF-8 or Windows-1252; also gzipped), Parquet, Stata and Excel files. Only
the command line reads files; a release hands frames to `evaluation.run.evaluate`.
"""

from __future__ import annotations

import csv
import gzip
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.canonical import frame_sha256
from evaluation.spec import Spec


class DataError(ValueError):
    """Rows that cannot be used: one line with file, row, column, reason and what to do."""


UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    csv.Error,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
"""What the readers of the several formats raise on a damaged file."""


def read_frame(spec: Spec) -> pd.DataFrame:
    """The data file of a spec as a frame with the named columns (and covariates), row order kept.

    Raises DataError when the file is missing, unreadable, empty or lacks a column.
    """
    path = spec.data.file
    if path is None:
        raise DataError('data.file: missing; write e.g. file = "counts.csv"')
    if not path.exists():
        raise DataError(f"{path}: there is no such file; file is taken relative to the spec")
    try:
        frame = _read(path)
    except DataError:
        raise
    except UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read ({reason}); save it again as CSV in UTF-8") from None
    frame.columns = [str(name).strip().strip('"') for name in frame.columns]
    check_columns(spec, frame, str(path))
    return frame


def check_columns(spec: Spec, frame: pd.DataFrame, source: str = "rows") -> None:
    """Raise DataError unless the frame has rows and every column that the spec names."""
    for name in (*spec.data.columns, *spec.covariates):
        if name not in frame.columns:
            known = ", ".join(map(str, frame.columns[:12]))
            raise DataError(
                f"{source}: no column {name!r}; columns are {known}; correct the spec or the file"
            )
    if frame.empty:
        raise DataError(f"{source}: no rows below the header; check that the file is complete")


def numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column as floats, empty cells as NaN. Raises DataError naming the first row that is no number."""
    found = pd.to_numeric(frame[column], errors="coerce").astype(float)
    wrong = found.isna() & frame[column].notna() & (frame[column].astype(str).str.strip() != "")
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        value = frame[column].iloc[at]
        raise DataError(
            f"row {at + 2}, column {column!r}: {value!r} is no number; correct it or leave it empty"
        )
    return found


def labels(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column of names as text; 77, 77.0 and "77" are the same area. Empty cells stay empty."""
    return frame[column].map(_label).astype(object)


def rows_sha256(spec: Spec, frame: pd.DataFrame) -> str:
    """SHA-256 of the rows of the treated and comparison areas, in the columns that the spec names.

    Cells are read by role (numbers by value, areas as text, dates as days), so that the same rows have the same
    hash from a CSV file and from a database.
    """
    data = spec.data
    rows = pd.DataFrame(index=frame.index)
    texts = {data.area, data.cluster}
    dates = {data.date, data.treated_from}
    for name in (*data.columns, *spec.covariates):
        if name in texts:
            rows[name] = labels(frame, name)
        elif name in dates:
            rows[name] = frame[name].map(lambda value: None if pd.isna(value) else str(value)[:10])
        else:
            found = pd.to_numeric(frame[name], errors="coerce").astype(float)
            rows[name] = found.astype(object).where(found.notna(), None)
    if data.area and data.treated and (data.comparison or spec.design == "single"):
        rows = rows[rows[data.area].isin({*data.treated, *data.comparison})]
    return frame_sha256(rows, list(rows.columns))


def _label(value: Any) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value).strip()


def _read(path: Path) -> pd.DataFrame:
    name = path.name.lower()
    if name.endswith(".parquet"):
        return pd.read_parquet(path)
    if name.endswith(".dta"):
        return pd.read_stata(path)
    if name.endswith((".xlsx", ".xls")):
        return pd.read_excel(path)
    if name.endswith((".csv", ".txt", ".tsv", ".csv.gz")):
        return _read_csv(path)
    raise DataError(f"{path}: unknown kind of file; use csv, parquet, dta or xlsx")


def _read_csv(path: Path) -> pd.DataFrame:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    header = text.partition("\n")[0]
    if not header.strip():
        raise DataError(f"{path}: the file is empty; check that it is complete")
    separator = max(",;\t", key=header.count)
    rows = list(csv.reader(text.splitlines(), delimiter=separator, strict=True))
    names = [name.strip() for name in rows[0]]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise DataError(f"{path}: two columns are called {sorted(repeated)[0]!r}; rename one")
    filled = [row for row in rows[1:] if row]
    for number, row in enumerate(rows[1:], start=2):
        if row and len(row) != len(names):
            raise DataError(
                f"{path}, row {number}: {len(row)} cells where the header has {len(names)}; check the quotes"
            )
    frame = pd.DataFrame(filled, columns=names, dtype=object)
    return frame.mask(frame == "")
