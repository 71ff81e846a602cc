"""A report as plain data: blocks of text, tables and charts.

Each kind of report builds one `Document`; each format renders that same document. So PDF, Word, HTML
and XLSX cannot say different things.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """`style`: body, lead (the answer in a sentence), note (small print) or caution."""

    text: str
    style: str = "body"


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of finished strings. `align`: one of l, r, c for each column; `name` is the sheet name.

    `widths` are shares of the page's width; a `narrow` table is only as wide as its words.
    """

    name: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    widths: tuple[float, ...] = ()
    note: str = ""
    narrow: bool = False


@dataclass(frozen=True)
class Figure:
    """`chart` is a chart description of `presentation.charts`; alt text and caption are required.

    `height` of the drawing in the PDF, cm; 0 leaves it to the kind of report.
    """

    name: str
    chart: Any
    alt: str
    caption: str
    height: float = 0


@dataclass(frozen=True)
class PageBreak:
    pass


Block = Heading | Paragraph | Bullets | Table | Figure | PageBreak


@dataclass(frozen=True)
class Provenance:
    """What a number needs to be found again: printed on every report."""

    release: str
    built: str  # ISO date and time, UTC
    data_through: str  # a month in words; empty where no counts are loaded
    snapshot: str
    code_version: str
    specs: tuple[tuple[str, str], ...]
    cite: str

    def built_at(self) -> datetime:
        """When the release was built: the only clock a report knows, so that its bytes repeat."""
        return datetime.fromisoformat(self.built).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Document:
    kind: str
    title: str
    subtitle: str
    program: str
    blocks: tuple[Block, ...]
    provenance: Provenance
    simulated: bool = False
    language: str = "en"
    file_stem: str = "report"
    keywords: tuple[str, ...] = field(default_factory=tuple)

    @property
    def tables(self) -> list[Table]:
        return [block for block in self.blocks if isinstance(block, Table)]

    @property
    def figures(self) -> list[Figure]:
        return [block for block in self.blocks if isinstance(block, Figure)]

    def words(self) -> str:
        """All text in reading order: what the wording tests compare across formats."""
        lines = [self.title, self.subtitle]
        for block in self.blocks:
            if isinstance(block, Heading | Paragraph):
                lines.append(block.text)
            elif isinstance(block, Bullets):
                lines += block.items
            elif isinstance(block, Table):
                lines += [block.caption, *block.head, *(cell for row in block.rows for cell in row)]
            elif isinstance(block, Figure):
                lines.append(block.caption)
        return "\n".join(line for line in lines if line)
