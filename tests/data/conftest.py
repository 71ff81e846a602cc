"""Releases built once for the tests: from the real files, and from the counts that ship."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl import warehouse
from etl.publish.build import Options, build
from etl.warehouse import Release

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MINNEAPOLIS = SHARED / "minneapolis"
NEW_YORK = SHARED / "nyc"


def needs(folder: Path) -> Path:
    """The folder of publishers' files, or a skip that says which one is absent."""
    if not folder.is_dir():
        pytest.skip(f"the publishers' files are not here ({folder.parent.name}/{folder.name})")
    return folder


def silent(line: str) -> None:
    """Progress that nobody reads."""


def build_and_open(home: Path, **options: object) -> Release:
    """Build into `home` and open what was published."""
    made = build(Options(home=home, **options), silent)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(home))
        return warehouse.open_release(made.id)


@pytest.fixture(scope="session")
def no_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder of program files: these tests are about the data."""
    return tmp_path_factory.mktemp("programs")


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, no_programs: Path) -> Iterator[Release]:
    """A release of the City's own files."""
    folder = needs(MINNEAPOLIS)
    yield build_and_open(tmp_path_factory.mktemp("real"), data=[folder], programs=no_programs)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, no_programs: Path) -> Iterator[Release]:
    """A release of nothing but what the project carries."""
    yield build_and_open(tmp_path_factory.mktemp("shipped"), programs=no_programs)
