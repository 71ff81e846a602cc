"""A source is a file of settings, not code: `data/sources/*.toml` read into checked objects.

docs/new-city.md explains every key. A key that is not known here is an error, so that a
misspelt setting is never silently ignored.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from etl.problems import SettingsError
from etl.sources.boundaries import Layer

SOURCES = Path(__file__).resolve().parent.parent / "data" / "sources"
KINDS = ("rows", "series", "areas", "listing", "calls", "covariate", "boundaries")
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
    """A column of counts that a publisher has already summed."""

    column: str
    outcome: str
    unit: str
    month_basis: str


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


@dataclass(frozen=True)
class Series:
    """How ready-made counts are read (kind = "series")."""

    area: str | None
    geography: str
    month: TimeReading
    measures: tuple[Measure, ...]
    geography_column: str | None = None
    renames: dict[str, str] = field(default_factory=dict)
    blank_is_zero: bool = False
    city_total: bool = False


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
    rows: Rows | None = None
    series: Series | None = None
    parts: dict[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    renames: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def load_sources(folder: Path = SOURCES) -> list[Source]:
    """All sources, by file name. Raises SettingsError naming the file and key at fault."""
    found = [read_source(path) for path in sorted(folder.glob("*.toml"))]
    real = {source.city for source in found if not source.simulated}
    for source in found:
        if source.simulated and source.city in real:
            raise SettingsError(
                source.settings_file.name,
                f"simulated rows may not join the real city {source.city!r}",
                "Give the simulated source a city of its own.",
                "simulated",
            )
    return found


def read_source(path: Path) -> Source:
    """Read one file of settings. Raises SettingsError."""
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(path.name, f"not a TOML file: {error}", "Correct the file.") from error
    keys = _Keys(path, text)
    kind = keys.one_of("kind", KINDS)
    source = Source(
        id=path.stem,
        city=keys.text("city"),
        kind=kind,
        title=keys.text("title"),
        publisher=keys.text("publisher"),
        url=keys.text("url"),
        licence=keys.text("licence"),
        settings_file=path,
        simulated=bool(keys.take("simulated", False)),
        files=tuple(keys.take("files", [])),
        sheet=keys.take("sheet", None),
        delimiter=keys.take("delimiter", ","),
        missing=tuple(keys.take("missing", ["", "NA", "NULL"])),
        city_name=keys.take("city_name", None),
        parts=dict(keys.take("parts", {})),
        layers=tuple(_layer(entry) for entry in keys.tables("layer")) if kind == "boundaries" else (),
        renames={name: dict(names) for name, names in keys.take("renames", {}).items()},
        notes=dict(keys.take("notes", {})),
        rows=_rows(keys) if kind == "rows" else None,
        series=_series(keys) if kind == "series" else None,
    )
    keys.finish()
    if not re.fullmatch(r"[a-z0-9_]+", source.id):
        raise SettingsError(path.name, "file name is not lower case with underscores", "Rename the file.")
    return source


def _rows(keys: _Keys) -> Rows:
    rows = keys.table("rows")
    time = keys.table("time")
    areas = keys.table("areas", required=False)
    renames = areas.take("renames", {})
    derived = areas.take("derived", {})
    area_list = areas.take("list", "known")
    columns = {name: areas.text(name) for name in GEOGRAPHIES if name in areas.left}
    areas.finish()
    for geography, start in derived.items():
        if geography not in GEOGRAPHIES or start not in columns:
            raise keys.wrong("areas.derived", f"cannot derive {geography!r} from {start!r}")
    if area_list not in ("known", "from_rows"):
        raise keys.wrong("areas.list", f"{area_list!r} is neither 'known' nor 'from_rows'")
    outcomes = tuple(_outcome(entry) for entry in keys.tables("outcome"))
    settings = Rows(
        row_is=rows.one_of("row_is", ("case", "victim")),
        case=rows.text("case"),
        first_month=rows.month("first_month"),
        last_month=rows.month("last_month") if "last_month" in rows.left else None,
        victims=rows.take("victims", None),
        exports=rows.take("exports", "parts"),
        longitude=rows.take("longitude", None),
        latitude=rows.take("latitude", None),
        zone=time.text("zone"),
        clock=time.take("clock", "local"),
        occurred=_readings(time, "occurred"),
        reported=_readings(time, "reported"),
        outcomes=outcomes,
        areas=columns,
        derived=dict(derived),
        renames={kind: dict(names) for kind, names in renames.items()},
        area_list=area_list,
    )
    rows.finish()
    time.finish()
    if settings.clock not in ("local", "utc"):
        raise keys.wrong("time.clock", f"{settings.clock!r} is neither 'local' nor 'utc'")
    if settings.exports not in ("parts", "whole"):
        raise keys.wrong("rows.exports", f"{settings.exports!r} is neither 'parts' nor 'whole'")
    if not settings.occurred and not settings.reported:
        raise keys.wrong("time", "neither occurred nor reported is given")
    if not outcomes:
        raise keys.wrong("outcome", "no [[outcome]] is given")
    if (
        any("victims" in rule.units for rule in outcomes)
        and settings.row_is == "case"
        and not settings.victims
    ):
        raise keys.wrong("rows.victims", "victims are counted but no column holds them")
    return settings


def _outcome(keys: _Keys) -> OutcomeRule:
    rule = OutcomeRule(
        outcome=keys.one_of("outcome", OUTCOMES),
        units=tuple(keys.take("units")),
        column=keys.take("column", None),
        values=tuple(str(value) for value in keys.take("values", [])),
        first_month=keys.month("first_month") if "first_month" in keys.left else None,
    )
    keys.finish()
    if not rule.units or set(rule.units) - set(UNITS):
        raise keys.wrong("outcome.units", f"units must be of {', '.join(UNITS)}")
    if (rule.column is None) != (not rule.values):
        raise keys.wrong("outcome.values", "column and values go together")
    return rule


def _layer(keys: _Keys) -> Layer:
    layer = Layer(
        geography=keys.one_of("geography", GEOGRAPHIES),
        file=keys.text("file"),
        label=keys.text("label"),
        epsg=keys.take("epsg", 4326),
        valid_years=keys.take("valid_years", ""),
    )
    keys.finish()
    return layer


def _series(keys: _Keys) -> Series:
    table = keys.table("series")
    entries = [tuple(entry.left[key] for key in _MEASURE) for entry in keys.tables("measure")]
    measures = tuple(_measure(table, entry) for entry in (*table.take("measures", []), *entries))
    months = _readings(table, "month")
    if len(months) != 1:
        raise keys.wrong("series.month", "give exactly one { columns, format }")
    series = Series(
        area=table.take("area", None),
        geography=table.take("geography", ""),
        geography_column=table.take("geography_column", None),
        month=months[0],
        measures=measures,
        renames=dict(table.take("renames", {})),
        blank_is_zero=bool(table.take("blank_is_zero", False)),
        city_total=bool(table.take("city_total", False)),
    )
    table.finish()
    if not measures:
        raise keys.wrong("series.measures", "no measure is given")
    if bool(series.geography) == bool(series.geography_column):
        raise keys.wrong("series.geography", "give either geography or geography_column")
    return series


_MEASURE = ("column", "outcome", "unit", "month_basis")


def _measure(keys: _Keys, entry: Sequence[str]) -> Measure:
    """`[column, outcome, unit, month basis]`."""
    if len(entry) != 4 or entry[1] not in OUTCOMES or entry[2] not in UNITS or entry[3] not in BASES:
        raise keys.wrong("measures", f"{entry} is not [column, outcome, unit, month basis]")
    return Measure(*entry)


def _readings(keys: _Keys, name: str) -> tuple[TimeReading, ...]:
    found = keys.take(name, [])
    entries = [found] if isinstance(found, dict) else found
    readings = []
    for entry in entries:
        formats = entry.get("formats", [entry["format"]] if "format" in entry else [])
        if not entry.get("columns") or not formats or set(entry) - {"columns", "format", "formats"}:
            raise keys.wrong(name, "needs columns and format")
        readings.append(TimeReading(tuple(entry["columns"]), tuple(formats)))
    return tuple(readings)


class _Keys:
    """A table of settings that knows which keys have not been read yet."""

    def __init__(self, path: Path, entries: dict[str, Any], prefix: str = "") -> None:
        self.path = path
        self.left = dict(entries)
        self.prefix = prefix

    def wrong(self, key: str, reason: str) -> SettingsError:
        return SettingsError(
            self.path.name, reason, "docs/new-city.md lists every setting.", self.prefix + key
        )

    def take(self, key: str, *default: Any) -> Any:
        if key not in self.left and not default:
            raise self.wrong(key, "the setting is missing")
        return self.left.pop(key, *default)

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "the setting is not a text")
        return value

    def one_of(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in allowed:
            raise self.wrong(key, f"{value!r} is none of {', '.join(allowed)}")
        return value

    def month(self, key: str) -> date:
        value = self.text(key)
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
            raise self.wrong(key, f"{value!r} is not a month such as 2019-01")
        return date(int(value[:4]), int(value[5:]), 1)

    def table(self, key: str, required: bool = True) -> _Keys:
        value = self.take(key) if required else self.take(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "is not a table")
        return _Keys(self.path, value, f"{self.prefix}{key}.")

    def tables(self, key: str) -> list[_Keys]:
        return [_Keys(self.path, entry, f"{key}.") for entry in self.take(key, [])]

    def finish(self) -> None:
        if self.left:
            raise self.wrong(sorted(self.left)[0], "there is no such setting")
