"""Counts by day, for claims and windows that do not end with a month."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import duckdb

from etl.load.records import insert_records
from etl.statements import load_statements

DATA = Path(__file__).resolve().parents[2] / "data"
FILE = "counts_by_day.csv"


def write_daily(connection: duckdb.DuckDBPyConnection, data: Path = DATA) -> None:
    """Fill out_daily from incidents, or from the counts that ship for a city without incidents here.

    A city that has days already is left alone. Reads core_incident, out_monthly and core_area.
    """
    statements = load_statements("publish")
    connection.execute(statements["make_daily_city"].text)
    connection.execute(statements["make_daily_neighborhood"].text)
    cities = connection.execute(
        "SELECT area, simulated FROM core_area WHERE geography = 'city' "
        "AND area NOT IN (SELECT city FROM out_daily) ORDER BY area"
    ).fetchall()
    for city, simulated in cities:
        path = data / city / FILE
        if path.is_file():
            insert_records(connection, "out_daily", _shipped(path, city, simulated))


def ship_daily(connection: duckdb.DuckDBPyConnection, city: str, folder: Path) -> Path:
    """Write the file of days of a city, from an out_daily that was filled from incidents."""
    statement = load_statements("publish")["daily_to_ship"]
    found = connection.execute(statement.text, {"city": city})
    names = [column[0] for column in found.description or []]
    path = folder / FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(found.fetchall())
    return path


def _shipped(path: Path, city: str, simulated: bool) -> list[list[object]]:
    rows: list[list[object]] = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row.pop("date"))
            for name, count in row.items():
                outcome, unit, basis = name.rsplit("_", 2)
                rows.append([city, "city", city, day, basis, outcome, unit, int(count), simulated])
    return rows
