"""What became of each row of each file: read = accepted + duplicate + rejected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from etl.load.records import insert_records
from etl.source_settings import Source

Dates = tuple[date | None, date | None, date | None]  # first date, last date, last complete month


@dataclass
class Ledger:
    """One file of one load."""

    load_id: int
    file: str
    bytes: int
    sha256: str
    encoding: str
    rows_read: int
    rows_accepted: int = 0
    rows_duplicate: int = 0
    rows_rejected: int = 0
    note: str = ""


Entries = Sequence[tuple[str, Ledger]]  # source id and file, in the order of loading


def write_ledger(
    connection: duckdb.DuckDBPyConnection,
    entries: Entries,
    sources: Mapping[str, Source],
    dates: Mapping[str, Dates],
) -> None:
    """Fill meta_load, a row a file, and out_source, a row a source."""
    insert_records(
        connection,
        "meta_load",
        [
            (
                entry.load_id, source_id, entry.file, entry.bytes, entry.sha256, entry.encoding or None,
                entry.rows_read, entry.rows_accepted, entry.rows_duplicate, entry.rows_rejected,
            )
            for source_id, entry in entries
        ],
    )  # fmt: skip
    records = []
    for source_id in dict.fromkeys(source_id for source_id, _ in entries):
        source = sources[source_id]
        files = [entry for name, entry in entries if name == source_id]
        content = hashlib.sha256("".join(entry.sha256 for entry in files).encode()).hexdigest()
        records.append(
            (
                source.id, source.city, source.title, source.publisher, source.url, source.licence,
                sum(entry.rows_read for entry in files), sum(entry.rows_accepted for entry in files),
                sum(entry.rows_duplicate for entry in files), sum(entry.rows_rejected for entry in files),
                *dates.get(source.id, (None, None, None)), content, source.simulated,
            )
        )  # fmt: skip
    insert_records(connection, "out_source", records)


def snapshot_id(entries: Entries) -> str:
    """SHA-256 of the ordered loads: source, content of the file, rows accepted."""
    lines = [f"{source} {entry.sha256} {entry.rows_accepted}" for source, entry in entries]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
