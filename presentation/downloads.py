"""The Downloads page in words: sizes, what a table holds, code to read it, how to cite it.

Works on the plain records of `api.catalog`; a snippet is code that runs as it stands (tests/api).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from presentation import numbers
from presentation.language import say

Plain = Mapping[str, Any]
ALL = "all"
FIRST_TABLES = ("out_monthly", "out_estimate")

# Name on the tab and language of its colors.
SNIPPETS = {"DuckDB": "sql", "pandas": "python", "Polars": "python", "R": "r"}


def size(count: int) -> str:
    """Bytes for people: 812 bytes, 13 KB, 32 MB."""
    for unit, step in (("MB", 1_000_000), ("KB", 1_000)):
        if count >= step:
            value = count / step
            return say(
                f"downloads.size.{unit}", value=numbers.count(round(value)) if value >= 10 else f"{value:.1f}"
            )
    return say("downloads.size.bytes", value=numbers.count(count))


def title(tables: Sequence[Plain], release_id: str) -> str:
    """The page in a sentence."""
    total = sum(table["files"]["parquet"]["bytes"] for table in tables)
    return say("downloads.title", release=release_id, tables=len(tables), size=size(total))


def overview(tables: Sequence[Plain]) -> list[dict[str, str]]:
    """One row for each table: name, what it is, rows, size."""
    return [
        {
            say("downloads.table"): table["name"],
            say("downloads.column.meaning"): table["description"],
            say("downloads.rows"): numbers.count(table["rows"]),
            form_name("parquet"): size(table["files"]["parquet"]["bytes"]),
        }
        for table in tables
    ]


def facts_of(table: Plain) -> str:
    """Rows, grain and license of a table."""
    return say(
        "downloads.facts", rows=numbers.count(table["rows"]), grain=table["grain"], license=table["licence"]
    )


def file_links(table: Plain, base: str) -> str:
    """Markdown links to the whole table in each format, with sizes."""
    links = [
        say("downloads.link", format=form_name(form), size=size(file["bytes"]), address=base + file["href"])
        for form, file in table["files"].items()
    ]
    return " · ".join(links)


def form_name(form: str) -> str:
    return {"parquet": "Parquet", "csv": "CSV"}[form]


def checksums(table: Plain) -> str:
    """Lines that `sha256sum --check` reads."""
    return "\n".join(f"{file['sha256']}  {file['file_name']}" for file in table["files"].values())


def columns_of(table: Plain) -> list[dict[str, str]]:
    """One row a column, under names for people."""
    rows = []
    for column in table["columns"]:
        meaning = [column["meaning"]]
        if column.get("allowed"):
            meaning.append(say("downloads.one_of", values=", ".join(column["allowed"])))
        if column.get("caveat"):
            meaning.append(column["caveat"])
        rows.append(
            {
                say("downloads.column.name"): column["name"],
                say("downloads.column.type"): column["type"].lower(),
                say("downloads.column.unit"): column.get("unit", ""),
                say("downloads.column.meaning"): ". ".join(text.rstrip(".") for text in meaning) + ".",
            }
        )
    return rows


def address_of(table: Plain, base: str, form: str, chosen: Mapping[str, str]) -> str:
    """Address of a table, or of the part that `chosen` picks."""
    query = urlencode(sorted(chosen.items()), quote_via=quote)
    return base + table["files"][form]["href"] + (f"?{query}" if query else "")


def filters_of(
    table: Plain, closed: Mapping[str, Sequence[str]], cities: Sequence[str]
) -> dict[str, list[str]]:
    """Columns of a table that a part can be picked by, each with its values, the city first.

    `closed`: allowed values by column, as the dictionary has them.
    """
    known = {"city": cities, **{column: values for column, values in closed.items() if column != "city"}}
    return {column: list(values) for column, values in known.items() if column in table["filters"]}


def part_sentence(chosen: Mapping[str, str]) -> str:
    """What the addresses below give."""
    if not chosen:
        return say("downloads.whole")
    choices = ", ".join(f"{name} = {value}" for name, value in sorted(chosen.items()))
    return say("downloads.part", choices=choices)


def snippet(name: str, table: Plain, base: str, chosen: Mapping[str, str]) -> str:
    """Code that reads the table (or part) from its address, in DuckDB, pandas, Polars or R."""
    parquet = address_of(table, base, "parquet", chosen)
    csv = address_of(table, base, "csv", chosen)
    first = table["columns"][0]["name"]
    return {
        "DuckDB": f"INSTALL httpfs;\nLOAD httpfs;\nSELECT {first}, count(*) AS n\nFROM read_parquet('{parquet}')\n"
        "GROUP BY 1\nORDER BY 1;",
        "pandas": f'import pandas as pd\n\ntable = pd.read_parquet("{parquet}")\nprint(table.head())',
        "Polars": "import polars as pl\n\ntable = (\n"
        f'    pl.scan_parquet("{parquet}")\n    .group_by("{first}")\n    .len()\n    .collect()\n)\nprint(table)',
        "R": f'table <- read.csv(url("{csv}"))\nstr(table)',
    }[name]


def bibtex(meta: Plain, address: str) -> str:
    """The release as a BibTeX entry."""
    built = meta["built_at"]
    year = built.year if isinstance(built, datetime) else str(built)[:4]
    key = f"outreach_evaluation_{str(meta['release_id']).replace('.', '_')}"
    return (
        f"@misc{{{key},\n"
        f"  title = {{{say('downloads.cite.title')}}},\n"
        f"  year = {{{year}}},\n"
        f"  note = {{{say('downloads.cite.note', release=meta['release_id'], snapshot=str(meta['snapshot_id'])[:12])}}},\n"
        f"  url = {{{address}}}\n}}"
    )


def changes_sentence(changes: Plain) -> str:
    """What differs between two releases, in a sentence."""
    moved = len({item["estimate_id"] for item in changes["estimates"]})
    rows = sum(item["added"] + item["removed"] + item["changed"] for item in changes["tables"])
    layout = (
        ""
        if changes["schema_version_before"] == changes["schema_version_after"]
        else " " + say("downloads.changes.layout")
    )
    return (
        say(
            "downloads.changes.sentence",
            before=changes["before"],
            after=changes["after"],
            rows=numbers.count(rows),
            moved=numbers.count(moved),
        )
        + layout
    )


def changed_tables(changes: Plain) -> list[dict[str, Any]]:
    """One row for each table in which something differs."""
    return [
        {
            say("downloads.changes.table"): item["table"],
            say("downloads.changes.added"): item["added"],
            say("downloads.changes.removed"): item["removed"],
            say("downloads.changes.changed"): item["changed"],
            say("downloads.changes.columns"): ", ".join(item["changed_columns"]),
        }
        for item in changes["tables"]
        if item["added"] or item["removed"] or item["changed"]
    ]
