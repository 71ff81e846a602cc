"""What leaves and what does not, why, and a last look into every text for what never may.

The rules that protect person-linked cells are applied when a release is made; this is the door
itself: an allow-list from the dictionary and a scan of each text cell.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from disclosure.policy import load_policy
from disclosure.scanner import PATTERNS, scan_text
from etl.dictionary import Table
from etl.publish.export.errors import ExportError
from etl.publish.export.selection import Selection

REMEMBERED_LENGTH = 200
FLAG = "_flag"  # end of the name of the column beside a protected count


@dataclass
class TextScan:
    """Looks into every text cell that leaves. Use one for a whole export.

    `found` is {(table, column, kind of detail): number of different texts}. `flags` counts for each table
    of protected aggregates what the disclosure rules said of its cells.
    """

    cells: int = 0
    found: dict[tuple[str, str, str], int] = field(default_factory=dict)
    flags: dict[str, Counter[str]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set, repr=False)

    def look(self, table: Table, batch: pa.RecordBatch) -> None:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if not pa.types.is_string(column.type):
                continue
            self.cells += len(column) - column.null_count
            if name.endswith(FLAG):
                counts = self.flags.setdefault(table.name, Counter())
                for count in column.value_counts().to_pylist():
                    counts[count["values"] or "no number"] += count["counts"]
            for text in column.unique().to_pylist():
                # Names of areas repeat in every batch: each text is searched once.
                if text is None or text in self._seen:
                    continue
                if len(text) <= REMEMBERED_LENGTH:
                    self._seen.add(text)
                for kind in {kind for part in texts_of(text) for kind in scan_text(part)}:
                    key = (table.name, name, kind)
                    self.found[key] = self.found.get(key, 0) + 1

    def raise_if_found(self) -> None:
        """Raises ExportError (code "forbidden_text"); the text itself is not repeated."""
        if not self.found:
            return
        (table, column, kind), count = next(iter(self.found.items()))
        raise ExportError(
            "forbidden_text",
            f"Nothing was exported: {table}.{column} holds what looks like {kind} in {count} "
            f"{'text' if count == 1 else 'texts'}. Take it out at its source and build the release again.",
        )


def texts_of(text: str) -> Iterator[str]:
    """The text itself; of a JSON object its texts, since two numbers side by side are no coordinates."""
    if text[:1] not in ("{", "["):
        yield text
        return
    try:
        content = json.loads(text)
    except ValueError:
        yield text
        return
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def disclosure_markdown(
    release_id: str, selection: Selection, rows: dict[str, int], scan: TextScan, disarmed: int
) -> str:
    """The report for people. `disarmed` is the number of texts given an apostrophe in CSV."""
    lines = [
        f"# Disclosure report, release {release_id}",
        "",
        "Tables leave by an allow-list: stored in the release, and every column marked public or protected in",
        "the dictionary. Person-linked values leave only as aggregates that passed the disclosure rules when",
        "the release was made (sensitivity `protected`); display and export never see the rows behind them.",
        "Police rows are not republished: the publisher's own portal is linked in README.md.",
        "",
        "## Exported",
        "",
        "| table | rows | columns | protected columns |",
        "|---|---:|---:|---|",
    ]
    for table in selection.tables:
        protected = [column.name for column in table.columns if column.sensitivity == "protected"]
        lines.append(
            f"| {table.name} | {rows[table.name]:,} | {len(table.columns)} | {', '.join(protected) or 'none'} |"
        )
    lines += _aggregates(scan)
    lines += ["", "## Held back", ""]
    if selection.held_back:
        lines += ["| table | why |", "|---|---|"]
        lines += [f"| {name} | {why} |" for name, why in sorted(selection.held_back.items())]
    else:
        lines.append("Nothing.")
    lines += [
        "",
        "## Scan of texts",
        "",
        f"{scan.cells:,} text cells were searched for: {', '.join(PATTERNS)}. Found: {sum(scan.found.values())}.",
        f"Texts that a spreadsheet would run as a formula, disarmed with an apostrophe in CSV: {disarmed}.",
        "",
    ]
    return "\n".join(lines)


def _aggregates(scan: TextScan) -> list[str]:
    """What became of each cell of the tables that count people or what people did, and by which rules."""
    if not scan.flags:
        return []
    flags = sorted({flag for counts in scan.flags.values() for flag in counts})
    lines = [
        "",
        "## Counts of people and of what they did",
        "",
        "Cells by what the disclosure rules said of them:",
        "",
    ]
    lines += [f"| table | {' | '.join(flags)} |", f"|---|{'---:|' * len(flags)}"]
    for name, counts in scan.flags.items():
        lines.append(f"| {name} | " + " | ".join(f"{counts[flag]:,}" for flag in flags) + " |")
    lines += ["", "The rules:", ""]
    return lines + [f"- {rule['says']} *{rule['source']}*" for rule in load_policy().rules.values()]


def disclosure_json(release_id: str, selection: Selection, rows: dict[str, int], scan: TextScan) -> str:
    """The report for programs."""
    return (
        json.dumps(
            {
                "release": release_id,
                "exported": {name: rows[name] for name in selection.names},
                "held_back": selection.held_back,
                "text_cells_scanned": scan.cells,
                "forbidden_texts_found": sum(scan.found.values()),
                "flags": {name: dict(counts) for name, counts in scan.flags.items()},
            },
            indent=2,
            sort_keys=True,
        )
        + "\n"
    )
