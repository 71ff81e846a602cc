"""`python -m benchmarks.coverage [--quick] [--results FOLDER]`: do the intervals keep their promise?

Runs the cells of every design that has some, prints the table, and exits with status 1 when a gated cell breaks
the rule: false positives at zero effect at most 9 %, coverage of 95 % intervals at least 90 %. Seeded, so a
run can be repeated to the digit. Each row holds how many histories it stands on and the Monte Carlo error of its rate.
"""

from __future__ import annotations

import os

# One BLAS thread, before NumPy starts: the matrices here are small, and two threads only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

from benchmarks import coverage_panel, coverage_single
from benchmarks.coverage_rows import Cell, Row


def all_cells() -> list[Cell]:
    """The cells of every design."""
    return [*coverage_panel.cells(), *coverage_single.cells()]


def run(cells: Sequence[Cell], quick: bool) -> list[Row]:
    """Rows of the given cells; `quick` cuts the histories. The seed of a cell is made of its name."""
    return [row for cell in cells for row in run_cell(cell, quick)]


def run_cell(cell: Cell, quick: bool) -> list[Row]:
    number = cell.quick_histories if quick else cell.histories
    found = cell.run(number, crc32(f"{cell.design}: {cell.name}".encode()))
    return [replace(row, is_quick=quick) for row in found]


def broken(rows: Sequence[Row], quick: bool) -> list[Row]:
    """Gated rows that break the rule."""
    return [row for row in rows if row.is_gated and not row.passes(quick)]


def table(rows: Sequence[Row]) -> str:
    """One line a row: rates in percent."""
    lines = [
        f"{'design':<11}{'cell':<78}{'interval':<13}{'effect':>7}{'n':>6}{'excl. 0':>9}{'covers':>8}{'width':>7}"
    ]
    for row in rows:
        mark = "" if not row.is_gated else ("  ok" if row.passes(row.is_quick) else "  BROKEN")
        lines.append(
            f"{row.design:<11}{row.cell:<78}{row.interval:<13}{row.effect:>7.2f}{row.estimable:>6}"
            f"{100 * row.excludes_none:>8.1f}%{100 * row.covers:>7.1f}%{row.width:>7.2f}{mark}"
        )
    return "\n".join(lines)


def write(folder: Path, rows: Sequence[Row]) -> None:
    """Put rows into `coverage_DESIGN.json`, one file a design; rows of other cells in it stay."""
    for design in dict.fromkeys(row.design for row in rows):
        path = folder / f"coverage_{design}.json"
        made = [row.as_dict() for row in rows if row.design == design]
        names = {row["cell"] for row in made}
        old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        order = [cell.name for cell in all_cells() if cell.design == design]
        kept = [row for row in old if row["cell"] not in names and row["cell"] in order]
        made = sorted([*kept, *made], key=lambda row: order.index(str(row["cell"])))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a sample of the gated cells, under a minute each design"
    )
    parser.add_argument("--design", help="only this design")
    parser.add_argument(
        "--only", default="", help="only cells whose name contains this; others keep their rows"
    )
    parser.add_argument(
        "--results", type=Path, help="write coverage_DESIGN.json into this folder, cell by cell"
    )
    chosen = parser.parse_args(arguments)
    cells = [cell for cell in all_cells() if not chosen.quick or cell.is_quick]
    cells = [cell for cell in cells if chosen.design in (None, cell.design) and chosen.only in cell.name]
    rows: list[Row] = []
    for cell in cells:
        began = time.perf_counter()
        found = run_cell(cell, chosen.quick)
        rows += found
        if chosen.results:
            write(chosen.results, found)
        print(
            f"{cell.design}: {cell.name} ({time.perf_counter() - began:.1f} s)", file=sys.stderr, flush=True
        )
    print(table(rows))
    failures = broken(rows, chosen.quick)
    print(f"{len(failures)} of {sum(row.is_gated for row in rows)} gated rows break the rule")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
