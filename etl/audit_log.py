"""Who did what with staff data: an append-only log whose lines hold each other.

One JSON object a line in `var/ledger/audit.jsonl`; each names the SHA-256 of the line before it, and the file
`audit.head` the last one and how many there are. A line that was changed, taken out, put in or cut off at the end
is found by `verify`. Whoever can write the whole folder can write a new chain: copy the head elsewhere now and then.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FIRST = "0" * 64
ACTIONS = (
    "sign_in",
    "sign_in_refused",
    "upload_received",
    "upload_checked",
    "upload_refused",
    "upload_accepted",
    "upload_withdrawn",
    "release_started",
    "staff_data_exported",
)


@dataclass(frozen=True)
class Entry:
    """One line: when (UTC), who (the provider's id of the person), what, about what."""

    number: int
    at: str
    who: str
    action: str
    about: dict[str, Any]
    previous: str

    def line(self) -> bytes:
        return json.dumps(self.__dict__, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def record(folder: Path, who: str, action: str, about: Mapping[str, Any] | None = None) -> Entry:
    """Append one entry; it is on the disk when this returns.

    `about` holds plain values: ids, counts, codes; never a row of a log. Raises ValueError for an unknown action
    and for a log that is damaged before its last line (nothing is appended to it then).
    """
    if action not in ACTIONS:
        raise ValueError(f"{action} is not an action of the audit log")
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        number, previous = _last(folder)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = Entry(number + 1, at, who, action, dict(about or {}), previous)
        line = entry.line()
        descriptor = os.open(folder / "audit.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write_all(descriptor, line + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _write_head(folder, entry.number, _digest(line))
        return entry


def entries(folder: Path) -> list[Entry]:
    """All entries, oldest first; an empty list where there is no log."""
    path = folder / "audit.jsonl"
    if not path.exists():
        return []
    return [Entry(**json.loads(line)) for line in path.read_bytes().split(b"\n") if line]


def verify(folder: Path) -> str | None:
    """None for a log that holds together, else one line that says where it does not."""
    path = folder / "audit.jsonl"
    if not path.exists():
        return None if not (folder / "audit.head").exists() else "the log is missing, its head is not"
    previous, number = FIRST, 0
    lines = path.read_bytes().split(b"\n")
    if lines.pop() != b"":
        return f"line {len(lines) + 1} was not written to its end"
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            return f"line {number} is not an entry"
        if not isinstance(entry, dict) or entry.get("previous") != previous or entry.get("number") != number:
            return f"line {number} does not follow from the line before it"
        previous = _digest(line)
    head = _read_head(folder)
    if head is None or head != (number, previous):
        return f"the log ends at line {number}, its head says otherwise"
    return None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "audit.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _last(folder: Path) -> tuple[int, str]:
    """Number and hash of the last whole line. A torn one, of a crash while writing, is set aside first."""
    path = folder / "audit.jsonl"
    if not path.exists():
        if (folder / "audit.head").exists():
            raise ValueError("the audit log is missing; restore it from the backup")
        return 0, FIRST
    content = path.read_bytes()
    whole, newline, torn = content.rpartition(b"\n")
    if torn:
        # Never acknowledged to anyone, so not an entry; kept beside the log for whoever looks into the crash.
        (folder / f"audit.torn-{datetime.now(UTC):%Y%m%dT%H%M%S%f}").write_bytes(torn)
        os.truncate(path, len(whole) + len(newline))
    if not whole:
        return 0, FIRST
    line = whole.rpartition(b"\n")[2]
    number, digest = int(json.loads(line)["number"]), _digest(line)
    head = _read_head(folder)
    # The head may be one behind (a crash between the two writes), never ahead and never on another line.
    if head is not None and head[0] > number:
        raise ValueError("the audit log was cut short; restore it from the backup")
    if head is not None and head[0] == number and head[1] != digest:
        raise ValueError("the last line of the audit log was changed; restore it from the backup")
    return number, digest


def _write_head(folder: Path, number: int, digest: str) -> None:
    temporary = folder / f"audit.head.{os.getpid()}"
    with temporary.open("w", encoding="ascii") as file:
        file.write(f"{number} {digest}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / "audit.head")


def _read_head(folder: Path) -> tuple[int, str] | None:
    path = folder / "audit.head"
    if not path.exists():
        return None
    number, _, digest = path.read_text(encoding="ascii").strip().partition(" ")
    return int(number), digest


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
