"""Parquet: typed, zstd, page checksums, and its own dictionary and provenance inside.

Rows come in key order, so the statistics of a row group tell a remote reader which groups it needs.
The same rows and versions give the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from etl.dictionary import Table
from etl.publish.export.provenance import (
    Provenance,
    canonical_json,
    column_record,
    licence_of,
    table_record,
)

ROW_GROUP_ROWS = 65_536


def described_schema(schema: pa.Schema, table: Table, source: Provenance, citation: str) -> pa.Schema:
    """`schema` with the meaning of each column on its field and the whole story on the table."""
    fields = []
    for column in table.columns:
        record = column_record(column)
        note = {key: value for key, value in record.items() if key in {"meaning", "unit", "caveat"}}
        if column.allowed:
            note["allowed"] = ", ".join(column.allowed)
        note["description"] = column.meaning + (f" ({column.unit})" if column.unit else "")
        fields.append(
            schema.field(column.name)
            .with_metadata({key: str(value) for key, value in note.items()})
            .with_nullable(column.null)
        )
    metadata = {
        "title": f"{table.name}, release {source.release_id}: {source.part}",
        "description": table.description,
        "grain": table.grain,
        "licence": licence_of(table).name,
        "citation": citation,
        "provenance": canonical_json(source.as_dict()),
        "dictionary": canonical_json(table_record(table)),
    }
    return pa.schema(fields, metadata=metadata)


class ParquetTable:
    """Writes one table. A context manager; `write` takes record batches in key order."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=6,
            version="2.6",
            data_page_version="1.0",
            use_dictionary=True,
            write_statistics=True,
            write_page_index=True,
            write_page_checksum=True,
            store_schema=True,
        )

    def __enter__(self) -> ParquetTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        # Groups of a fixed number of rows, whatever sizes the reader hands over: fixed bytes.
        start = 0
        while start < batch.num_rows:
            piece = batch.slice(start, ROW_GROUP_ROWS - self._pending_rows)
            self._pending.append(piece)
            self._pending_rows += piece.num_rows
            start += piece.num_rows
            if self._pending_rows == ROW_GROUP_ROWS:
                self._flush()

    def _flush(self) -> None:
        if not self._pending:
            return
        table = pa.Table.from_batches(self._pending).combine_chunks().cast(self.schema)
        self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        self._pending, self._pending_rows = [], 0
