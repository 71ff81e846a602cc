"""From an upload to the next release: checked row by row, accepted by a person, never half-loaded."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

from etl import audit_log, bounded
from etl.inbox import Inbox
from etl.problems import BadInput
from tests.fixture_release import write_release

PROGRAM = "simulated-outreach"
ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "data" / "simulated-city" / "logs"


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_release(home)
    return home / "releases"


@pytest.fixture
def inbox(tmp_path, monkeypatch, release):
    """A home with the planted release of the page tests."""
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    shutil.copytree(release, tmp_path / "releases")
    return Inbox(tmp_path)


def shifts(*rows: str) -> bytes:
    header = "record,provider,worker,area,started_at,ended_at,funder,logged_at,simulated\n"
    return (header + "\n".join(rows) + "\n").encode()


def known_names() -> tuple[str, str]:
    """A provider of the shipped invented log and an area of the release."""
    provider = (LOGS / "providers.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    return provider, "Alder"


def good_row(number: int, day: int = 3) -> str:
    provider, area = known_names()
    hours = f"2024-05-{day:02d} 16:00,2024-05-{day:02d} 21:00"
    return f"s{number},{provider},w1,{area},{hours},city,2024-05-{day:02d} 22:00,true"


def upload(inbox: Inbox, data: bytes, name: str = "shifts.csv"):
    return inbox.receive(data, name, "shifts", PROGRAM, "steward-1")


def test_a_good_log_is_usable_to_the_last_row_and_taken_into_the_next_release(inbox):
    received = upload(inbox, shifts(*(good_row(day, day) for day in range(1, 21))))
    checked = inbox.check(received.id, "steward-1")
    assert (checked.state, checked.rows_read, checked.rows_usable) == ("checked", 20, 20), inbox.findings(
        received.id
    )
    inbox.accept(received.id, "steward-2")
    assert [path.name for _, path in inbox.accepted()] == ["shifts.csv"]
    actions = [(entry.who, entry.action) for entry in audit_log.entries(inbox.ledger)]
    assert actions == [
        ("steward-1", "upload_received"),
        ("steward-1", "upload_checked"),
        ("steward-2", "upload_accepted"),
    ]


def test_each_planted_fault_is_found_in_its_row_and_column_before_anything_is_accepted(inbox):
    provider, area = known_names()
    received = upload(
        inbox,
        shifts(
            good_row(1),
            f"s2,{provider},w1,Nowhere,2024-05-04 16:00,2024-05-04 21:00,city,,true",
            f"s3,{provider},w1,{area},2024-05-05 24:00,2024-05-06 01:00,city,,true",
            f"s4,{provider},w1,{area},2024-03-10 02:30,2024-03-10 05:00,city,,true",
            f"s5,Nobody,w1,{area},2024-05-07 16:00,2024-05-07 21:00,city,,true",
            f's6,{provider},"=HYPERLINK(""http://evil.example"")",{area},2024-05-08 16:00,2024-05-08 21:00,city,,true',
            f"s7,{provider},612-555-0147,{area},2024-05-09 16:00,2024-05-09 21:00,city,,true",
            f"s8,{provider},w1,{area},2024-05-10 21:00,2024-05-10 16:00,city,,true",
        ),
    )
    checked = inbox.check(received.id, "steward-1")
    rejected = {(one.row, one.column) for one in inbox.findings(received.id) if one.is_rejected}
    assert {(3, "area"), (4, "started_at"), (5, "started_at"), (6, "provider")} <= rejected
    assert {(7, "worker"), (8, "worker")} <= rejected
    assert 9 in {row for row, _ in rejected}
    assert (checked.rows_read, checked.rows_usable) == (8, 1)
    said = " ".join(f"{one.reason} {one.what_to_do}" for one in inbox.findings(received.id))
    assert "612-555" not in said and "evil" not in said
    assert inbox.accepted() == []


def test_a_workbook_is_read_like_a_csv_and_its_formulas_are_found(inbox, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "shifts"
    for line in shifts(good_row(1), good_row(2, 4)).decode().splitlines():
        sheet.append(line.split(","))
    sheet["C3"] = '=WEBSERVICE("http://evil.example")'
    book.save(tmp_path / "log.xlsx")
    received = upload(inbox, (tmp_path / "log.xlsx").read_bytes(), "log.xlsx")
    checked = inbox.check(received.id, "steward-1")
    assert (checked.rows_read, checked.rows_usable) == (2, 1), inbox.findings(received.id)
    assert [(one.row, one.column) for one in inbox.findings(received.id) if one.is_rejected] == [
        (3, "worker")
    ]


def test_a_file_without_a_usable_row_is_refused_and_cannot_be_accepted(inbox):
    received = upload(inbox, b"record,provider\n1,x\n")
    checked = inbox.check(received.id, "steward-1")
    assert checked.state == "refused" and checked.reason
    with pytest.raises(BadInput, match="refused"):
        inbox.accept(received.id, "steward-1")


def test_real_rows_for_the_invented_city_are_refused_as_a_whole(inbox):
    """Simulated and real never meet."""
    received = upload(inbox, shifts(good_row(1)).replace(b",true\n", b",false\n"))
    assert inbox.check(received.id, "steward-1").state == "refused"


def test_a_file_changed_after_the_check_is_not_accepted(inbox):
    received = upload(inbox, shifts(good_row(1)))
    inbox.check(received.id, "steward-1")
    inbox.file(received).write_bytes(shifts(good_row(2)))
    with pytest.raises(BadInput, match="changed"):
        inbox.accept(received.id, "steward-1")


def test_a_withdrawn_upload_stays_out_and_its_bytes_stay(inbox):
    received = upload(inbox, shifts(good_row(1)))
    inbox.check(received.id, "steward-1")
    inbox.accept(received.id, "steward-1")
    inbox.withdraw(received.id, "steward-1")
    assert inbox.accepted() == []
    assert inbox.file(received).is_file()


def test_without_a_release_the_check_says_the_one_thing_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    inbox = Inbox(tmp_path)
    received = upload(inbox, shifts(good_row(1)))
    assert (
        inbox.check(received.id, "steward-1").reason
        == "no release is there to check it against; build one first"
    )


def test_a_check_that_takes_too_long_is_refused_and_the_file_kept(inbox):
    received = upload(inbox, shifts(good_row(1)))
    checked = inbox.check(received.id, "steward-1", bounded.Limits(seconds=0))
    assert (checked.state, checked.reason) == ("refused", "checking took too long")
    assert inbox.file(received).is_file()


@pytest.mark.slow
@pytest.mark.slow
def test_a_sheet_of_a_million_rows_is_refused_within_its_bounds(inbox, tmp_path):
    """Written streaming with openpyxl: 1,000,000 short rows."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("shifts")
    sheet.append(shifts().decode().strip().split(","))
    for number in range(1_000_000):
        sheet.append([number, "a"])
    book.save(tmp_path / "big.xlsx")
    data = (tmp_path / "big.xlsx").read_bytes()
    started = time.monotonic()
    try:
        checked = inbox.check(upload(inbox, data, "big.xlsx").id, "steward-1")
        assert checked.state == "refused" and checked.reason
    except BadInput as error:
        assert "MB" in str(error)
    assert time.monotonic() - started < 90


