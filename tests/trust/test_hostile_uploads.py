"""Uploads that want to do harm get one clear line, and the server goes on."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import pytest

from etl import audit_log, bounded
from etl.inbox import Inbox
from etl.problems import BadInput
from tests.trust.hostile_files import GOOD_CSV, REFUSED

PROGRAM = "simulated-outreach"


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_hostile_file_is_refused_in_one_line_and_leaves_nothing_behind(tmp_path, case):
    name, data, reason = REFUSED[case]
    inbox = Inbox(tmp_path)
    with pytest.raises(BadInput, match=reason) as refused:
        inbox.receive(data, name, "shifts", PROGRAM, "steward-1")
    line = str(refused.value)
    assert "\n" not in line and str(tmp_path) not in line and len(line) < 200
    assert inbox.uploads() == [] and list(inbox.folder.iterdir()) == []


@pytest.mark.parametrize("case", ["zip bomb", "zip bomb that lies about its size", "300,000 lines"])
def test_looking_at_a_bomb_takes_little_memory(tmp_path, case):
    """In a process of its own, so that the peak is that of the look alone: under 60 MB more than at rest."""
    name, data, _ = REFUSED[case]
    path = tmp_path / "bytes"
    path.write_bytes(data)
    code = (
        "import resource, pathlib; from etl.upload_content import kind_of; from etl.problems import BadInput\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"try:\n    kind_of(pathlib.Path({str(path)!r}), {name!r})\nexcept BadInput: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    from etl.inbox import ROOT

    ended = bounded.run([sys.executable, "-c", code], ROOT)
    assert ended.reason == "done", ended.errors
    assert int(ended.output) < 60 * 1024  # kilobytes


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd.csv",
        "..\\..\\windows\\shifts.csv",
        "shifts\x00.csv",
        "<script>alert(1)</script>.csv",
        "![x](https://evil.example/p.png).csv",
        "\u202egnp.csv",
        "=HYPERLINK(1).csv",
        "a" * 5000 + ".csv",
    ],
)
def test_a_name_is_only_ever_shown_never_used_and_shown_plain(tmp_path, name):
    upload = Inbox(tmp_path).receive(GOOD_CSV, name, "shifts", PROGRAM, "steward-1")
    assert not set(upload.name) & set("/\\<>[]!=:\x00\u202e")
    assert len(upload.name) <= 80
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {upload.id, "ledger"}


@pytest.mark.parametrize("program", ["", "../x", "A B", "x" * 100, "minneapolus/../../etc"])
def test_a_program_id_that_is_none_is_refused(tmp_path, program):
    with pytest.raises(BadInput, match="program"):
        Inbox(tmp_path).receive(GOOD_CSV, "shifts.csv", "shifts", program, "steward-1")


@pytest.mark.parametrize("upload_id", ["", "..", "../ledger", "20240101T000000-../../../../etc", "x" * 300])
def test_an_upload_id_that_is_none_reads_no_file(tmp_path, upload_id):
    with pytest.raises(BadInput, match="no such upload"):
        Inbox(tmp_path).get(upload_id)


def test_the_same_bytes_twice_are_one_upload(tmp_path):
    inbox = Inbox(tmp_path)
    first = inbox.receive(GOOD_CSV, "shifts.csv", "shifts", PROGRAM, "steward-1")
    assert inbox.receive(GOOD_CSV, "again.csv", "shifts", PROGRAM, "steward-2") == first
    assert len(inbox.uploads()) == 1


def test_nobody_else_on_the_machine_may_read_an_upload(tmp_path):
    inbox = Inbox(tmp_path)
    upload = inbox.receive(GOOD_CSV, "shifts.csv", "shifts", PROGRAM, "steward-1")
    assert inbox.file(upload).stat().st_mode & 0o077 == 0
    assert inbox.file(upload).parent.stat().st_mode & 0o077 == 0


def test_an_unchecked_upload_cannot_be_accepted(tmp_path):
    inbox = Inbox(tmp_path)
    upload = inbox.receive(GOOD_CSV, "shifts.csv", "shifts", PROGRAM, "steward-1")
    with pytest.raises(BadInput, match="not checked"):
        inbox.accept(upload.id, "steward-1")


def test_a_child_that_eats_memory_dies_alone():
    ended = bounded.run(
        [sys.executable, "-c", "x = bytearray(3 * 1024**3)"], _root(), bounded.Limits(memory_bytes=1024**3)
    )
    assert ended.reason == "too_much_memory"


def test_a_child_that_never_ends_is_ended_with_its_own_children():
    code = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    )
    ended = bounded.run([sys.executable, "-c", code], _root(), bounded.Limits(seconds=2))
    assert ended.reason == "too_long"
    status = Path(f"/proc/{int(ended.output)}/stat")
    until = time.monotonic() + 10
    while time.monotonic() < until and _is_running(status):
        time.sleep(0.05)
    assert not _is_running(status)


def _is_running(status: Path) -> bool:
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"  # Z: dead, not yet buried
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_child_cannot_fill_the_disk(tmp_path):
    code = (
        f"f = open({str(tmp_path / 'big')!r}, 'wb')\nfor _ in range(100): f.write(bytes(1024**2)); f.flush()"
    )
    ended = bounded.run([sys.executable, "-c", code], _root(), bounded.Limits(file_bytes=4 * 1024**2))
    assert ended.reason in {"failed", "killed"}
    assert (tmp_path / "big").stat().st_size <= 4 * 1024**2


def test_a_child_does_not_see_the_secrets_of_the_server(monkeypatch):
    monkeypatch.setenv("OVP_SECRETS", "/somewhere/secrets.toml")
    monkeypatch.setenv("OVP_LOG_KEY", "canary-key")
    ended = bounded.run([sys.executable, "-c", "import os; print(dict(os.environ))"], _root())
    assert "canary" not in ended.output and "secrets" not in ended.output


def _root():
    from etl.inbox import ROOT

    return ROOT


def test_the_limits_are_those_of_the_child_not_of_the_server():
    before = resource.getrlimit(resource.RLIMIT_AS)
    bounded.run([sys.executable, "-c", "pass"], _root())
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_refused_upload_is_in_the_audit_log_without_its_name_or_content(tmp_path):
    inbox = Inbox(tmp_path)
    _, data, _ = REFUSED["a web page"]
    with pytest.raises(BadInput):
        inbox.receive(data, "Jane Doe shifts.csv", "shifts", PROGRAM, "steward-1")
    (entry,) = audit_log.entries(inbox.ledger)
    assert entry.action == "upload_refused" and entry.who == "steward-1"
    assert "Jane" not in str(entry) and "alert" not in str(entry)
