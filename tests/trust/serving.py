"""Fresh server processes for tests: the app behind its guard, on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
    module: str = "tests.trust.small_server",
) -> Iterator[Served]:
    """Start the app in a new process, wait until it listens, stop that process in the end.

    `folder` receives the log. Sign-in settings of the calling environment are not passed on.
    """
    port = port or free_port()
    log = folder / f"server-{port}.log"
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("OVP_", "STREAMLIT_"))
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--port", str(port)],
            cwd=ROOT,
            env=inherited | {"OPENBLAS_NUM_THREADS": "1"} | dict(environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    served = Served(f"http://localhost:{port}", process, log)
    try:
        _wait(served)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(served: Served, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if served.process.poll() is not None:
            raise RuntimeError(f"the server stopped:\n{served.log.read_text()[-2000:]}")
        try:
            # A bad Host is answered by the guard alone: the app itself stays cold.
            httpx.get(f"http://127.0.0.1:{served.port}/", headers={"host": "elsewhere"}, timeout=1)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"the server did not start:\n{served.log.read_text()[-2000:]}")
