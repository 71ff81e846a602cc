"""The counts of a release made again from the files that its build kept, and compared one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from etl import warehouse
from etl.dictionary import load_dictionary
from etl.load.loading import Loading, Options, load_everything
from etl.load.tables import PROJECT
from etl.load.work_database import work_database
from etl.publish.kept_files import SETTINGS, SHIPPED, kept_of, put_back
from etl.publish.version import code_version
from etl.settings import load_sources
from etl.source_settings import Source
from etl.sql_text import identifier, literals

TABLES = ("out_monthly", "out_daily", "out_weekday_hour", "out_triangle")
SHOWN = 20


def rebuild(
    connection: duckdb.DuckDBPyConnection, release: warehouse.Release, progress: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Counts compared, and a line for each that differs (the first 20 of a table). `connection`: the release.

    Raises BadInput when a kept file is lost or damaged.
    """
    home = release.path.parent.parent
    kept = kept_of(home, release.id)
    if kept is None:
        progress("counts not rebuilt: no files were kept with this release")
        return 0, []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        put_back(home, kept, place)
        options = Options(
            data=[place / str(number) for number in range(int(kept.options["folders"]))],
            set_aside_share=float(kept.options["set_aside_share"]),
            sources=place / SETTINGS,
            programs=place / "programs",  # counts need none
            shipped=place / SHIPPED,
        )
        for given in (*options.data, options.programs, options.shipped):
            given.mkdir(exist_ok=True)
        sources = load_sources(options.sources)
        onto = _onto_memory(sources)
        if onto:
            progress(f"counts of {', '.join(onto)} not rebuilt: they are those of a feed of changes")
        with work_database(place) as made:
            load_everything(Loading(made, options, place, _silent, sources))
            compared, differences = 0, []
            for table in TABLES:
                count, found = _compare(connection, made, table, onto)
                compared += count
                differences += found
    progress(f"counts made again from {len(kept.files)} kept files: {compared:,} compared")
    version, now = str(release.meta["code_version"]), code_version(PROJECT)
    if differences and version != now:
        progress(f"the release was made by version {version}, this is {now}: rebuild it with that version")
    return compared, differences


def _onto_memory(sources: Sequence[Source]) -> list[str]:
    """Cities with a feed of changes: their counts stand on the memory of earlier builds too."""
    return sorted({source.city for source in sources if source.rows and source.rows.exports == "changes"})


def _compare(
    stored: duckdb.DuckDBPyConnection, made: duckdb.DuckDBPyConnection, table: str, without: Sequence[str]
) -> tuple[int, list[str]]:
    described = load_dictionary()[table]
    keys = [identifier(name) for name in described.key]
    values = [identifier(name) for name in described.column_names if name not in described.key]
    columns = ", ".join([*keys, *values])
    rows = f"SELECT {columns} FROM {identifier(table)} WHERE city NOT IN ({literals(['', *without])})"
    before: pa.Table = stored.sql(rows).to_arrow_table()
    made.execute("SELECT 1").fetchall()
    made.register("stored_rows", before)
    made.execute(f"CREATE OR REPLACE TEMP VIEW made_rows AS {rows}")
    same = " AND ".join(f"stored.{key} IS NOT DISTINCT FROM made.{key}" for key in keys)
    differs = " OR ".join(f"stored.{value} IS DISTINCT FROM made.{value}" for value in values)
    key = "concat_ws('/', " + ", ".join(f"coalesce(stored.{key}, made.{key})" for key in keys) + ")"
    found = made.execute(
        f"SELECT {key}, stored.city IS NULL, made.city IS NULL, "
        + ", ".join(f"stored.{value}, made.{value}" for value in values)
        + f" FROM stored_rows AS stored FULL JOIN made_rows AS made ON {same} "
        f"WHERE stored.city IS NULL OR made.city IS NULL OR {differs} ORDER BY ALL"
    ).fetchall()
    made.unregister("stored_rows")
    lines = []
    for name, is_new, is_gone, *pairs in found[:SHOWN]:
        if is_new or is_gone:
            lines.append(f"{table} {name}: {'not in the release' if is_new else 'not made again'}")
            continue
        for value, old, new in zip(values, pairs[::2], pairs[1::2], strict=True):
            if old != new:
                lines.append(f"{table} {name} {value.strip(chr(34))}: {old!r} is now {new!r}")
    if len(found) > SHOWN:
        lines.append(f"{table}: {len(found) - SHOWN:,} more rows differ")
    return before.num_rows * max(len(values), 1), lines


def _silent(line: str) -> None:
    """What loading says is of the build, not of the check."""
