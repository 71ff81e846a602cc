"""Publishing: a release is built aside, proven, and only then pointed at.

Build in one transaction → data tests → CHECKPOINT, close, no .wal → fsync → reopen read-only and
compare counts and checksums → rename to id and SHA-256 → read-only mode, fsync the folder → write
the pointer aside, fsync, `os.replace`. A path is never reused. One loader at a time (`flock`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from etl import warehouse
from etl.checksum import file_sha256
from etl.dictionary import SCHEMA_VERSION, create_table_sql, load_dictionary
from etl.sql_text import identifier, literal
from etl.statements import load_statements

STORAGE_VERSION = "v1.2.0"
KEPT_RELEASES = 24


class BuildError(Exception):
    """The build cannot go on for a reason outside the input. One line; exit status 1."""


@contextmanager
def one_loader(home: Path) -> Iterator[None]:
    """Hold the loader's lock. Raises BuildError when another build holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".loader.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise BuildError(
                "Another build is running here. Wait until it has ended, then build again."
            ) from None
        yield


def staging_folder(home: Path) -> Path:
    return home / "staging"


def sweep(home: Path, keep: int = KEPT_RELEASES) -> list[str]:
    """Janitor, called under the lock: remove dead builds and all but the newest `keep` releases.

    The release that the pointer names is never removed. Gives back what was removed.
    """
    removed = []
    for path in sorted(staging_folder(home).glob(".build-*")):
        removed.append(path.name)
        path.unlink()
    for path in sorted((home / "private").glob(".work-*")):
        removed.append(path.name)
        shutil.rmtree(path)
    for path in sorted((home / "private" / "landing").glob("*/*/.*")):
        removed.append(path.name)
        path.unlink()
    releases = home / "releases"
    pointer = releases / warehouse.POINTER
    current = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""
    for aside in releases.glob(f".{warehouse.POINTER}-*"):
        aside.unlink()
        removed.append(aside.name)
    paths = [path for path in releases.glob("*-*.duckdb") if _sequence(path)]
    for path in sorted(paths, key=lambda item: _sequence(item) or (), reverse=True)[keep:]:
        if path.name != current:
            path.unlink()
            removed.append(path.name)
    return removed


def _sequence(path: Path) -> tuple[int, ...] | None:
    return warehouse.sequence(path.stem.rpartition("-")[0])


def next_release_id(home: Path, today: date) -> str:
    """CalVer `YYYY.M.patch`: the first free patch number of this month.

    A clock that was set back must not make a release look older than the one it follows: the number then
    goes on from the newest.
    """
    taken = [_sequence(path) for path in (home / "releases").glob("*-*.duckdb")]
    month = max([(today.year, today.month), *(item[:2] for item in taken if item)])
    patches = [item[2] for item in taken if item and item[:2] == month]
    return f"{month[0]}.{month[1]}.{max(patches, default=-1) + 1}"


def build_file(home: Path) -> Path:
    """A fresh path for a release under construction."""
    folder = staging_folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f".build-{os.getpid()}-{uuid.uuid4().hex}.duckdb"


def write_release(
    connection: duckdb.DuckDBPyConnection, path: Path, release_id: str, snapshot_id: str, code_version: str
) -> dict[str, tuple[int, str]]:
    """Copy every public table of `connection` into a new release file, in one transaction.

    Gives back rows and checksum by table. Raises BuildError when a data test finds a row.
    """
    tables = [table for table in load_dictionary().tables.values() if table.store == "release"]
    connection.execute(f"ATTACH {literal(str(path))} AS release (STORAGE_VERSION '{STORAGE_VERSION}')")
    here = connection.execute("SELECT current_database()").fetchone()
    assert here is not None
    try:
        connection.execute("USE release")
        connection.execute("BEGIN TRANSACTION")
        for table in tables:
            for statement in create_table_sql(table):
                connection.execute(statement)
            if table.name == "meta_release":
                continue
            order = ", ".join(identifier(column) for column in table.key)
            connection.execute(
                f"INSERT INTO release.{identifier(table.name)} "
                f"SELECT * FROM {identifier(here[0])}.main.{identifier(table.name)} ORDER BY {order}"
            )
        connection.execute(
            "INSERT INTO release.meta_release VALUES (?, ?, ?, ?, ?)",
            [release_id, datetime.now(UTC).replace(tzinfo=None), snapshot_id, code_version, SCHEMA_VERSION],
        )
        run_data_tests(connection)
        sums = checksums(connection)
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT release")
    except (BuildError, duckdb.Error):
        connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute(f"USE {identifier(here[0])}")
        connection.execute("DETACH release")
    return sums


def run_data_tests(connection: duckdb.DuckDBPyConnection) -> None:
    """Every statement of `etl/sql/tests` must give no row; so must each table's key, twice over.

    Raises BuildError with the first failing row of each failing test.
    """
    failures = []
    for name, statement in load_statements("tests").items():
        row = connection.execute(statement.text).fetchone()
        if row is not None:
            failures.append(f"data test {name}: {row}")
    for table in load_dictionary().tables.values():
        if table.store != "release" or not table.key:
            continue
        key = ", ".join(identifier(column) for column in table.key)
        row = connection.execute(
            f"SELECT {key} FROM {identifier(table.name)} GROUP BY {key} HAVING count(*) > 1"
        ).fetchone()
        if row is not None:
            failures.append(f"data test key_of_{table.name}: {row} stands twice")
    if failures:
        raise BuildError("The release was not published. " + "; ".join(failures))


def checksums(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, str]]:
    """Rows and an order-free checksum of every table of the open database."""
    found = {}
    for table in load_dictionary().tables.values():
        if table.store != "release":
            continue
        row = connection.execute(
            f"SELECT count(*), coalesce(sum(hash({identifier(table.name)})::HUGEINT), 0)::VARCHAR "
            f"FROM {identifier(table.name)}"
        ).fetchone()
        assert row is not None
        found[table.name] = (int(row[0]), str(row[1]))
    return found


def publish(
    path: Path, home: Path, release_id: str, sums: dict[str, tuple[int, str]]
) -> warehouse.ReleaseFile:
    """Prove a finished build, give it its name, move the pointer. Raises BuildError."""
    if Path(f"{path}.wal").exists():
        raise BuildError(f"{path.name} still has a write-ahead log. Build again.")
    _flush(path)
    with duckdb.connect(str(path), read_only=True, config=dict(warehouse.READ_ONLY_SETTINGS)) as reader:
        if checksums(reader) != sums:
            raise BuildError(
                "The release reads back other than it was written. Check the disk, then build again."
            )
    sha = file_sha256(path)
    folder = home / "releases"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{release_id}-{sha[:12]}.duckdb"
    if any(folder.glob(f"{release_id}-*.duckdb")):
        raise BuildError(f"A release {release_id} exists already. Build again.")
    path.rename(target)
    target.chmod(0o444)
    _flush(folder)
    move_pointer(folder, target.name)
    return warehouse.ReleaseFile(release_id, sha[:12], target)


def move_pointer(folder: Path, name: str) -> None:
    """Point at a release: written aside, flushed, then put in place at once."""
    aside = folder / f".{warehouse.POINTER}-{os.getpid()}"
    with aside.open("w", encoding="utf-8") as opened:
        opened.write(name + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(aside, folder / warehouse.POINTER)
    _flush(folder)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
