"""The real programs with what ships, and planted estimates: for tests of claims, evidence, funding and requests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from etl.publish import release as publishing
from etl.publish.build import Loading, Options, load_everything, work_database
from etl.publish.findings import write_findings
from etl.settings import load_sources
from tests.built_once import built_once

ROOT = Path(__file__).resolve().parents[1]
RELEASE_ID = "2026.1.0"
DATABASE = "findings.duckdb"
REAL_PROGRAMS = ("minneapolus", "focused-interruption", "cure-violence-new-york")

PLANTED = [
    # estimate_id, program, analysis, phase, outcome, unit, rate ratio, 95 %, expected, averted, 95 %
    (
        "minneapolus/gunshot_victims_contracted",
        "contracted",
        "victims",
        0.90,
        0.50,
        1.62,
        1000.0,
        100.0,
        -620.0,
        500.0,
    ),
    ("minneapolus/gunshot_incidents_pilot", "pilot", "incidents", 0.70, 0.60, 0.82, 300.0, 90.0, 54.0, 120.0),
    (
        "minneapolus/gunshot_incidents_contracted",
        "contracted",
        "incidents",
        0.88,
        0.5,
        1.5,
        800.0,
        96.0,
        -400.0,
        400.0,
    ),
]


def findings_database(factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A build of the real cities from what ships with the project, with two planted estimates."""
    copy = factory.mktemp("findings") / DATABASE
    shutil.copy(built_once(factory, "findings", _build) / DATABASE, copy)
    return duckdb.connect(str(copy))


def _build(folder: Path) -> None:
    with _building() as connection:
        connection.execute(f"ATTACH '{folder / DATABASE}' AS kept")
        built = connection.execute("SELECT current_database()").fetchone()
        assert built is not None
        connection.execute(f'COPY FROM DATABASE "{built[0]}" TO kept')
        connection.execute("DETACH kept")


@contextmanager
def _building() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory() as folder, work_database(Path(folder)) as connection:
        programs, sources = Path(folder) / "programs", Path(folder) / "sources"
        programs.mkdir()
        sources.mkdir()
        for name in REAL_PROGRAMS:
            shutil.copy(ROOT / "data/programs" / f"{name}.toml", programs)
        for path in (ROOT / "data/sources").glob("*.toml"):
            if not path.name.startswith("simulated"):
                shutil.copy(path, sources)
        options = Options(programs=programs)
        loading = Loading(connection, options, Path(folder), lambda _: None, load_sources(sources))
        load_everything(loading)
        for estimate, phase, unit, ratio, lower, upper, expected, averted, low, high in PLANTED:
            program, analysis = estimate.split("/")
            connection.execute(
                "INSERT INTO out_estimate VALUES (?, 'minneapolis', ?, ?, 'headline', 'controlled', ?, 'gunshot', ?, "
                "'north_south', 'a', '2019-01/2020-05', 'estimated', ?, ?, ?, ?, ?, 'integrated', ?, ?, ?, ?, ?, "
                "'cannot_tell', 'retrospective', '{}', 'x', 'y', FALSE)",
                [
                    *(estimate, program, analysis, phase, unit, ratio, lower, upper, lower, upper),
                    *(expected - averted, expected, averted, low, high),
                ],
            )
        write_findings(connection, lambda _: None)
        yield connection


def publish_findings(home: Path, factory: pytest.TempPathFactory) -> str:
    """A release of that build in `home`; gives back its id."""
    path = publishing.build_file(home)
    with findings_database(factory) as connection:
        sums = publishing.write_release(connection, path, RELEASE_ID, "planted", "test")
    return publishing.publish(path, home, RELEASE_ID, sums).id
