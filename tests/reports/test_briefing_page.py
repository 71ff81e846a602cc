"""The Briefing page offers what the command makes: every kind, in every format."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from presentation.briefing import format_name, kind_purpose
from reports.__main__ import main
from reports.build import FORMAT_NAMES, KIND_NAMES
from tests.fixture_release import PROGRAM, SIMULATED_PROGRAM, write_release
from tests.open_page import open_page

FIRST_BYTES = {"pdf": b"%PDF-1.7", "html": b"<!doctype html>"}
ZIP = b"PK"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_release(folder)
    return folder


@pytest.fixture
def page(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OVP_HOME", str(home))

    return partial(open_page, "briefing")


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_every_kind_opens_says_its_purpose_and_offers_a_file(page, kind: str) -> None:
    app = page(program=PROGRAM, kind=kind)
    assert kind_purpose(kind) in [caption.value for caption in app.caption]
    labels = [button.label for button in app.get("download_button")]
    assert any(format_name("pdf") in label for label in labels)


def test_a_link_to_a_ward_that_is_not_there_opens_a_ward_that_is(page) -> None:
    app = page(program=PROGRAM, kind="ward", ward="../99")
    assert not app.warning and app.get("download_button")


def test_the_invented_city_says_so_on_the_page_too(page) -> None:
    words = " ".join(str(element.value) for kind in ("warning", "info", "markdown", "error")
                     for element in page(program=SIMULATED_PROGRAM, kind="council").get(kind))  # fmt: skip
    assert "simulated" in words.lower() or "invented" in words.lower()


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_the_command_makes_every_format_of_every_kind(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("OVP_HOME", str(home))
    ward = ["--ward", "1"] if kind == "ward" else []
    command = ["build", "--kind", kind, "--program", PROGRAM, *ward, "--format", ",".join(FORMAT_NAMES)]
    assert main([*command, "--out", str(tmp_path)]) == 0
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(files) == len(FORMAT_NAMES)
    for name, data in files.items():
        wanted = FIRST_BYTES.get(name.rpartition(".")[2], ZIP)
        assert data.startswith(wanted), name
