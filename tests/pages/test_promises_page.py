"""The page of promises: eleven, each with tests that exist, the same as in docs/security.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from presentation import promises
from presentation.language import say
from tests.fixture_release import RELEASE_ID, write_release
from tests.open_page import open_page, text_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    write_release(tmp_path)
    return tmp_path


def test_every_test_that_is_named_is_there_and_tests_something():
    for promise in promises.promises():
        for name in promise.tests:
            text = (ROOT / name).read_text(encoding="utf-8")
            assert "def test_" in text or "def main" in text, name


def test_the_security_page_makes_the_same_promises_with_the_same_tests():
    rows = re.findall(
        r"^\| (\d+) \| (.+?) \| (.+?) \|$", (ROOT / "docs/security.md").read_text(), re.MULTILINE
    )
    told = promises.promises()
    assert [int(number) for number, _, _ in rows] == list(range(1, len(told) + 1)) == list(range(1, 12))
    for (_, words, files), promise in zip(rows, told, strict=True):
        assert words == promise.title
        assert re.findall(r"`([^`]+)`", files) == list(promise.tests)


def test_the_page_shows_all_promises_and_what_this_release_shows_for_them(home: Path):
    text = text_of(open_page("promises"))
    for promise in promises.promises():
        assert promise.title in text and promise.text in text
    sha = next((home / "releases").glob(f"{RELEASE_ID}-*.duckdb")).stem.rpartition("-")[2]
    assert RELEASE_ID in text and sha in text


def test_a_lost_row_would_be_told(home: Path):
    import pandas as pd

    rows = pd.DataFrame(
        {"rows_read": [100], "rows_accepted": [90], "rows_duplicate": [4], "rows_rejected": [5]}
    )
    assert "Unaccounted for: 1." in promises.rows_line(rows)
    assert promises.rows_line(rows.iloc[:0]) == say("promises.no_rows")
