"""`python -m etl build`: source files in, a proven release out."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from etl import warehouse
from etl.dictionary import create_table_sql, load_dictionary
from etl.load.incidents import Ledger, LoadedRows, add_near_repeats, load_rows, place_by_point
from etl.load.programs import PROGRAMS, load_programs
from etl.load.quality import Figure, quality_of_rows, shipped_quality
from etl.load.records import insert_records
from etl.load.series import LoadedSeries, insert_series, known_areas, read_series
from etl.load.tables import PROJECT, convert, find_part, insert_csv, load_areas, read_rows
from etl.problems import BadInput, Problem
from etl.publish import release as publishing
from etl.publish.findings import write_findings
from etl.publish.outreach import publish_outreach
from etl.publish.version import code_version
from etl.settings import GEOGRAPHIES, SOURCES, Source, load_sources
from etl.sources.boundaries import Area, read_layer
from etl.sources.files import check_folders, files_of, unclaimed
from etl.sources.landing import Landed, land_text
from etl.sources.recognize import fitting
from etl.statements import load_statements

MEMORY_LIMIT = "1500MB"
Progress = Callable[[str], None]


@dataclass
class Options:
    """What to build from and where to. `home` None: the installation's own (OVP_HOME or var/)."""

    data: list[Path] = field(default_factory=list)
    home: Path | None = None
    quick: bool = False
    set_aside_share: float = 0.0
    sources: Path = SOURCES
    programs: Path = PROGRAMS


@dataclass
class Loading:
    """The state of one build: its connection, folders and what has been loaded so far."""

    connection: duckdb.DuckDBPyConnection
    options: Options
    workplace: Path
    progress: Progress
    sources: list[Source]
    ledger: list[tuple[str, Ledger]] = field(default_factory=list)
    rows: list[LoadedRows] = field(default_factory=list)
    series: list[LoadedSeries] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    programs: list[dict[str, Any]] = field(default_factory=list)

    def next_load_id(self) -> int:
        return len(self.ledger) + 1


def build(options: Options, progress: Progress) -> warehouse.ReleaseFile:
    """Build and publish a release. The last release stays as it was unless everything succeeds.

    Raises BadInput (exit status 2) for the input, BuildError (exit status 1) for anything else.
    """
    started = time.monotonic()
    home = options.home or warehouse.home()
    check_folders(options.data)
    with publishing.one_loader(home):
        removed = publishing.sweep(home)
        if removed:
            progress(f"tidied {len(removed)} left-over or old files")
        with _workplace(home) as workplace, work_database(workplace) as connection:
            loading = Loading(connection, options, workplace, progress, load_sources(options.sources))
            load_everything(loading)
            publish_outreach(connection, home, loading.programs, progress, options.data)
            evaluate_everything(loading)
            target = publishing.build_file(home)
            release_id = publishing.next_release_id(home, datetime.now(UTC).date())
            sums = publishing.write_release(
                connection, target, release_id, snapshot_id(loading), code_version(PROJECT)
            )
            progress("data tests passed")
            made = publishing.publish(target, home, release_id, sums)
    progress(f"release {made.id} is in use ({made.path.name}, {time.monotonic() - started:.0f} s)")
    return made


@contextmanager
def _workplace(home: Path) -> Iterator[Path]:
    """A folder for this build alone, inside the private store, removed at its end."""
    private = home / "private"
    private.mkdir(parents=True, exist_ok=True)
    private.chmod(0o700)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=private) as folder:
        yield Path(folder)


