"""Parquet and CSV files of a release, made once and kept under `var/cache/<release file>/`.

A file appears whole or not at all: it is written under a temporary name and renamed, with a checksum
beside it that is checked when a process first uses the file. Two processes that make the same file make
the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import threading
import uuid
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from etl import warehouse
from etl.checksum import file_sha256
from etl.publish.export.disclosure_report import TextScan
from etl.publish.export.package import EXTENSION, write_table
from etl.publish.export.provenance import part_suffix
from etl.publish.export.release_reader import ReleaseReader

MEDIA_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}
KEPT_PARTS = 200
KEPT_PART_BYTES = 512 * 1024 * 1024

_making = threading.BoundedSemaphore(2)
_locks: dict[Path, threading.Lock] = {}
_locks_guard = threading.Lock()
_checked: set[Path] = set()


@dataclass(frozen=True)
class TableFile:
    """One file ready to serve. `file_name` names the release and the part that is in it.

    `packed` is the same content as gzip, where the format itself is not compressed.
    """

    path: Path
    file_name: str
    sha256: str
    bytes: int
    format: str
    packed: Path | None = None


def cache_folder(release_path: Path) -> Path:
    return warehouse.home() / "cache" / release_path.stem


def table_file(
    release: warehouse.Release, table: str, form: str, filters: dict[str, str] | None = None
) -> TableFile:
    """The file of a table, or of the part that `filters` chooses; made if it is not there yet.

    `form` is parquet or csv. Raises KeyError for a table that is not exported, ExportError
    ("unknown_filter", "forbidden_text", "broken_release").
    """
    filters = filters or {}
    extension = EXTENSION[form]
    stem = f"{table}_{release.id}{part_suffix(filters)}"
    if filters:
        key = "\n".join(f"{name}={value}" for name, value in sorted(filters.items()))
        # Two values may look alike in a file name; the hash keeps them apart.
        folder = cache_folder(release.path) / "parts" / hashlib.sha256(key.encode()).hexdigest()[:16]
    else:
        folder = cache_folder(release.path) / "tables"
    path = folder / f"{table}.{extension}"
    with _lock_of(path):
        sha256 = _checksum(path)
        if sha256 is None:
            with _making:
                sha256 = _make(release, table, form, filters, path)
            if filters:
                _forget_old_parts(folder.parent)
        elif filters:
            os.utime(path)
    packed = _packed(path) if form == "csv" else None
    return TableFile(path, f"{stem}.{extension}", sha256, path.stat().st_size, form, packed)


@lru_cache(maxsize=8)
def open_reader(path: Path) -> ReleaseReader:
    """The exporter's reader of a release, opened once; every read has a cursor of its own."""
    return ReleaseReader(path)


def _lock_of(path: Path) -> threading.Lock:
    with _locks_guard:
        if len(_locks) > 5_000:
            _locks.clear()
        return _locks.setdefault(path, threading.Lock())


def _checksum(path: Path) -> str | None:
    """The recorded checksum of a file that is there and whole, else None."""
    try:
        recorded = path.with_suffix(path.suffix + ".sha256").read_text(encoding="ascii").strip()
        if path in _checked and path.is_file():
            return recorded
        if file_sha256(path) == recorded and _gunzips_to(path, recorded):
            _checked.add(path)
            return recorded
    except FileNotFoundError:
        return None
    return None


def _make(release: warehouse.Release, table: str, form: str, filters: dict[str, str], path: Path) -> str:
    staging = path.parent / f".{uuid.uuid4().hex}"
    scan = TextScan()
    try:
        reader = open_reader(release.path)
        written, _ = write_table(reader, reader.selection[table], staging, [form], scan, filters)
        scan.raise_if_found()
        sha256 = file_sha256(written[0])
        sidecar = staging / "sha256"
        sidecar.write_text(sha256 + "\n", encoding="ascii")
        if form == "csv":
            _pack(written[0], staging / "packed")
            os.replace(staging / "packed", _packed(path))
        os.replace(written[0], path)
        os.replace(sidecar, path.with_suffix(path.suffix + ".sha256"))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    _checked.add(path)
    return sha256


def _packed(path: Path) -> Path:
    return path.with_suffix(path.suffix + ".gz")


def _gunzips_to(path: Path, sha256: str) -> bool:
    """Whether the gzip beside a CSV file holds the same bytes; True for files without one."""
    if path.suffix != ".csv":
        return True
    try:
        with gzip.open(_packed(path)) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error):
        return False


def _pack(source: Path, target: Path) -> None:
    with source.open("rb") as plain, gzip.GzipFile(target, "wb", compresslevel=6, mtime=0) as packed:
        shutil.copyfileobj(plain, packed, 1024 * 1024)


def _forget_old_parts(folder: Path) -> None:
    """Keep the parts used last, within a number and a size."""
    files = sorted(folder.glob("*/*.sha256"), key=lambda file: _used(file), reverse=True)
    total = 0
    for number, sidecar in enumerate(files):
        path = sidecar.with_suffix("")
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
        if number >= KEPT_PARTS or total > KEPT_PART_BYTES:
            sidecar.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            _packed(path).unlink(missing_ok=True)
            _checked.discard(path)


def _used(sidecar: Path) -> float:
    try:
        return sidecar.with_suffix("").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def forget_gone_releases() -> list[str]:
    """Remove cached files of releases that are no longer here; returns their names."""
    folder = warehouse.home() / "cache"
    here = {item.path.stem for item in warehouse.releases()}
    gone = [path for path in folder.glob("*") if path.is_dir() and path.name not in here]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in gone]
