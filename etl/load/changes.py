"""A feed of changes onto the cases of the last load: what it ends, what it adds, and the counts corrected for that alone.

`take_remembered` lets the other cases of the last load stand where they lie, in the store: the view `incident_now`
shows them beside `core_incident`, which holds the cases of the files only. `LoadedRows.onto` is the load number under
which they stand; then `ended_version` and `core_incident` are all that differs from the last load, and comparing,
counting and remembering look at nothing else. Where something else may have touched a remembered case (a boundary
file that places it), `count_whole` takes the cases over, and everything is counted and compared from its rows again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from etl.load.incidents import LoadedRows
from etl.load.ledger import Ledger
from etl.load.store import attach, last_load, make_incident_view, store_path
from etl.sql_text import literal
from etl.statements import load_statements


def take_remembered(connection: duckdb.DuckDBPyConnection, home: Path, loaded: LoadedRows) -> None:
    """Let the cases of the last load stand that the files of changes (`typed_row`) do not hold again.

    They count in the ledger as a file of their own, named after the release they were loaded for.
    """
    if not store_path(home).is_file():
        return
    source = loaded.source
    core = load_statements("core")
    attach(connection, home)
    last = last_load(connection, source.id)
    if last is None:
        return
    load_id = loaded.ledger[-1].load_id + 1
    connection.execute(core["end_replaced"].text, {"source": source.id})
    connection.execute(
        "INSERT INTO source_onto VALUES (?, ?, ?, ?)", [source.id, source.city, load_id, source.simulated]
    )
    make_incident_view(connection, with_store=True)
    if last.counted:
        taken = connection.execute(core["count_remembered_of_sums"].text, {"source": source.id}).fetchone()
    else:
        asked = {"source": source.id, "load_id": load_id}
        taken = connection.execute(core["count_remembered"].text, asked).fetchone()
    rows = int(taken[0]) if taken else 0
    content = hashlib.sha256(last.files.encode()).hexdigest()
    loaded.ledger.append(Ledger(load_id, f"cases of release {last.release_id}", 0, content, "", rows, rows))
    loaded.onto, loaded.is_counted = load_id, last.counted


def count_whole(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Take the remembered cases over into `core_incident`: from now on nothing is known of them but their rows."""
    if loaded.onto is None:
        return
    source = loaded.source.id
    asked = {"source": source, "load_id": loaded.onto}
    connection.execute(load_statements("core")["copy_remembered"].text, asked)
    for table in ("source_onto", "ended_version"):
        connection.execute(f"DELETE FROM {table} WHERE source = ?", [source])
    loaded.onto, loaded.is_counted = None, False


def changes_of(loaded: LoadedRows) -> tuple[str, str]:
    """SQL of the cases that the changes ended and of those that stand now, instead or anew."""
    own = f"source = {literal(loaded.source.id)}"
    return f"(FROM ended_version WHERE {own})", f"(FROM core_incident WHERE {own})"
