"""Canaries in the logs: they appear in no published table, no frame of any page, no answer, no log of the server."""

from __future__ import annotations

import asyncio
import csv
import io
import tomllib
from pathlib import Path

import httpx
import pandas as pd
import pytest

from benchmarks.streamlit_client import StreamlitClient
from disclosure import protect_release, release_audit
from etl.logs.publish import City, outreach_tables
from tests.fixture_release import write_release
from tests.trust.serving import ROOT, serve

CANARIES = {
    "worker": "canary-worker-88c1",
    "participant": "canary-participant-41d7",
    "note": "canary-note-5e90 Jane Doe 612-555-0147 jane@example.org",
    "record": "canary-record-",
}
WORDS = [b"canary", b"612-555", b"jane@example"]
PERSON_LINKED = ("out_activity", "out_request", "out_request_time", "out_participant")


def planted_logs(folder: Path) -> Path:
    """The invented city's logs, every worker, participant, note and record number replaced by a canary."""
    source = ROOT / "data" / "simulated-city" / "logs"
    folder.mkdir()
    for path in sorted(source.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for number, row in enumerate(rows):
            for column, canary in CANARIES.items():
                if row.get(column):
                    row[column] = canary if column == "note" else f"{canary}{row[column]}"
            if "note" in row and number % 7 == 0:
                row["note"] = CANARIES["note"]
        target = io.StringIO()
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        (folder / path.name).write_text(target.getvalue(), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> tuple[Path, dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """A home whose private store holds the canaries, with the exact and the protected tables."""
    home = tmp_path_factory.mktemp("planted")
    program = tomllib.loads((ROOT / "data" / "programs" / "simulated-outreach.toml").read_text())
    program["logs"]["folder"] = str(planted_logs(home / "logs"))
    city = ROOT / "data" / "simulated-city"
    areas = pd.read_csv(city / "areas.csv", dtype=str)
    links = pd.read_csv(city / "links.csv", dtype={"share": float, "from_area": str, "to_area": str})
    exact = outreach_tables(home, program, City(areas, links, pd.DataFrame()))
    guarded = {name: frame for name, frame in exact.items() if name != "core_funding"}
    return home, guarded, protect_release(guarded)


@pytest.mark.slow
def test_the_canaries_are_in_the_private_store(planted):
    """Else the other tests would prove nothing."""
    home, exact, _ = planted
    stored = (home / "private" / "outreach.duckdb").read_bytes()
    assert b"canary-note-5e90" in stored
    assert {"out_activity", "out_request"} <= set(exact)


@pytest.mark.slow
def test_ids_are_not_even_in_the_private_store(planted):
    home, _, _ = planted
    stored = (home / "private" / "outreach.duckdb").read_bytes()
    assert b"canary-worker" not in stored and b"canary-participant" not in stored


@pytest.mark.slow
def test_no_published_table_holds_a_canary(planted):
    _, _, protected = planted
    for name, frame in protected.items():
        text = frame.to_csv().encode()
        assert not any(word in text for word in WORDS), name


@pytest.mark.slow
def test_no_published_count_is_small_and_the_audit_of_all_tables_finds_nothing(planted):
    _, exact, protected = planted
    for name in PERSON_LINKED:
        shown = protected[name]["n"].dropna()
        assert len(shown) and not ((shown > 0) & (shown < 10)).any() and (shown % 5 == 0).all()
    for name in ("out_activity", "out_request", "out_request_time"):
        assert (exact[name]["n"].between(1, 9)).any(), "nothing small was there to hide: the test is empty"
    assert release_audit(protected) == []


@pytest.mark.slow
def test_a_week_later_no_two_releases_show_a_change_of_1_to_9(planted):
    """The same logs with every count a little larger, published after the first release."""
    _, exact, first = planted
    later = {
        name: frame.assign(n=frame["n"] + (frame.index % 7)) if name == "out_activity" else frame
        for name, frame in exact.items()
    }
    second = protect_release(later, previous=first)
    key = ["geography", "area", "period_kind", "period", "measure", "attribute", "attribute_value"]
    for name in PERSON_LINKED:
        both = first[name].merge(second[name], on=key, suffixes=("_first", "_second"))
        change = (both["n_second"] - both["n_first"]).dropna().abs()
        assert ((change == 0) | (change >= 10)).all(), name


PAGES = ("", "results", "places", "outreach", "requests", "funding", "claims", "evidence", "briefing",
         "downloads", "method", "record", "promises")  # fmt: skip
ADDRESSES = ("/", "/api/v1", "/api/v1/releases", "/api/v1/programs", "/api/v1/tables", "/ready", "/health",
             "/private/outreach.duckdb", "/api/v1/tables/core_activity", "/api/v1/tables/core_log_finding",
             "/api/v1/../../private/key")  # fmt: skip


@pytest.mark.slow
def test_no_frame_of_any_page_no_answer_and_no_log_line_holds_a_canary(planted, tmp_path):
    home, _, _ = planted
    write_release(home)

    async def everything(url: str) -> bytes:
        seen = b""
        for page in PAGES:
            async with StreamlitClient(url) as client:
                for query in ("", "program=simulated-outreach"):
                    run = await client.run(page_name=page, query=query)
                    assert run.elements and not run.exceptions, (page, run.exceptions)
                    seen += b"".join(run.frames)
        return seen

    with serve(tmp_path, {"OVP_HOME": str(home)}, module="asgi") as served:
        seen = asyncio.run(everything(served.url))
        with httpx.Client(base_url=served.url, timeout=60) as browser:
            for address in ADDRESSES:
                seen += browser.get(address).content
        seen += served.log.read_bytes()
    assert len(seen) > 100_000
    assert not any(word in seen for word in WORDS)
