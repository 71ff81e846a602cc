"""Areas, links and residents that ship, computed from the publishers' boundary and population files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from etl.problems import BadInput, Problem
from etl.source_settings import GEOGRAPHIES, Source
from etl.sources.boundaries import Area, memberships, neighbors, read_layer, tiles

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
    write_csv(
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
    write_csv(target / "area_links.csv", header, sorted(links, key=lambda row: tuple(row[:5])))


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
    write_csv(target / "population.csv", header, sorted(rows, key=lambda row: (row[0], str(row[1]), row[2])))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(["" if value is None else _short(value) for value in row])


def _short(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value == int(value) else value
