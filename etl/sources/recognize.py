"""Which source a file could belong to, by its name and by the columns in its header."""

from __future__ import annotations

import fnmatch
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from etl.problems import BadInput
from etl.source_settings import Source
from etl.sources.tabular import land_table

_PACKED_ENDINGS = (".gz", ".zip")


def by_name(sources: Sequence[Source], path: Path) -> list[Source]:
    """Sources one of whose patterns the file's name fits (shipped files excepted)."""
    name = path.name
    for ending in _PACKED_ENDINGS:
        name = name.removesuffix(ending)
    return [
        source
        for source in sources
        if any(
            fnmatch.fnmatch(name, PurePosixPath(pattern).name)
            for pattern in source.files
            if not pattern.startswith("data/") or path.as_posix().endswith(pattern)
        )
    ]


def by_header(sources: Sequence[Source], header: Sequence[str]) -> list[Source]:
    """Rows and series sources whose columns all stand in the header."""
    there = set(header)
    return [source for source in sources if (needed := columns_of(source)) and needed <= there]


def columns_of(source: Source) -> set[str]:
    """Columns that a file of the source must have. Of several ways to read a time, the first that is there."""
    if source.rows is not None:
        rows = source.rows
        needed = {rows.case, *rows.areas.values()} | {rule.column for rule in rows.outcomes if rule.column}
        needed |= {name for name in (rows.victims, rows.longitude, rows.latitude) if name}
        return needed | {
            name for readings in (rows.occurred,) for name in (readings[0].columns if readings else ())
        }
    if source.series is not None:
        series = source.series
        needed = {*series.month.columns, *(measure.column for measure in series.measures)}
        return needed | {name for name in (series.area, series.geography_column) if name}
    return set()


def fitting(sources: Sequence[Source], path: Path) -> str:
    """One clause about a file that no pattern names: what its columns fit, if anything."""
    with tempfile.TemporaryDirectory() as workplace:
        try:
            header = land_table(path, Path(workplace)).header
        except BadInput as error:
            return error.problems[0].reason
    found = by_header(sources, header)
    if not found:
        return "no file of settings in data/sources names it"
    patterns = ", ".join(found[0].files[:2])
    return f"its columns fit {found[0].id}: give it a name like {patterns}, or add its name to `files`"
