"""`python -m etl ship`: compute the counts that ship with the project from the publishers' files.

Nothing but figures leaves: counts by area and month, by weekday and hour, quality figures, names,
memberships, neighbor pairs and residents. No row of a publisher's file is copied.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from etl.load.tables import PROJECT
from etl.problems import BadInput, Problem
from etl.publish.build import Loading, Options, load_everything, work_database
from etl.publish.estimate_store import SHIPPED, EstimateStore
from etl.publish.evaluate import evaluate_programs
from etl.settings import GEOGRAPHIES, SOURCES, Source, load_sources, read_source
from etl.sources.boundaries import Area, memberships, neighbors, read_layer, tiles

# Sources whose counts and quality figures ship.
SHIPPED_SOURCES = (
    "minneapolis_police_incidents",
    "minneapolis_shots_fired_calls",
    "minneapolis_offense_groups",
)
ACS_SOURCE = "American Community Survey 2015-2019, via Minnesota Compass"
CENSUS_SOURCE = "US Census, by neighborhood, via MinnPost"
# Names of the population files that differ from the City's neighborhood file.
POPULATION_NAMES = {
    "CARAG": "South Uptown",
    "ECCO": "East Bde Maka Ska",
    "West Calhoun": "West Maka Ska",
    "Humboldt Industrial": "Humboldt Industrial Area",
    "Near North": "Near - North",
    "Willard-Hay": "Willard - Hay",
    "Como (Minneapolis)": "Como",
    "Bryn-Mawr": "Bryn - Mawr",
    "Sumner-Glenwood": "Sumner - Glenwood",
    "Nicollet Island-East Bank": "Nicollet Island - East Bank",
    "Webber-Camden": "Webber - Camden",
    "Mid-City Industrial": "Mid - City Industrial",
    "Prospect Park-East River Road": "Prospect Park - East River Road",
    "Steven's Square-Loring Heights": "Steven's Square - Loring Heights",
    "Cedar-Isles-Dean": "Cedar - Isles - Dean",
    "Lind-Bohanon": "Lind - Bohanon",
}


def ship_areas(source: Source, folder: Path, target: Path) -> None:
    """areas.csv and area_links.csv from the boundary files of a `boundaries` source."""
    layers = {
        layer.geography: read_layer(folder / layer.file, layer, source.renames.get(layer.geography, {}))
        for layer in source.layers
    }
    years = {layer.geography: layer.valid_years for layer in source.layers}
    places = tiles(layers["neighborhood"], columns=9)
    rows: list[Sequence[Any]] = []
    for geography in GEOGRAPHIES:
        for area in sorted(layers.get(geography, []), key=_by_number):
            row, column = places.get(area.area, ("", "")) if geography == "neighborhood" else ("", "")
            rows.append((geography, area.area, area_name(area), years[geography], row, column))
    _write(
        target / "areas.csv", ("geography", "area", "name", "valid_years", "tile_row", "tile_column"), rows
    )
    links: list[Sequence[Any]] = []
    for inner, outer in (
        ("neighborhood", "community"),
        ("neighborhood", "ward"),
        ("neighborhood", "precinct"),
    ):
        for one, two, share in memberships(layers[inner], layers[outer]):
            # Borders drawn twice differ by a few metres: nine tenths and more is taken as the whole.
            whole = outer == "community" and share > 0.9
            links.append(("member", inner, one, outer, two, 1.0 if whole else share))
    for geography, areas in layers.items():
        links += [("neighbor", geography, one, geography, two, 1.0) for one, two in neighbors(areas)]
    header = ("link", "from_geography", "from_area", "to_geography", "to_area", "share")
    _write(target / "area_links.csv", header, sorted(links, key=lambda row: tuple(row[:5])))


def _by_number(area: Area) -> tuple[int, str]:
    return (int(area.area), "") if area.area.isdigit() else (0, area.area)


def area_name(area: Area) -> str:
    """A name for people: `Ward 6`, `Precinct 3`, else the label."""
    return f"{area.geography.capitalize()} {area.area}" if area.area.isdigit() else area.area


def ship_population(folder: Path, target: Path, known: set[str]) -> None:
    """population.csv: census 2000 and 2010, and the survey of 2015-2019 with its margin of error."""
    rows: list[Sequence[Any]] = []
    census = folder / "population" / "minnpost_mpls-neighborhood-population-2010-2000.csv"
    with census.open(encoding="utf-8-sig", newline="") as opened:
        for line in csv.DictReader(opened):
            name = POPULATION_NAMES.get(line["Neighborhood"], line["Neighborhood"])
            kind, area = ("city", "minneapolis") if name.startswith("City of") else ("neighborhood", name)
            for year in (2000, 2010):
                text = line[f"{year} Population"].strip()
                rows.append((kind, area, year, 0 if text == "-" else int(text), "", CENSUS_SOURCE))
    survey = folder / "population" / "mncompass_neighborhoods_msp_2019_with_suppression.xlsx"
    sheet = openpyxl.load_workbook(survey, read_only=True, data_only=True).worksheets[0]
    lines = sheet.iter_rows(values_only=True)
    titles = [str(title) for title in next(lines)]
    # The publisher's two margin columns are labelled the wrong way round: the one called
    # "Share - Margin of Error" holds people (394 of 4,736), the other the share (0.083).
    residents = titles.index("Total population")
    margin = titles.index("Total population - Share - Margin of Error")
    for cells in lines:
        name = POPULATION_NAMES.get(str(cells[0]), str(cells[0]))
        if name in known:
            people, error = int(str(cells[residents])), int(str(cells[margin]))
            rows.append(("neighborhood", name, 2019, people, error, ACS_SOURCE))
    unknown = {str(row[1]) for row in rows if row[0] == "neighborhood"} - known
    if unknown:
        raise BadInput(
            Problem(census.name, f"unknown neighborhood {sorted(unknown)[0]!r}", "Add it to the names.")
        )
    header = ["geography", "area", "year", "residents", "margin_of_error", "source"]
    _write(target / "population.csv", header, sorted(rows, key=lambda row: (row[0], str(row[1]), row[2])))


def ship_counts(
    connection: duckdb.DuckDBPyConnection, city: str, sources: Sequence[str], target: Path
) -> None:
    """counts_by_month.csv (a row for each area and month, a column for each measure), weekday_hour.csv, quality.csv.

    An empty cell is a month in which that outcome was not recorded; zero is zero.
    """
    measures = connection.execute(
        "SELECT DISTINCT outcome, unit, month_basis FROM out_monthly WHERE city = ? "
        "ORDER BY outcome, unit, month_basis DESC", [city],
    ).fetchall()  # fmt: skip
    columns = ", ".join(
        f"max(count) FILTER (WHERE outcome = '{outcome}' AND unit = '{unit}' AND month_basis = '{basis}') "
        f'AS "{outcome}_{unit}_{basis}"'
        for outcome, unit, basis in measures
    )
    _copy(
        connection,
        f"SELECT geography, area, strftime(month, '%Y-%m') AS month, {columns} FROM out_monthly WHERE city = ? "
        "GROUP BY geography, area, month ORDER BY geography, area, month",
        [city],
        target / "counts_by_month.csv",
    )
    by_day = connection.execute(
        "SELECT DISTINCT outcome, unit, date_basis FROM out_daily WHERE city = ? "
        "ORDER BY outcome, unit, date_basis DESC", [city],
    ).fetchall()  # fmt: skip
    daily = ", ".join(
        f"max(count) FILTER (WHERE outcome = '{outcome}' AND unit = '{unit}' AND date_basis = '{basis}') "
        f'AS "{outcome}_{unit}_{basis}"'
        for outcome, unit, basis in by_day
    )
    _copy(
        connection,
        f"SELECT date, {daily} FROM out_daily WHERE city = ? GROUP BY date ORDER BY date",
        [city],
        target / "daily.csv",
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
    _write(
        target / "counts_by_month.csv",
        ("precinct", "month", "gunshot_incidents", "gunshot_victims", "homicide_victims"),
        sorted(counts, key=lambda row: (int(row[0]), row[1])),
    )
    _write(
        target / "areas.csv",
        ("geography", "area", "name", "valid_years", "tile_row", "tile_column"),
        [("precinct", number, f"Precinct {number}", "", "", "") for number in numbers],
    )
    _write(
        target / "population.csv",
        ("geography", "area", "year", "residents", "margin_of_error", "source"),
        [
            ("precinct", number, 2010, areas[number]["pop2010"], "", "US Census 2010 by police precinct")
            for number in numbers
            if areas[number]["pop2010"] not in ("", "NA")
        ],
    )
    _write(
        target / "cure_violence_starts.csv",
        ("precinct", "borough", "first_month"),
        [(number, areas[number]["boro"].title(), starts.get(number, "")) for number in numbers],
    )


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, bound: list[object], target: Path) -> None:
    cursor = connection.execute(sql, bound)
    header = [item[0] for item in cursor.description or []]
    _write(target, header, cursor.fetchall())


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(["" if value is None else _short(value) for value in row])


def _short(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value == int(value) else value


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
        fresh = EstimateStore(SHIPPED)
        evaluate_programs(connection, loading.programs, progress, False, fresh)
        used = {path.name for path in fresh.used}
    for path in SHIPPED.glob("*.json.gz"):
        if path.name not in used:
            path.unlink()
