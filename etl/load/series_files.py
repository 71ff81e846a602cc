"""Files of ready-made counts into lines: CSV, and workbooks whose sheets say their month, or do not."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from etl.load.series import COUNT, Counts, Line, letters, parsed_month, read_lines
from etl.problems import BadInput, Problem
from etl.source_settings import Source
from etl.sources.landing import Landed, land_text, require_columns
from etl.sources.sheets import WORKBOOK_ENDINGS, is_longer, land_workbook, month_of_file, month_of_title


@dataclass
class Block:
    """The lines of one sheet: its title's month, its file's month, the lines."""

    file: str
    title: str
    landed: Landed
    lines: list[Line] = field(default_factory=list)


def read_files(
    source: Source, paths: Sequence[Path], workplace: Path, areas: dict[str, set[str]]
) -> tuple[list[Landed], Counts]:
    """The counts of all files (CSV or workbook). Raises BadInput with the first ten problems."""
    counts, landed_files, blocks = Counts(), [], []
    for path in paths:
        if path.suffix.lower() in WORKBOOK_ENDINGS:
            landed, sheets = land_workbook(path)
            for sheet in sheets:
                header = [_heading(source, name) for name in sheet.header]
                if source.series is None or source.series.area not in header:
                    counts.notes.append(f"{path.name}: sheet {sheet.title!r} is not by area, left out")
                    continue
                block = Block(path.name, sheet.title, landed)
                for row, texts in sheet.rows:
                    block.lines.append((row, dict(zip(header, texts, strict=False)), None))
                blocks.append(block)
        else:
            landed = land_text(path, workplace, source.delimiter)
            require_columns(landed, needed_columns(source), source.settings_file.name)
            with landed.path.open(encoding="utf-8", newline="") as opened:
                found = _numbered(landed, csv.DictReader(opened, delimiter=source.delimiter))
                if source.series and source.series.title_column and source.series.file_column:
                    blocks += _blocks(source, landed, found)
                else:
                    read_lines(source, landed, _dated(source, found), areas, counts)
        landed_files.append(landed)
    for block, month in settle_months(blocks, counts.notes):
        dated: list[Line] = [(number, row, month) for number, row, _ in block.lines]
        read_lines(source, block.landed, dated, areas, counts)
    return landed_files, counts


def _blocks(source: Source, landed: Landed, lines: Iterable[Line]) -> list[Block]:
    """Lines of a table put together from many sheets, by file and title."""
    assert source.series is not None and source.series.title_column and source.series.file_column
    found: dict[tuple[str, str], Block] = {}
    for line in lines:
        key = (line[1][source.series.file_column].strip(), line[1][source.series.title_column].strip())
        found.setdefault(key, Block(*key, landed)).lines.append(line)
    return list(found.values())


def settle_months(blocks: Sequence[Block], notes: list[str]) -> list[tuple[Block, date]]:
    """Which month each sheet is for.

    Titles and file names disagree at times. Where they agree, that is the month. Where they do not,
    the title wins, unless another sheet that agrees has its month (then the title is left over from
    a copied sheet and the file's name wins), unless that is taken as well (then it is a repeat).
    """
    settled: list[tuple[Block, date]] = []
    doubtful: list[tuple[Block, date, date]] = []
    for block in blocks:
        if is_longer(block.title):
            notes.append(f"{block.file}: sheet {block.title!r} is for more than a month, left out")
            continue
        title, named = month_of_title(block.title), month_of_file(block.file)
        month = title or named
        if month is None:
            notes.append(f"{block.file}: sheet {block.title!r} names no month, left out")
        elif title is None or named is None or title == named:
            settled.append((block, month))
        else:
            doubtful.append((block, title, named))
    for block, title, named in doubtful:
        taken = {month for _, month in settled}
        free = [month for month in (title, named) if month not in taken]
        if not free:
            notes.append(f"{block.file}: sheet {block.title!r} repeats months that are there, left out")
            continue
        settled.append((block, free[0]))
        notes.append(f"{block.file}: sheet {block.title!r} is taken as {free[0]:%B %Y}")
    return settled


def _dated(source: Source, lines: Iterable[Line]) -> Iterator[Line]:
    """Lines, one for each heading that is a month where the settings say that headings are months."""
    series = source.series
    assert series is not None
    for number, row, month in lines:
        if not series.columns_are_months:
            yield number, row, month
            continue
        for name in row:
            found = parsed_month(name, series.columns_are_months)
            if found is not None:
                yield number, {**row, COUNT: row[name]}, found


def needed_columns(source: Source) -> list[str]:
    """Columns that a file of the source must have."""
    series = source.series
    assert series is not None
    names = [
        *series.month.columns,
        series.area,
        series.geography_column,
        series.measure_column,
        series.count_column,
    ]
    if not series.measure_column:
        names += [measure.column for measure in series.measures]
    return [name for name in names if name]


def _heading(source: Source, name: str) -> str:
    """A sheet's heading, or the column it is another spelling of."""
    assert source.series is not None
    bare = letters(name)
    return next((column for column, others in source.series.headings.items() if bare in others), name)


def _numbered(landed: Landed, reader: Iterable[dict[str, str]]) -> Iterator[Line]:
    for number, row in enumerate(reader, start=2):
        if None in row or None in row.values():
            raise BadInput(
                Problem(landed.name, "another number of columns than the header", "Correct the line.", number)
            )
        yield number, row, None
