"""The evidence ledger: what was asked, when it was fixed, and every answer it got; lines are added, never changed.

`ledger/evidence.jsonl` beside the releases holds one JSON object a line. Each carries its number, its own SHA-256 and
that of the line before it; `evidence.head` holds the last number and hash. A line that was changed, taken out, put
in or cut off is named by `check`. Whoever can write the whole folder can write a new chain: keep a copy of the head
elsewhere to rule that out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FIRST = "0" * 64
EVENTS = (
    "data_loaded",
    "spec_registered",
    "spec_amended",
    "spec_withdrawn",
    "run",
    "published",
    "superseded",
)
KEYS = {"number", "at", "event", "about", "previous", "sha256"}


class LedgerError(Exception):
    """A ledger that does not hold together. The message names the line."""


@dataclass(frozen=True)
class Entry:
    """One line. about: plain values, what they are depends on the event (`etl/publish/ledger_entries.py`)."""

    number: int
    at: str
    event: str
    about: dict[str, Any]
    previous: str
    sha256: str = ""

    def line(self) -> bytes:
        return json.dumps(self.__dict__, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()

    def own_sha256(self) -> str:
        """Hash of everything in the line but this hash."""
        return hashlib.sha256(replace(self, sha256="").line()).hexdigest()


class EvidenceLedger:
    """The ledger in `folder`. One writer at a time: the build, which holds the loader's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "evidence.jsonl"
        self.head = folder / "evidence.head"

    def entries(self) -> list[Entry]:
        """All lines, oldest first; none where there is no ledger yet. Raises LedgerError, naming the line."""
        if not self.path.exists():
            if self.head.exists():
                raise LedgerError(f"{self.path.name} is missing, its head is not; restore it from the backup")
            return []
        found: list[Entry] = []
        previous = FIRST
        lines = self.path.read_bytes().split(b"\n")
        torn = lines.pop()
        for number, line in enumerate(lines, start=1):
            entry = _read(line)
            if entry is None:
                raise LedgerError(
                    f"line {number} of {self.path.name} was changed: it is not what was written"
                )
            if entry.number != number:
                raise LedgerError(f"line {number} of {self.path.name} was taken out or put in")
            if entry.previous != previous:
                raise LedgerError(f"line {max(number - 1, 1)} of {self.path.name} was written anew")
            previous = entry.sha256
            found.append(entry)
        written = self._read_head()
        # The head is written last: after a crash it may be behind, never ahead and never on other content.
        if written is not None and (written[0] > len(found) or written[1] != _hash_at(found, written[0])):
            raise LedgerError(
                f"line {min(written[0], len(found)) or 1} of {self.path.name} is not what its head says: "
                "lines at the end were changed or cut off"
            )
        if written is None and found:
            raise LedgerError(f"{self.head.name} is missing; restore it from the backup")
        if torn and not _is_interrupted(torn):
            raise LedgerError(f"line {len(found) + 1} of {self.path.name} was not written by this program")
        return found

    def following(
        self,
        known: Sequence[Entry],
        news: Sequence[tuple[str, Mapping[str, Any]]],
        now: datetime | None = None,
    ) -> list[Entry]:
        """The lines that `news` would make after the lines `known`; nothing is written. Raises ValueError."""
        at = (now or datetime.now(UTC)).isoformat(timespec="seconds")
        previous = known[-1].sha256 if known else FIRST
        made = []
        for number, (event, about) in enumerate(news, start=len(known) + 1):
            if event not in EVENTS:
                raise ValueError(f"{event} is not an event of the evidence ledger")
            entry = Entry(number, at, event, dict(about), previous)
            entry = replace(entry, sha256=entry.own_sha256())
            previous = entry.sha256
            made.append(entry)
        return made

    def append(
        self, news: Sequence[tuple[str, Mapping[str, Any]]], now: datetime | None = None
    ) -> list[Entry]:
        """Add entries; they are on the disk when this returns. Raises LedgerError for a damaged ledger."""
        made = self.following(self.entries(), news, now)
        self.write(made)
        return made

    def write(self, made: Sequence[Entry]) -> None:
        """Add lines that `following` made. Raises LedgerError where they do not follow what is there."""
        if not made:
            return
        known = self.entries()
        if (made[0].number, made[0].previous) != (len(known) + 1, known[-1].sha256 if known else FIRST):
            raise LedgerError(f"line {made[0].number} does not follow line {len(known)} of {self.path.name}")
        self._drop_torn_line()
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as opened:
            opened.write(b"".join(entry.line() + b"\n" for entry in made))
            opened.flush()
            os.fsync(opened.fileno())
        aside = self.head.with_suffix(f".{os.getpid()}")
        with aside.open("w", encoding="ascii") as opened_head:
            opened_head.write(f"{made[-1].number} {made[-1].sha256}\n")
            opened_head.flush()
            os.fsync(opened_head.fileno())
        os.replace(aside, self.head)

    def check(self) -> str | None:
        """None for a ledger that holds together, else one line that names the first fault."""
        try:
            self.entries()
        except LedgerError as error:
            return str(error)
        return None

    def _read_head(self) -> tuple[int, str] | None:
        if not self.head.exists():
            return None
        number, _, digest = self.head.read_text(encoding="ascii").strip().partition(" ")
        return (int(number), digest) if number.isdigit() else (10**9, "")

    def _drop_torn_line(self) -> None:
        """A line without its end was never acknowledged; a crash while writing leaves one."""
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        whole, newline, torn = content.rpartition(b"\n")
        if torn:
            os.truncate(self.path, len(whole) + len(newline))


def _read(line: bytes) -> Entry | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or set(found) != KEYS or not isinstance(found["about"], dict):
        return None
    entry = Entry(**found)
    return entry if entry.line() == line and entry.own_sha256() == entry.sha256 else None


def _is_interrupted(torn: bytes) -> bool:
    """Whether it is the beginning of a line such as `append` writes."""
    return torn.startswith(b'{"about":'[: len(torn)])


def _hash_at(found: Sequence[Entry], number: int) -> str:
    return found[number - 1].sha256 if 0 < number <= len(found) else FIRST
