"""Coverage cells of the controlled and the pooled design, from their own benchmarks, for the common table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks import coverage_controlled, coverage_pooled
from benchmarks.coverage_rows import Cell, Row
from benchmarks.panel_histories import CELLS, GATE
from benchmarks.panel_histories import Cell as PanelCell

Coverage = Callable[[PanelCell, int], list[dict[str, float | str | int]]]


def panel_rows(
    design: str, default: str, coverage: Coverage, cell: PanelCell, histories: int, seed: int
) -> list[Row]:
    """Rows of one cell; the cell seeds itself by its name, so `seed` is not used."""
    return [
        Row(
            design=design,
            cell=cell.name,
            interval=str(row["interval"]),
            effect=float(row["true_log_ratio"]),
            histories=histories,
            estimable=int(row["histories"]),
            excludes_none=float(row["excludes_none"]),
            covers=float(row["coverage"]),
            width=float(row.get("median_width", float("nan"))),
            bias=float(row["bias"]),
            exaggeration=None,
            wrong_sign=None,
            is_default=row["interval"] == default,
            is_gated=row["interval"] == default and cell.name in GATE,
        )
        for row in coverage(cell, histories)
    ]


def cells() -> list[Cell]:
    """Every cell of both designs; those of the gate are also the quick ones."""
    found = []
    for design, default, coverage, histories in (
        ("controlled", "integrated", coverage_controlled.coverage, 1000),
        ("pooled", "randomization", coverage_pooled.coverage, 300),
    ):
        for cell in CELLS:
            run = partial(panel_rows, design, default, coverage, cell)
            gated = cell.name in GATE
            found.append(Cell(design, cell.name, run, histories, gated, gated, 100))
    return found
