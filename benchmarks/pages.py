"""What a page costs the server and the visitor: `python -m benchmarks.pages [--home FOLDER] [--no-browser]`.

For each public page, over Streamlit's own protocol and in one run:

* server CPU of a rerun, beside a bare Streamlit page that shows the same finished charts (benchmarks/bare_page.py),
  and beside one that also shows the same finished texts, tables and boxes: a page of few charts and much text cannot
  cost as little as a page of its charts alone, whoever makes it;
* memory of the server for each open session;
* in Chromium on a fresh profile: first paint, time until the answer can be read, seconds from a
  choice to the new answer, bytes on the wire of a first visit.

`--json benchmarks/results/pages.json` is the committed run.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.browser_visits import visit
from benchmarks.load import cpu_seconds, free_port, memory_mb, server
from benchmarks.ratios import Ratio, ratio, report
from benchmarks.streamlit_client import Run, StreamlitClient, choices

BARE = Path(__file__).resolve().with_name("bare_page.py")
PAGES = (
    "overview", "results", "places", "outreach", "routes", "requests", "funding", "claims", "evidence", "briefing",
    "downloads", "method", "record", "promises",
)  # fmt: skip
LIMITS = {"cpu_ms": 30.0, "megabytes": 3.0, "memory_mb_a_session": 2.0}
ROUNDS = 4
RERUNS = 10
SESSIONS = 30


def charts_of(run: Run) -> list[tuple[str, Any]]:
    """The charts that a run sent to the browser, as plain descriptions."""
    return [part for part in parts_of(run) if part[0] in ("plotly", "vega")]


def parts_of(run: Run) -> list[tuple[str, Any]]:
    """All parts that a run sent to the browser, each as (kind, plain description)."""
    found: list[tuple[str, Any]] = []
    for element in run.elements:
        kind = element.WhichOneof("type")
        part = getattr(element, kind)
        if kind == "plotly_chart":
            found.append(("plotly", json.loads(part.spec)))
        elif kind == "vega_lite_chart":
            spec = json.loads(part.spec)
            for dataset in part.datasets:
                spec.setdefault("datasets", {})[dataset.name] = _rows(dataset.data.data)
            if part.HasField("data"):
                spec["data"] = {"values": _rows(part.data.data)}
            found.append(("vega", spec))
        elif kind in ("dataframe", "table"):
            found.append((kind, base64.b64encode(part.arrow_data.data).decode()))
        elif kind == "selectbox":
            found.append((kind, [part.label, *part.options]))
        elif kind == "imgs":
            found.append((kind, [picture.url for picture in part.imgs]))
        else:
            words = (getattr(part, name, "") for name in ("body", "code_text", "label"))
            found.append(("text", next(filter(None, words), kind)))
    return found


def _rows(arrow: bytes) -> list[dict[str, Any]]:
    frame = pa.ipc.open_stream(io.BytesIO(arrow)).read_pandas()
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def page_name(page: str) -> str:
    return "" if page == "overview" else page


async def cpu_ms(client: StreamlitClient, pid: int, **given: str) -> float:
    """Milliseconds of server CPU for each of RERUNS reruns of the open page."""
    before = cpu_seconds(pid)
    for _ in range(RERUNS):
        run = await client.run(**given)
        if run.exceptions:
            raise RuntimeError("; ".join(run.exceptions))
    return 1000 * (cpu_seconds(pid) - before) / RERUNS


async def compare(served: tuple[str, int], bare: tuple[str, int], folder: Path) -> dict[str, dict[str, Any]]:
    """CPU of each page and of the bare page, in turn, so that both meet the same machine."""
    figures = {}
    for page in PAGES:
        async with StreamlitClient(served[0]) as ours, StreamlitClient(bare[0]) as theirs:
            first = await ours.run(page_name=page_name(page))
            parts = {"charts": charts_of(first), "all": parts_of(first)}
            for shown, finished in parts.items():
                (folder / f"{page}-{shown}.json").write_text(json.dumps(finished), encoding="utf-8")
                await theirs.run(query=f"page={page}-{shown}")
            await ours.run()  # both have now made what is made once
            mine, yours = [], {shown: [] for shown in parts}
            for _ in range(ROUNDS):
                mine.append(await cpu_ms(ours, served[1]))
                for shown, measured in yours.items():
                    measured.append(await cpu_ms(theirs, bare[1], query=f"page={page}-{shown}"))
            ms = statistics.median(mine)
            charts_ms, all_ms = (statistics.median(measured) for measured in yours.values())
            figures[page] = {
                "charts": len(parts["charts"]),
                "elements": len(parts["all"]),
                "cpu_ms": round(ms, 1),
                "bare_cpu_ms": round(charts_ms, 1),
                "bare_with_text_cpu_ms": round(all_ms, 1),
                "choice_cpu_ms": await another_choice(ours, served[1]),
                "kilobytes_a_rerun": round(first.bytes_received / 1024),
            }
            print(page, figures[page], flush=True)
    return figures


async def another_choice(client: StreamlitClient, pid: int) -> float | None:
    """CPU of a rerun that changes the last box on the page to and fro; None where there is nothing to choose."""
    known = choices(await client.run())
    if not known:
        return None
    name, field, options = known[-1]
    for option in options[:2]:
        await client.run(widget=(name, field, option))
    before = cpu_seconds(pid)
    for turn in range(RERUNS):
        await client.run(widget=(name, field, options[turn % 2]))
    return round(1000 * (cpu_seconds(pid) - before) / RERUNS, 1)


async def memory_a_session(url: str, pid: int) -> float:
    """Megabytes of server memory for each session that stays open after its first page (the heaviest, results)."""
    async with AsyncExitStack() as stack:
        opened = []
        before = 0.0
        for number in range(SESSIONS + 10):
            if number == 10:  # the first ten fill what all share
                before = memory_mb(pid)
            client = await stack.enter_async_context(StreamlitClient(url))
            await client.run(page_name="results")
            opened.append(client)
        return round((memory_mb(pid) - before) / SESSIONS, 2)


def ratios(result: dict[str, Any]) -> list[Ratio]:
    """The figures of every page beside the bare pages and the limits, in the common shape."""
    rows = []
    for page, own in result["pages"].items():
        rows += [
            ratio(f"{page}: a rerun, against {LIMITS['cpu_ms']:g} ms", own["cpu_ms"], LIMITS["cpu_ms"], 1.0, "ms CPU"),
            ratio(f"{page}: a rerun, against a bare page of its charts", own["cpu_ms"], own["bare_cpu_ms"], 1.5, "ms CPU"),
            ratio(
                f"{page}: a rerun, against a bare page of its charts and texts",
                own["cpu_ms"], own["bare_with_text_cpu_ms"], 1.5, "ms CPU",
            ),
        ]  # fmt: skip
        if own.get("megabytes"):
            name = f"{page}: first visit, against {LIMITS['megabytes']:g} MB"
            rows.append(ratio(name, own["megabytes"], LIMITS["megabytes"], 1.0, "MB"))
    memory, limit = result["memory_mb_a_session"], LIMITS["memory_mb_a_session"]
    rows.append(ratio(f"memory of a session, against {limit:g} MB", memory, limit, 1.0, "MB"))
    return rows


def main() -> int:
    """Measure, print, write; what needs no browser first, so that a run that is cut off keeps it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--home", type=Path, help="folder of releases (default: OVP_HOME or var)")
    parser.add_argument(
        "--quick", "--no-browser", dest="no_browser", action="store_true", help="nothing in Chromium"
    )
    parser.add_argument("--json", type=Path, help="write the rows and all figures to this file")
    given = parser.parse_args()
    home = {"OVP_HOME": str(given.home.resolve())} if given.home else {}
    room = {"OVP_SOCKETS_PER_ADDRESS": "2000", "OVP_REQUESTS_PER_SECOND": "100000", **home}
    ports = free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with tempfile.TemporaryDirectory() as folder:
        bare = [sys.executable, "-m", "streamlit", "run", str(BARE), f"--server.port={ports[1]}"]
        with (
            server([sys.executable, "-m", "asgi", "--port", str(ports[0])], ports[0], room) as pid,
            server(bare, ports[1], {"BARE_PARTS": folder}) as bare_pid,
        ):
            pages: dict[str, dict[str, Any]] = asyncio.run(
                compare((urls[0], pid), (urls[1], bare_pid), Path(folder))
            )
            result: dict[str, Any] = {
                "cores": os.cpu_count(),
                "reruns": ROUNDS * RERUNS,
                "memory_mb_a_session": asyncio.run(memory_a_session(urls[0], pid)),
                "pages": pages,
            }
            report(ratios(result), given.json, result)
            if not given.no_browser:
                for page in PAGES:
                    pages[page] |= visit(urls[0], page_name(page))
                    print(page, pages[page], file=sys.stderr, flush=True)
                report(ratios(result), given.json, result)
    # As with all benchmarks, a limit that is missed is shown, and fails nothing.
    return 0


if __name__ == "__main__":
    sys.exit(main())
