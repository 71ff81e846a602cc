"""Files of settings into the objects of `etl/source_settings.py`.

A key that is not known here is an error, so that a misspelt setting is never silently ignored.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from etl.problems import SettingsError
from etl.settings_keys import Keys
from etl.source_settings import (
    BASES,
    GEOGRAPHIES,
    KINDS,
    LISTED,
    OUTCOMES,
    PORTALS,
    SOURCES,
    UNITS,
    Covariate,
    FetchLayer,
    Measure,
    NamedFigure,
    OutcomeRule,
    Rows,
    Series,
    Source,
    TimeReading,
)
from etl.sources.boundaries import Layer


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
    keys = Keys(path, text)
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
        fetch=_fetch(keys),
        rows=_rows(keys, kind) if kind in ("rows", "listing") else None,
        series=_series(keys) if kind == "series" else None,
        dates=_dates(keys) if kind == "covariate" else None,
        covariates=tuple(_covariate(entry) for entry in keys.tables("covariate")),
        call=dict(keys.take("call", {})),
        figures=tuple(_figure(entry) for entry in keys.tables("figure")),
    )
    keys.finish()
    if not re.fullmatch(r"[a-z0-9_]+", source.id):
        raise SettingsError(path.name, "file name is not lower case with underscores", "Rename the file.")
    return source


def _rows(keys: Keys, kind: str) -> Rows:
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
    if kind == "listing":
        if outcomes:
            raise keys.wrong("outcome", "a listing is not a count and has no outcomes")
        outcomes = (OutcomeRule(LISTED, ("incidents",)),)
    settings = Rows(
        row_is=rows.one_of("row_is", ("case", "victim")),
        case=rows.text("case"),
        first_month=rows.month("first_month"),
        last_month=rows.month("last_month") if "last_month" in rows.left else None,
        victims=rows.take("victims", None),
        exports=rows.take("exports", "parts"),
        replaces=rows.take("replaces", "all"),
        kind=rows.take("kind", None),
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
    if settings.exports not in ("parts", "whole", "changes"):
        raise keys.wrong("rows.exports", f"{settings.exports!r} is none of 'parts', 'whole', 'changes'")
    if settings.replaces not in ("all", "months"):
        raise keys.wrong("rows.replaces", f"{settings.replaces!r} is neither 'all' nor 'months'")
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


def _outcome(keys: Keys) -> OutcomeRule:
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


def _fetch(keys: Keys) -> FetchLayer | None:
    if "fetch" not in keys.left:
        return None
    table = keys.table("fetch")
    layer = FetchLayer(
        portal=table.one_of("portal", PORTALS),
        url=table.text("url").rstrip("/"),
        page_size=int(table.take("page_size", 2000)),
        where=table.take("where", ""),
        order=table.take("order", ""),
        date_format=table.take("date_format", "%Y/%m/%d %H:%M:%S+00"),
    )
    table.finish()
    return layer


def _dates(keys: Keys) -> TimeReading:
    readings = _readings(keys, "date")
    if len(readings) != 1:
        raise keys.wrong("date", "give exactly one { columns, format }")
    return readings[0]


def _layer(keys: Keys) -> Layer:
    layer = Layer(
        geography=keys.one_of("geography", ("city", *GEOGRAPHIES)),
        file=keys.text("file"),
        label=keys.text("label"),
        epsg=keys.take("epsg", 4326),
        valid_years=keys.take("valid_years", ""),
    )
    keys.finish()
    return layer


def _series(keys: Keys) -> Series:
    table = keys.table("series")
    measures = tuple(_measure(table, entry) for entry in table.take("measures"))
    months = _readings(table, "month")
    if len(months) != 1:
        raise keys.wrong("series.month", "give exactly one { columns, format }")
    series = Series(
        area=table.take("area", None),
        geography=table.take("geography", ""),
        geography_column=table.take("geography_column", None),
        measure_column=table.take("measure_column", None),
        count_column=table.take("count_column", None),
        title_column=table.take("title_column", None),
        file_column=table.take("file_column", None),
        columns_are_months=table.take("columns_are_months", None),
        month=months[0],
        measures=measures,
        renames=dict(table.take("renames", {})),
        labels=table.take("labels", "exact"),
        without_area=tuple(table.take("without_area", [])),
        headings={name: tuple(others) for name, others in table.take("headings", {}).items()},
        derived=tuple(table.take("derived", [])),
        blank_is_zero=bool(table.take("blank_is_zero", False)),
        repeated_is_sum=bool(table.take("repeated_is_sum", False)),
        city_total=bool(table.take("city_total", False)),
    )
    table.finish()
    if not measures:
        raise keys.wrong("series.measures", "no measure is given")
    if bool(series.geography) == bool(series.geography_column):
        raise keys.wrong("series.geography", "give either geography or geography_column")
    if bool(series.measure_column) != bool(series.count_column or series.columns_are_months):
        raise keys.wrong("series.measure_column", "measure_column and count_column go together")
    if series.labels not in ("exact", "letters"):
        raise keys.wrong("series.labels", f"{series.labels!r} is neither 'exact' nor 'letters'")
    return series


def _measure(keys: Keys, entry: Sequence[str]) -> Measure:
    """`[column, outcome, unit, month basis]`, or `[column, the publisher's name]`."""
    if len(entry) == 2:
        return Measure(column=entry[0], name=entry[1])
    if len(entry) != 4 or entry[1] not in OUTCOMES or entry[2] not in UNITS or entry[3] not in BASES:
        raise keys.wrong(
            "measures", f"{list(entry)} is neither [column, outcome, unit, month basis] nor [column, name]"
        )
    return Measure(*entry)


def _covariate(keys: Keys) -> Covariate:
    found = Covariate(column=keys.text("column"), measure=keys.text("measure"), unit=keys.text("unit"))
    keys.finish()
    return found


def _figure(keys: Keys) -> NamedFigure:
    figure = NamedFigure(
        keys.text("figure"), keys.text("column"), tuple(keys.take("values")), keys.text("note")
    )
    keys.finish()
    return figure


def _readings(keys: Keys, name: str) -> tuple[TimeReading, ...]:
    found = keys.take(name, [])
    entries = [found] if isinstance(found, dict) else found
    readings = []
    for entry in entries:
        formats = entry.get("formats", [entry["format"]] if "format" in entry else [])
        if "columns" not in entry or not formats or set(entry) - {"columns", "format", "formats"}:
            raise keys.wrong(name, "needs columns and format")
        readings.append(TimeReading(tuple(entry["columns"]), tuple(formats)))
    return tuple(readings)
