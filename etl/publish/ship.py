"""`python -m etl ship`: compute the counts that ship with the project from the publishers' files.

Nothing but figures leaves: counts by area and month, by weekday and hour, quality figures, names,
memberships, neighbor pairs and residents. No row of a publisher's file is copied.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from etl.load.tables import PROJECT
from etl.problems import BadInput, Problem
from etl.publish.build import Loading, Options, load_everything, work_database
from etl.publish.estimate_store import SHIPPED, EstimateStore
from etl.publish.evaluate import evaluate_programs
from etl.publish.outreach import publish_outreach
from etl.publish.ship_areas import ship_areas, ship_population, write_csv
from etl.settings import SOURCES, load_sources, read_source

# Sources whose counts and quality figures ship.
SHIPPED_SOURCES = (
    "minneapolis_police_incidents",
    "minneapolis_shots_fired_calls",
    "minneapolis_offense_groups",
)


def ship_counts(
    connection: duckdb.DuckDBPyConnection, city: str, sources: Sequence[str], target: Path
) -> None:
    """counts_by_month.csv (a row for each area and month, a column for each measure), daily.csv and others.

    An empty cell is a month or day in which that outcome was not recorded; zero is zero. Only in
    daily_neighborhood.csv, which holds days with an event alone, an empty cell is a zero.
    """
    columns = _measures(connection, "out_monthly", "month_basis", city)
    _copy(
        connection,
        f"SELECT geography, area, strftime(month, '%Y-%m') AS month, {columns} FROM out_monthly WHERE city = ? "
        "GROUP BY geography, area, month ORDER BY geography, area, month",
        [city],
        target / "counts_by_month.csv",
    )
    for geography, file, named in (
        ("city", "daily.csv", ""),
        ("neighborhood", "daily_neighborhood.csv", "area, "),
    ):
        daily = _measures(connection, "out_daily", "date_basis", city, geography)
        _copy(
            connection,
            f"SELECT {named}date, {daily} FROM out_daily WHERE city = ? AND geography = ? "
            f"GROUP BY {named}date ORDER BY {named}date",
            [city, geography],
            target / file,
        )
    _copy(
        connection,
        "SELECT outcome, unit, weekday, hour, count, first_month, last_month FROM out_weekday_hour WHERE city = ? "
        "ORDER BY outcome, unit, weekday, hour",
        [city],
        target / "weekday_hour.csv",
    )
    _copy(
        connection,
        "SELECT outcome, month, months_after, known, latest, is_provisional FROM out_triangle WHERE city = ? "
        "ORDER BY outcome, month, months_after",
        [city],
        target / "triangle.csv",
    )
    _copy(
        connection,
        "SELECT source, figure, value, base, note FROM out_quality WHERE city = ? AND list_contains(?, source) ORDER BY source, figure",
        [city, list(sources)],
        target / "quality.csv",
    )


def _measures(
    connection: duckdb.DuckDBPyConnection, table: str, basis: str, city: str, geography: str | None = None
) -> str:
    """A column for each outcome, unit and basis of the event or of the report, as SQL."""
    found = connection.execute(
        f"SELECT DISTINCT outcome, unit, {basis} FROM {table} WHERE city = $city "
        f"AND ($geography IS NULL OR geography = $geography) ORDER BY outcome, unit, {basis} DESC",
        {"city": city, "geography": geography},
    ).fetchall()
    return ", ".join(
        f"max(count) FILTER (WHERE outcome = '{outcome}' AND unit = '{unit}' AND {basis} = '{one}') "
        f'AS "{outcome}_{unit}_{one}"'
        for outcome, unit, one in found
    )


def ship_new_york(folder: Path, target: Path) -> None:
    """Precinct-month counts, areas, residents and published starts of New York."""
    counts, areas, starts = [], {}, {}
    with (folder / "nyc_precinct_month_2006_2022.csv").open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            counts.append(
                (row["precinct"], row["month"][:7], row["incidents"], row["victims"], row["murders"])
            )
            areas[row["precinct"]] = row
            if row["cure_start"] not in ("", "NA"):
                starts[row["precinct"]] = row["cure_start"][:7]
    numbers = sorted(areas, key=int)
    write_csv(
        target / "counts_by_month.csv",
        ("precinct", "month", "gunshot_incidents", "gunshot_victims", "homicide_victims"),
        sorted(counts, key=lambda row: (int(row[0]), row[1])),
    )
    write_csv(
        target / "areas.csv",
        ("geography", "area", "name", "valid_years", "tile_row", "tile_column"),
        [("precinct", number, f"Precinct {number}", "", "", "") for number in numbers],
    )
    write_csv(
        target / "population.csv",
        ("geography", "area", "year", "residents", "margin_of_error", "source"),
        [
            ("precinct", number, 2010, areas[number]["pop2010"], "", "US Census 2010 by police precinct")
            for number in numbers
            if areas[number]["pop2010"] not in ("", "NA")
        ],
    )
    write_csv(
        target / "cure_violence_starts.csv",
        ("precinct", "borough", "first_month"),
        [(number, areas[number]["boro"].title(), starts.get(number, "")) for number in numbers],
    )


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, bound: list[object], target: Path) -> None:
    cursor = connection.execute(sql, bound)
    header = [item[0] for item in cursor.description or []]
    write_csv(target, header, cursor.fetchall())


def ship_all(
    minneapolis: Path | None, new_york: Path | None, estimates: bool, progress: Callable[[str], None]
) -> None:
    """Recompute what ships from folders of the publishers' files. Raises BadInput."""
    for folder in filter(None, (minneapolis, new_york)):
        if not folder.is_dir():
            raise BadInput(Problem(str(folder), "there is no such folder", "Check the folder."))
    if minneapolis is not None:
        ship_minneapolis(minneapolis, progress)
    if new_york is not None:
        ship_new_york(new_york, PROJECT / "data" / "nyc")
        progress("New York counts written")
    if estimates:
        ship_estimates(progress)


