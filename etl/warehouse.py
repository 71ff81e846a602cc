"""The read door: open a release, ask it a named question.

Everything that people see is read through here. A release is opened read-only with file access,
extensions and Python frames switched off, and is cached by its file name, which is never reused.
Each query runs on a cursor of its own: one connection shared by threads gives wrong answers.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from etl.checksum import file_sha256
from etl.dictionary import SCHEMA_VERSION, load_dictionary
from etl.statements import load_statements

_log = logging.getLogger(__name__)

POINTER = "CURRENT"
READ_ONLY_SETTINGS = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
}
_POINTER_SECONDS = 1.0
_KEPT_OPEN = 8


class ReleaseError(Exception):
    """No release can be read. `code`: no_release, unknown_release, broken_release or older_release."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class ReleaseFile:
    """One release on disk: its id, the start of its SHA-256 and its path."""

    id: str
    sha12: str
    path: Path


@dataclass(frozen=True)
class Release:
    """An open release. `meta` is the one row of `meta_release`."""

    id: str
    path: Path
    meta: dict[str, Any]
    _connection: duckdb.DuckDBPyConnection = field(repr=False)

    def query(self, name: str, **params: object) -> pd.DataFrame:
        """Rows of a named statement of `etl/sql/read`, parameters bound.

        Raises KeyError for an unknown statement, TypeError for a missing or unknown parameter,
        ReleaseError(broken_release) when the file cannot answer, ReleaseError(older_release) when it was made
        before what is asked for was kept.
        """
        statement = load_statements("read")[name]
        return self._run(statement.text, statement.bind(params))

    def table_names(self) -> list[str]:
        """Tables of this release that the dictionary describes, in its order."""
        present = set(self.query("table_names")["table_name"])
        return [name for name in load_dictionary().tables if name in present]

    def table(self, name: str) -> pd.DataFrame:
        """A whole table, ordered by its key, for downloads. Raises KeyError for an unknown table."""
        if name not in self.table_names():
            raise KeyError(f"release {self.id} has no table {name}")
        table = load_dictionary()[name]
        quoted = [f'"{column}"' for column in table.key or table.column_names]
        return self._run(f'SELECT * FROM "{name}" ORDER BY {", ".join(quoted)}', {})

    def _run(self, sql: str, bound: dict[str, object]) -> pd.DataFrame:
        try:
            with self._connection.cursor() as cursor:
                return cursor.execute(sql, bound).df()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            if int(self.meta["schema_version"]) < SCHEMA_VERSION:
                raise ReleaseError(
                    "older_release",
                    f"Release {self.id} has table layout {self.meta['schema_version']}; this needs {SCHEMA_VERSION}.",
                ) from error
            raise _broken(self.path, error) from error
        except (duckdb.IOException, duckdb.FatalException) as error:
            raise _broken(self.path, error) from error


def home() -> Path:
    """Where this installation keeps what it makes: OVP_HOME, or var/ beside dashboard.py."""
    given = os.environ.get("OVP_HOME")
    return Path(given).expanduser() if given else Path(__file__).resolve().parent.parent / "var"


def releases_folder() -> Path:
    return home() / "releases"


def releases() -> list[ReleaseFile]:
    """All releases on disk, newest first."""
    found = []
    for path in releases_folder().glob("*-*.duckdb"):
        release_id, _, sha12 = path.stem.rpartition("-")
        if sequence(release_id) is not None:
            found.append(ReleaseFile(release_id, sha12, path))
    return sorted(found, key=lambda item: sequence(item.id) or (), reverse=True)


def sequence(release_id: str) -> tuple[int, ...] | None:
    """`2026.3.12` as (2026, 3, 12); None for anything else."""
    parts = release_id.split(".")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    return tuple(int(part) for part in parts)


_lock = threading.Lock()
_open: dict[Path, Release] = {}
_pointer: dict[Path, tuple[float, Path]] = {}


def current_release_id() -> str:
    """Id of the release in use. Raises ReleaseError: no_release, broken_release."""
    return _current_path().stem.rpartition("-")[0]


def open_release(release_id: str | None = None) -> Release:
    """Open the release in use, or an older one by its id. Opened once, then shared.

    Raises ReleaseError: no_release, unknown_release, broken_release.
    """
    if release_id is None:
        path = _current_path()
    else:
        paths = [item.path for item in releases() if item.id == release_id]
        if not paths:
            raise ReleaseError(
                "unknown_release",
                f"There is no release {release_id} here. `python -m etl releases` lists what there is.",
            )
        path = paths[0]
    with _lock:
        if path not in _open:
            while len(_open) >= _KEPT_OPEN:
                # Not closed: another thread may still be reading; it closes with its last user.
                _open.pop(next(iter(_open)))
            _open[path] = _connect(path)
        return _open[path]


def open_file(path: Path) -> Release:
    """Open the release in a file, wherever it lies; not kept open for others. Raises ReleaseError(broken_release)."""
    return _connect(path)


def _current_path() -> Path:
    folder = releases_folder()
    with _lock:
        known = _pointer.get(folder)
    if known and time.monotonic() - known[0] < _POINTER_SECONDS:
        return known[1]
    pointer = folder / POINTER
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ReleaseError(
            "no_release", "There is no release yet. `python -m etl build` makes one from the data that ships."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(pointer, error) from error
    path = folder / name
    if Path(name).name != name or sequence(path.stem.rpartition("-")[0]) is None or not path.is_file():
        raise ReleaseError(
            "broken_release",
            f"The pointer {pointer.name} names something that is not a release here. "
            "`python -m etl build` makes a new one.",
        )
    with _lock:
        _pointer[folder] = (time.monotonic(), path)
    return path


def _connect(path: Path) -> Release:
    _check_unchanged(path)
    try:
        connection = duckdb.connect(str(path), read_only=True, config=dict(READ_ONLY_SETTINGS))
        rows = connection.execute("SELECT * FROM meta_release").fetchall()
        columns = [item[0] for item in connection.description or []]
    except duckdb.Error as error:
        raise _broken(path, error) from error
    if len(rows) != 1:
        raise _broken(path, "meta_release does not hold one row")
    meta = dict(zip(columns, rows[0], strict=True))
    return Release(id=str(meta["release_id"]), path=path, meta=meta, _connection=connection)


def _check_unchanged(path: Path) -> None:
    """A file that is damaged further on still opens: its name holds the start of its SHA-256."""
    try:
        sha = file_sha256(path)
    except OSError as error:
        raise _broken(path, error) from error
    if not path.stem.endswith(f"-{sha[:12]}"):
        raise _broken(path, f"its SHA-256 begins with {sha[:12]}")


def _broken(path: Path, reason: object) -> ReleaseError:
    """The reason names folders of this machine: it goes to the log, not to the page."""
    _log.warning("release file %s cannot be read: %s", path, reason)
    return ReleaseError(
        "broken_release",
        f"Release file {path.name} cannot be read: it is damaged, or not the file with the SHA-256 in its name. "
        "`python -m etl build` makes a new one.",
    )
