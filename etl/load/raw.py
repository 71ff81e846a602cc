"""Landing to raw: every column as text, exactly as received, and every line that could not be read."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

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
class RawTable:
    """A raw table: `name` holds all columns as text, in file order; `rejected` lines were set aside."""

    name: str
    rows: int
    rejected: int


def read_text_table(
    connection: duckdb.DuckDBPyConnection, landed: Landed, name: str, load_id: int, delimiter: str
) -> RawTable:
    """Make table `name` from a landed file. Lines of another shape go to `meta_reject`.

    Raises BadInput when an open quotation mark may have swallowed rows, or nothing can be read.
    """
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in landed.header)
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    connection.execute(
        f"CREATE TABLE {identifier(name)} AS SELECT * FROM read_csv({literal(str(landed.path))}, "
        f"columns = {{{columns}}}, header = true, auto_detect = false, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', encoding = 'utf-8', store_rejects = true, strict_mode = true, "
        f"null_padding = false, max_line_size = {LINE_LIMIT})"
    )
    faults = connection.execute(
        "SELECT line, any_value(column_name), any_value(error_type)::VARCHAR, any_value(csv_line) "
        "FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
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
        connection.execute(
            "INSERT INTO meta_reject VALUES (?, ?, ?, ?, ?, ?)",
            [load_id, landed.name, line, column, _REASONS.get(kind, kind.lower()), text],
        )
    counted = connection.execute(f"SELECT count(*) FROM {identifier(name)}").fetchone()
    rows = int(counted[0]) if counted else 0
    if rows == 0:
        first = f"; first: row {faults[0][0]}, {shown(faults[0][3])}" if faults else ""
        raise BadInput(
            Problem(landed.name, f"no row could be read{first}", "Check the delimiter and the header.")
        )
    return RawTable(name, rows, len(faults))
