"""Codebook: every table and column in words, as Markdown for people and CSV for programs."""

from __future__ import annotations

import csv
import io

from etl.dictionary import Table

CSV_COLUMNS = ["table", "column", "type", "unit", "meaning", "allowed", "null", "caveat", "sensitivity"]


def codebook_markdown(tables: list[tuple[Table, int]], release_id: str) -> str:
    """`tables` are pairs of table and number of rows."""
    lines = [
        f"# Codebook, release {release_id}",
        "",
        "An empty cell is a missing value; what that means stands beside the column. Months are the first day",
        "of the month on the local clock. Counts keep their zeros: a month without a row was not observed.",
        "",
    ]
    for table, rows in tables:
        lines += [f"## {table.name}", "", table.description, ""]
        lines += [f"- Rows: {rows:,}", f"- Grain: {table.grain}", f"- Key: {', '.join(table.key)}", ""]
        lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
        for column in table.columns:
            meaning = column.meaning
            if column.allowed:
                meaning += ". One of: " + ", ".join(column.allowed)
            if column.caveat:
                meaning += ". " + column.caveat
            cells = [column.name, column.type, column.unit, meaning]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def codebook_csv(tables: list[tuple[Table, int]]) -> str:
    """One line for each column of each table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for table, _ in tables:
        for column in table.columns:
            writer.writerow(
                [
                    table.name,
                    column.name,
                    column.type,
                    column.unit,
                    column.meaning,
                    " | ".join(column.allowed),
                    "yes" if column.null else "no",
                    column.caveat,
                    column.sensitivity,
                ]
            )
    return out.getvalue()