def ship_minneapolis(folder: Path, progress: Callable[[str], None]) -> None:
    """Areas, links, residents and counts of Minneapolis into data/minneapolis."""
    target = PROJECT / "data" / "minneapolis"
    ship_areas(read_source(SOURCES / "minneapolis_boundaries.toml"), folder, target)
    with (target / "areas.csv").open(encoding="utf-8", newline="") as opened:
        known = {row["area"] for row in csv.DictReader(opened) if row["geography"] == "neighborhood"}
    ship_population(folder, target, known)
    progress("areas, links and residents written")
    wanted = [
        source
        for source in load_sources()
        if source.city == "minneapolis" and not any(name.startswith("data/") for name in source.files)
    ]
    with tempfile.TemporaryDirectory() as temporary, work_database(Path(temporary)) as connection:
        options = Options(data=[folder], programs=Path(temporary))
        loading = Loading(connection, options, Path(temporary), progress, wanted)
        load_everything(loading)
        ship_counts(connection, "minneapolis", SHIPPED_SOURCES, target)
    progress(f"counts written to {target.relative_to(PROJECT)}")


def ship_estimates(progress: Callable[[str], None]) -> None:
    """Make the estimates of the shipped counts anew and keep them in data/estimates, and no others."""
    with tempfile.TemporaryDirectory() as temporary, work_database(Path(temporary)) as connection:
        loading = Loading(connection, Options(), Path(temporary), progress, load_sources())
        load_everything(loading)
        publish_outreach(connection, Path(temporary) / "home", loading.programs, progress)
        fresh = EstimateStore(SHIPPED)
        evaluate_programs(connection, loading.programs, progress, False, fresh)
        used = {path.name for path in fresh.used}
    for path in SHIPPED.glob("*.json.gz"):
        if path.name not in used:
            path.unlink()
