"""A load with far more unusable rows than its source usually has is refused: the file, or its format, has changed.

Beside the limit of 2 % for any file: at most 5 times the median share of the source's earlier loads. Many sources
never had an unusable row, so up to 10 rows, or 1 row in 1,000, are no alarm; and fewer than 3 loads are no habit.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

import duckdb

from etl.load.incidents import LoadedRows
from etl.load.store import attached, store_path
from etl.problems import BadInput, Problem

TIMES_THE_MEDIAN = 5
LOADS_NEEDED = 3
ROWS_ALLOWED = 10
SHARE_ALLOWED = 0.001


def refuse_unusual(connection: duckdb.DuckDBPyConnection, home: Path, loaded: LoadedRows) -> None:
    """Raise BadInput when a load sets aside more rows than is usual for its source."""
    read, rejected = rows_of(loaded)
    if not rejected or not store_path(home).is_file():
        return
    earlier = _earlier_shares(connection, home, loaded.source.id)
    if len(earlier) < LOADS_NEEDED:
        return
    usual = median(earlier)
    allowed = max(ROWS_ALLOWED, SHARE_ALLOWED * read, TIMES_THE_MEDIAN * usual * read)
    if rejected <= allowed:
        return
    reason, rows = _commonest(connection, loaded)
    raise BadInput(
        Problem(
            loaded.ledger[-1].file,
            f"{rejected:,} of {read:,} rows cannot be used ({rejected / read:.2%}), over {TIMES_THE_MEDIAN} times what is "
            f"usual for {loaded.source.id} (median of {len(earlier)} loads {usual:.2%}); most often: {reason} ({rows:,} rows)",
            "`python -m etl check FILE` lists them; correct the file or the settings; to load it all the same, build "
            "with --set-aside-unusual.",
        )
    )


def rows_of(loaded: LoadedRows) -> tuple[int, int]:
    """(rows read, rows set aside) of the files of a load; remembered cases are no file."""
    files = [entry for entry in loaded.ledger if entry.bytes]
    return sum(entry.rows_read for entry in files), sum(entry.rows_rejected for entry in files)


def _earlier_shares(connection: duckdb.DuckDBPyConnection, home: Path, source: str) -> list[float]:
    with attached(connection, home):
        known = connection.execute(
            "SELECT 1 FROM duckdb_columns() WHERE database_name = 'store' AND table_name = 'load_history' "
            "AND column_name = 'rows_read'"
        ).fetchone()
        if known is None:
            return []
        found = connection.execute(
            "SELECT rows_rejected / rows_read FROM store.load_history WHERE source = ? AND rows_read > 0",
            [source],
        ).fetchall()
    return [float(share) for (share,) in found]


def _commonest(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> tuple[str, int]:
    row = connection.execute(
        "SELECT reason, count(DISTINCT (load_id, file_row)) AS rows FROM meta_reject WHERE list_contains(?, load_id) "
        "GROUP BY reason ORDER BY rows DESC, reason LIMIT 1",
        [[entry.load_id for entry in loaded.ledger]],
    ).fetchone()
    assert row is not None
    return str(row[0]), int(row[1])
