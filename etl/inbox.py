"""Uploaded logs on their way into a release: received, checked row by row, accepted by a person, loaded.

    var/inbox/<upload id>/shifts.csv      the bytes as they came, named after the kind of log
                          upload.json     who, when, what kind, SHA-256, state
                          findings.json   what the check found

The web server only stores bytes and reads results. The check runs in a bounded child (`etl.bounded`), and loading
is the next build's: it reads `accepted()`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl import audit_log, bounded
from etl.checksum import file_sha256
from etl.problems import BadInput, Problem
from etl.upload_content import LARGEST_FILE, kind_of

KINDS = ("providers", "shifts", "activities", "requests", "conduct_reports", "required_records", "funding")
STATES = ("received", "checked", "refused", "accepted", "withdrawn")
ROOT = Path(__file__).resolve().parent.parent
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{12}")
_SENTENCES = {
    "too_long": "checking took too long",
    "too_much_memory": "it needs more memory than a log ever does",
    "killed": "checking was stopped",
    "failed": "it could not be checked",
}


@dataclass(frozen=True)
class Upload:
    """One uploaded file and how far it has come."""

    id: str
    name: str
    log: str
    program: str
    content: str
    bytes: int
    sha256: str
    received_at: str
    received_from: str
    state: str = "received"
    rows_read: int = 0
    rows_usable: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing the check found. `row` counts the header as 1; `is_rejected`: the row will not be loaded."""

    row: int | None
    column: str | None
    reason: str
    what_to_do: str
    is_rejected: bool = True


