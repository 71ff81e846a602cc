"""Published facts of the program files into the release."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from etl.publish.rows import insert_rows


def loaded_programs(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The program files of this build, as loaded, in order of id. Dates are ISO texts."""
    rows = connection.execute("SELECT program_json FROM core_program ORDER BY program").fetchall()
    return [json.loads(row[0]) for row in rows]


def write_facts(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill out_fact from the `[[fact]]` entries. Reads core_program."""
    rows = []
    for program in loaded_programs(connection):
        for fact in program.get("fact", []):
            rows.append(
                {
                    "program": program["program"],
                    "city": program["city"],
                    "fact": fact["id"],
                    **{key: fact.get(key) for key in ("date", "value", "unit", "period_start", "period_end")},
                    **{key: fact[key] for key in ("page", "text", "source", "certainty")},
                    "simulated": bool(program.get("simulated", False)),
                }
            )
    insert_rows(connection, "out_fact", rows)
