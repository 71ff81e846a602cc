"""Small tables that ship as CSV (areas, links, population, weekday-hour, quality) into their place."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from etl.dictionary import load_dictionary
from etl.load.records import insert_records
from etl.problems import BadInput, Problem, shown
from etl.source_settings import Source
from etl.sources.landing import Landed, land_text

PROJECT = Path(__file__).resolve().parent.parent.parent


def read_rows(path: Path, workplace: Path, columns: Sequence[str]) -> tuple[Landed, list[dict[str, str]]]:
    """Rows of a small CSV, with the columns asked for. Raises BadInput."""
    landed = land_text(path, workplace)
    missing = [name for name in columns if name not in landed.header]
    if missing:
        raise BadInput(Problem(path.name, "the column is missing", "Add the column.", 1, missing[0]))
    with landed.path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise BadInput(
                Problem(path.name, "another number of columns than the header", "Correct the line.", number)
            )
    return landed, rows


def convert(text: str, kind: str, file: str, row: int, column: str) -> Any:
    """A text as the dictionary's type; None where it is empty. Raises BadInput."""
    if text == "":
        return None
    readers: dict[str, Callable[[str], Any]] = {
        "INTEGER": int,
        "BIGINT": int,
        "DOUBLE": float,
        "VARCHAR": str,
    }
    try:
        if kind == "DATE":
            return date.fromisoformat(text if len(text) == 10 else text + "-01")
        if kind == "BOOLEAN":
            return {"true": True, "false": False}[text.lower()]
        return readers[kind](text)
    except (ValueError, KeyError) as error:
        what = {"DATE": "a date", "BOOLEAN": "true or false"}.get(kind, "a number")
        raise BadInput(
            Problem(file, f"{shown(text)} is not {what}", "Correct the value.", row, column)
        ) from error


def insert_csv(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    workplace: Path,
    table_name: str,
    fixed: dict[str, Any],
) -> tuple[Landed, int]:
    """Insert a CSV whose columns are those of a dictionary table, less the `fixed` ones."""
    table = load_dictionary()[table_name]
    wanted = [column for column in table.columns if column.name not in fixed]
    landed, rows = read_rows(path, workplace, [column.name for column in wanted if not column.null])
    records = []
    for number, row in enumerate(rows, start=2):
        refuse_other_kind(path.name, number, row, fixed)
        record = [fixed.get(column.name) for column in table.columns]
        for position, column in enumerate(table.columns):
            if column.name not in fixed:
                value = convert(row.get(column.name, ""), column.type, path.name, number, column.name)
                if value is None and not column.null:
                    raise BadInput(
                        Problem(path.name, "the value is empty", "Fill it in.", number, column.name)
                    )
                record[position] = value
        records.append(record)
    insert_records(connection, table_name, records)
    return landed, len(records)


def refuse_other_kind(file: str, number: int, row: dict[str, str], fixed: dict[str, Any]) -> None:
    """Raise BadInput when a row says that it is simulated, or of another city, and the settings do not."""
    for column, value in fixed.items():
        text = row.get(column, "")
        expected = str(value).lower() if isinstance(value, bool) else str(value)
        if text and text != expected:
            raise BadInput(
                Problem(
                    file,
                    f"{shown(text)}, but the settings say {expected!r}",
                    "Keep them apart.",
                    number,
                    column,
                )
            )


def find_part(source: Source, part: str, folders: Sequence[Path]) -> Path:
    """A file that the settings name under [parts], in a data folder or in the project itself."""
    name = source.parts[part]
    for folder in (*folders, PROJECT):
        if (folder / name).is_file():
            return folder / name
    raise BadInput(
        Problem(
            source.settings_file.name,
            f"the file {name} is not there",
            "Put it there.",
            column=f"parts.{part}",
        )
    )


def load_areas(
    connection: duckdb.DuckDBPyConnection, source: Source, workplace: Path, folders: Sequence[Path]
) -> list[tuple[Landed, int]]:
    """Areas, links and population of a city (kind = "areas"), and the city itself as an area."""
    done = []
    city = {"city": source.city, "simulated": source.simulated}
    for part, table, fixed in (
        ("areas", "core_area", city),
        ("links", "core_area_link", {"city": source.city}),
        ("population", "core_population", {"city": source.city}),
    ):
        if part in source.parts:
            done.append(insert_csv(connection, find_part(source, part, folders), workplace, table, fixed))
    connection.execute(
        "INSERT INTO core_area SELECT $city, 'city', $city, $name, NULL, NULL, NULL, $simulated WHERE NOT EXISTS "
        "(SELECT 1 FROM core_area WHERE city = $city AND geography = 'city')",
        {**city, "name": source.city_name or source.city},
    )
    unknown = connection.execute(
        """
        SELECT link.from_geography, link.from_area FROM core_area_link AS link
        WHERE link.city = $city AND NOT EXISTS (SELECT 1 FROM core_area AS area WHERE area.city = link.city
          AND area.geography = link.from_geography AND area.area = link.from_area)
        UNION
        SELECT link.to_geography, link.to_area FROM core_area_link AS link
        WHERE link.city = $city AND NOT EXISTS (SELECT 1 FROM core_area AS area WHERE area.city = link.city
          AND area.geography = link.to_geography AND area.area = link.to_area)
        """,
        {"city": source.city},
    ).fetchall()
    if unknown:
        kind, name = unknown[0]
        file = find_part(source, "links", folders).name
        raise BadInput(
            Problem(file, f"unknown {kind} {shown(name)}", "Add it to the areas, or correct the name.")
        )
    return done
