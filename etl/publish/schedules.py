"""Published shift hours against the hours when shootings happen."""

from __future__ import annotations

import duckdb

from etl.publish.facts import loaded_programs
from etl.publish.rows import insert_rows
from etl.statements import load_statements
from evaluation.hours import coverage, hours_of_shift


def write_schedules(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill out_schedule_coverage: all `[[schedule]]` entries of the same first month make one week."""
    statement = load_statements("publish")["hours_of_week"]
    rows = []
    for program in loaded_programs(connection):
        weeks: dict[str, list[dict[str, object]]] = {}
        for entry in program.get("schedule", []):
            weeks.setdefault(entry["first_month"], []).append(entry)
        for first_month, entries in sorted(weeks.items()):
            hours = {
                hour
                for entry in entries
                for hour in hours_of_shift(entry["weekdays"], entry["start_hour"], entry["end_hour"])  # type: ignore[arg-type]
            }
            for unit in ("incidents", "victims"):
                counted = connection.execute(
                    statement.text, {"city": program["city"], "unit": unit}
                ).fetchall()
                counts = {(weekday, hour): count for weekday, hour, count in counted}
                if not sum(counts.values()):
                    continue
                found = coverage(counts, hours)
                rows.append(
                    {
                        "program": program["program"],
                        "city": program["city"],
                        "schedule": first_month,
                        "outcome": "gunshot",
                        "unit": unit,
                        "hours_a_week": float(found.hours_a_week),
                        "share_of_week": found.share_of_week,
                        "covered": found.covered,
                        "total": found.total,
                        "share_covered": found.share,
                        "lower_95": found.interval_95[0],
                        "upper_95": found.interval_95[1],
                        "best_share": found.best_share,
                        "source": "; ".join(dict.fromkeys(str(entry["source"]) for entry in entries)),
                        "simulated": bool(program.get("simulated", False)),
                    }
                )
    insert_rows(connection, "out_schedule_coverage", rows)
