"""A document as PDF by Typst: PDF/UA-1 and PDF/A-2a, bookmarks, alt text, vector charts.

The words travel as data, so markup in a name is printed, never run. Only the fonts inside the
compiler are used and no clock is read: the same document gives the same bytes on every machine.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from presentation.language import say, sentence_case
from presentation.sentences import data_extent
from reports.document import Block, Bullets, Document, Figure, Heading, PageBreak, Paragraph, Table
from reports.render.chart_layout import lay_out

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
STANDARDS = ["a-2a", "ua-1"]
PLACEHOLDER = "?"
TRIES_BY_NAME = 3
NO_GLYPH = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
NAMES: dict[type, str] = {
    Heading: "heading",
    Paragraph: "paragraph",
    Bullets: "bullets",
    Table: "table",
    Figure: "figure",
    PageBreak: "pagebreak",
}


def render_pdf(document: Document) -> bytes:
    """PDF of `document`. Raises typst.TypstError if a figure lacks alt text (PDF/UA-1 enforces it)."""
    text = json.dumps(typst_input(document), sort_keys=True)
    for attempt in itertools.count():
        try:
            return bytes(
                typst.compile(
                    str(TEMPLATES / "report.typ"),
                    root=str(TEMPLATES),
                    format="pdf",
                    ignore_system_fonts=True,
                    pdf_standards=STANDARDS,
                    sys_inputs={"document": text},
                    timestamp=document.provenance.built_at(),
                )
            )
        except typst.TypstError as error:
            # PDF/UA forbids a character without a glyph: a name in a script the fonts lack is
            # printed with placeholders instead of stopping the report.
            shorter = _without_missing(text, str(error), attempt)
            if shorter == text:
                raise
            text = shorter


def _without_missing(text: str, message: str, attempt: int = 0) -> str:
    """`text` (JSON) with the characters that the compiler could not draw replaced by a placeholder.

    The compiler names one run of text at a time, and where a mark follows a letter it names the
    letter and not the mark. So after a few tries, or when it blames what every font has, all
    characters outside the scripts that the fonts are known to hold are replaced at once.
    """
    missing = NO_GLYPH.search(message)
    if missing is None:
        return text
    shown = set(ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), missing.group(1)))
    document = json.loads(text)
    named = {character for character in shown if not _surely_drawn(character)}
    if not named or attempt >= TRIES_BY_NAME:
        named |= {character for character in _characters(document) if not _surely_drawn(character)}
    return json.dumps(_translated(document, str.maketrans(dict.fromkeys(named, PLACEHOLDER))), sort_keys=True)


def _surely_drawn(character: str) -> bool:
    """Latin letters and the punctuation of our own sentences, without marks that combine."""
    code = ord(character)
    return code < 0x250 or 0x2010 <= code <= 0x2027 or character in "\n−≤≥≈•→←↑↓"


def _characters(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(value)
    if isinstance(value, list | dict):
        items = value if isinstance(value, list) else value.values()
        return set().union(*(_characters(item) for item in items))
    return set()


def _translated(value: Any, table: dict[int, str]) -> Any:
    if isinstance(value, str):
        return value.translate(table)
    if isinstance(value, list):
        return [_translated(item, table) for item in value]
    if isinstance(value, dict):
        return {key: _translated(item, table) for key, item in value.items()}
    return value


def printable(text: str) -> str:
    """Text without what no font can draw: control characters, lone surrogates, unassigned code points."""
    kept = (c if c in "\n\t" or unicodedata.category(c)[0] != "C" else PLACEHOLDER for c in text)
    return "".join(kept).replace("\t", " ")


def typst_input(document: Document) -> dict[str, Any]:
    """The document as the template reads it."""
    blocks = [_block(block) for block in document.blocks if not _is_empty(block)]
    plain = {
        "kind": document.kind,
        "title": document.title or say("report.untitled"),
        "subtitle": document.subtitle,
        "author": say("report.author"),
        "language": document.language,
        "keywords": list(document.keywords),
        "simulated": document.simulated,
        "watermark": say("report.watermark"),
        "footer": footer(document),
        "blocks": blocks,
    }
    return {key: printable_all(value) for key, value in plain.items()}


def printable_all(value: Any) -> Any:
    """Every text inside `value`, lists and dictionaries included, made `printable`."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list | tuple):
        return [printable_all(item) for item in value]
    if isinstance(value, dict):
        return {key: printable_all(item) for key, item in value.items()}
    return value


def _is_empty(block: Block) -> bool:
    """A heading without words: PDF/UA-1 forbids it."""
    return isinstance(block, Heading) and not printable(block.text).strip()


def footer(document: Document) -> str:
    """The line at the foot of every page: release, date of the data, and whether they are invented."""
    facts = document.provenance
    line = say("report.footer", release=facts.release, through=sentence_case(data_extent(facts.data_through)))
    return f"{line} {say('report.footer_simulated')}" if document.simulated else line


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Figure):
        return {
            "block": "figure",
            "alt": block.alt,
            "caption": block.caption,
            "height": block.height,
            "chart": lay_out(block.chart),
        }
    return {"block": NAMES[type(block)], **asdict(block)}
