"""`python -m etl.backup make FILE` and `restore FILE`: everything that cannot be made again, in one archive.

Releases with their pointer, uploads, the ledgers, and the private store with its key. A restore checks every file
against the sums in the archive before it touches anything, and never overwrites a home that is in use.

The archive holds the private store: keep it where the private store may be kept (mode 0600).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shutil
import sys
import tarfile
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from etl import warehouse

FOLDERS = ("releases", "inbox", "ledger", "private", "landing")
SUMS = "SHA256SUMS"


class BackupError(Exception):
    """One line: what is wrong with the archive or the place, and what to do."""


def make(home: Path, target: Path) -> int:
    """Write the archive; it takes its name only when it is whole. Returns the number of files.

    Safe while the app serves and while a build runs: releases and uploads never change once they have their name,
    and unfinished files (names that begin with a dot) are left out.
    """
    building = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    sums: dict[str, str] = {}
    descriptor = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as archive:
                for path in _files(home):
                    name = path.relative_to(home).as_posix()
                    content = path.read_bytes()
                    sums[name] = hashlib.sha256(content).hexdigest()
                    _add(archive, name, content, path.stat().st_mode & 0o777)
                lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
                _add(archive, SUMS, lines.encode(), 0o600)
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(building, target)
    finally:
        building.unlink(missing_ok=True)
    return len(sums)


def restore(archive_path: Path, home: Path) -> int:
    """Put an archive back into an empty or missing home. Returns the number of files.

    Raises BackupError when a file is missing, damaged or not named in the sums, when the archive holds anything
    but plain files below the home, or when the home is not empty.
    """
    if home.exists() and any(home.iterdir()):
        raise BackupError(f"{home.name} is not empty; move it away, then restore")
    coming = home.with_name(f".{home.name}-restoring-{uuid.uuid4().hex}")
    coming.mkdir(parents=True, mode=0o700)
    try:
        found = _unpack(archive_path, coming)
        wanted = _sums(coming)
        if found.keys() - {SUMS} != wanted.keys():
            raise BackupError("files and sums of the archive disagree; use another backup")
        for name, digest in wanted.items():
            if found[name] != digest:
                raise BackupError(f"{name} is damaged in the archive; use another backup")
        (coming / SUMS).unlink()
        if home.exists():
            home.rmdir()
        coming.rename(home)
    finally:
        shutil.rmtree(coming, ignore_errors=True)
    return len(wanted)


def _files(home: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            parts = path.relative_to(home).parts
            if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in parts):
                yield path


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(content), mode
    about.mtime = int(datetime.now(UTC).timestamp())
    archive.addfile(about, io.BytesIO(content))


def _unpack(archive_path: Path, into: Path) -> dict[str, str]:
    """Unpack plain files only; digest of each by name."""
    digests: dict[str, str] = {}
    try:
        _read_through(archive_path)
        with tarfile.open(archive_path, mode="r:gz") as archive:
            for member in archive:
                inside = Path(member.name)
                if not member.isfile() or inside.is_absolute() or ".." in inside.parts:
                    raise BackupError("the archive holds something else than plain files; use another backup")
                source = archive.extractfile(member)
                content = source.read() if source is not None else b""
                digests[member.name] = hashlib.sha256(content).hexdigest()
                path = into / inside
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.write_bytes(content)
                path.chmod(member.mode & 0o777)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise BackupError(f"{archive_path.name} cannot be read to its end; use another backup") from error
    return digests


def _read_through(archive_path: Path) -> None:
    """Read to the end of the packed stream, where its check sum stands: the archive's own reader stops before it."""
    with gzip.open(archive_path) as stream:
        while stream.read(4 * 1024**2):
            pass


def _sums(folder: Path) -> dict[str, str]:
    path = folder / SUMS
    if not path.is_file():
        raise BackupError("the archive has no list of sums; it is not one of ours, or was cut off")
    pairs = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in pairs}


def main(given: list[str] | None = None) -> int:
    """Run one of the two. Exit status 1 when it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m etl.backup", description="Back up and restore a home.")
    parser.add_argument("what", choices=("make", "restore"))
    parser.add_argument("file", type=Path)
    options = parser.parse_args(given)
    home = warehouse.home()
    try:
        if options.what == "make":
            print(f"{make(home, options.file):,} files in {options.file.name}")
        else:
            print(f"{restore(options.file, home):,} files restored, every one as its sum says")
    except BackupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
