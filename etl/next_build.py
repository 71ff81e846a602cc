"""Starts the build of the next release in a process of its own, never inside the web server."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from etl import audit_log
from etl.inbox import ROOT

LOCK = ".loader.lock"


def is_running(home: Path) -> bool:
    """Whether a build holds the loader's lock now."""
    path = home / LOCK
    if not path.exists():
        return False
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def start(home: Path, who: str) -> int:
    """Start `python -m etl build` detached; its words go to `log/build.log`. Returns the process id."""
    log = home / "log"
    log.mkdir(parents=True, exist_ok=True)
    with (log / "build.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "etl", "build"],
            cwd=ROOT,
            env={**os.environ, "OVP_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    audit_log.record(home / "ledger", who, "release_started", {"process": process.pid})
    return process.pid
