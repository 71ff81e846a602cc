"""Program files (`data/programs/*.toml`) into core tables. A name that no area has is an error."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from etl.dictionary import load_dictionary
from etl.load.series import known_areas
from etl.problems import SettingsError, shown

PROGRAMS = Path(__file__).resolve().parent.parent.parent / "data" / "programs"


def read_program(path: Path) -> dict[str, Any]:
    """One program file as a dictionary. Raises SettingsError."""
    try:
        program = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(path.name, f"not a TOML file: {error}", "Correct the file.") from error
    for key in ("program", "city", "name", "summary"):
        if not isinstance(program.get(key), str):
            raise SettingsError(path.name, "the setting is missing", "Add it.", key)
    if program["program"] != path.stem:
        raise SettingsError(
            path.name, f"program is {program['program']!r}", "Use the file's name.", "program"
        )
    return program


def load_programs(connection: duckdb.DuckDBPyConnection, folder: Path = PROGRAMS) -> list[dict[str, Any]]:
    """Load every program whose city has areas in this release; give back the programs loaded.

    Raises SettingsError on an unknown area, a program of a real city marked as simulated, or a
    value that the dictionary does not allow.
    """
    loaded = []
    for path in sorted(folder.glob("*.toml")):
        program = read_program(path)
        city = connection.execute(
            "SELECT simulated FROM core_area WHERE city = ? AND geography = 'city'", [program["city"]]
        ).fetchone()
        if city is None:
            raise SettingsError(
                path.name,
                f"no areas are known for city {shown(program['city'])}",
                "Add its areas source.",
                "city",
            )
        simulated = bool(program.get("simulated", False))
        if simulated != city[0]:
            raise SettingsError(
                path.name,
                "simulated and real may not meet",
                "Give the program a city of its kind.",
                "simulated",
            )
        connection.execute("BEGIN TRANSACTION")  # one for all rows of a program: each of its own takes 6 ms
        try:
            _insert(connection, path, program, simulated)
            connection.execute("COMMIT")
        except KeyError as error:
            raise SettingsError(
                path.name, f"the setting {error} is missing in an entry", "Add it."
            ) from error
        except duckdb.ConstraintException as error:
            raise SettingsError(
                path.name, str(error).splitlines()[0], "Use a value the dictionary allows."
            ) from error
        loaded.append(program)
    return loaded


def _insert(
    connection: duckdb.DuckDBPyConnection, path: Path, program: dict[str, Any], simulated: bool
) -> None:
    name, city = program["program"], program["city"]
    areas = known_areas(connection, city)
    text = json.dumps(program, ensure_ascii=False, sort_keys=True, default=str)
    _add(connection, "core_program", [name, city, program["name"], program["summary"], text, simulated])
    for entry in program.get("phase", []):
        first = _month(path, entry, "phase.first_month", entry.get("first_month"))
        last = _month(path, entry, "phase.last_month", entry.get("last_month"), required=False)
        values = [name, entry["id"], entry["name"], entry["kind"], first, last]
        _add(connection, "core_phase", [*values, entry["source"], entry["certainty"]])
    for entry in program.get("area_group", []):
        _known(path, areas, entry, "area_group.areas")
        _add(
            connection, "core_area", [city, "group", entry["id"], entry["name"], None, None, None, simulated]
        )
        for area in entry["areas"]:
            _add(
                connection,
                "core_area_link",
                [city, "member", entry["geography"], area, "group", entry["id"], 1.0],
            )
    for entry in program.get("catchment", []):
        _known(path, areas, entry, "catchment.areas")
        for area in entry["areas"]:
            values = [name, entry["id"], entry["geography"], area, entry["source"], entry["certainty"]]
            _add(connection, "core_catchment", values)
    for entry in program.get("event", []):
        values = [city, entry["id"], entry["date"], entry.get("end_date"), entry["name"]]
        _add(connection, "core_context_event", [*values, entry["description"], entry["source"]])
    for entry in program.get("funding", []):
        values = [
            name,
            entry["id"],
            entry["kind"],
            entry["date"],
            entry.get("period_start"),
            entry.get("period_end"),
        ]
        values += [
            float(entry["amount_usd"]),
            entry.get("provider"),
            entry["description"],
            entry["source"],
            simulated,
        ]
        _add(connection, "core_funding", values)


def _add(connection: duckdb.DuckDBPyConnection, table: str, values: list[Any]) -> None:
    marks = ", ".join("?" for _ in load_dictionary()[table].columns)
    connection.execute(f'INSERT INTO "{table}" VALUES ({marks})', values)


def _known(path: Path, areas: dict[str, set[str]], entry: dict[str, Any], key: str) -> None:
    names = areas.get(entry["geography"], set())
    unknown = [area for area in entry["areas"] if area not in names]
    if unknown:
        raise SettingsError(
            path.name,
            f"unknown {entry['geography']} {shown(unknown[0])} in {entry['id']!r}",
            "Use the name of the areas file.",
            key,
        )


def _month(
    path: Path, entry: dict[str, Any], key: str, text: str | None, required: bool = True
) -> date | None:
    if text is None and not required:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise SettingsError(
            path.name, f"{text!r} is not a month ({entry.get('id')})", "Write 2021-06.", key
        ) from error
