"""What every file says about itself: release, filters, licence, the meaning of each column."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etl.dictionary import Column, Table

TITLE = "Outreach evaluation"
PACKAGE_NAME = "outreach-evaluation"


@dataclass(frozen=True)
class Licence:
    name: str
    title: str
    url: str


# The compiled tables; the terms of the publishers they are made from stand in LICENSES.md.
DEFAULT_LICENCE = "CC-BY-4.0"
LICENCES = {
    "CC-BY-4.0": Licence(
        "CC-BY-4.0",
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC0-1.0": Licence(
        "CC0-1.0",
        "Creative Commons Zero 1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "ODC-PDDL-1.0": Licence(
        "ODC-PDDL-1.0",
        "Open Data Commons Public Domain Dedication and License 1.0",
        "https://opendatacommons.org/licenses/pddl/1-0/",
    ),
}


def licence_of(table: Table) -> Licence:
    """Licence of a table: the dictionary's, else the package's. Raises KeyError on an unknown one."""
    return LICENCES[table.licence or DEFAULT_LICENCE]


@dataclass(frozen=True)
class Provenance:
    """Where a file is from. `filters` is empty for a whole table; `rows` are the rows in the file."""

    release_id: str
    snapshot_id: str
    schema_version: int
    code_version: str
    built_at: str
    table: str
    rows: int
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def part(self) -> str:
        if not self.filters:
            return "whole table"
        return "PART of the table, only " + ", ".join(f"{k} = {v}" for k, v in sorted(self.filters.items()))

    def as_dict(self) -> dict[str, Any]:
        return {
            "release": self.release_id,
            "snapshot": self.snapshot_id,
            "schema_version": self.schema_version,
            "code_version": self.code_version,
            "built_at": self.built_at,
            "table": self.table,
            "rows": self.rows,
            "filters": dict(sorted(self.filters.items())),
            "part": self.part,
        }


def provenance(
    meta: dict[str, Any], table: Table, rows: int, filters: dict[str, str] | None = None
) -> Provenance:
    """Provenance of a table of the release whose meta_release row is `meta`."""
    return Provenance(
        release_id=str(meta["release_id"]),
        snapshot_id=str(meta["snapshot_id"]),
        schema_version=int(meta["schema_version"]),
        code_version=str(meta["code_version"]),
        built_at=utc_text(meta["built_at"]),
        table=table.name,
        rows=rows,
        filters=dict(filters or {}),
    )


def utc_text(moment: datetime) -> str:
    """ISO 8601 with a Z: releases store UTC without a zone."""
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def citation(meta: dict[str, Any]) -> str:
    """How to cite the release, in one line."""
    year = meta["built_at"].year
    return (
        f"{TITLE}: counts and estimates for street-outreach violence prevention, "
        f"release {meta['release_id']} ({year}), snapshot {str(meta['snapshot_id'])[:12]}."
    )


def column_record(column: Column) -> dict[str, Any]:
    """One column of the dictionary as JSON-ready values; empty entries are left out."""
    record: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "meaning": column.meaning,
        "unit": column.unit,
        "caveat": column.caveat,
        "allowed": list(column.allowed),
        "null": column.null,
        "sensitivity": column.sensitivity,
    }
    return {key: value for key, value in record.items() if value not in ("", [])}


def table_record(table: Table) -> dict[str, Any]:
    """One table of the dictionary as JSON-ready values."""
    return {
        "name": table.name,
        "layer": table.layer,
        "grain": table.grain,
        "description": table.description,
        "key": list(table.key),
        "licence": licence_of(table).name,
        "columns": [column_record(column) for column in table.columns],
    }


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same value gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def part_suffix(filters: dict[str, str]) -> str:
    """What a file name says about its filters: `_city-minneapolis_outcome-gunshot`, or nothing.

    Letters, digits, dots and hyphens only, so that no value can leave its folder or header line.
    """
    pieces = []
    for name, value in sorted(filters.items()):
        safe = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in value)
        pieces.append(f"_{name}-{safe[:40].strip('-') or 'blank'}")
    return "".join(pieces)
