"""Releases built once for the tests: from the real files, and from the counts that ship."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from etl import warehouse
from etl.load.revisions import remember
from etl.publish import routes
from etl.publish.build import Loading, Options, build, load_everything, work_database
from etl.settings import SOURCES, load_sources
from etl.warehouse import Release
from tests.built_once import built_once

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MINNEAPOLIS = SHARED / "minneapolis"
NEW_YORK = SHARED / "nyc"
MADISON = SHARED / "madison"


def needs(folder: Path) -> Path:
    """The folder of publishers' files, or a skip that says which one is absent."""
    if not folder.is_dir():
        pytest.skip(f"the publishers' files are not here ({folder.parent.name}/{folder.name})")
    return folder


def silent(line: str) -> None:
    """Progress that nobody reads."""


def build_and_open(home: Path, **options: object) -> Release:
    """Build into `home` and open what was published: the data and the volume of calls, without estimates and routes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "etl.publish.build.evaluate_everything",
            lambda loading: routes._write_calls(loading.connection, "minneapolis", False),
        )
        patch.setattr("etl.publish.build.keep_forecast", lambda *ignored: None)
        made = build(Options(home=home, **options), silent)  # type: ignore[arg-type]
        patch.setenv("OVP_HOME", str(home))
        return warehouse.open_release(made.id)


@pytest.fixture(scope="session")
def no_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder of program files: these tests are about the data."""
    return tmp_path_factory.mktemp("programs")


def few_sources(folder: Path, *patterns: str) -> Path:
    """A folder with those files of settings only: a build of them takes a second or two."""
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        for path in SOURCES.glob(pattern):
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def load_and_remember(
    home: Path, release_id: str, progress: Callable[[str], object] = silent, **options: object
) -> dict[str, pd.DataFrame]:
    """What a build loads and remembers, without estimates and without a release file: counts, revisions, files."""
    (home / "private").mkdir(parents=True, exist_ok=True)
    given = Options(home=home, **options)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as workplace, work_database(Path(workplace)) as connection:
        loading = Loading(connection, given, Path(workplace), progress, load_sources(given.sources))
        load_everything(loading)
        remember(connection, home, loading.loaded, release_id)
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").df()
            for table in (
                "out_monthly",
                "out_weekday_hour",
                "out_daily",
                "out_triangle",
                "out_revision",
                "out_quality",
                "meta_load",
            )
        }


def release_built_once(factory: pytest.TempPathFactory, name: str, **options: object) -> Release:
    """A release that is built once in a run of the tests."""
    home = built_once(factory, name, lambda folder: build_and_open(folder, **options))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(home))
        return warehouse.open_release()


@pytest.fixture(scope="session")
def police_rows_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of the City's areas and of its police records, nothing else."""
    folder = tmp_path_factory.mktemp("police_rows_only")
    return few_sources(folder, "minneapolis_areas.toml", "minneapolis_police_incidents.toml")


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, no_programs: Path) -> Release:
    """A release of the publishers' own files: Minneapolis, New York and Madison together."""
    folders = [needs(MINNEAPOLIS), needs(NEW_YORK), needs(MADISON)]
    return release_built_once(tmp_path_factory, "real", data=folders, programs=no_programs)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, no_programs: Path) -> Release:
    """A release of nothing but what the project carries."""
    return release_built_once(tmp_path_factory, "shipped", programs=no_programs)
