"""The record: how often a question was asked, every answer, and the page that a replaced answer keeps."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fixture_release import CITY, OLDER_ID, PROGRAM, RELEASE_ID, write_release
from tests.open_page import open_page, text_of
from tests.pages.test_pages import as_read

FIRST, SECOND = "1" * 16, "2" * 16
ANALYSIS = "gunshot_incidents"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    write_release(tmp_path)
    return tmp_path


def alter(home: Path, *statements: tuple[str, list[Any]]) -> None:
    """Change the release in use, with the new fingerprint in its name."""
    (path,) = (home / "releases").glob("*.duckdb")
    with duckdb.connect(str(path)) as connection:
        for sql, bound in statements:
            connection.execute(sql, bound)
    name = f"{RELEASE_ID}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}.duckdb"
    path.rename(path.with_name(name))
    (home / "releases" / "CURRENT").write_text(name + "\n", encoding="utf-8")


def run(result: str, release: str, ratio: float, observed: float) -> dict[str, Any]:
    return {
        "result": result, "estimate": f"{PROGRAM}/{ANALYSIS}", "program": PROGRAM, "analysis": ANALYSIS,
        "question": f"{PROGRAM}/gunshot", "data": "d" * 64, "release": release, "readings": 12, "specifications": 1000,
        "made_from": {"spec": "a" * 64, "snapshot": "b" * 64, "code": "c" * 64, "lock": "e" * 64},
        "figures": {"rate_ratio": ratio, "lower_95": ratio / 2, "upper_95": ratio * 2, "observed": observed,
                    "verdict": "cannot_tell", "status": "estimated"},
    }  # fmt: skip


def planted(reason: str = "A year of older counts was found.") -> list[tuple[str, dict[str, Any]]]:
    """A story: registered, run, amended, run again with another answer."""
    named = {"program": PROGRAM, "analysis": ANALYSIS}
    before, after = run(FIRST, OLDER_ID, 0.80, 100.0), run(SECOND, RELEASE_ID, 0.90, 161.0)
    spec = {
        **named,
        "spec": "a" * 64,
        "question": "Did shootings change?",
        "city": CITY,
        "registration": "retrospective",
    }
    return [
        ("data_loaded", {"city": CITY, "last_month": "2023-11", "snapshot": "b" * 64}),
        ("spec_registered", spec),
        ("run", before),
        ("published", {"release": OLDER_ID, "sha256": "0" * 12, "snapshot": "b" * 64, "results": [FIRST]}),
        ("spec_amended", {**spec, "from": "9" * 64, "reason": reason}),
        ("run", after),
        ("superseded", {**named, "from": FIRST, "to": SECOND, "release_from": OLDER_ID, "release_to": RELEASE_ID,
                        "was": before["figures"], "now": after["figures"], "changed": ["data", "spec"],
                        "events_more": 61}),
    ]  # fmt: skip


def plant(home: Path, story: list[tuple[str, dict[str, Any]]]) -> None:
    rows = [
        [number, f"2026-0{min(number, 9)}-01T10:00:00+00:00", event, about.get("program"), about.get("analysis"),
         json.dumps(about), "0" * 64, f"{number:064d}"]
        for number, (event, about) in enumerate(story, start=1)
    ]  # fmt: skip
    alter(home, *((f"INSERT INTO out_ledger VALUES ({', '.join('?' * 8)})", row) for row in rows))


def test_the_page_counts_what_was_run_on_a_question_and_shows_every_answer(home: Path) -> None:
    plant(home, planted())
    text = as_read(text_of(open_page("record")))
    assert "1,000 calculations were run on this question" in text
    assert "10% fewer (95% interval: from 55% fewer to 80% more), verdict: Cannot tell" in text
    assert "1 changed with a reason, 0 withdrawn. Answers replaced by others: 1." in text
    assert "7 lines since January 1, 2026" in text


def test_a_replaced_answer_keeps_its_page_with_what_changed_it(home: Path) -> None:
    plant(home, planted())
    text = as_read(text_of(open_page("record", result=FIRST)))
    assert f"Result {FIRST}" in text and "This answer was replaced." in text
    assert f"In release {OLDER_ID}: 20% fewer" in text and f"In release {RELEASE_ID}: 10% fewer" in text
    assert "What changed: the counts and the specification (61 more events counted)." in text
    assert "This is the answer in use." in text_of(open_page("record", result=SECOND))


def test_a_result_that_is_not_there_is_said_and_what_a_link_asks_for_stays_text(home: Path) -> None:
    plant(home, planted())
    text = text_of(open_page("record", result="<b>![x](https://example.org/x.png)"))
    assert "The record has no result" in text
    assert "![x]" not in text


def test_a_reason_is_shown_as_text_whatever_is_in_it(home: Path) -> None:
    plant(home, planted("![beacon](https://example.org/x.png) <script>alert(1)</script>"))
    text = text_of(open_page("record"))
    assert "![beacon]" not in text and "<script>" not in text and "beacon" in text


def test_a_damaged_record_is_named_and_supports_nothing(home: Path) -> None:
    plant(home, [("damaged", {"fault": "line 5 of evidence.jsonl was changed: it is not what was written"})])
    app = open_page("record")
    assert "line 5 of evidence.jsonl was changed" in app.error[0].value
    assert "calculations were run" not in text_of(app)


def test_a_release_from_before_the_record_says_so(home: Path) -> None:
    alter(home, ("DROP TABLE out_ledger", []), ("UPDATE meta_release SET schema_version = 1", []))
    assert f"Release {RELEASE_ID} was made before releases carried this record" in text_of(
        open_page("record")
    )


def test_a_page_that_needs_what_an_older_release_lacks_says_so_and_the_others_still_answer(
    home: Path,
) -> None:
    alter(home, ("DROP TABLE out_source", []), ("UPDATE meta_release SET schema_version = 1", []))
    text = text_of(open_page("method"))
    assert "This release is older than this page" in text
    assert f"Release {RELEASE_ID} has table layout 1" in text
    assert "This release is older" not in text_of(open_page("results"))
