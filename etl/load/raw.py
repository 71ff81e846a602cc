"""Landing to raw: every column as text, exactly as received, and every line that could not be read.

A raw table is a view over the landed file, not a copy of it: the file itself is what was received.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import duckdb

from etl.load.records import insert_records
from etl.problems import BadInput, Problem, shown
from etl.sources.landing import LINE_LIMIT, Landed
from etl.sql_text import identifier, literal

_REASONS = {
    "MISSING COLUMNS": "fewer columns than the header",
    "TOO MANY COLUMNS": "more columns than the header",
    "UNQUOTED VALUE": "a quotation mark that is not closed",
    "LINE SIZE OVER MAXIMUM": f"a line over {LINE_LIMIT:,} bytes",
    "INVALID ENCODING": "bytes that are not text",
}


@dataclass(frozen=True)
class RawView:
    """A landed file as a view of text columns. `first_row`: place of its first row in `typed_row`.

    skipped: file rows of the lines that could not be read, in order.
    """

    name: str
    first_row: int
    rows: int
    skipped: tuple[int, ...]

    def file_row(self, place: int) -> int:
        """Row as a spreadsheet numbers it (header 1) of the row at `place` (from 0) of the view."""
        row = place + 2
        while (shifted := place + 2 + bisect_right(self.skipped, row)) != row:
            row = shifted
        return row


def make_raw_view(connection: duckdb.DuckDBPyConnection, landed: Landed, name: str, delimiter: str) -> None:
    """A view of text columns over the file. Reading it notes lines of another shape in `reject_errors`."""
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in landed.header)
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS SELECT * FROM read_csv({literal(str(landed.path))}, "
        f"columns = {{{columns}}}, header = true, auto_detect = false, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', encoding = 'utf-8', store_rejects = true, strict_mode = true, "
        f"null_padding = false, max_line_size = {LINE_LIMIT})"
    )


def unread_lines(
    connection: duckdb.DuckDBPyConnection, landed: Landed, load_id: int, rows: int
) -> tuple[tuple[int, ...], list[Problem]]:
    """After the view was read once: file rows that could not be read, noted in `meta_reject`.

    Raises BadInput when an open quotation mark may have swallowed rows, or no row could be read.
    """
    faults = connection.execute(
        "SELECT line, any_value(column_name), any_value(error_type)::VARCHAR, any_value(csv_line) "
        "FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    problems, rejects = [], []
    for line, column, kind, text in faults:
        if kind == "UNQUOTED VALUE":
            raise BadInput(
                Problem(
                    landed.name,
                    "a quotation mark is not closed, so rows after it may be lost",
                    "Correct the line or export the file again.",
                    row=line,
                    column=column,
                )
            )
        reason = _REASONS.get(kind, kind.lower())
        rejects.append((load_id, landed.name, line, column, reason, text))
        fix = "Correct the line or export the file again."
        problems.append(Problem(landed.name, f"the line has {reason}", fix, line))
    if rows == 0:
        first = f"; first: row {faults[0][0]}, {shown(faults[0][3])}" if faults else ""
        raise BadInput(
            Problem(landed.name, f"no row could be read{first}", "Check the delimiter and the header.")
        )
    insert_records(connection, "meta_reject", rejects)
    return tuple(int(line) for line, *_ in faults), problems
