"""A source of ready-made counts: from a data folder, or the counts that ship with the project."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from etl.dictionary import load_dictionary
from etl.load.loading import Loading
from etl.load.quality import Figure, shipped_quality
from etl.load.records import insert_records
from etl.load.series import Counts, LoadedSeries, add_larger_areas, insert_outcomes, known_areas
from etl.load.series_files import read_files
from etl.load.tables import convert, find_part, insert_csv, read_rows
from etl.source_settings import Source
from etl.sources.landing import Landed


def load_series_source(loading: Loading, source: Source) -> set[Path]:
    """Load the files of one series source; give back the files. Raises BadInput.

    Outcomes that rows (or an earlier series) have supplied are left to them: as a whole, or only for
    the months they cover where their settings say `replaces = "months"`.
    """
    paths = loading.paths(source)
    if not paths:
        return set()
    connection = loading.connection
    supplied, filled = _supplied(loading, source.city)
    landed, counts = read_files(source, paths, loading.workplace, known_areas(connection, source.city))
    for number, file in enumerate(landed):
        loading.note(source, file, counts.rows if number == 0 else 0)
    cells = {key: count for key, count in counts.outcomes.items() if key[4] not in supplied}
    cells = add_larger_areas(connection, source, cells)
    loaded = LoadedSeries(source, outcomes={key[4] for key in cells})
    if cells:
        insert_outcomes(connection, source, cells, filled)
    insert_records(
        connection,
        "core_series_count",
        [
            (source.city, source.id, kind, area, month, measure, count, source.simulated)
            for (kind, area, month, measure), count in counts.named.items()
        ],
    )
    months = [key[2] for key in cells] + [key[2] for key in counts.named]
    if months:
        loaded.first_month, loaded.last_month = min(months), max(months)
        loading.dates[source.id] = (loaded.first_month, None, loaded.last_month)
        loading.progress(
            f"{source.id}: {len(cells) + len(counts.named):,} counts, {min(months):%Y-%m} to {max(months):%Y-%m}"
        )
    loading.series.append(loaded)
    for note in counts.notes:
        loading.progress(f"{source.id}: {note}")
    loading.figures += _figures(source, counts)
    _load_parts(loading, source, supplied)
    return set(paths)


def _supplied(loading: Loading, city: str) -> tuple[set[str], set[tuple[str, date]]]:
    """Outcomes that are wholly supplied already, and outcome-months that are."""
    whole: set[str] = set()
    filled: set[tuple[str, date]] = set()
    for loaded in loading.rows:
        rows = loaded.source.rows
        if loaded.source.city != city or rows is None:
            continue
        for outcome, (first, last) in loaded.spans.items():
            if rows.replaces == "all":
                whole.add(outcome)
                continue
            month = first
            while month <= last:
                filled.add((outcome, month))
                month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    for series in loading.series:
        if series.source.city == city:
            whole |= series.outcomes
    return whole, filled


def _figures(source: Source, counts: Counts) -> list[Figure]:
    found = []
    if counts.without_area:
        note = "Rows that the publisher assigns to no area: in the city total only."
        found.append(
            Figure(source.city, source.id, "rows_without_area", float(counts.without_area), counts.rows, note)
        )
    if counts.repeated:
        note = "Cells that stand in a second sheet or row with the same count; counted once."
        found.append(
            Figure(source.city, source.id, "repeated_cells", float(counts.repeated), counts.rows, note)
        )
    if counts.notes:
        note = "Sheets that are not one month by area (quarters, halves, years to date, wards): left out."
        found.append(Figure(source.city, source.id, "sheets_left_out", float(len(counts.notes)), None, note))
    found += [
        Figure(source.city, source.id, figure, 1.0, None, note) for figure, note in source.notes.items()
    ]
    return found


def _load_parts(loading: Loading, source: Source, supplied: set[str]) -> None:
    """What ships beside the counts: weekday and hour, days, quality figures."""
    if "weekday_hour" in source.parts:
        path = find_part(source, "weekday_hour", loading.folders)
        landed, rows = insert_weekday_hours(loading, source, path, supplied)
        loading.note(source, landed, rows)
    for part, geography in (("daily", "city"), ("daily_neighborhood", "neighborhood")):
        if part in source.parts:
            path = find_part(source, part, loading.folders)
            landed, rows = insert_daily(loading, source, path, supplied, geography)
            loading.note(source, landed, rows)
    if "triangle" in source.parts:
        path = find_part(source, "triangle", loading.folders)
        landed, rows = insert_triangle(loading, source, path, supplied)
        loading.note(source, landed, rows)
    rows_loaded = any(loaded.source.city == source.city for loaded in loading.rows)
    if "quality" in source.parts and not rows_loaded:
        path = find_part(source, "quality", loading.folders)
        loading.figures += shipped_quality(path, loading.workplace, source)


def insert_weekday_hours(
    loading: Loading, source: Source, path: Path, supplied: set[str]
) -> tuple[Landed, int]:
    """Weekday and hour counts that ship, for the outcomes that no rows have supplied."""
    connection = loading.connection
    fixed = {"city": source.city, "simulated": source.simulated}
    landed, rows = insert_csv(connection, path, loading.workplace, "out_weekday_hour", fixed)
    connection.execute(
        "INSERT INTO weekday_hour_count SELECT city, outcome, unit, weekday, hour, count, first_month, last_month, "
        "simulated FROM out_weekday_hour WHERE city = ? AND NOT list_contains(?, outcome)",
        [source.city, sorted(supplied)],
    )
    connection.execute("DELETE FROM out_weekday_hour")
    return landed, rows


def insert_daily(
    loading: Loading, source: Source, path: Path, supplied: set[str], geography: str
) -> tuple[Landed, int]:
    """Counts by day that ship: a column `outcome_unit_basis` for each measure of the source.

    Of the city every day is a row; of neighborhoods (a column `area`) only days with an event are.
    """
    assert source.series is not None
    named = ["area"] if geography != "city" else []
    landed, rows = read_rows(path, loading.workplace, [*named, "date"])
    measures = [
        measure
        for measure in source.series.measures
        if measure.outcome not in supplied and measure.column in landed.header
    ]
    records = []
    for number, row in enumerate(rows, start=2):
        day = convert(row["date"], "DATE", path.name, number, "date")
        area = row["area"] if named else source.city
        for measure in measures:
            if text := row[measure.column]:
                count = convert(text, "INTEGER", path.name, number, measure.column)
                key = (source.city, geography, area, day, measure.month_basis)
                records.append((*key, measure.outcome, measure.unit, count))
    insert_records(loading.connection, "daily_count", records)
    return landed, len(rows)


def insert_triangle(loading: Loading, source: Source, path: Path, supplied: set[str]) -> tuple[Landed, int]:
    """Reporting triangles that ship, for the outcomes that no rows have supplied."""
    columns = [
        column
        for column in load_dictionary()["out_triangle"].columns
        if column.name not in ("city", "simulated")
    ]
    landed, rows = read_rows(path, loading.workplace, [column.name for column in columns])
    records = []
    for number, row in enumerate(rows, start=2):
        if row["outcome"] not in supplied:
            values = [convert(row[item.name], item.type, path.name, number, item.name) for item in columns]
            records.append((source.city, *values, source.simulated))
    insert_records(loading.connection, "out_triangle", records)
    return landed, len(rows)
