"""Near repeats: shootings within 14 days after another in the same neighborhood, as an outcome of their own."""

from __future__ import annotations

import duckdb

from etl.load.incidents import LoadedRows
from etl.statements import load_statements


def add_near_repeats(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Near repeats into `core_incident`. Of remembered cases, those that the changes made or ended."""
    rows = loaded.source.rows
    assert rows is not None
    core = load_statements("core")
    source = {"source": loaded.source.id}
    are_counted = "neighborhood" in rows.areas and "gunshot" in loaded.spans
    if loaded.onto is not None and not are_counted:
        connection.execute(core["end_near_repeats"].text, source)
    if not are_counted:
        return
    if loaded.onto is not None and connection.execute(core["has_near_repeats"].text, source).fetchone():
        _change_near_repeats(connection, loaded.source.id)
    else:
        connection.execute(core["insert_near_repeats"].text, source)
    loaded.spans["near_repeat_shooting"] = loaded.spans["gunshot"]


def _change_near_repeats(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    core = load_statements("core")
    for name in ("judge_near_repeats", "add_new_near_repeats", "note_known_near_repeats"):
        connection.execute(core[name].text, {"source": source})
    for name in ("add_known_near_repeats", "end_known_near_repeats"):
        connection.execute(core[name].text)
