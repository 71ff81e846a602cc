"""A source is a file of settings, not code: `data/sources/*.toml` read into checked objects.

`etl/settings.py` reads them; docs/new-city.md explains every key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from etl.sources.boundaries import Layer

SOURCES = Path(__file__).resolve().parent.parent / "data" / "sources"
# rows: incidents that are counted. listing: rows that are kept and described, never counted.
KINDS = ("rows", "listing", "series", "covariate", "areas", "boundaries")
GEOGRAPHIES = ("precinct", "ward", "community", "neighborhood", "zone")
OUTCOMES = (
    "gunshot",
    "homicide",
    "near_repeat_shooting",
    "shots_fired_call",
    "robbery",
    "domestic_aggravated_assault",
    "carjacking",
    "arson",
    "property_crime",
)
LISTED = "listed"
PORTALS = ("arcgis", "socrata", "carto")
UNITS = ("incidents", "victims", "calls")
BASES = ("occurred", "reported")


@dataclass(frozen=True)
class TimeReading:
    """One way to read a time: the columns, joined by a blank, and the formats tried in order."""

    columns: tuple[str, ...]
    formats: tuple[str, ...]


@dataclass(frozen=True)
class OutcomeRule:
    """Rows whose `column` holds one of `values` are this outcome; no column: every row is."""

    outcome: str
    units: tuple[str, ...]
    column: str | None = None
    values: tuple[str, ...] = ()
    first_month: date | None = None


@dataclass(frozen=True)
class Measure:
    """A column (or value) of counts that a publisher has already summed.

    With an outcome it joins out_monthly; without, it is kept under `name` in core_series_count.
    """

    column: str
    outcome: str = ""
    unit: str = ""
    month_basis: str = ""
    name: str = ""


@dataclass(frozen=True)
class Rows:
    """How rows of incidents are read (kind = "rows")."""

    row_is: str
    case: str
    first_month: date
    last_month: date | None
    occurred: tuple[TimeReading, ...]
    reported: tuple[TimeReading, ...]
    outcomes: tuple[OutcomeRule, ...]
    zone: str
    clock: str = "local"
    victims: str | None = None
    areas: dict[str, str] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    renames: dict[str, dict[str, str]] = field(default_factory=dict)
    area_list: str = "known"
    longitude: str | None = None
    latitude: str | None = None
    exports: str = "parts"
    replaces: str = "all"
    kind: str | None = None


@dataclass(frozen=True)
class Series:
    """How ready-made counts are read (kind = "series")."""

    area: str | None
    geography: str
    month: TimeReading
    measures: tuple[Measure, ...]
    geography_column: str | None = None
    measure_column: str | None = None
    count_column: str | None = None
    title_column: str | None = None
    file_column: str | None = None
    columns_are_months: str | None = None
    renames: dict[str, str] = field(default_factory=dict)
    labels: str = "exact"
    without_area: tuple[str, ...] = ()
    totals: tuple[str, ...] = ("total", "grandtotal", "citytotal")
    headings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    derived: tuple[str, ...] = ()
    blank_is_zero: bool = False
    repeated_is_sum: bool = False
    city_total: bool = False


@dataclass(frozen=True)
class Covariate:
    """A column of values by date (kind = "covariate")."""

    column: str
    measure: str
    unit: str


@dataclass(frozen=True)
class NamedFigure:
    """A quality figure of a listing: how many rows hold one of `values` in `column`."""

    figure: str
    column: str
    values: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class FetchLayer:
    """Where a source is published live. order: a column that orders all rows; where: a filter in the portal's words."""

    portal: str
    url: str
    page_size: int = 2000
    where: str = ""
    order: str = ""
    date_format: str = "%Y/%m/%d %H:%M:%S+00"


@dataclass(frozen=True)
class Source:
    """One file of settings. `id` is its file name; `settings_file` its path."""

    id: str
    city: str
    kind: str
    title: str
    publisher: str
    url: str
    licence: str
    settings_file: Path
    simulated: bool = False
    files: tuple[str, ...] = ()
    sheet: str | None = None
    delimiter: str = ","
    missing: tuple[str, ...] = ("", "NA", "NULL")
    city_name: str | None = None
    fetch: FetchLayer | None = None
    rows: Rows | None = None
    series: Series | None = None
    dates: TimeReading | None = None
    covariates: tuple[Covariate, ...] = ()
    call: dict[str, str] = field(default_factory=dict)
    figures: tuple[NamedFigure, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    renames: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
