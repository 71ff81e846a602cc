"""The files a release was built from, kept unchanged: `private/landing/<source>/<date>/<sha256>.zst`.

A data folder may be cleared or overwritten after a build; a number can be rebuilt only from what was read then. So each
build keeps the files of its sources, with its settings and the counts that ship, before it publishes: compressed
(zstd), each content once, however many builds read it. `private/landing/releases/<release>.json` says which file lay where.

Outreach logs are not copied: uploads keep their bytes in the inbox, and a second copy of person-linked rows would
outlive its retention.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl.checksum import file_sha256
from etl.problems import BadInput, Problem
from etl.source_settings import Source
from etl.sources.files import files_of

# The part of a release's files that came with the project, and its settings.
SHIPPED, SETTINGS = "shipped", "settings"
_CHUNK = 4 * 1024**2


@dataclass(frozen=True)
class KeptFile:
    """A file as a build read it. folder: number of the data folder, `shipped` or `settings`; kept: below landing/."""

    source: str
    folder: str
    path: str
    sha256: str
    bytes: int
    kept: str


@dataclass(frozen=True)
class Kept:
    """What one release was built from, and with which options."""

    release: str
    options: Mapping[str, Any]
    files: tuple[KeptFile, ...]


def landing(home: Path) -> Path:
    return home / "private" / "landing"


def keep_files(
    home: Path,
    release_id: str,
    sources: Sequence[Source],
    data: Sequence[Path],
    shipped: Path,
    read: Mapping[str, set[str]],
    options: Mapping[str, Any],
    today: date,
) -> tuple[int, int]:
    """Keep every file that the sources name; give back how many were new, and their bytes on the disk.

    read: SHA-256 of the files of each source as they were loaded. Raises BadInput when a file is another by now.
    """
    kept: list[KeptFile] = []
    new = size = 0
    for source, folder, below, path, is_checked in _used(sources, data, shipped):
        sha = file_sha256(path)
        if is_checked and sha not in read.get(source, set()):
            raise BadInput(Problem(path.name, "the file changed while it was read", "Build again."))
        name, added = _keep(landing(home), source, path, sha, today)
        kept.append(KeptFile(source, folder, below, sha, path.stat().st_size, name))
        new += added > 0
        size += added
    content = {"release": release_id, "options": dict(options), "files": [asdict(file) for file in kept]}
    target = landing(home) / "releases" / f"{release_id}.json"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = target.with_suffix(".part")
    aside.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(target)
    return new, size


def _used(
    sources: Sequence[Source], data: Sequence[Path], shipped: Path
) -> Iterator[tuple[str, str, str, Path, bool]]:
    """(source, folder, path below it, file, whether the ledger holds it) of all that a build may have read."""
    for source in sources:
        yield SETTINGS, SETTINGS, source.settings_file.name, source.settings_file, False
        folders = [*((str(number), folder) for number, folder in enumerate(data)), (SHIPPED, shipped)]
        for name, folder in folders:
            given = files_of(source, folder)
            named = [*source.parts.values(), *(layer.file for layer in source.layers if name != SHIPPED)]
            for path in dict.fromkeys([*given, *(folder / part for part in named)]):
                if path.is_file():
                    below = path.relative_to(folder).as_posix()
                    yield source.id, name, below, path, name != SHIPPED and path in given


def _keep(folder: Path, source: str, path: Path, sha: str, today: date) -> tuple[str, int]:
    """Its name below landing/, and the bytes it took (0: it was there)."""
    there = next(iter(folder.glob(f"*/*/{sha}.zst")), None)
    if there is not None:
        return there.relative_to(folder).as_posix(), 0
    target = folder / source / today.isoformat() / f"{sha}.zst"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = target.with_name(f".{sha}-{uuid.uuid4().hex}")
    digest = hashlib.sha256()
    try:
        with path.open("rb") as opened, pa.output_stream(str(aside), compression="zstd") as packed:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
                packed.write(chunk)
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        if digest.hexdigest() != sha:
            raise BadInput(Problem(path.name, "the file changed while it was read", "Build again."))
        aside.chmod(0o400)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target.relative_to(folder).as_posix(), target.stat().st_size


def kept_of(home: Path, release_id: str) -> Kept | None:
    """What a release was built from, or None when it was not kept."""
    path = landing(home) / "releases" / f"{release_id}.json"
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return Kept(found["release"], found["options"], tuple(KeptFile(**file) for file in found["files"]))


def put_back(home: Path, kept: Kept, target: Path) -> None:
    """The files of a release as they lay then, below `target/<folder>/`. Raises BadInput for a lost or damaged one."""
    for file in kept.files:
        packed = landing(home) / file.kept
        place = target / file.folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with pa.input_stream(str(packed), compression="zstd") as opened, place.open("wb") as out:
                while chunk := opened.read(_CHUNK):
                    out.write(chunk)
        except (OSError, pa.ArrowException) as error:
            raise _lost(file) from error
        if file_sha256(place) != file.sha256:
            raise _lost(file)


def _lost(file: KeptFile) -> BadInput:
    reason = f"the copy kept of {file.path} is missing or damaged"
    return BadInput(Problem(file.kept, reason, "Restore private/landing from a backup."))
