"""What else may move shootings: values by date into core_covariate."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

from etl.load.loading import Loading
from etl.load.quality import Figure
from etl.load.records import insert_records
from etl.problems import SAMPLE_TIME, BadInput, Problem, shown
from etl.source_settings import Source, TimeReading
from etl.sources.landing import land_text, require_columns

# A spreadsheet's day 0; a cell that lost its date format holds the number of days since.
_SPREADSHEET_EPOCH = date(1899, 12, 30)


def load_covariate_source(loading: Loading, source: Source) -> set[Path]:
    """Load the files of one covariate source; give back the files. Raises BadInput."""
    paths = loading.paths(source)
    assert source.dates is not None
    found: dict[tuple[str, date], tuple[float, str]] = {}
    bare = rows = 0
    for path in paths:
        landed = land_text(path, loading.workplace, source.delimiter)
        columns = [*source.dates.columns, *(item.column for item in source.covariates)]
        require_columns(landed, columns, source.settings_file.name)
        with landed.path.open(encoding="utf-8", newline="") as opened:
            for number, row in enumerate(csv.DictReader(opened, delimiter=source.delimiter), start=2):
                text = " ".join((row[name] or "").strip() for name in source.dates.columns)
                day, was_number = read_date(source.dates, text)
                if day is None:
                    reason, fix = (
                        f"unreadable date {shown(text)}",
                        f"Write it like {SAMPLE_TIME:{source.dates.formats[0]}}.",
                    )
                    raise BadInput(Problem(landed.name, reason, fix, number, source.dates.columns[0]))
                bare += was_number
                rows += 1
                for item in source.covariates:
                    cell = (row[item.column] or "").strip().replace(",", "")
                    if cell in source.missing:
                        continue
                    try:
                        found[(item.measure, day)] = (float(cell), item.unit)
                    except ValueError as error:
                        reason = f"not a number {shown(cell)}"
                        raise BadInput(
                            Problem(landed.name, reason, "Correct the value.", number, item.column)
                        ) from error
        loading.note(source, landed, rows)
    if not found:
        return set(paths)
    insert_records(
        loading.connection,
        "core_covariate",
        [
            (source.city, source.id, measure, day, value, unit, source.simulated)
            for (measure, day), (value, unit) in found.items()
        ],
    )
    days = [day for _, day in found]
    loading.dates[source.id] = (min(days), max(days), None)
    if bare:
        note = "Dates that were a bare spreadsheet number; read as days since 30 December 1899."
        loading.figures.append(Figure(source.city, source.id, "dates_as_numbers", float(bare), rows, note))
    loading.figures += [
        Figure(source.city, source.id, figure, 1.0, None, note) for figure, note in source.notes.items()
    ]
    loading.progress(f"{source.id}: {len(found):,} values, {min(days)} to {max(days)}")
    return set(paths)


def read_date(reading: TimeReading, text: str) -> tuple[date | None, bool]:
    """A date in one of the formats, or a bare spreadsheet number; whether it was such a number."""
    for layout in reading.formats:
        try:
            return datetime.strptime(text, layout).date(), False
        except ValueError:
            continue
    if text.isdigit() and 20_000 <= int(text) <= 80_000:
        return _SPREADSHEET_EPOCH + timedelta(days=int(text)), True
    return None, False
