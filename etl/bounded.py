"""Runs a command on a file nobody trusts: little memory, little time, no secrets, no core file.

A workbook of 2 MB can unpack to gigabytes. The child may die of that; the web server must not.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "OVP_HOME", "VIRTUAL_ENV", "PYTHONPATH")


@dataclass(frozen=True)
class Limits:
    """What a child may use."""

    seconds: int = 60
    memory_bytes: int = 2 * 1024**3
    file_bytes: int = 256 * 1024**2
    output_bytes: int = 8 * 1024**2


@dataclass(frozen=True)
class Ended:
    """How a child ended. `reason` is done, failed, too_long, too_much_memory or killed."""

    reason: str
    code: int
    output: str
    errors: str


def run(command: Sequence[str], folder: Path, limits: Limits | None = None) -> Ended:
    """Run a command in `folder` within the limits and wait for it; its whole process group ends with it."""
    limits = limits or Limits()
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            preexec_fn=_limiter(limits),
        )
        reason = ""
        try:
            code = process.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            reason = "too_long"
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        said, complained = _text(output, limits.output_bytes), _text(errors, 64 * 1024)
    return Ended(reason or _reason(code, complained), code, said, complained)


def _limiter(limits: Limits) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return limit


def _reason(code: int, errors: str) -> str:
    if code == 0:
        return "done"
    if code == -signal.SIGXCPU:
        return "too_long"
    if "MemoryError" in errors or "bad_alloc" in errors or "Cannot allocate memory" in errors:
        return "too_much_memory"
    return "killed" if code < 0 else "failed"


def _text(file: object, longest: int) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    return str(file.read(longest), "utf-8", "replace")  # type: ignore[attr-defined]
