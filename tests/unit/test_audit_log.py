"""The audit log: what was written stays, and a change to it is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from etl.audit_log import entries, record, verify

ROOT = Path(__file__).resolve().parents[2]


def filled(folder: Path, count: int = 5) -> Path:
    for number in range(count):
        record(folder, f"steward-{number}", "upload_accepted", {"upload": str(number)})
    return folder


def lines(folder: Path) -> list[bytes]:
    return (folder / "audit.jsonl").read_bytes().splitlines(keepends=True)


def rewrite(folder: Path, new: list[bytes]) -> None:
    (folder / "audit.jsonl").write_bytes(b"".join(new))


def test_entries_come_back_in_order_and_hold_together(tmp_path):
    filled(tmp_path)
    assert [entry.about["upload"] for entry in entries(tmp_path)] == ["0", "1", "2", "3", "4"]
    assert verify(tmp_path) is None


def test_an_empty_place_is_an_empty_log(tmp_path):
    assert entries(tmp_path) == [] and verify(tmp_path) is None


@pytest.mark.parametrize("row", range(5))
def test_every_change_of_a_single_byte_is_found(tmp_path, row):
    original = lines(filled(tmp_path))
    for place in range(0, len(original[row]) - 1, 7):
        changed = bytearray(original[row])
        changed[place] ^= 1
        rewrite(tmp_path, [*original[:row], bytes(changed), *original[row + 1 :]])
        assert verify(tmp_path) is not None, (row, place)


@pytest.mark.parametrize("row", range(5))
def test_a_line_taken_out_is_found_the_last_one_too(tmp_path, row):
    original = lines(filled(tmp_path))
    rewrite(tmp_path, original[:row] + original[row + 1 :])
    assert verify(tmp_path) is not None


def test_two_lines_that_changed_places_are_found(tmp_path):
    original = lines(filled(tmp_path))
    rewrite(tmp_path, [original[1], original[0], *original[2:]])
    assert verify(tmp_path) == "line 1 does not follow from the line before it"


def test_a_line_put_in_is_found(tmp_path):
    original = lines(filled(tmp_path))
    extra = json.loads(original[2]) | {"who": "someone-else"}
    rewrite(tmp_path, [*original[:2], json.dumps(extra).encode() + b"\n", *original[2:]])
    assert verify(tmp_path) is not None


def test_a_log_that_was_removed_is_found_and_not_begun_anew(tmp_path):
    filled(tmp_path)
    (tmp_path / "audit.jsonl").unlink()
    assert verify(tmp_path) is not None
    with pytest.raises(ValueError, match="restore"):
        record(tmp_path, "steward", "sign_in")


def test_nothing_is_appended_to_a_log_that_was_cut_short(tmp_path):
    original = lines(filled(tmp_path))
    rewrite(tmp_path, original[:3])
    with pytest.raises(ValueError, match="restore"):
        record(tmp_path, "steward", "sign_in")


@pytest.mark.parametrize("cut", [1, 20, 80])
def test_a_line_torn_by_a_crash_is_set_aside_and_the_log_goes_on(tmp_path, cut):
    filled(tmp_path)
    with (tmp_path / "audit.jsonl").open("ab") as log:
        log.write(
            b'{"about":{"upload":"5"},"action":"upload_accepted","at":"2026-01-01T00:00:00.000+00:00"}'[:cut]
        )
    record(tmp_path, "steward", "sign_in")
    assert verify(tmp_path) is None
    assert len(entries(tmp_path)) == 6 and len(list(tmp_path.glob("audit.torn-*"))) == 1


def test_a_head_one_behind_is_a_crash_not_a_forgery(tmp_path):
    filled(tmp_path, 4)
    behind = (tmp_path / "audit.head").read_bytes()
    record(tmp_path, "steward", "sign_in")
    (tmp_path / "audit.head").write_bytes(behind)
    record(tmp_path, "steward", "sign_in")
    assert verify(tmp_path) is None


WRITER = """
import sys
from pathlib import Path
from etl.audit_log import record
for _ in range(20):
    record(Path(sys.argv[1]), sys.argv[2], "sign_in")
"""


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    # Processes of their own by command: a page test before this one may have changed what `__main__` is.
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"steward-{n}"], cwd=ROOT)
        for n in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert verify(tmp_path) is None
    assert len(entries(tmp_path)) == 60


def test_an_action_nobody_defined_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not an action"):
        record(tmp_path, "steward", "deleted_everything")
