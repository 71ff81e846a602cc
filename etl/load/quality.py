"""Quality figures: what is known to be wrong with a source, how often, and how it is handled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.load.incidents import LoadedRows
from etl.load.tables import read_rows
from etl.source_settings import Source
from etl.sql_text import identifier, literals
from etl.statements import load_statements


@dataclass(frozen=True)
class Figure:
    """One row of out_quality."""

    city: str
    source: str
    figure: str
    value: float
    base: float | None
    note: str

    def values(self) -> list[object]:
        return [self.city, self.source, self.figure, self.value, self.base, self.note]


OUTCOME_WORDS = {
    "gunshot": "gunshot-wound cases",
    "homicide": "homicide cases",
    "robbery": "robberies",
    "domestic_aggravated_assault": "domestic aggravated assaults",
    "carjacking": "carjackings",
    "arson": "arsons",
    "shots_fired_call": "shots-fired calls",
    "property_crime": "property crimes",
    "listed": "listed rows",
}


def quality_of_rows(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> list[Figure]:
    """Figures of a rows source: of all its rows, and of each outcome (from `outcome_sum`)."""
    source = loaded.source
    city = source.city
    read = float(sum(entry.rows_read for entry in loaded.ledger))
    figures = [
        Figure(
            city, source.id, "rows_rejected", float(sum(entry.rows_rejected for entry in loaded.ledger)), read,
            "Rows that could not be used, set aside with their reason.",
        ),
        Figure(
            city, source.id, "duplicate_rows_dropped", float(sum(entry.rows_duplicate for entry in loaded.ledger)),
            read, "Rows that repeat a case of the same outcome; the case is counted once.",
        ),
    ]  # fmt: skip
    assert source.rows is not None
    figures += _named_figures(connection, loaded)
    for statement in load_statements("quality").values():
        rows = connection.execute(statement.text, {"source": source.id}).fetchall()
        for outcome, figure, value, base, note in rows:
            if value is None or outcome == "near_repeat_shooting" or not _applies(source, figure):
                continue
            words = OUTCOME_WORDS.get(outcome, outcome)
            figures.append(
                Figure(
                    city,
                    source.id,
                    f"{outcome}_{figure}",
                    float(value),
                    float(base),
                    f"{words.capitalize()} {note}",
                )
            )
    for outcome, geography, differing, both in loaded.disagreements:
        words = OUTCOME_WORDS.get(outcome, outcome).capitalize()
        figures.append(
            Figure(
                city, source.id, f"{outcome}_{geography}_disagrees_with_point", float(differing), float(both),
                f"{words} whose label is another {geography} than the one their point lies in "
                "(points are moved to the block); the label stands.",
            )
        )  # fmt: skip
    for outcome in loaded.cut_off:
        figures.append(
            Figure(
                city, source.id, f"{outcome}_ends_early", 1.0, None,
                f"Its last row lies over 45 days before the rest ends: complete to {loaded.spans[outcome][1]:%Y-%m}.",
            )
        )  # fmt: skip
    figures += [Figure(city, source.id, figure, 1.0, None, note) for figure, note in source.notes.items()]
    return figures


def _applies(source: Source, figure: str) -> bool:
    """Whether a figure says anything: not of areas, points, reports or victims that a source does not have."""
    rows = source.rows
    assert rows is not None
    for kind in ("neighborhood", "ward", "precinct"):
        if kind in figure and kind not in rows.areas:
            return False
    if figure in ("at_zero_zero", "without_point", "placed_by_point") and not rows.longitude:
        return False
    if figure.startswith("reported") and not (rows.reported and rows.occurred):
        return False
    return not (
        figure.endswith(("victims_in_all", "victims_in_one_case"))
        and not rows.victims
        and (rows.row_is == "case" or source.kind == "listing")
    )


def _named_figures(connection: duckdb.DuckDBPyConnection, loaded: LoadedRows) -> list[Figure]:
    """How many rows hold certain values, as the settings ask under [[figure]]."""
    source = loaded.source
    read = float(sum(entry.rows_read for entry in loaded.ledger))
    found = []
    for figure in source.figures:
        total = 0
        having = [raw for raw in loaded.raw if _has_column(connection, raw.name, figure.column)]
        if not having:
            continue  # an export without this column says nothing about it
        for raw in having:
            row = connection.execute(
                f"SELECT count(*) FROM {identifier(raw.name)} "
                f"WHERE coalesce(trim({identifier(figure.column)}), '') IN ({literals(figure.values)})"
            ).fetchone()
            total += int(row[0]) if row else 0
        found.append(Figure(source.city, source.id, figure.figure, float(total), read, figure.note))
    return found


def _has_column(connection: duckdb.DuckDBPyConnection, view: str, column: str) -> bool:
    names = connection.execute(f"SELECT * FROM {identifier(view)} LIMIT 0").description or []
    return column.lower() in {str(item[0]).lower() for item in names}


def shipped_quality(path: Path, workplace: Path, source: Source) -> list[Figure]:
    """Figures that ship beside computed counts, under the source that they are about."""
    _, rows = read_rows(path, workplace, ["source", "figure", "value", "base", "note"])
    return [
        Figure(
            source.city, row["source"], row["figure"], float(row["value"]),
            float(row["base"]) if row["base"] else None, row["note"],
        )
        for row in rows
    ]  # fmt: skip
