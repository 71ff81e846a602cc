"""Outreach logs into a release: counted in the private store's process, protected, and only then inserted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from disclosure.policy import DisclosureError
from disclosure.release import protect_release
from etl import warehouse
from etl.dictionary import load_dictionary
from etl.logs.identity import KeyFault
from etl.logs.private_store import StoreFault
from etl.logs.publish import TABLES, City, outreach_tables
from etl.publish.release import BuildError
from etl.sql_text import identifier

Links = dict[tuple[str, str], list[tuple[str, str]]]


def publish_outreach(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    programs: Sequence[Mapping[str, Any]],
    progress: Callable[[str], None],
    data: Sequence[Path] = (),
) -> None:
    """Load the logs of every program that has any, and write their protected tables.

    `data` are folders given to the build: `logs/<program>` in one takes the place of the shipped logs.
    `connection` holds core_area, core_area_link and out_monthly. Tables of the release in use are taken into
    account, so that two releases cannot be subtracted. Raises BuildError, in one line, when the private store
    cannot be used or a table may not be published.
    """
    try:
        _publish(connection, home, programs, progress, data)
    except (DisclosureError, KeyFault, StoreFault) as error:
        raise BuildError(f"The outreach logs stop the release. {error}") from error


def _publish(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    programs: Sequence[Mapping[str, Any]],
    progress: Callable[[str], None],
    data: Sequence[Path],
) -> None:
    exact: dict[str, list[pd.DataFrame]] = {}
    links: Links = {}
    for program in programs:
        city = _city(connection, str(program["city"]))
        tables = outreach_tables(home, program, city, data=data)
        for name, frame in tables.items():
            exact.setdefault(name, []).append(frame)
        if tables:
            links |= _parts(city.links)
            progress(f"{program['program']}: outreach logs counted")
    counted = {name: pd.concat(frames, ignore_index=True) for name, frames in exact.items()}
    # Figures about logs count person-linked rows too.
    guarded = {name: counted.pop(name) for name in (*TABLES, "out_quality") if name in counted}
    protected = protect_release(guarded, _published(home, list(guarded), progress), links)
    for name, frame in {**protected, **counted}.items():
        _insert(connection, name, frame)
    if protected:
        hidden = sum(
            int((frame["n_flag"] == "protected").sum()) for frame in protected.values() if "n_flag" in frame
        )
        progress(f"outreach tables protected: {hidden:,} small or revealing cells are not shown")


def _city(connection: duckdb.DuckDBPyConnection, city: str) -> City:
    areas = connection.execute("SELECT geography, area, name FROM core_area WHERE city = ?", [city]).df()
    links = connection.execute(
        "SELECT link, from_geography, from_area, to_geography, to_area, share FROM core_area_link WHERE city = ?",
        [city],
    ).df()
    monthly = connection.execute(
        "SELECT geography, area, month, count FROM out_monthly WHERE city = ? AND outcome = 'gunshot' "
        "AND unit = 'incidents' AND month_basis = 'occurred' AND geography IN ('neighborhood', 'ward') "
        "ORDER BY geography, area, month",
        [city],
    ).df()
    return City(areas, links, monthly)


def _parts(links: pd.DataFrame) -> Links:
    """Ward → the neighborhoods that make it up, where each lies wholly in one: what an attacker could add up."""
    member = links.loc[(links["link"] == "member") & (links["from_geography"] == "neighborhood")]
    found: Links = {}
    for geography, part in member.groupby("to_geography"):
        if (part["share"].astype(float) >= 0.999).all():
            for area, place in zip(part["to_area"], part["from_area"], strict=True):
                found.setdefault((str(geography), str(area)), []).append(("neighborhood", str(place)))
    return found


def _published(home: Path, names: list[str], progress: Callable[[str], None]) -> dict[str, pd.DataFrame]:
    """The same tables of the release in use; none where there is no release or it had no such table."""
    pointer = home / "releases" / warehouse.POINTER
    if not pointer.is_file():
        return {}
    path = pointer.parent / pointer.read_text(encoding="utf-8").strip()
    try:
        with duckdb.connect(
            str(path), read_only=True, config=dict(warehouse.READ_ONLY_SETTINGS)
        ) as connection:
            found = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
            held = [name for name in names if (name,) in found]
            frames = {name: connection.execute(f"SELECT * FROM {identifier(name)}").df() for name in held}
    except (duckdb.IOException, duckdb.SerializationException, duckdb.InvalidInputException):
        progress("the release in use cannot be read: outreach counts are protected without regard to it")
        return {}
    return {name: frame for name, frame in frames.items() if not frame.empty}


def _insert(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    columns = load_dictionary()[name].columns
    given = [column for column in columns if column.name in frame.columns]
    cast = ", ".join(f"CAST({identifier(column.name)} AS {column.type})" for column in given)
    names = ", ".join(identifier(column.name) for column in given)
    connection.register("incoming", frame)
    connection.execute(f"INSERT INTO {identifier(name)} ({names}) SELECT {cast} FROM incoming")
    connection.unregister("incoming")
