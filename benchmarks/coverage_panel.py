"""Coverage cells of the controlled and the pooled design, from their own benchmarks, for the common table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks import coverage_controlled, coverage_pooled
from benchmarks.coverage_rows import Cell, Row
from benchmarks.panel_histories import CELLS, GATE
from benchmarks.panel_histories import Cell as PanelCell

CONTROLLED, POOLED = 1000, 500  # histories a cell
Coverage = Callable[[PanelCell, int], list[dict[str, float | str | int]]]


def panel_rows(
    design: str, defaults: tuple[str, ...], coverage: Coverage, cell: PanelCell, histories: int, seed: int
) -> list[Row]:
    """Rows of one cell; the cell seeds itself by its name, so `seed` is not used.

    defaults: the interval that the design reports, and the one it falls back on where that cannot be run.
    """
    found = coverage(cell, histories)
    names = [str(row["interval"]) for row in found]
    default = next((name for name in defaults if name in names), "")
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
            is_gated=_is_gated(str(row["interval"]), default, cell),
        )
        for row in found
    ]


def _is_gated(interval: str, default: str, cell: PanelCell) -> bool:
    """The default under every cell whose mean is right; where growth goes by level, the pool made for that."""
    if cell.growth:
        return interval == coverage_controlled.GRADIENT
    return interval == default and not cell.kept_out


def cells() -> list[Cell]:
    """Every cell of both designs; those of the gate that runs with the tests are the quick ones."""
    found = []
    for design, defaults, coverage, histories in (
        ("controlled", ("integrated",), coverage_controlled.coverage, CONTROLLED),
        ("pooled", ("randomization", "cr3"), coverage_pooled.coverage, POOLED),
    ):
        for cell in CELLS:
            run = partial(panel_rows, design, defaults, coverage, cell)
            gated = not cell.kept_out or (design == "controlled" and cell.growth != 0)
            found.append(Cell(design, cell.name, run, histories, gated, cell.name in GATE, 100))
    return found
