"""What one build loads: options, state, and the order of the sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from etl.load.incidents import LoadedRows
from etl.load.ledger import Dates, Ledger, write_ledger
from etl.load.programs import PROGRAMS, load_programs
from etl.load.quality import Figure
from etl.load.records import insert_records
from etl.load.series import LoadedSeries
from etl.load.tables import PROJECT, load_areas
from etl.problems import BadInput, Problem
from etl.settings import SOURCES
from etl.source_settings import Source
from etl.sources.boundaries import Area, read_layer
from etl.sources.files import files_of, unclaimed
from etl.sources.landing import Landed
from etl.sources.recognize import fitting
from etl.statements import load_statements

Progress = Callable[[str], None]


@dataclass
class Options:
    """What to build from and where to. `home` None: the installation's own (OVP_HOME or var/).

    shipped: folder of what the project itself carries.
    """

    data: list[Path] = field(default_factory=list)
    home: Path | None = None
    quick: bool = False
    set_aside_share: float = 0.0
    set_aside_unusual: bool = False
    take_smaller: bool = False
    keep_files: bool = True
    sources: Path = SOURCES
    shipped: Path = PROJECT
    programs: Path = PROGRAMS


@dataclass
class Loading:
    """The state of one build: its connection, folders and what has been loaded so far.

    rows: sources that are counted; loaded: these and the listings; ledger: files in the order of loading.
    """

    connection: duckdb.DuckDBPyConnection
    options: Options
    workplace: Path
    progress: Progress
    sources: list[Source]
    ledger: list[tuple[str, Ledger]] = field(default_factory=list)
    rows: list[LoadedRows] = field(default_factory=list)
    loaded: list[LoadedRows] = field(default_factory=list)
    series: list[LoadedSeries] = field(default_factory=list)
    dates: dict[str, Dates] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    programs: list[dict[str, Any]] = field(default_factory=list)

    def next_load_id(self) -> int:
        return len(self.ledger) + 1

    def note(self, source: Source, landed: Landed, rows: int, duplicates: int = 0) -> None:
        """One line of the ledger for a file whose rows were all used, but for `duplicates`."""
        entry = Ledger(
            self.next_load_id(), landed.name, landed.bytes, landed.sha256, landed.encoding,
            rows, rows - duplicates, duplicates, note=landed.note,
        )  # fmt: skip
        self.ledger.append((source.id, entry))

    def paths(self, source: Source) -> list[Path]:
        """A source's files in the data folders given; only where they have none, those of the project itself."""
        return self.given_paths(source) or files_of(source, self.options.shipped)

    def given_paths(self, source: Source) -> list[Path]:
        """A source's files in the data folders given."""
        return [path for folder in self.options.data for path in files_of(source, folder)]

    @property
    def folders(self) -> list[Path]:
        """Where parts of a source are looked for, in order."""
        return [*self.options.data, self.options.shipped]

    def polygons(self, city: str) -> dict[str, list[Area]]:
        """Boundaries of a city, where a data folder has them."""
        found: dict[str, list[Area]] = {}
        for source in self.sources:
            if source.kind != "boundaries" or source.city != city:
                continue
            for layer in source.layers:
                for folder in self.options.data:
                    path = folder / layer.file
                    if path.is_file() and layer.geography not in found:
                        found[layer.geography] = read_layer(
                            path, layer, source.renames.get(layer.geography, {})
                        )
        return found


def load_everything(loading: Loading) -> None:
    """Areas, programs, rows, listings, series, covariates: everything up to out_monthly.

    Rows come before ready-made counts, and counts of a data folder before counts that ship, so that
    the closest to the source supplies each outcome.
    """
    from etl.load.covariate_source import load_covariate_source
    from etl.load.rows_source import load_rows_source
    from etl.load.series_source import load_series_source

    connection, sources = loading.connection, loading.sources
    for source in sources:
        if source.kind == "areas":
            for landed, rows in load_areas(connection, source, loading.workplace, loading.folders):
                loading.note(source, landed, rows)
    refuse_simulated_in_real(connection)
    loading.programs = load_programs(connection, loading.options.programs)
    loading.progress(f"areas and {len(loading.programs)} programs loaded")
    claimed: set[Path] = set()
    for source in sources:
        if source.kind in ("rows", "listing"):
            claimed |= load_rows_source(loading, source)
    series = [source for source in sources if source.kind == "series"]
    for source in sorted(series, key=lambda item: not loading.given_paths(item)):
        claimed |= load_series_source(loading, source)
    for source in sources:
        if source.kind == "covariate":
            claimed |= load_covariate_source(loading, source)
    _name_the_rest(loading, claimed)
    core = load_statements("core")
    for name in (
        "number_series",
        "number_counts",
        "make_out_monthly",
        "make_out_weekday_hour",
        "make_out_daily",
        "make_out_daily_neighborhoods",
    ):
        connection.execute(core[name].text)
    write_ledger(connection, loading.ledger, {source.id: source for source in sources}, loading.dates)
    insert_records(connection, "out_quality", [figure.values() for figure in loading.figures])


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


def refuse_simulated_in_real(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise BadInput when a city holds both simulated and real areas."""
    mixed = connection.execute(
        "SELECT city FROM core_area WHERE geography = 'city' GROUP BY city HAVING count(DISTINCT simulated) > 1"
    ).fetchone()
    if mixed:
        raise BadInput(
            Problem(str(mixed[0]), "simulated and real rows meet in this city", "Keep them apart.")
        )
