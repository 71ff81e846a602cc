"""`python -m benchmarks.api [--quick] [--json FILE]`: exports, remote reading and requests a second.

Export        a release with the shipped counts' number of rows, and one of ten million rows
Remote        one column, and one area, read over HTTP by pyarrow: bytes and seconds beside the full download
Throughput    kept JSON and Parquet heads of the served app, beside datasette serving the same table as JSON
              in the same run (wrk where it is installed, else a small client of our own)

Everything runs on the loopback address and stops by itself. datasette is used if it is on the PATH or named
by OVP_DATASETTE; else it is installed into a temporary environment, or left out with a note.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import httpx

from benchmarks.ratios import Ratio, ratio, report

ROOT = Path(__file__).resolve().parents[1]
SHIPPED_ROWS = 344_460
LARGE_ROWS = 10_000_000
DATASETTE = "datasette==0.65.5"
CONNECTIONS = 32
WANTED_PER_SECOND = 1_000
EXPORT_SECONDS = {"shipped size": 60, "large": 300}
# Which of the two servers' answers are set beside each other: much JSON, and little.
PEER_OF = {"JSON of all estimates": "JSON of 100 rows", "JSON of a release": "JSON of its versions"}
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, two seconds a route")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    chosen = parser.parse_args(arguments)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for part in measurements(Path(name), chosen.quick):
            for row in part:
                print("  ".join(f"{key} {value}" for key, value in row.items()), file=sys.stderr, flush=True)
            rows += part
            # Written after each part: a run that is stopped leaves what it has measured.
            machine = {
                "cores": os.cpu_count(),
                "load_at_end": round(os.getloadavg()[0], 1),
                "quick": chosen.quick,
            }
            report(ratios(rows), chosen.json, {"machine": machine, "rows": rows})
    return 0


def ratios(rows: list[Row]) -> list[Ratio]:
    """The measurements beside their peers and limits, in the common shape."""
    found = []
    throughput = [row for row in rows if row["part"] == "throughput" and row["per_second"]]
    peers = {row["what"]: row for row in throughput if row["server"] == "datasette"}
    for row in throughput:
        if row["server"] != "asgi":
            continue
        own = 1000 / row["per_second"]
        name = f"{row['what']}, against {WANTED_PER_SECOND:,} requests a second"
        found.append(ratio(name, own, 1000 / WANTED_PER_SECOND, 1.0, "ms a request"))
        peer = peers.get(PEER_OF.get(row["what"], ""))
        if peer:
            name = f"{row['what']}, against datasette's {peer['what']}"
            found.append(ratio(name, own, 1000 / peer["per_second"], 1.0, "ms a request"))
    remote = {row["what"]: row for row in rows if row["part"] == "remote"}
    for what in ("one column (month)", "one area"):
        if what in remote:
            whole = remote["full download"]["bytes"] / 1e6
            name = f"{what} read over HTTP, against the full download"
            found.append(ratio(name, remote[what]["bytes"] / 1e6, whole, 1.0, "MB"))
    for row in rows:
        if row["part"] == "export":
            limit = EXPORT_SECONDS[row["what"]]
            name = f"export of {row['rows']:,} rows, against {limit} s"
            found.append(ratio(name, row["seconds"], limit, 1.0, "s"))
    return found


def measurements(folder: Path, quick: bool) -> Iterator[list[Row]]:
    """The parts of the benchmark, the short ones first."""
    home = make_release(folder / "home", SHIPPED_ROWS)
    with served(home) as (address, process):
        yield measure_throughput(address, process, home, folder, 2 if quick else 8)
        yield measure_remote(address)
    yield measure_export("shipped size", home, SHIPPED_ROWS, folder, ("parquet", "csv", "stata"))
    large = LARGE_ROWS // (10 if quick else 1)
    home = make_release(folder / "large", large)
    yield measure_export("large", home, large, folder, ("parquet", "csv"))


def make_release(home: Path, rows: int) -> Path:
    """A release of invented counts under `home`, published as the read door expects it."""
    from tests.fixture.release import publish

    publish(home, wide_rows=rows)
    return home


def measure_export(what: str, home: Path, rows: int, folder: Path, formats: Sequence[str]) -> list[Row]:
    """Seconds and megabytes of the whole package."""
    out = folder / f"package-{rows}"
    command = [sys.executable, "-m", "etl", "export", "--out", str(out), "--formats", ",".join(formats)]
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment(home), check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    sizes = {
        form: sum(path.stat().st_size for path in (out / "data" / form).glob("*")) / 1e6 for form in formats
    }
    shutil.rmtree(out)
    return [
        {
            "part": "export",
            "what": what,
            "rows": rows,
            "seconds": round(seconds, 1),
            **{f"{form}_megabytes": round(size, 2) for form, size in sizes.items()},
        }
    ]


def measure_remote(address: str) -> list[Row]:
    """One column and one area by pyarrow through fsspec, beside the whole file."""
    import fsspec
    import pyarrow.parquet as pq

    url = f"{address}/api/v1/releases/2026.3.0/tables/out_monthly.parquet"
    began = time.perf_counter()
    whole = len(httpx.get(url, timeout=120).content)
    found = [{"part": "remote", "what": "full download", "bytes": whole, "seconds": _since(began)}]
    readings = {
        "one column (month)": {"columns": ["month"]},
        "one area": {"columns": ["month", "count"], "filters": [("area", "=", "Area 000700")]},
    }
    for what, settings in readings.items():
        began = time.perf_counter()
        with CountingProxy(address) as proxy:
            remote = url.replace(address, proxy.address)
            with fsspec.open(remote, block_size=2**16, cache_type="none") as file:
                pq.read_table(file, pre_buffer=False, **settings)  # type: ignore[arg-type]
            sent = proxy.bytes
        found.append({"part": "remote", "what": what, "bytes": sent, "seconds": _since(began)})
    return found


def measure_throughput(address: str, process: int, home: Path, folder: Path, seconds: int) -> list[Row]:
    """Requests a second on kept answers of the app, and of datasette on the same table."""
    one = f"{address}/api/v1/releases/2026.3.0"
    targets = [
        ("asgi", "JSON of a release", one, {}),
        ("asgi", "JSON of a table's columns", f"{one}/tables/out_monthly", {"Accept-Encoding": "gzip"}),
        ("asgi", "JSON of all estimates", f"{one}/estimates", {"Accept-Encoding": "gzip"}),
        ("asgi", "Parquet head (8 bytes)", f"{one}/tables/out_monthly.parquet", {"Range": "bytes=-8"}),
        ("asgi", "Parquet footer (64 KB)", f"{one}/tables/out_monthly.parquet", {"Range": "bytes=-65536"}),
    ]
    found = [_load(process, server, what, url, headers, seconds) for server, what, url, headers in targets]
    program = datasette(folder)
    if program is None:
        found.append(
            {"part": "throughput", "server": "datasette", "what": "not installable here", "per_second": 0}
        )
        return found
    with datasette_serving(program, home, folder) as (peer, process):
        for what, path in (
            ("JSON of 100 rows", "/peer/out_monthly.json?_size=100&_shape=array"),
            ("JSON of its versions", "/-/versions.json"),
        ):
            found.append(_load(process, "datasette", what, peer + path, {}, seconds))
    return found


def _load(process: int, server: str, what: str, url: str, headers: dict[str, str], seconds: int) -> Row:
    answer = httpx.get(url, headers=headers, timeout=60)
    assert answer.status_code in (200, 206), f"{url}: {answer.status_code}"
    before = cpu_seconds(process)
    if shutil.which("wrk"):
        options = [item for key, value in headers.items() for item in ("-H", f"{key}: {value}")]
        command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--latency", *options, url]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
        p99 = re.search(r"99%\s+([\d.]+\w+)", text)
        errors = "Non-2xx" in text or "Socket errors" in text
        requests = int(re.search(r"(\d+) requests in", text)[1])  # type: ignore[index]
        client = "wrk"
    else:
        rate, errors, p99, client = own_client(url, headers, seconds), False, None, "own"
        requests = round(rate * seconds)
    spent = cpu_seconds(process) - before
    return {
        "part": "throughput",
        "server": server,
        "what": what,
        "bytes": int(answer.headers.get("content-length", len(answer.content))),
        "per_second": round(rate),
        # What one core can do: independent of what else the machine is busy with.
        "per_cpu_second": round(requests / spent) if spent else 0,
        "p99": p99[1] if p99 else "",
        "errors": errors,
        "client": client,
    }


def cpu_seconds(process: int) -> float:
    """Processor time of a process so far, from the kernel's table; 0 where there is none."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def own_client(url: str, headers: dict[str, str], seconds: int) -> float:
    """Requests a second over keep-alive connections, one request in flight on each."""
    target = httpx.URL(url)
    lines = [f"GET {target.raw_path.decode()} HTTP/1.1", f"Host: {target.netloc.decode()}"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    deadline, counts = time.perf_counter() + seconds, []

    def ask() -> None:
        with socket.create_connection((target.host, target.port or 80)) as connection:
            file, number = connection.makefile("rb"), 0
            while time.perf_counter() < deadline:
                connection.sendall(request)
                length = 0
                while (line := file.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                file.read(length)
                number += 1
            counts.append(number)

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


class CountingProxy:
    """A loopback proxy that counts the bytes a server sends."""

    def __init__(self, address: str) -> None:
        self.target = httpx.URL(address)
        self.bytes = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> CountingProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                inside, _ = self._listening.accept()
            except OSError:
                return
            outside = socket.create_connection((self.target.host, self.target.port or 80))
            threading.Thread(target=self._copy, args=(inside, outside, False), daemon=True).start()
            threading.Thread(target=self._copy, args=(outside, inside, True), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while piece := source.recv(65_536):
                self.bytes += len(piece) if counted else 0
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int]]:
    """The app as `make run` starts it, with the guard's rate for one address raised."""
    port = free_port()
    settings = {**environment(home), "OVP_REQUESTS_PER_SECOND": "1000000", "OVP_API_WORK_RATE": "0"}
    command = [sys.executable, "-m", "asgi", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL) as process:
        try:
            yield wait_for(f"http://127.0.0.1:{port}", "/ready"), process.pid
        finally:
            process.terminate()
            process.wait(20)


def datasette(folder: Path) -> str | None:
    """The program, installed into a temporary environment if it is not here; None if it cannot be had."""
    found = os.environ.get("OVP_DATASETTE") or shutil.which("datasette")
    if found:
        return found
    subprocess.run([sys.executable, "-m", "venv", folder / "peer"], check=True)
    pip = [folder / "peer" / "bin" / "python", "-m", "pip", "install", "--quiet", DATASETTE]
    if subprocess.run(pip, capture_output=True).returncode:
        return None
    return str(folder / "peer" / "bin" / "datasette")


@contextmanager
def datasette_serving(program: str, home: Path, folder: Path) -> Iterator[tuple[str, int]]:
    """datasette on an SQLite copy of out_monthly, with its own defaults."""
    source = next((home / "releases").glob("*.duckdb"))
    database = folder / "peer.db"
    with duckdb.connect(str(source), read_only=True) as connection, sqlite3.connect(database) as copy:
        cursor = connection.execute(
            "SELECT city, geography, area, month::VARCHAR, outcome, unit, count FROM out_monthly"
        )
        copy.execute("CREATE TABLE out_monthly (city, geography, area, month, outcome, unit, count)")
        while rows := cursor.fetchmany(50_000):
            copy.executemany("INSERT INTO out_monthly VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    port = free_port()
    with subprocess.Popen(
        [program, "serve", str(database), "--port", str(port)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            yield wait_for(f"http://127.0.0.1:{port}", "/-/versions.json"), process.pid
        finally:
            process.terminate()
            process.wait(20)


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "OVP_HOME": str(home), "OPENBLAS_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_for(address: str, path: str) -> str:
    for _ in range(600):
        try:
            if httpx.get(address + path, timeout=10).status_code == 200:
                return address
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(f"{address}{path} did not answer")


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)


if __name__ == "__main__":
    sys.exit(main())
