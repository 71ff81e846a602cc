"""The private store: checked logs, in `private/outreach.duckdb` under the home. Opened only by the ETL.

Pages, reports and downloads never open it; what may leave goes through `publish` and `disclosure/`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from etl.dictionary import Table, create_table_sql, load_dictionary
from etl.logs.findings import Finding
from etl.logs.forms import FORMS
from etl.logs.load import LoadedLogs, typed_frame

STORE = "outreach.duckdb"
TABLES = (*(form.table for form in FORMS), "core_log_finding")


class StoreFault(Exception):
    """The private store cannot be used. The message is one line for the data steward."""


def store_path(home: Path) -> Path:
    return home / "private" / STORE


def write_logs(home: Path, program: str, loaded: LoadedLogs) -> Path:
    """Replace what the store holds of one program, in a new file that takes the old one's place.

    All or nothing: a broken write leaves the store as it was. Mode 0600 in a folder of mode 0700.
    Raises StoreFault when the disk is full or the folder cannot be written.
    """
    target = store_path(home)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chmod(target.parent, 0o700)
    building = target.with_name(f".building-{os.getpid()}-{uuid.uuid4().hex}.duckdb")
    try:
        _build(building, target, program, loaded)
        os.chmod(building, 0o600)
        os.replace(building, target)
    except (OSError, duckdb.IOException) as error:
        raise StoreFault(
            f"The private store could not be written ({type(error).__name__}); it is as it was. "
            "Make room on the disk and load again."
        ) from error
    finally:
        building.unlink(missing_ok=True)
        building.with_name(building.name + ".wal").unlink(missing_ok=True)
    return target


def read_logs(home: Path, program: str) -> dict[str, pd.DataFrame]:
    """Every private table of a program, typed as `load_logs` types it. Raises StoreFault when there is no store."""
    with _open(store_path(home)) as connection:
        return {name: _rows(connection, load_dictionary()[name], program) for name in TABLES}


def finding_rows(findings: list[Finding], program: str) -> pd.DataFrame:
    """Findings as rows of core_log_finding."""
    rows = [
        {
            "program": program,
            "form": finding.form,
            "file": finding.file,
            "row": finding.row,
            "column": finding.column,
            "severity": finding.severity,
            "reason": finding.reason,
            "provider": finding.provider,
            "month": finding.month,
        }
        for finding in findings
    ]
    return typed_frame(load_dictionary()["core_log_finding"], rows)


def _build(building: Path, target: Path, program: str, loaded: LoadedLogs) -> None:
    old_umask = os.umask(0o077)
    try:
        connection = duckdb.connect(str(building))
    finally:
        os.umask(old_umask)
    try:
        frames = {**loaded.frames, "core_log_finding": finding_rows(loaded.findings, program)}
        connection.begin()
        for name in TABLES:
            for statement in create_table_sql(load_dictionary()[name]):
                connection.execute(statement)
        if target.exists():
            _copy_others(connection, target, program)
        for name in TABLES:
            _insert(connection, load_dictionary()[name], frames[name])
        connection.commit()
        connection.execute("CHECKPOINT")
    finally:
        connection.close()


def _copy_others(connection: duckdb.DuckDBPyConnection, target: Path, program: str) -> None:
    """Rows of other programs, by way of frames: an attached file would be written to."""
    with _open(target) as old:
        for name in TABLES:
            table = load_dictionary()[name]
            columns = ", ".join(f'"{column}"' for column in table.column_names)
            _insert(
                connection,
                table,
                old.execute(f'SELECT {columns} FROM "{name}" WHERE program <> ?', [program]).df(),
            )


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, frame: pd.DataFrame) -> None:
    if frame.empty:
        return
    connection.register("incoming", frame)
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    cast = ", ".join(f'CAST("{column.name}" AS {column.type})' for column in table.columns)
    connection.execute(f'INSERT INTO "{table.name}" ({columns}) SELECT {cast} FROM incoming')
    connection.unregister("incoming")


def _rows(connection: duckdb.DuckDBPyConnection, table: Table, program: str) -> pd.DataFrame:
    columns = ", ".join(f'"{column}"' for column in table.column_names)
    cursor = connection.execute(f'SELECT {columns} FROM "{table.name}" WHERE program = ?', [program])
    rows = cursor.df().to_dict("records")
    return typed_frame(table, [{str(name): value for name, value in row.items()} for row in rows])


@contextmanager
def _open(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not path.exists():
        raise StoreFault(
            "There is no private store yet. Build a release with logs first: python -m etl build."
        )
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except (duckdb.IOException, duckdb.SerializationException) as error:
        raise StoreFault(
            "The private store cannot be read. Restore it from the backup, or load the logs again."
        ) from error
    try:
        yield connection
    finally:
        connection.close()
