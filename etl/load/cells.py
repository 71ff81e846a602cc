"""Cells that counts are sums of, and sums for the quality figures: from all rows, or corrected for a feed of changes."""

from __future__ import annotations

import duckdb

from etl.dictionary import load_dictionary
from etl.load.changes import changes_of
from etl.load.incidents import LoadedRows
from etl.load.store import CELLS, SUMS
from etl.source_settings import GEOGRAPHIES
from etl.sql_text import literal
from etl.statements import load_statements

ROWS = "outcome, occurred_at, reported_at, victims, neighborhood, community, ward, precinct, zone, longitude, latitude, placed_by"


def _rows_to_count(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> bool:
    """The view `row_to_count`; whether it holds only what changed."""
    is_change = loaded.onto is not None and loaded.is_counted
    if is_change:
        ended, now = changes_of(loaded)
        rows = f"SELECT {ROWS}, 1 AS sign FROM {now} UNION ALL SELECT {ROWS}, -1 FROM {ended}"
    else:
        rows = f"SELECT {ROWS}, 1 AS sign FROM incident_now WHERE source = {literal(loaded.source.id)}"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW row_to_count AS {rows}")
    return is_change


def count_cells(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Fill `month_cell_change` and `hour_cell_change`; the views `month_cell` and `hour_cell` of all that sums up.

    In the views a cell may stand in several rows, some of them below 0: whoever counts sums over them.
    """
    source = literal(loaded.source.id)
    is_change = _rows_to_count(connection, loaded)
    for cells in CELLS:
        counted = load_statements("core")[f"changed_{cells}"].text
        connection.execute(
            f"INSERT INTO {cells}_change BY NAME SELECT {source} AS source, *, 0 AS load_number FROM ({counted})"
        )
        tables = [f"{cells}_change", *([f"store.{cells}_change"] if is_change else [])]
        rows = " UNION ALL ".join(
            f"SELECT * EXCLUDE (load_number) FROM {table} WHERE source = {source}" for table in tables
        )
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {cells} AS {rows}")


def count_areas(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Cells summed by area and month on each basis, into `measured_count`. A pass for each kind of area has few groups."""
    passes = []
    for basis in ("occurred", "reported"):
        for geography in ("city", *GEOGRAPHIES):
            area = literal(loaded.source.city) if geography == "city" else geography
            by = "" if geography == "city" else f", {geography}"
            passes.append(
                f"SELECT outcome, '{basis}' AS month_basis, {basis}_month AS month, '{geography}' AS geography, "
                f"{area} AS area, sum(incidents)::BIGINT AS incidents, sum(victims)::BIGINT AS victims FROM month_cell "
                f"WHERE {basis}_month IS NOT NULL AND {area} IS NOT NULL GROUP BY outcome, {basis}_month{by}"
            )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW area_count AS {' UNION ALL '.join(passes)}")
    connection.execute(load_statements("core")["insert_cell_counts"].text, {"city": loaded.source.city})


def sum_outcomes(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Fill `outcome_sum`. Remembered sums stand for remembered cases while they are of the same clock."""
    rows = loaded.source.rows
    assert rows is not None
    core = load_statements("core")
    source, zone = loaded.source.id, rows.zone
    is_change = _rows_to_count(connection, loaded)
    if (
        is_change
        and connection.execute(
            core["sums_of_another_clock"].text, {"source": source, "zone": zone}
        ).fetchone()
    ):
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW row_to_count AS SELECT {ROWS}, 1 AS sign FROM incident_now "
            f"WHERE source = {literal(source)}"
        )
        is_change = False
    names = [column.name for column in load_dictionary()[SUMS].columns if column.type == "BIGINT"]
    sums = core["changed_sums"].text
    connection.execute(f"CREATE OR REPLACE TEMP TABLE sum_change AS {sums}", {"zone": zone})
    known = f"UNION ALL BY NAME SELECT outcome, {', '.join(names)} FROM store.{SUMS} WHERE source = {literal(source)}"
    totals = ", ".join(f"coalesce(sum({name}), 0)::BIGINT AS {name}" for name in names)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE sum_now AS SELECT outcome, {totals} FROM (FROM sum_change {known if is_change else ''}) "
        "GROUP BY outcome HAVING sum(cases) <> 0"
    )
    connection.execute(core["insert_sums"].text, {"source": source, "zone": zone})
