"""A feed of changes onto the cases of the last load: what it replaced, and the counts corrected for that alone.

`take_remembered` puts the other cases beside those of the feed and takes over the cells that were counted of them.
While nothing but the feed differs from the last load, `LoadedRows.onto` is the number under which those cases stand,
and comparing, counting and remembering look at `earlier_…` and `later_…` only: the versions of cases that were
replaced, and what stands in their place. Anything else that may have touched a remembered case (a boundary file
that places it) sets `onto` to None, and everything is counted and compared from its rows again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from etl.load.incidents import LoadedRows
from etl.load.ledger import Ledger
from etl.load.store import CELLS, attached, last_load, store_path
from etl.sql_text import identifier, literal
from etl.statements import load_statements


def take_remembered(connection: duckdb.DuckDBPyConnection, home: Path, loaded: LoadedRows) -> None:
    """Cases of the last load that the files of changes do not hold again, into `core_incident`.

    They count in the ledger as a file of their own, named after the release they were loaded for.
    """
    if not store_path(home).is_file():
        return
    source = loaded.source
    load_id = loaded.ledger[-1].load_id + 1
    core = load_statements("core")
    asked = {"source": source.id}
    with attached(connection, home):
        last = last_load(connection, source.id)
        if last is None:
            return
        city = {"city": source.city, "load_id": load_id, "simulated": source.simulated}
        taken = connection.execute(core["insert_remembered"].text, {**asked, **city}).fetchone()
        connection.execute(core["replaced_versions"].text, asked)
        connection.execute(core["earlier_near_repeats"].text, asked)
        if source.kind == "rows" and _has_cells(connection):
            for cells in CELLS:
                connection.execute(
                    f"INSERT INTO {cells} SELECT * EXCLUDE (load_number) FROM store.{cells} "
                    "WHERE source = ? AND load_number = ?",
                    [source.id, last.number],
                )
    rows = int(taken[0]) if taken else 0
    content = hashlib.sha256(last.files.encode()).hexdigest()
    loaded.ledger.append(Ledger(load_id, f"cases of release {last.release_id}", 0, content, "", rows, rows))
    loaded.onto = load_id


def _has_cells(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store is new enough to hold cells."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'store' AND list_contains(?, table_name)",
        [list(CELLS)],
    ).fetchone()
    return found is not None and found[0] == len(CELLS)


def find_changes(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """After cases are placed and near repeats found: the tables `earlier_<source>` and `later_<source>`."""
    if loaded.onto is None:
        return
    core = load_statements("core")
    asked = {"source": loaded.source.id, "load_id": loaded.onto}
    connection.execute(core["later_versions"].text, asked)
    connection.execute(core["earlier_no_longer_near"].text, asked)
    for side in ("earlier", "later"):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {side_of(loaded, side)} AS SELECT * FROM {side}_version"
        )


def side_of(loaded: LoadedRows, side: str) -> str:
    """Name of the table of changed cases as they were (`earlier`) or are now (`later`)."""
    return identifier(f"{side}_{loaded.source.id}")


def count_cells(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Fill `month_cell` and `hour_cell`: from all rows, or remembered cells corrected by what changed."""
    source = loaded.source.id
    known = connection.execute("SELECT count(*) FROM month_cell WHERE source = ?", [source]).fetchone()
    if loaded.onto is not None and known is not None and known[0] > 0:
        columns = "outcome, occurred_at, reported_at, victims, neighborhood, community, ward, precinct, zone"
        rows = " UNION ALL ".join(
            f"SELECT {columns}, {sign} AS sign FROM {side_of(loaded, side)}"
            for side, sign in (("later", 1), ("earlier", -1))
        )
    else:
        for cells in CELLS:
            connection.execute(f"DELETE FROM {cells} WHERE source = ?", [source])
        rows = f"SELECT *, 1 AS sign FROM core_incident WHERE source = {literal(source)}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW row_to_count AS {rows}")
    for cells in CELLS:
        connection.execute(load_statements("core")[f"next_{cells}"].text, {"source": source})
        connection.execute(f"DELETE FROM {cells} WHERE source = ?", [source])
        connection.execute(f"INSERT INTO {cells} SELECT ?, * FROM next_{cells}", [source])
        connection.execute(f"DROP TABLE next_{cells}")