@contextmanager
def work_database(workplace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file with every table of the dictionary, empty, for raw and core rows."""
    path = workplace / f"work-{os.getpid()}-{uuid.uuid4().hex[:8]}.duckdb"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(workplace / "spill"),
    }
    with duckdb.connect(str(path), config=settings) as connection:
        connection.execute("BEGIN TRANSACTION")
        for table in load_dictionary().tables.values():
            connection.execute(create_table_sql(table)[0])
        connection.execute("COMMIT")
        for statement in load_statements("core")["make_tables"].text.split(";"):
            connection.execute(statement)
        yield connection


def load_everything(loading: Loading) -> None:
    """Areas, programs, rows, series: everything up to out_monthly."""
    connection, sources = loading.connection, loading.sources
    for source in sources:
        if source.kind == "areas":
            for landed, rows in load_areas(connection, source, loading.workplace, loading.options.data):
                _note(loading, source, landed, rows)
    publishing.refuse_simulated_in_real(connection)
    loading.programs = load_programs(connection, loading.options.programs)
    loading.progress(f"areas and {len(loading.programs)} programs loaded")
    claimed: set[Path] = set()
    for source in sources:
        if source.kind == "rows":
            claimed |= _load_rows_source(loading, source)
    for source in sources:
        if source.kind == "series":
            claimed |= _load_series_source(loading, source)
    _name_the_rest(loading, claimed)
    core = load_statements("core")
    connection.execute(core["make_out_monthly"].text)
    connection.execute(core["make_out_weekday_hour"].text)
    connection.execute(core["make_out_daily"].text)
    _write_ledger(loading)


def _name_the_rest(loading: Loading, claimed: set[Path]) -> None:
    """Say which files were not loaded. Raises BadInput when a data folder gave nothing at all."""
    for path in unclaimed(loading.options.data, claimed):
        loading.progress(f"not loaded: {path.name} ({fitting(loading.sources, path)})")
    layers = [layer.file for source in loading.sources for layer in source.layers]
    for folder in loading.options.data:
        used = any(path.is_relative_to(folder) for path in claimed)
        if not used and not any((folder / name).is_file() for name in layers):
            raise BadInput(
                Problem(
                    str(folder),
                    "no file in this folder is named by a file of settings in data/sources",
                    "`python -m etl check FILE` says what a file looks like; docs/new-city.md how to add one.",
                )
            )


def _load_rows_source(loading: Loading, source: Source) -> set[Path]:
    paths = _paths(loading, source)
    if not paths:
        return set()
    started = time.monotonic()
    landed = [land_text(path, loading.workplace, source.delimiter) for path in paths]
    loaded = load_rows(
        loading.connection, source, landed, loading.next_load_id(), loading.options.set_aside_share
    )
    place_by_point(loading.connection, loaded, polygons_of(loading, source.city))
    add_near_repeats(loading.connection, loaded)
    insert_counts(loading.connection, loaded)
    loading.rows.append(loaded)
    loading.ledger += [(source.id, entry) for entry in loaded.ledger]
    loading.figures += quality_of_rows(loading.connection, loaded)
    read = sum(entry.rows_read for entry in loaded.ledger)
    duplicate = sum(entry.rows_duplicate for entry in loaded.ledger)
    rejected = sum(entry.rows_rejected for entry in loaded.ledger)
    loading.progress(
        f"{source.id}: {read:,} rows of {len(landed)} files, {duplicate:,} duplicates dropped, "
        f"{rejected:,} set aside ({time.monotonic() - started:.1f} s)"
    )
    for outcome in loaded.cut_off:
        last = loaded.spans.get(outcome)
        loading.progress(
            f"{source.id}: {outcome} ends earlier than the rest, taken as complete to {last and last[1]}"
        )
    return set(paths)


def insert_counts(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> None:
    """Counts by area and month of a rows source, and the months they are complete for."""
    source, rows = loaded.source, loaded.source.rows
    assert rows is not None
    core = load_statements("core")
    units = {rule.outcome: rule.units for rule in rows.outcomes}
    bases = [
        name for name, readings in (("occurred", rows.occurred), ("reported", rows.reported)) if readings
    ]
    kinds = ["city", *(kind for kind in GEOGRAPHIES if kind in rows.areas or kind in rows.derived)]
    for outcome, (first, last) in loaded.spans.items():
        for unit in units.get(outcome, ("incidents",)):
            for basis in bases:
                for kind in kinds:
                    connection.execute(
                        "INSERT INTO count_span VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        [source.city, kind, basis, outcome, unit, first, last, source.simulated],
                    )
    if rows.area_list == "from_rows":
        for kind in kinds[1:]:
            connection.execute(
                f"INSERT INTO core_area SELECT DISTINCT city, '{kind}', {kind}, {kind}, NULL, NULL::INTEGER, "
                "NULL::INTEGER, simulated FROM core_incident AS incident WHERE source = ? AND "
                f"{kind} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM core_area AS area WHERE "
                f"area.city = incident.city AND area.geography = '{kind}' AND area.area = incident.{kind})",
                [source.id],
            )
    connection.execute(core["make_incident_cell"].text, {"source": source.id})
    connection.execute(core["insert_cell_counts"].text, {"city": source.city})
    connection.execute(core["insert_weekday_hours"].text, {"source": source.id})
    connection.execute(core["insert_daily_counts"].text, {"source": source.id, "city": source.city})


def polygons_of(loading: Loading, city: str) -> dict[str, list[Area]]:
    """Boundaries of a city, where a data folder has them."""
    found: dict[str, list[Area]] = {}
    for source in loading.sources:
        if source.kind != "boundaries" or source.city != city:
            continue
        for layer in source.layers:
            for folder in loading.options.data:
                path = folder / layer.file
                if path.is_file() and layer.geography not in found:
                    found[layer.geography] = read_layer(path, layer, source.renames.get(layer.geography, {}))
    return found


def _load_series_source(loading: Loading, source: Source) -> set[Path]:
    paths = _paths(loading, source)
    if not paths:
        return set()
    connection = loading.connection
    supplied = {
        outcome for loaded in loading.rows if loaded.source.city == source.city for outcome in loaded.spans
    }
    areas = known_areas(connection, source.city)
    loaded = LoadedSeries(source)
    counts: dict[Any, int] = {}
    for path in paths:
        landed = land_text(path, loading.workplace, source.delimiter)
        cells = read_series(source, landed, areas)
        counts.update({key: count for key, count in cells.items() if key[4] not in supplied})
        _note(loading, source, landed, len({key[:3] for key in cells}))
    if not counts:
        return set(paths)
    insert_series(connection, source, counts)
    months = [key[2] for key in counts]
    loaded.outcomes = {key[4] for key in counts}
    loaded.first_month, loaded.last_month = min(months), max(months)
    loading.series.append(loaded)
    if "weekday_hour" in source.parts:
        path = find_part(source, "weekday_hour", loading.options.data)
        landed, rows = insert_weekday_hours(loading, source, path, supplied)
        _note(loading, source, landed, rows)
    if "daily" in source.parts:
        path = find_part(source, "daily", loading.options.data)
        landed, rows = insert_daily(loading, source, path, supplied)
        _note(loading, source, landed, rows)
    if "quality" in source.parts and not supplied:
        path = find_part(source, "quality", loading.options.data)
        loading.figures += shipped_quality(path, loading.workplace, source)
    loading.progress(f"{source.id}: {len(counts):,} counts, {loaded.first_month} to {loaded.last_month}")
    return set(paths)


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


def insert_daily(loading: Loading, source: Source, path: Path, supplied: set[str]) -> tuple[Landed, int]:
    """City totals by day that ship: a column `outcome_unit_basis` for each measure of the source."""
    assert source.series is not None
    measures = [measure for measure in source.series.measures if measure.outcome not in supplied]
    landed, rows = read_rows(path, loading.workplace, ["date", *(measure.column for measure in measures)])
    records = []
    for number, row in enumerate(rows, start=2):
        day = convert(row["date"], "DATE", path.name, number, "date")
        for measure in measures:
            count = convert(row[measure.column], "INTEGER", path.name, number, measure.column)
            if count is not None:
                records.append((source.city, day, measure.month_basis, measure.outcome, measure.unit, count))
    insert_records(loading.connection, "daily_count", records)
    return landed, len(rows)


def _paths(loading: Loading, source: Source) -> list[Path]:
    """A source's files in the data folders given; only where they have none, those of the project itself."""
    found = [path for folder in loading.options.data for path in files_of(source, folder)]
    return found or files_of(source, PROJECT)


def _note(loading: Loading, source: Source, landed: Landed, rows: int) -> None:
    entry = Ledger(
        loading.next_load_id(),
        landed.name,
        landed.bytes,
        landed.sha256,
        landed.encoding,
        rows,
        rows,
        note=landed.note,
    )
    loading.ledger.append((source.id, entry))


def _write_ledger(loading: Loading) -> None:
    connection = loading.connection
    for source_id, entry in loading.ledger:
        connection.execute(
            "INSERT INTO meta_load VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                entry.load_id, source_id, entry.file, entry.bytes, entry.sha256, entry.encoding,
                entry.rows_read, entry.rows_accepted, entry.rows_duplicate, entry.rows_rejected,
            ],
        )  # fmt: skip
    dates: dict[str, tuple[date | None, date | None, date | None]] = {}
    for rows in loading.rows:
        last = max((span[1] for span in rows.spans.values()), default=None)
        dates[rows.source.id] = (rows.first_date, rows.last_date, last)
    for series in loading.series:
        dates[series.source.id] = (series.first_month, None, series.last_month)
    by_id = {source.id: source for source in loading.sources}
    for source_id in dict.fromkeys(source_id for source_id, _ in loading.ledger):
        source = by_id[source_id]
        entries = [entry for name, entry in loading.ledger if name == source_id]
        content = hashlib.sha256("".join(entry.sha256 for entry in entries).encode()).hexdigest()
        connection.execute(
            "INSERT INTO out_source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                source.id, source.city, source.title, source.publisher, source.url, source.licence,
                sum(entry.rows_read for entry in entries), sum(entry.rows_accepted for entry in entries),
                sum(entry.rows_duplicate for entry in entries), sum(entry.rows_rejected for entry in entries),
                *dates.get(source.id, (None, None, None)), content, source.simulated,
            ],
        )  # fmt: skip
    insert_records(connection, "out_quality", [figure.values() for figure in loading.figures])


def evaluate_everything(loading: Loading) -> None:
    """Estimates of the fixed analyses, where the evaluation package offers them."""
    from etl.publish.estimate_store import SHIPPED, EstimateStore
    from etl.publish.evaluate import evaluate_programs

    home = loading.options.home or warehouse.home()
    store = EstimateStore(home / "estimates", SHIPPED)
    evaluate_programs(loading.connection, loading.programs, loading.progress, loading.options.quick, store)
    write_findings(loading.connection, loading.progress)


def snapshot_id(loading: Loading) -> str:
    """SHA-256 of the ordered loads: source, file content, rows."""
    lines = [f"{source} {entry.sha256} {entry.rows_accepted}" for source, entry in loading.ledger]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


__all__: Sequence[str] = ("Loading", "Options", "build", "load_everything", "work_database")
