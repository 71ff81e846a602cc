"""`python -m benchmarks.reports [--quick] [--json FILE]`: how long a council night's reports take.

Measured on the release in use: one report of each format, read and drawn, warm, against the limit of 1 s; a
batch of all ward briefs as PDF and DOCX against the limit of 10 s; and one chart drawn by Typst against the same
chart through Plotly's browser export (kaleido with Chromium, its browser kept open, so that only the drawing
counts) and against Matplotlib, which needs no browser either. A peer that is not installed is left out with a note.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ratios import Ratio, median_seconds, ratio, report
from etl import warehouse
from presentation.charts.description import ChartDescription
from presentation.charts.plotly_chart import draw
from reports.batch import ward_batch
from reports.build import documents, render
from reports.render.picture import render_png, render_svg

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
    for name in ("pdf", "docx", "html", "xlsx"):
        taken = median_seconds(lambda: _council(release, options.program, name), runs)  # noqa: B023 - run at once
        rows.append(
            ratio(
                f"council review, {name.upper()}, read and drawn (limit 1 s)",
                taken,
                SINGLE_LIMIT,
                1.0,
                "seconds",
            )
        )
    technical = next(documents(release, options.program, "technical"))
    appendix = median_seconds(lambda: render(technical, "pdf"), 1)
    rows.append(ratio("technical appendix, PDF, about 100 pages", appendix, SINGLE_LIMIT, None, "seconds"))
    batch = median_seconds(lambda: ward_batch(release, options.program), 1 if options.quick else 3)
    rows.append(ratio("all ward briefs, PDF and DOCX (limit 10 s)", batch, BATCH_LIMIT, 1.0, "seconds"))
    # Processor time does not depend on what else the machine is busy with.
    for what, work in (
        ("council review, PDF", lambda: _council(release, options.program, "pdf")),
        ("council review, DOCX", lambda: _council(release, options.program, "docx")),
        ("all ward briefs, PDF and DOCX", lambda: ward_batch(release, options.program)),
    ):
        limit = BATCH_LIMIT if "all" in what else SINGLE_LIMIT
        rows.append(ratio(f"{what}: processor time", _processor_seconds(work), limit, None, "seconds"))
    figures = next(documents(release, options.program, "council")).figures
    if figures:
        rows += _chart_rows(figures[0].chart, runs)
    rows.append(
        ratio(
            "load of the machine beside its cores", os.getloadavg()[0], os.cpu_count() or 1, None, "processes"
        )
    )
    report(rows, options.json)
    return 0


def _processor_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _council(release: warehouse.Release, program: str, file_format: str) -> bytes:
    return render(next(documents(release, program, "council")), file_format).data


def _chart_rows(chart: ChartDescription, runs: int) -> list[Ratio]:
    """One chart by Typst beside each peer that is here."""
    rows = []
    svg, png = (
        median_seconds(lambda: render_svg(chart), runs),
        median_seconds(lambda: render_png(chart), runs),
    )
    with _kaleido() as export:
        if export is None:
            print("kaleido or Chromium is not here: the browser export is left out.", file=sys.stderr)
        else:
            for name, ours in (("svg", svg), ("png", png)):
                peer = median_seconds(lambda: export(chart, name), runs)  # noqa: B023 - run at once
                rows.append(
                    ratio(
                        f"one chart as {name.upper()}: Typst against kaleido, browser open",
                        ours,
                        peer,
                        None,
                        "seconds",
                    )
                )
    rows.append(
        ratio(
            "one chart as SVG: Typst against Matplotlib",
            svg,
            median_seconds(lambda: _matplotlib_svg(chart), runs),
            None,
            "seconds",
        )
    )
    return rows


@contextmanager
def _kaleido() -> Iterator[Callable[[ChartDescription, str], bytes] | None]:
    """An exporter with its browser open, or None where kaleido or Chromium is missing."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if importlib.util.find_spec("kaleido") is None or browser is None:
        yield None
        return
    import kaleido
    import plotly.graph_objects as go

    # Chromium refuses its sandbox to the superuser, as whom containers run.
    kaleido.start_sync_server(n=1, path=browser, enable_sandbox=os.geteuid() != 0)
    try:
        yield lambda chart, name: kaleido.calc_fig_sync(
            go.Figure(draw(chart).to_dict()), opts={"format": name, "width": 960, "height": 420}
        )
    finally:
        kaleido.stop_sync_server()


def _matplotlib_svg(chart: ChartDescription) -> bytes:
    """The same lines and band by Matplotlib, to have a peer for the drawing alone."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.5, 2.6))
    for line in chart.lines:
        axes.plot(range(len(line.x)), [float("nan") if y is None else y for y in line.y], label=line.name)
    axes.legend()
    out = io.BytesIO()
    figure.savefig(out, format="svg")
    pyplot.close(figure)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
