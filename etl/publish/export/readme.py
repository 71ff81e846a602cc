"""README and licence page of the data package."""

from __future__ import annotations

from typing import Any

from etl.dictionary import Table
from etl.publish.export.describe_package import WrittenFile
from etl.publish.export.provenance import (
    DEFAULT_LICENCE,
    LICENCES,
    TITLE,
    citation,
    licence_of,
    utc_text,
)


def readme(meta: dict[str, Any], files: list[WrittenFile], sources: list[dict[str, Any]]) -> str:
    """What is here, how to check it, how to recompute the headline numbers."""
    release = meta["release_id"]
    tables = sorted({file.table.name for file in files})
    lines = [
        f"# {TITLE}: data package of release {release}",
        "",
        f"Built {utc_text(meta['built_at'])} from snapshot `{str(meta['snapshot_id'])[:16]}` by version "
        f"{meta['code_version']}; table layout {meta['schema_version']}. A release never changes: the same "
        "release gives the same bytes.",
        "",
        "Counts come from police records as the cities publish them. An estimate says how an outcome changed",
        "against what was to be expected, with an interval; it is not proof of cause. Rows of a city marked",
        "`simulated` are invented and stand for nothing real.",
        "",
        "## What is here",
        "",
        "| file | what |",
        "|---|---|",
        "| `data/parquet/` | each table, typed, with its dictionary and provenance inside: use these |",
        "| `data/csv/` | the same as CSV; a text that a spreadsheet would run as a formula has an apostrophe before it |",
        "| `data/stata/` | the same for Stata 14 or newer, with variable and value labels |",
        "| `CODEBOOK.md`, `codebook.csv` | every column: type, unit, meaning, what an empty cell means |",
        "| `specs/registered/` | the fixed analyses as canonical JSON: the SHA-256 of a file is the `spec_sha256` of its estimates |",
        "| `specs/run/` | each published estimate as a spec that runs again, with its rows |",
        "| `replicate.py`, `replicate.R`, `replicate.ipynb` | recompute the estimates from these files alone |",
        "| `engine/` | the source that made the estimates (MIT license), for `replicate.py` and for your own specs |",
        "| `CHANGES.md`, `changes.csv` | what differs from the release before |",
        "| `DISCLOSURE.md`, `disclosure.json` | what is left out and why |",
        "| `datapackage.json` | Frictionless Data Package; `dcat-us.jsonld` and `schema-org.jsonld` for catalogs |",
        "| `LICENSES.md`, `CITATION.cff` | terms, and how to cite |",
        "| `SHA256SUMS` | checksum of every file |",
        "",
        "## Check and recompute",
        "",
        "```sh",
        "sha256sum --check --quiet SHA256SUMS",
        "python -m pip install -r requirements.txt",
        "python replicate.py",
        "```",
        "",
        "`replicate.py` makes every estimate twice: with statsmodels, by another route, and with the source in",
        "`engine/`. To change an analysis, copy a file of `specs/run/`, edit it, and run it where the project is",
        "installed: `python -m evaluation run my-spec.toml`.",
        "",
        "## Tables",
        "",
        "| table | rows | grain |",
        "|---|---:|---|",
    ]
    by_name = {file.table.name: file for file in files}
    lines += [f"| {name} | {by_name[name].rows:,} | {by_name[name].table.grain} |" for name in tables]
    lines += ["", "## Police rows are not here", ""]
    lines += [
        "Counts by area and month are; rows with case numbers, addresses or points are not. Get those from",
        "the publisher:",
        "",
    ]
    for source in sources:
        if source.get("simulated"):
            continue
        lines.append(f"- {source['title']}: {source['publisher']}, {source['url'] or 'no address published'}")
        query = rows_query(str(source["url"]))
        if query:
            lines.append(f"  Query for all rows, a page at a time: `{query}`")
    lines += ["", "## Cite", "", citation(meta), ""]
    return "\n".join(lines)


def rows_query(url: str) -> str | None:
    """The query of a public feature service that gives its rows as JSON, or None for other addresses."""
    if "/FeatureServer/" not in url and "/MapServer/" not in url:
        return None
    layer = url.split("?", 1)[0].rstrip("/").removesuffix("/query")
    return f"{layer}/query?where=1%3D1&outFields=*&orderByFields=OBJECTID&resultOffset=0&resultRecordCount=2000&f=json"


def licences_markdown(tables: list[Table], sources: list[dict[str, Any]]) -> str:
    """Terms of each table and of each source it may hold counts from."""
    default = LICENCES[DEFAULT_LICENCE]
    lines = [
        "# Licenses",
        "",
        f"Tables are under [{default.title}]({default.url}) unless the list says otherwise.",
        "",
        "| table | license |",
        "|---|---|",
        *[f"| {table.name} | [{licence_of(table).name}]({licence_of(table).url}) |" for table in tables],
        "",
        "## Sources and their own terms",
        "",
        "| source | city | credit | terms |",
        "|---|---|---|---|",
    ]
    for source in sources:
        lines.append(
            f"| {source['title']} | {source['city']} | {source['publisher']} "
            f"| {source['licence'] or 'not stated by the publisher'} |"
        )
    return "\n".join([*lines, ""])
