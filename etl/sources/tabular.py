"""Any table file as landed text: CSV as it is; workbooks, Parquet, JSON and GeoJSON turned into CSV first.

What is reported (name, bytes, SHA-256) is always the file that came, never its copy.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.checksum import file_sha256
from etl.problems import BadInput, Problem
from etl.sources.landing import COLUMN_LIMIT, PACKED_LIMIT, UNPACKED_LIMIT, Landed, land_text
from etl.sources.sheets import WORKBOOK_ENDINGS, land_workbook

CONVERTED_ENDINGS = (*WORKBOOK_ENDINGS, ".parquet", ".json", ".geojson")


def land_table(source: Path, workplace: Path, delimiter: str = ",", sheet: str | None = None) -> Landed:
    """Check a file of any format that is read and give back what to read. Raises BadInput.

    sheet: title of the sheet of a workbook; the first with a table when not given.
    """
    ending = source.suffix.lower()
    if ending not in CONVERTED_ENDINGS:
        return land_text(source, workplace, delimiter)
    if not source.is_file():
        raise _problem(source, "there is no such file", "Check the name and the folder.")
    size = source.stat().st_size
    if size == 0:
        raise _problem(source, "the file is empty (0 bytes)", "Export or download it again.")
    if size > PACKED_LIMIT:
        raise _problem(
            source, f"{size:,} bytes, more than {PACKED_LIMIT:,}", "Split it by year, or export it as CSV."
        )
    digest = file_sha256(source)
    target = workplace / f"{digest[:16]}.table.csv"
    if ending in WORKBOOK_ENDINGS:
        _write(target, *_sheet(source, sheet))
    elif ending == ".parquet":
        _write_parquet(source, target)
    else:
        _write(target, *_records(source))
    landed = land_text(target, workplace)
    return replace(landed, name=source.name, bytes=size, sha256=digest, note=f"read from {ending[1:]}")


def _sheet(source: Path, title: str | None) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
    _, sheets = land_workbook(source)
    chosen = next((item for item in sheets if title is None or item.title == title), None)
    if chosen is None:
        there = ", ".join(item.title for item in sheets)
        raise _problem(
            source, f"there is no sheet {title!r}; there are {there}", "Correct `sheet` in the settings."
        )
    width = len(chosen.header)
    return chosen.header, [(texts + ("",) * width)[:width] for _, texts in chosen.rows]


def _write_parquet(source: Path, target: Path) -> None:
    """Footer first: rows, columns and unpacked size are known before anything is unpacked."""
    try:
        with pq.ParquetFile(source) as opened:
            meta = opened.metadata
            unpacked = sum(meta.row_group(number).total_byte_size for number in range(meta.num_row_groups))
            if unpacked > UNPACKED_LIMIT:
                raise _problem(
                    source,
                    f"unpacks to {unpacked:,} bytes, more than {UNPACKED_LIMIT:,}",
                    "Split it by year.",
                )
            if meta.num_columns > COLUMN_LIMIT:
                raise _problem(
                    source, f"{meta.num_columns:,} columns, more than {COLUMN_LIMIT}", "Export fewer columns."
                )
            with target.open("w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out, lineterminator="\n")
                writer.writerow(opened.schema_arrow.names)
                for batch in opened.iter_batches():
                    columns = [[_text(value) for value in column.to_pylist()] for column in batch.columns]
                    writer.writerows(zip(*columns, strict=True))
                    if out.tell() > UNPACKED_LIMIT:  # the footer may say less than there is
                        reason = f"unpacks to more than {UNPACKED_LIMIT:,} bytes"
                        raise _problem(source, reason, "Split it by year.")
    except (pa.ArrowException, OSError) as error:
        line = str(error).splitlines()[0][:120]
        raise _problem(
            source, f"the Parquet file is damaged or cut short ({line})", "Download it again."
        ) from error


def _records(source: Path) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
    """A list of objects, or an object that holds one under data, rows, results or features."""
    try:
        content = json.loads(source.read_text(encoding="utf-8-sig"))
    except (ValueError, UnicodeDecodeError) as error:
        raise _problem(source, f"not JSON ({error})", "Export or download it again.") from error
    if isinstance(content, dict) and "error" in content:
        raise _problem(source, "the portal answered with an error, not with rows", "Fetch it again.")
    if isinstance(content, dict):
        content = next(
            (content[key] for key in ("features", "rows", "data", "results") if key in content), None
        )
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise _problem(source, "the JSON is not a list of rows", "Export a list of objects, or CSV.")
    rows = [item.get("attributes") or item.get("properties") or item for item in content]
    header = list(dict.fromkeys(name for row in rows for name in row))
    return header, [[_text(row.get(name)) for name in header] for row in rows]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(" ") if hasattr(value, "hour") else str(value)


def _write(target: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _problem(source: Path, reason: str, what_to_do: str) -> BadInput:
    return BadInput(Problem(source.name, reason, what_to_do))
