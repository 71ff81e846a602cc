"""`python -m benchmarks.load`: many people clicking on one page at once, over Streamlit's own protocol.

Starts the served app (and, for comparison, the same page under plain `streamlit run`), opens sessions that choose
something every few seconds, and measures what a visitor waits, what a rerun costs the server and how its memory
grows. A run that shows an error or an empty page counts as an error.

    python -m benchmarks.load --quick                      20 sessions, served app only
    python -m benchmarks.load --sessions 200 --every 5     council night
    python -m benchmarks.load --processes 2 --page results  two processes behind nginx, as docs/operations.md has them
    python -m benchmarks.load --url http://127.0.0.1:8501 --server-pid 4711
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websockets

from benchmarks import proxy
from benchmarks.ratios import Ratio, ratio, report
from benchmarks.streamlit_client import Run, StreamlitClient, choices

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
# The bars that are promised (docs/security.md, promise 9).
BARS = {"rerun_p95_seconds": 0.5, "cpu_ms_a_rerun": 30.0, "memory_mb": 400.0, "errors": 0}


@dataclass
class Crowd:
    """What all sessions saw."""

    first: list[float] = field(default_factory=list)
    rerun: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    bytes: int = 0
    runs: int = 0

    def saw(self, run: Run) -> None:
        self.runs += 1
        self.bytes += run.bytes_received
        self.errors += run.exceptions
        if not run.elements:
            self.errors.append("a run without any element")


async def visitor(number: int, options: argparse.Namespace, url: str, crowd: Crowd) -> None:
    """One person: opens the page, then chooses something about every `every` seconds until time is up."""
    chance = random.Random(number)
    await asyncio.sleep(options.ramp * number / max(1, options.sessions))
    until = time.perf_counter() + options.seconds
    try:
        # As a browser does: first the page, whose cookie keeps the visitor with one process behind a proxy.
        async with httpx.AsyncClient(timeout=60) as browser:
            page = await browser.get(url)
        async with StreamlitClient(url, cookies=dict(page.cookies)) as client:
            started = time.perf_counter()
            run = await client.run(page_name=options.page)
            crowd.saw(run)
            crowd.first.append(time.perf_counter() - started)
            known = choices(run)
            while time.perf_counter() < until:
                await asyncio.sleep(chance.expovariate(1 / options.every))
                widget: tuple[str, str, Any] | None = None
                if known:
                    name, kind, options_shown = chance.choice(known)
                    widget = (name, kind, chance.choice(options_shown))
                run = await client.run(page_name=options.page, widget=widget)
                crowd.saw(run)
                crowd.rerun.append(run.seconds)
                known = choices(run) or known
    except (OSError, TimeoutError, httpx.HTTPError, websockets.WebSocketException) as error:
        crowd.errors.append(f"{type(error).__name__}: {error}"[:160])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def measure(options: argparse.Namespace, url: str, pids: Sequence[int]) -> dict[str, Any]:
    """Let the crowd in and take figures: seconds, milliseconds of CPU a run, megabytes of the largest process."""
    crowd = Crowd()
    for number in range(2 * len(pids)):  # the first visitor of each process pays for what is made once
        async with StreamlitClient(url, cookies={"outreach_process": str(number)}) as first:
            await first.run(page_name=options.page)

    def spent_so_far() -> float:
        return sum(cpu_seconds(pid) for pid in pids)

    def memory() -> float:
        return max(memory_mb(pid) for pid in pids)

    cpu, before, started = spent_so_far(), memory(), time.perf_counter()
    people = [asyncio.create_task(visitor(number, options, url, crowd)) for number in range(options.sessions)]
    samples = []
    while not all(person.done() for person in people):
        await asyncio.sleep(1.0)
        samples.append(memory())
    await asyncio.gather(*people)
    wall = time.perf_counter() - started
    spent = spent_so_far() - cpu
    half = samples[len(samples) // 2 :] or [before]
    return {
        "sessions": options.sessions,
        "processes": len(pids),
        "seconds": round(wall, 1),
        "runs": crowd.runs,
        "runs_a_second": round(crowd.runs / wall, 1),
        "errors": len(crowd.errors),
        "error_examples": sorted(set(crowd.errors))[:3],
        "first_p50_seconds": quantile(crowd.first, 0.5),
        "first_p95_seconds": quantile(crowd.first, 0.95),
        "rerun_p50_seconds": quantile(crowd.rerun, 0.5),
        "rerun_p95_seconds": quantile(crowd.rerun, 0.95),
        "rerun_p99_seconds": quantile(crowd.rerun, 0.99),
        "cpu_ms_a_rerun": round(1000 * spent / max(1, crowd.runs), 1),
        "server_cores": round(spent / wall, 2),
        "kilobytes_a_run": round(crowd.bytes / max(1, crowd.runs) / 1024, 1),
        "memory_before_mb": round(before, 1),
        "memory_mb": round(max(samples, default=before), 1),
        "memory_growth_second_half_mb": round(half[-1] - half[0], 1),
    }


def quantile(values: list[float], share: float) -> float | None:
    if len(values) < 2:
        return round(values[0], 3) if values else None
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 3)


async def requests_a_second(url: str, path: str, seconds: float, connections: int = 16) -> dict[str, Any]:
    """How many plain requests a second one address answers."""
    until, answers, failures = time.perf_counter() + seconds, 0, 0

    async def ask(browser: httpx.AsyncClient) -> None:
        nonlocal answers, failures
        while time.perf_counter() < until:
            answer = await browser.get(url + path)
            answers += 1
            failures += answer.status_code != 200

    async with httpx.AsyncClient(timeout=30) as browser:
        await asyncio.gather(*(ask(browser) for _ in range(connections)))
    return {"path": path, "requests_a_second": round(answers / seconds, 1), "failures": failures}


@contextmanager
def server(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """Run a server until the block ends; yields its process id once it answers."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=2)
                break
            except httpx.TransportError:
                if process.poll() is not None:
                    raise RuntimeError(f"{command[2]} stopped with code {process.returncode}") from None
                time.sleep(0.2)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(15)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def served(options: argparse.Namespace) -> dict[str, Any]:
    """The app as `make run` serves it; with two processes, behind nginx as `deploy/nginx.conf` sets it up."""
    # One machine plays the whole crowd, so the limits for one address are lifted; nothing else is.
    room = {"OVP_SOCKETS": "2000", "OVP_SOCKETS_PER_ADDRESS": "2000", "OVP_REQUESTS_PER_SECOND": "100000"}
    with ExitStack() as running:
        ports = [free_port() for _ in range(options.processes)]
        pids = [
            running.enter_context(server([sys.executable, "-m", "asgi", "--port", str(port)], port, room))
            for port in ports
        ]
        url = f"http://127.0.0.1:{ports[0]}"
        if options.processes == 2:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
            url = running.enter_context(proxy.proxy(folder, ports[0], ports[1], free_port()))
        return asyncio.run(measure(options, url, pids))


