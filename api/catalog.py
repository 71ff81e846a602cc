"""What a release holds, as plain values: for the interface's JSON and for the Downloads page."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from api.table_files import open_reader, table_file
from etl import warehouse
from etl.dictionary import Table
from etl.publish.export.changes import compare
from etl.publish.export.command import previous_release
from etl.publish.export.provenance import DEFAULT_LICENCE, citation, licence_of, table_record, utc_text
from etl.publish.export.release_reader import filterable_columns

ROOT = "/api/v1"
FORMATS = ("parquet", "csv")


def release_record(release: warehouse.Release) -> dict[str, Any]:
    """Provenance that stands in every answer: release, snapshot, versions, licence, citation."""
    return {
        "release": release.id,
        "snapshot": str(release.meta["snapshot_id"]),
        "schema_version": int(release.meta["schema_version"]),
        "code_version": str(release.meta["code_version"]),
        "built_at": utc_text(release.meta["built_at"]),
        "licence": DEFAULT_LICENCE,
        "citation": citation(release.meta),
    }


def tables_of(release: warehouse.Release) -> tuple[Table, ...]:
    """Tables that may be downloaded, in the order of the dictionary."""
    return _selection(release.path)[0]


@lru_cache(maxsize=32)
def _selection(path: Path) -> tuple[tuple[Table, ...], dict[str, int]]:
    reader = open_reader(path)
    tables = reader.selection.tables
    return tables, {table.name: reader.count(table) for table in tables}


def table_summaries(release: warehouse.Release) -> list[dict[str, Any]]:
    """One record a table: name, grain, rows, and each format's address, size and checksum."""
    return [table_summary(release, table) for table in tables_of(release)]


def table_summary(release: warehouse.Release, table: Table) -> dict[str, Any]:
    files = {}
    for form in FORMATS:
        made = table_file(release, table.name, form)
        files[form] = {
            "href": f"{ROOT}/releases/{release.id}/tables/{table.name}.{form}",
            "file_name": made.file_name,
            "bytes": made.bytes,
            "sha256": made.sha256,
        }
    return {
        "name": table.name,
        "description": table.description,
        "grain": table.grain,
        "rows": _selection(release.path)[1][table.name],
        "licence": licence_of(table).name,
        "filters": filterable_columns(table),
        "files": files,
    }


def table_detail(release: warehouse.Release, table: Table) -> dict[str, Any]:
    """A table with the meaning of each column."""
    return table_summary(release, table) | {
        "key": list(table.key),
        "columns": table_record(table)["columns"],
    }


@lru_cache(maxsize=8)
def _details(path: Path, release_id: str) -> list[dict[str, Any]]:
    release = warehouse.open_release(release_id)
    return [table_detail(release, table) for table in tables_of(release)]


def table_details(release: warehouse.Release) -> list[dict[str, Any]]:
    """All tables with the meaning of their columns, kept: never change it in place."""
    return _details(release.path, release.id)


def dictionary_record(release: warehouse.Release) -> dict[str, Any]:
    return {table.name: table_record(table) for table in tables_of(release)}


def checksums_text(release: warehouse.Release) -> str:
    """Lines for `sha256sum --check`, under the file names that downloads get."""
    lines = []
    for summary in table_summaries(release):
        lines += [f"{file['sha256']}  {file['file_name']}\n" for file in summary["files"].values()]
    return "".join(lines)


def changes_record(release: warehouse.Release, before: warehouse.Release | None) -> dict[str, Any]:
    """What differs between `release` and an earlier one (default: the one just before it)."""
    return _changes(before.path if before else previous_release(release.id), release.path)


@lru_cache(maxsize=32)
def _changes(before: Path | None, after: Path) -> dict[str, Any]:
    changes = compare(before, after)
    return {
        "before": changes.before_id,
        "after": changes.after_id,
        "schema_version_before": changes.schema_before,
        "schema_version_after": changes.schema_after,
        "new_tables": list(changes.new_tables),
        "gone_tables": list(changes.gone_tables),
        "tables": [
            {
                "table": table.table,
                "rows_before": table.before,
                "rows_after": table.after,
                "added": table.added,
                "removed": table.removed,
                "changed": table.changed,
                "changed_columns": table.changed_columns,
            }
            for table in changes.tables
        ],
        "estimates": [
            {
                "estimate_id": change.estimate_id,
                "figure": change.column,
                "before": change.before,
                "after": change.after,
            }
            for change in changes.estimates
        ],
    }
