"""What changed since the previous release: rows, columns, and every estimate that moved."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from etl.dictionary import Table
from etl.publish.export.release_reader import ReleaseReader

ESTIMATE_COLUMNS = ("rate_ratio", "lower_95", "upper_95", "verdict", "status", "spec_sha256", "data_sha256")


@dataclass(frozen=True)
class TableChange:
    """Rows by key: in both, only in the new, only in the old; `changed_columns` is {column: rows}."""

    table: str
    before: int
    after: int
    added: int
    removed: int
    changed: int
    changed_columns: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class EstimateChange:
    """One figure of one estimate that is not what it was."""

    estimate_id: str
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Changes:
    """Difference between two releases. `before_id` is None when there was no earlier one."""

    before_id: str | None
    after_id: str
    tables: tuple[TableChange, ...] = ()
    new_tables: tuple[str, ...] = ()
    gone_tables: tuple[str, ...] = ()
    estimates: tuple[EstimateChange, ...] = ()
    schema_before: int | None = None
    schema_after: int | None = None


def compare(before: Path | None, after: Path) -> Changes:
    """Compare the exported tables of two release files. Raises ExportError on a broken one."""
    with ReleaseReader(after) as new:
        if before is None:
            return Changes(None, new.id, schema_after=int(new.meta["schema_version"]))
        with ReleaseReader(before) as old:
            shared = [table for table in new.selection.tables if table.name in old.selection.names]
            changes = Changes(
                before_id=old.id,
                after_id=new.id,
                new_tables=tuple(n for n in new.selection.names if n not in old.selection.names),
                gone_tables=tuple(n for n in old.selection.names if n not in new.selection.names),
                schema_before=int(old.meta["schema_version"]),
                schema_after=int(new.meta["schema_version"]),
            )
    # Two files are joined in a connection of their own: an attached file is read-only as well.
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(f"ATTACH '{_quoted(before)}' AS before (READ_ONLY)")
        connection.execute(f"ATTACH '{_quoted(after)}' AS after (READ_ONLY)")
        tables = tuple(_compare_table(connection, table) for table in shared)
        estimates: tuple[EstimateChange, ...] = ()
        if any(table.name == "out_estimate" for table in shared):
            estimates = tuple(_compare_estimates(connection))
    return Changes(
        changes.before_id,
        changes.after_id,
        tables,
        changes.new_tables,
        changes.gone_tables,
        estimates,
        changes.schema_before,
        changes.schema_after,
    )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _compare_table(connection: duckdb.DuckDBPyConnection, table: Table) -> TableChange:
    key = table.key or tuple(table.column_names)
    rest = [name for name in table.column_names if name not in key]
    joined = " AND ".join(f'a."{name}" IS NOT DISTINCT FROM b."{name}"' for name in key)
    different = [f'a."{name}" IS DISTINCT FROM b."{name}"' for name in rest]
    any_different = " OR ".join(different) or "false"
    both = "a._here AND b._here"
    counts = ", ".join(f"count(*) FILTER ({both} AND {clause})" for clause in different)
    row = connection.execute(
        f"""
        SELECT count(*) FILTER (b._here), count(*) FILTER (a._here),
               count(*) FILTER (a._here AND b._here IS NULL), count(*) FILTER (b._here AND a._here IS NULL),
               count(*) FILTER ({both} AND ({any_different})){", " + counts if counts else ""}
        FROM (SELECT true AS _here, * FROM after."{table.name}") a
        FULL OUTER JOIN (SELECT true AS _here, * FROM before."{table.name}") b ON {joined}
        """
    ).fetchone()
    assert row is not None
    columns = {name: int(count) for name, count in zip(rest, row[5:], strict=True) if count}
    before, after, added, removed, changed = (int(value) for value in row[:5])
    return TableChange(table.name, before, after, added, removed, changed, columns)


def _compare_estimates(connection: duckdb.DuckDBPyConnection) -> list[EstimateChange]:
    found = []
    for column in ESTIMATE_COLUMNS:
        rows = connection.execute(
            f"""
            SELECT a.estimate_id, b."{column}", a."{column}"
            FROM after.out_estimate a JOIN before.out_estimate b ON a.estimate_id = b.estimate_id
            WHERE a."{column}" IS DISTINCT FROM b."{column}"
            """
        ).fetchall()
        found += [EstimateChange(name, column, was, now) for name, was, now in rows]
    return sorted(found, key=lambda change: (change.estimate_id, list(ESTIMATE_COLUMNS).index(change.column)))


def changes_markdown(changes: Changes) -> str:
    """The difference for people."""
    lines = [f"# Changes in release {changes.after_id}", ""]
    if changes.before_id is None:
        return "\n".join([*lines, "There is no earlier release to compare with.", ""])
    lines += [f"Compared with release {changes.before_id}.", ""]
    if changes.schema_before != changes.schema_after:
        lines += [
            f"**The table layout changed** from version {changes.schema_before} to {changes.schema_after}.",
            "",
        ]
    for label, names in (("New tables", changes.new_tables), ("Tables gone", changes.gone_tables)):
        if names:
            lines += [f"{label}: {', '.join(names)}.", ""]
    lines += ["| table | rows before | rows now | added | removed | changed | columns that changed |"]
    lines += ["|---|---:|---:|---:|---:|---:|---|"]
    for table in changes.tables:
        columns = ", ".join(f"{name} ({rows:,})" for name, rows in table.changed_columns.items())
        lines.append(
            f"| {table.table} | {table.before:,} | {table.after:,} | {table.added:,} | {table.removed:,} "
            f"| {table.changed:,} | {columns} |"
        )
    lines += ["", "## Estimates that moved", ""]
    if not changes.estimates:
        lines += ["None.", ""]
    else:
        lines += ["| estimate | figure | before | now |", "|---|---|---:|---:|"]
        lines += [
            f"| {change.estimate_id} | {change.column} | {_shown(change.before)} | {_shown(change.after)} |"
            for change in changes.estimates
        ]
        lines.append("")
    return "\n".join(lines)


def changes_csv(changes: Changes) -> str:
    """The difference for programs: kind, name, figure, before, after."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["kind", "name", "figure", "before", "after"])
    for table in changes.tables:
        writer.writerow(["table", table.table, "rows", table.before, table.after])
        writer.writerow(["table", table.table, "rows_added", "", table.added])
        writer.writerow(["table", table.table, "rows_removed", table.removed, ""])
        writer.writerow(["table", table.table, "rows_changed", "", table.changed])
    for change in changes.estimates:
        writer.writerow(["estimate", change.estimate_id, change.column, change.before, change.after])
    return out.getvalue()


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4f}"
    text = str(value)
    return text[:12] if len(text) == 64 else text