def plain(options: argparse.Namespace) -> dict[str, Any]:
    """The same page under `streamlit run` with Streamlit's own defaults."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--runner.postScriptGC=true", "--server.fileWatcherType=auto"]
    with server(command, port, {}) as pid:
        return asyncio.run(measure(options, f"http://127.0.0.1:{port}", [pid]))


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 sessions for 20 seconds, served app only")
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two clicks of one person")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each person stays")
    parser.add_argument("--ramp", type=float, default=20.0, help="seconds over which people arrive")
    parser.add_argument("--page", default="", help="address of the page, e.g. results (default: the first)")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1, help="two: behind nginx")
    parser.add_argument("--compare", action="store_true", help="also the same page under plain streamlit run")
    parser.add_argument("--url", help="a server that runs already, on this machine")
    parser.add_argument("--server-pid", type=int, help="its process id")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(given)
    if options.quick:
        options.sessions, options.seconds, options.ramp = 20, 20.0, 4.0
    if options.url and "127.0.0.1" not in options.url and "localhost" not in options.url:
        parser.error("--url: only a server on this machine may be put under load")
    if options.url and not options.server_pid:
        parser.error("--url needs --server-pid")
    if options.processes == 2 and not proxy.is_here():
        parser.error("--processes 2 needs nginx: apt-get install nginx-light")
    return options


def main(given: list[str] | None = None) -> int:
    """Measure, print, compare with the bars. Exit status 1 when errors were seen."""
    options = arguments(given)
    result: dict[str, Any] = {
        "cores": os.cpu_count(),
        "page": options.page or "overview",
        "minutes": round(options.seconds / 60, 1),
    }
    if options.url:
        result["served"] = asyncio.run(measure(options, options.url, [options.server_pid]))
    else:
        result["served"] = served(options)
        if options.compare:
            result["plain"] = plain(options)
    print(json.dumps(result, indent=1), file=sys.stderr)
    rows, details = ratios(result), [result]
    if options.json and options.json.exists():
        # A run of another page or length stands beside those measured before.
        known = json.loads(options.json.read_text(encoding="utf-8"))
        names = {row.name for row in rows}
        rows = [Ratio(**row) for row in known["rows"] if row["name"] not in names] + rows
        details = [item for item in known["details"] if what(item) != what(result)] + details
    report(rows, options.json, details)
    return 1 if result["served"]["errors"] else 0


def what(result: dict[str, Any]) -> str:
    """Which run a result is of."""
    served = result["served"]
    processes = ", two processes" if served.get("processes", 1) == 2 else ""
    return f"{served['sessions']} sessions, {result['page']}, {result['minutes']:g} minutes{processes}"


def ratios(result: dict[str, Any]) -> list[Ratio]:
    """The figures beside the promised bars and beside plain Streamlit, in the common shape."""
    own, of = result["served"], what(result)
    units = {"rerun_p95_seconds": "s", "cpu_ms_a_rerun": "ms", "memory_mb": "MB", "errors": "errors"}
    rows = [
        # No error is allowed: the bar of errors stands as one.
        ratio(f"{of}: {name}, against {bar:g}", float(own[name] or 0), float(bar or 1), 1.0, units[name])
        for name, bar in BARS.items()
    ]
    growth = own["memory_growth_second_half_mb"]
    rows.append(ratio(f"{of}: growth of memory in the second half, against 10 MB", growth, 10.0, 1.0, "MB"))
    if result.get("plain", {}).get("rerun_p95_seconds"):
        for name in ("rerun_p95_seconds", "cpu_ms_a_rerun"):
            peer = f"{of}: {name}, against plain streamlit run"
            rows.append(ratio(peer, own[name], result["plain"][name], 1.0, units[name]))
    return rows


if __name__ == "__main__":
    sys.exit(main())
