"""CSV twin: UTF-8, one header line, empty for a missing value, safe to open in a spreadsheet.

A text that a spreadsheet would run as a formula gets an apostrophe in front of it, as OWASP advises
("CSV injection"). Numbers are never touched; Parquet holds the text as it is.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

# Blanks before the sign do not save anyone: spreadsheets trim them. Full-width signs count too.
FORMULA_START = r"^[\s\x00-\x20\x{00A0}\x{FEFF}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"


def made_safe(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """The batch with formula-like texts disarmed, and how many there were."""
    columns, changed = [], 0
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            risky = pc.fill_null(pc.match_substring_regex(column, FORMULA_START), False)
            count = risky.true_count
            if count:
                changed += count
                armed = pc.binary_join_element_wise("'", column, "")
                column = pc.if_else(risky, armed, column)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names), changed


class CsvTable:
    """Writes one table. A context manager; `disarmed` counts the texts that were changed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.disarmed = 0
        plain = pa.schema([field.remove_metadata() for field in schema])
        self._schema = plain
        self._writer = pyarrow.csv.CSVWriter(
            path, plain, write_options=pyarrow.csv.WriteOptions(include_header=True, quoting_style="needed")
        )

    def __enter__(self) -> CsvTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        safe, changed = made_safe(batch)
        self.disarmed += changed
        self._writer.write_batch(safe.cast(self._schema))