@dataclass(frozen=True)
class Inbox:
    """The inbox of one home folder (`OVP_HOME` or var/)."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "inbox"

    @property
    def ledger(self) -> Path:
        return self.home / "ledger"

    def receive(self, data: bytes, name: str, log: str, program: str, who: str) -> Upload:
        """Store an upload; it is safe on the disk when this returns. Raises BadInput for what is no log.

        Two uploads of the same bytes for the same log are one.
        """
        shown = _file_name(name)
        if log not in KINDS:
            raise BadInput(Problem(shown, "no kind of log was chosen", "Choose one from the list."))
        if not re.fullmatch(r"[a-z0-9-]{1,60}", program):
            raise BadInput(Problem(shown, "no program was chosen", "Choose one from the list."))
        if len(data) > LARGEST_FILE:
            raise BadInput(Problem(shown, "it is larger than 20 MB", "Upload it in parts, by month."))
        digest = hashlib.sha256(data).hexdigest()
        for earlier in self.uploads():
            if (earlier.sha256, earlier.log, earlier.program) == (digest, log, program) and (
                earlier.state not in {"withdrawn", "refused"}
            ):
                return earlier
        try:
            upload = self._store(data, shown, log, program, who, digest)
        except OSError as error:
            problem = Problem(
                shown, "it could not be stored, the disk is full or cannot be written", "Make room."
            )
            raise BadInput(problem) from error
        self._note(who, "upload_received", upload)
        return upload

    def _store(self, data: bytes, shown: str, log: str, program: str, who: str, digest: str) -> Upload:
        """Write the upload beside the others and give it its name last: a crash leaves it whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        coming = self.folder / f".coming-{uuid.uuid4().hex}"
        coming.mkdir(mode=0o700)
        try:
            raw = coming / "bytes"
            _write(raw, data)
            try:
                content = kind_of(raw, shown)
            except BadInput as error:
                about = {"sha256": digest, "bytes": len(data), "reason": error.problems[0].reason}
                audit_log.record(self.ledger, who, "upload_refused", about)
                raise
            raw.rename(coming / f"{log}.{content}")
            now = datetime.now(UTC)
            upload = Upload(
                id=f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}",
                name=shown,
                log=log,
                program=program,
                content=content,
                bytes=len(data),
                sha256=digest,
                received_at=now.isoformat(timespec="seconds"),
                received_from=who,
            )
            _write(coming / "upload.json", _json(asdict(upload)))
            _sync(coming)
            coming.rename(self.folder / upload.id)
            _sync(self.folder)
        finally:
            shutil.rmtree(coming, ignore_errors=True)
        return upload

    def uploads(self) -> list[Upload]:
        """All uploads, newest first."""
        if not self.folder.is_dir():
            return []
        found = [
            Upload(**json.loads((path / "upload.json").read_text(encoding="utf-8")))
            for path in self.folder.iterdir()
            if _ID.fullmatch(path.name) and (path / "upload.json").is_file()
        ]
        return sorted(found, key=lambda upload: upload.id, reverse=True)

    def get(self, upload_id: str) -> Upload:
        """One upload. Raises BadInput for an id that is none."""
        if not _ID.fullmatch(upload_id) or not (self.folder / upload_id / "upload.json").is_file():
            raise BadInput(Problem("upload", "there is no such upload", "Open the list again."))
        return Upload(**json.loads((self.folder / upload_id / "upload.json").read_text(encoding="utf-8")))

    def file(self, upload: Upload) -> Path:
        return self.folder / upload.id / f"{upload.log}.{upload.content}"

    def check(self, upload_id: str, who: str, limits: bounded.Limits | None = None) -> Upload:
        """Check every row in a bounded child process; the result is kept beside the file."""
        upload = self.get(upload_id)
        command = [sys.executable, "-m", "etl.check_upload", str(self.file(upload)), upload.program]
        ended = bounded.run(command, ROOT, limits)
        findings, rows_read, rows_usable, reason = _result(ended, upload)
        lines = [asdict(finding) for finding in findings]
        _write(self.folder / upload.id / "findings.json", _json(lines))
        checked = replace(
            upload,
            state="refused" if reason or not rows_usable else "checked",
            rows_read=rows_read,
            rows_usable=rows_usable,
            reason=reason or ("" if rows_usable else "no row of it can be used"),
        )
        self._save(checked)
        self._note(who, "upload_checked", checked)
        return checked

    def findings(self, upload_id: str) -> list[Finding]:
        """What the last check found; empty if there was none."""
        path = self.folder / self.get(upload_id).id / "findings.json"
        if not path.is_file():
            return []
        return [Finding(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]

    def accept(self, upload_id: str, who: str) -> Upload:
        """Take a checked upload into the next release. Raises BadInput unless it was checked and is unchanged."""
        upload = self.get(upload_id)
        if upload.state != "checked":
            raise BadInput(Problem(upload.name, f"it is {upload.state}, not checked", "Check it first."))
        if file_sha256(self.file(upload)) != upload.sha256:
            raise BadInput(Problem(upload.name, "it changed since it was uploaded", "Upload it again."))
        accepted = replace(upload, state="accepted")
        self._save(accepted)
        self._note(who, "upload_accepted", accepted)
        return accepted

    def withdraw(self, upload_id: str, who: str) -> Upload:
        """Leave an upload out of the next release; its bytes stay."""
        withdrawn = replace(self.get(upload_id), state="withdrawn")
        self._save(withdrawn)
        self._note(who, "upload_withdrawn", withdrawn)
        return withdrawn

    def accepted(self) -> list[tuple[Upload, Path]]:
        """What the next build loads, oldest first."""
        taken = [upload for upload in self.uploads() if upload.state == "accepted"]
        return [(upload, self.file(upload)) for upload in reversed(taken)]

    def _save(self, upload: Upload) -> None:
        _write(self.folder / upload.id / "upload.json", _json(asdict(upload)))

    def _note(self, who: str, action: str, upload: Upload) -> None:
        about: dict[str, str | int] = {"upload": upload.id, "log": upload.log, "program": upload.program}
        about |= {"sha256": upload.sha256, "rows_read": upload.rows_read, "rows_usable": upload.rows_usable}
        audit_log.record(self.ledger, who, action, about)


def _result(ended: bounded.Ended, upload: Upload) -> tuple[list[Finding], int, int, str]:
    if ended.reason not in {"done", "failed"}:
        return [], 0, 0, _SENTENCES[ended.reason]
    try:
        answer = json.loads(ended.output)
    except ValueError:
        return [], 0, 0, _SENTENCES["failed"]
    findings = [
        Finding(
            row=entry.get("row"),
            column=entry.get("column"),
            reason=str(entry["reason"]),
            what_to_do=str(entry.get("what_to_do", "")),
            is_rejected=bool(entry.get("is_rejected", True)),
        )
        for entry in answer["findings"]
    ]
    return findings, int(answer["rows_read"]), int(answer["rows_usable"]), str(answer.get("reason", ""))


def _file_name(name: str) -> str:
    """The name as shown: its last part, plain characters only."""
    cut = re.sub(r"[^\w .()-]+", "-", name.replace("\\", "/").rsplit("/", 1)[-1], flags=re.ASCII)
    return cut.strip(" .-")[-80:] or "upload"


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none: to a temporary name, to the disk, then into place."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
