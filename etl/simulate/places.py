"""The invented city's places: names, tile grid, what lies in what, who borders whom.

The city is a grid of 6 rows and 12 columns of neighborhoods. Two neighborhoods, one above the other, make a
community; 4 by 2 tiles a ward; three columns a precinct. The six treated communities are the western and
the eastern column, so that most untreated neighborhoods border none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

CITY = "simulated-city"
CITY_NAME = "Larkhaven (invented)"
ROWS, COLUMNS = 6, 12

# Community and its two neighborhoods from north to south: twelve from west to east in the northern band, then
# twelve in the middle one and twelve in the southern one.
COMMUNITIES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("Alderwick", ("Thimblegate", "Copperlarch")),
    ("Brambleford", ("Ashenmoor", "Bellthistle")),
    ("Cindermoor", ("Dovetallow", "Embercross")),
    ("Dunmarrow", ("Gallowbriar", "Heathlantern")),
    ("Eastwillow", ("Jackdaw Green", "Kettlemere")),
    ("Fenhallow", ("Marlspur", "Nightjar Bend")),
    ("Gorsemead", ("Pebblewick", "Quernstone")),
    ("Hazelquay", ("Saltwren", "Teaselgate")),
    ("Ironrush", ("Velvetmoor", "Whinbeck")),
    ("Junipertoll", ("Zephyr Close", "Amberlode")),
    ("Kestrelby", ("Cloverspan", "Dappleford")),
    ("Larchfen", ("Foxlantern", "Gleanmoor")),
    ("Applewright", ("Millwren", "Ivorysedge")),
    ("Bristlecomb", ("Candlebrook", "Lichenford")),
    ("Cobblemarch", ("Finchmarrow", "Osierbank")),
    ("Driftholt", ("Inkberry Rise", "Ravelstone")),
    ("Elmwarden", ("Loomfield", "Umberfield")),
    ("Flintmeadow", ("Oatlantern", "Yarnbridge")),
    ("Glimmerford", ("Rushlantern", "Bittermint")),
    ("Hollinbrae", ("Upper Bracken", "Elverstep")),
    ("Inglespan", ("Yewmarket", "Hollowquay")),
    ("Jasperholt", ("Birchlantern", "Knapthistle")),
    ("Knollwater", ("Eiderstone", "Nimbusgate")),
    ("Lowenmarch", ("Harrowtide", "Quaggyford")),
    ("Mistlethorn", ("Jessamine Row", "Kilnwater")),
    ("Nettlewick", ("Mothlantern", "Nutmeg Hollow")),
    ("Ottersmead", ("Pipistrelle", "Quincemoor")),
    ("Pewterbank", ("Skylarkton", "Tallowgate")),
    ("Quillmere", ("Vesperlow", "Wickermoss")),
    ("Rookminster", ("Zinnia Flats", "Acornspire")),
    ("Sedgewater", ("Chaffinch Toll", "Drumlinby")),
    ("Tansyfold", ("Furzebeck", "Gimletgate")),
    ("Umberstow", ("Iriswharf", "Joistmere")),
    ("Vetchlow", ("Lindencrook", "Mallowpike")),
    ("Wrenlow", ("Orchardspell", "Plovermoss")),
    ("Yarrowgate", ("Reedlantern", "Starlingwold")),
)

# First contracted month by community, in four waves. They fill the western and the eastern column of the grid.
TREATED: tuple[tuple[str, str], ...] = (
    ("Alderwick", "2021-07"),
    ("Yarrowgate", "2021-07"),
    ("Applewright", "2022-01"),
    ("Larchfen", "2022-07"),
    ("Mistlethorn", "2022-07"),
    ("Lowenmarch", "2023-01"),
)

# Neighborhoods with little of anything (a park, a rail yard, a reservoir, a works), all far from the teams.
QUIET: tuple[str, ...] = ("Loomfield", "Rushlantern", "Vesperlow", "Elverstep")


@dataclass(frozen=True)
class Neighborhood:
    name: str
    community: str
    ward: str
    precinct: str
    row: int
    column: int


@cache
def neighborhoods() -> tuple[Neighborhood, ...]:
    """All 72 neighborhoods, in the order of `COMMUNITIES`. Rows count from the north, columns from the west."""
    found = []
    for index, (community, names) in enumerate(COMMUNITIES):
        band, column = divmod(index, COLUMNS)
        for offset, name in enumerate(names):
            ward = str(1 + 3 * band + column // 4)
            precinct = str(1 + column // 3)
            found.append(Neighborhood(name, community, ward, precinct, 2 * band + offset, column))
    return tuple(found)


@cache
def treated_from() -> dict[str, str]:
    """First month (YYYY-MM) of contracted teams by treated neighborhood."""
    starts = dict(TREATED)
    return {place.name: starts[place.community] for place in neighborhoods() if place.community in starts}


def neighbor_pairs() -> list[tuple[str, str]]:
    """Pairs of neighborhoods that share a side of the grid, each pair once in each direction."""
    at = {(place.row, place.column): place.name for place in neighborhoods()}
    pairs = []
    for (row, column), name in at.items():
        for step in ((-1, 0), (0, -1), (0, 1), (1, 0)):
            other = at.get((row + step[0], column + step[1]))
            if other is not None:
                pairs.append((name, other))
    return pairs


def area_frame() -> pd.DataFrame:
    """Areas of every geography but the city itself, with their place on the tile grid (columns of core_area)."""
    places = neighborhoods()
    rows: list[dict[str, object]] = []
    for geography, attribute, label in (
        ("precinct", "precinct", "Precinct {}"),
        ("ward", "ward", "Ward {}"),
        ("community", "community", "{}"),
    ):
        for area in dict.fromkeys(getattr(place, attribute) for place in places):
            rows.append({"geography": geography, "area": area, "name": label.format(area)})
    rows.extend(
        {
            "geography": "neighborhood",
            "area": place.name,
            "name": place.name,
            "tile_row": place.row,
            "tile_column": place.column,
        }
        for place in places
    )
    frame = pd.DataFrame(rows).assign(city=CITY, simulated="true")
    frame[["tile_row", "tile_column"]] = frame[["tile_row", "tile_column"]].astype("Int64")
    return frame[["city", "geography", "area", "name", "tile_row", "tile_column", "simulated"]]


def link_frame() -> pd.DataFrame:
    """Memberships and neighbor pairs (columns of core_area_link)."""
    rows = []
    for place in neighborhoods():
        for geography in ("community", "ward", "precinct"):
            parent = getattr(place, geography)
            rows.append(("member", "neighborhood", place.name, geography, parent, 1))
    rows.extend(
        ("neighbor", "neighborhood", one, "neighborhood", other, 1) for one, other in neighbor_pairs()
    )
    columns = ["link", "from_geography", "from_area", "to_geography", "to_area", "share"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(0, "city", CITY)
    return frame.assign(simulated="true")


def population_frame(rng: np.random.Generator) -> pd.DataFrame:
    """Residents by neighborhood (2020, full count), and their sums for the larger areas."""
    places = neighborhoods()
    residents = rng.integers(9_000, 21_000, size=len(places))
    residents[[place.name in QUIET for place in places]] //= 4
    base = pd.DataFrame([vars(place) for place in places]).assign(residents=residents, city=CITY)
    parts = []
    for geography, key in (
        ("city", "city"),
        ("precinct", "precinct"),
        ("ward", "ward"),
        ("community", "community"),
        ("neighborhood", "name"),
    ):
        summed = base.groupby(key, sort=False)["residents"].sum().rename_axis("area").reset_index()
        parts.append(summed.assign(geography=geography))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(city=CITY, year=2020, source="Invented", simulated="true")
    return frame[["city", "geography", "area", "year", "residents", "source", "simulated"]]
