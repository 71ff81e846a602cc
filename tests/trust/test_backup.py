"""A backup brings everything back, and a damaged one touches nothing."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest

from etl import audit_log
from etl.backup import BackupError, make, restore
from etl.inbox import Inbox
from tests.trust.hostile_files import GOOD_CSV


@pytest.fixture
def home(tmp_path) -> Path:
    """Releases, an upload, an audit log and a private store with its key."""
    home = tmp_path / "home"
    (home / "releases").mkdir(parents=True)
    release = home / "releases" / "2026.1.0-0123456789ab.duckdb"
    # Nothing in it repeats: in packed bytes that repeat, a flipped bit may point to another copy of the same bytes.
    release.write_bytes(random.Random(5).randbytes(256_000))
    release.chmod(0o444)
    (home / "releases" / "CURRENT").write_text(release.name)
    (home / "private").mkdir(mode=0o700)
    (home / "private" / "key").write_bytes(b"k" * 32)
    (home / "private" / "key").chmod(0o600)
    (home / "private" / ".building-1.duckdb").write_bytes(b"half")
    Inbox(home).receive(GOOD_CSV, "shifts.csv", "shifts", "minneapolus", "steward-1")
    return home


def everything(home: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(home).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in home.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(home).parts)
    }


def test_what_was_backed_up_comes_back_byte_for_byte_with_its_permissions(home, tmp_path):
    number = make(home, tmp_path / "backup.tar.gz")
    again = tmp_path / "again"
    assert restore(tmp_path / "backup.tar.gz", again) == number
    assert everything(again) == everything(home)
    assert Inbox(again).uploads() == Inbox(home).uploads()
    assert audit_log.verify(again / "ledger") is None
    assert not list(again.rglob(".building*"))


def test_only_its_owner_may_read_a_backup(home, tmp_path):
    make(home, tmp_path / "backup.tar.gz")
    assert (tmp_path / "backup.tar.gz").stat().st_mode & 0o077 == 0


def test_a_home_in_use_is_never_overwritten(home, tmp_path):
    make(home, tmp_path / "backup.tar.gz")
    before = everything(home)
    with pytest.raises(BackupError, match="not empty"):
        restore(tmp_path / "backup.tar.gz", home)
    assert everything(home) == before


@pytest.mark.parametrize("place", [0.02, 0.3, 0.5, 0.7, 0.95])
def test_a_flipped_or_missing_byte_anywhere_is_noticed_and_nothing_is_restored(home, tmp_path, place):
    backup = tmp_path / "backup.tar.gz"
    make(home, backup)
    whole = backup.read_bytes()
    flipped = bytearray(whole)
    flipped[int(len(whole) * place)] ^= 0x10
    for damaged in (bytes(flipped), whole[: int(len(whole) * place)]):
        backup.write_bytes(damaged)
        with pytest.raises(BackupError):
            restore(backup, tmp_path / "again")
        assert not (tmp_path / "again").exists()
        assert not list(tmp_path.glob(".again*"))


def packed(name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        about = tarfile.TarInfo(name)
        about.type, about.linkname, about.size = kind, "/etc/passwd", 0
        archive.addfile(about)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../../evil", tarfile.REGTYPE),
        ("/etc/cron.d/evil", tarfile.REGTYPE),
        ("releases/link", tarfile.SYMTYPE),
        ("releases/hard", tarfile.LNKTYPE),
        ("releases/device", tarfile.CHRTYPE),
        ("releases/unsummed", tarfile.REGTYPE),
    ],
)
def test_an_archive_that_is_not_ours_is_refused(tmp_path, name, kind):
    backup = tmp_path / "backup.tar.gz"
    backup.write_bytes(packed(name, kind))
    with pytest.raises(BackupError):
        restore(backup, tmp_path / "again")
    assert not (tmp_path / "again").exists() and not (tmp_path.parent / "evil").exists()