def kill_while_receiving(home: Path, kills: int, seed: int) -> tuple[int, int]:
    """Kill -9 a process that stores uploads, at random moments. Uploads acknowledged, and of these lost."""
    moments = random.Random(seed)
    done = home / "acknowledged.txt"
    for _ in range(kills):
        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.trust.receive_forever", str(home), str(done)], cwd=ROOT
        )
        before = done.stat().st_size if done.exists() else 0
        until = time.monotonic() + 30
        while time.monotonic() < until and (done.stat().st_size if done.exists() else 0) <= before:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.15))
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait(30)
    inbox = Inbox(home)
    there = {one.id: one.sha256 for one in inbox.uploads()}
    acknowledged = [line.split() for line in done.read_text().splitlines() if len(line.split()) == 2]
    lost = [upload_id for upload_id, digest in acknowledged if there.get(upload_id) != digest]
    return len(acknowledged), len(lost)


def test_an_acknowledged_upload_survives_a_kill_at_any_moment(tmp_path):
    acknowledged, lost = kill_while_receiving(tmp_path, kills=4, seed=1)
    assert acknowledged >= 4 and lost == 0
    # The next process goes on where the killed one was stopped.
    Inbox(tmp_path).receive(shifts(good_row(99_999)), "a.csv", "shifts", PROGRAM, "steward-1")
    assert audit_log.verify(tmp_path / "ledger") is None
