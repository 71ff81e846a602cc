"""`python -m etl check FILE`: what a build would make of one file, and every row it could not use."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from etl.load.incidents import load_rows
from etl.load.series import known_areas
from etl.load.series_files import read_files
from etl.load.tables import load_areas
from etl.load.work_database import work_database
from etl.problems import BadInput, Problem
from etl.settings import load_sources
from etl.source_settings import SOURCES, Source
from etl.sources.landing import Landed
from etl.sources.recognize import by_header, by_name
from etl.sources.tabular import land_table

MOST_LISTED = 1000


def check(path: Path, source_id: str | None, say: Callable[[str], None], settings: Path = SOURCES) -> int:
    """Check one file; give back how many problems were said. Raises BadInput when it cannot be read at all."""
    sources = load_sources(settings)
    with tempfile.TemporaryDirectory() as folder:
        workplace = Path(folder)
        landed = land_table(path, workplace)
        say(
            f"{path.name}: {landed.bytes:,} bytes, {landed.encoding}, {len(landed.header)} columns, sha256 {landed.sha256[:12]}"
        )
        if landed.note:
            say(f"{path.name}: {landed.note}")
        source = _source_of(sources, path, landed, source_id)
        say(f"{path.name}: read as {source.id} ({source.title})")
        with work_database(workplace) as connection:
            for areas in sources:
                if areas.kind == "areas" and areas.city == source.city:
                    load_areas(connection, areas, workplace, [])
            if source.series is not None:
                _, counts = read_files(source, [path], workplace, known_areas(connection, source.city))
                say(f"{path.name}: {len(counts.outcomes) + len(counts.named):,} counts, nothing wrong found")
                return 0
            loaded = load_rows(connection, source, [landed], 1, allowed_share=1.0)
            entry = loaded.ledger[0]
            faults = connection.execute(
                "SELECT file_row, column_name, reason FROM meta_reject ORDER BY file_row, column_name LIMIT ?",
                [MOST_LISTED],
            ).fetchall()
        for row, column, reason in faults:
            say(Problem(path.name, reason, "", row, column).line())
        say(
            f"{path.name}: {entry.rows_read:,} rows = {entry.rows_accepted:,} accepted + "
            f"{entry.rows_duplicate:,} duplicates + {entry.rows_rejected:,} that could not be used"
        )
        for outcome, (first, last) in loaded.spans.items():
            say(f"{path.name}: {outcome}, complete months {first:%Y-%m} to {last:%Y-%m}")
        return entry.rows_rejected


def _source_of(sources: list[Source], path: Path, landed: Landed, source_id: str | None) -> Source:
    readable = [source for source in sources if source.kind in ("rows", "series")]
    if source_id:
        found = [source for source in readable if source.id == source_id]
    else:
        found = by_name(readable, path) or by_header(readable, landed.header)
    if not found:
        names = ", ".join(source.id for source in readable)
        raise BadInput(
            Problem(
                path.name,
                "no source fits its name or its columns",
                f"Name one with --source ({names}), or write a file of settings: docs/new-city.md.",
            )
        )
    return found[0]
