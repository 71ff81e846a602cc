"""`python -m benchmarks.reports [--quick] [--json FILE]`: how long a council night's reports take.

Measured on the release in use: one PDF warm against the limit of 1 s; a batch of all ward briefs as PDF and
DOCX against the limit of 10 s; and one chart drawn by Typst against the same chart drawn by Matplotlib, a
library that needs no browser either.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from benchmarks.ratios import Ratio, median_seconds, ratio, report
from etl import warehouse
from reports.batch import ward_batch
from reports.build import documents, render
from reports.render.picture import render_svg

SINGLE_LIMIT, BATCH_LIMIT = 1.0, 10.0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--program", default="minneapolus")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    try:
        release = warehouse.open_release()
    except warehouse.ReleaseError as error:
        print(error, file=sys.stderr)
        return 2
    runs = 2 if options.quick else 5
    rows: list[Ratio] = []
    council = next(documents(release, options.program, "council"))
    pdf = median_seconds(lambda: render(next(documents(release, options.program, "council")), "pdf"), runs)
    rows.append(ratio("council review, PDF, read and drawn (limit 1 s)", pdf, SINGLE_LIMIT, 1.0, "seconds"))
    docx = median_seconds(lambda: render(council, "docx"), runs)
    rows.append(ratio("council review, DOCX (limit 1 s)", docx, SINGLE_LIMIT, 1.0, "seconds"))
    batch = median_seconds(lambda: ward_batch(release, options.program), 1 if options.quick else 3)
    rows.append(ratio("all ward briefs, PDF and DOCX (limit 10 s)", batch, BATCH_LIMIT, 1.0, "seconds"))
    if council.figures:
        chart = council.figures[0].chart
        ours = median_seconds(lambda: render_svg(chart), runs)
        peer = median_seconds(lambda: _matplotlib_svg(chart), runs)
        rows.append(ratio("one chart as SVG: Typst against Matplotlib", ours, peer, None, "seconds"))
    report(rows, options.json)
    return 0


def _matplotlib_svg(chart: object) -> bytes:
    """The same lines and band by Matplotlib, to have a peer for the drawing alone."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.5, 2.6))
    for line in chart.lines:  # type: ignore[attr-defined]
        axes.plot(range(len(line.x)), [float("nan") if y is None else y for y in line.y], label=line.name)
    axes.legend()
    out = io.BytesIO()
    figure.savefig(out, format="svg")
    pyplot.close(figure)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
