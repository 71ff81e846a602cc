"""`python -m etl.schedule`: the build that runs by itself, with retries and a word to somebody when it fails.

A timer calls it (deploy/outreach-build.timer). A fault of the input (exit status 2) is not tried again: it will not
heal by itself. OVP_NOTIFY names a program that is run with one argument, the message; no shell is involved.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from etl.inbox import ROOT

BAD_INPUT = 2


@dataclass(frozen=True)
class Plan:
    """What is run, how often it is tried, how long it waits in between (seconds, doubled each time)."""

    command: tuple[str, ...] = (sys.executable, "-m", "etl", "build")
    tries: int = 3
    wait: float = 60.0
    notify: str = field(default_factory=lambda: os.environ.get("OVP_NOTIFY", ""))


def run(plan: Plan | None = None, sleep: Callable[[float], None] = time.sleep) -> int:
    """Build until it works or there is no point; the exit status of the last try."""
    plan = plan or Plan()
    code, said = 1, ""
    for number in range(1, plan.tries + 1):
        code, said = _once(plan.command)
        if code in {0, BAD_INPUT}:
            break
        if number < plan.tries:
            sleep(plan.wait * 2 ** (number - 1))
    if code:
        tell(plan.notify, f"The release was not built: {said or f'exit status {code}'}")
    return code


def tell(program: str, message: str) -> None:
    """Give a message to the program that passes it on; a failure of that is printed, never raised."""
    print(message, file=sys.stderr)
    if not program:
        return
    try:
        subprocess.run([program, message], timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"The message could not be passed on ({type(error).__name__}).", file=sys.stderr)


def _once(command: Sequence[str]) -> tuple[int, str]:
    """One try: exit status and the first line of what went wrong."""
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    sys.stdout.write(ended.stdout)
    sys.stderr.write(ended.stderr)
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    return ended.returncode, lines[0] if lines else ""


if __name__ == "__main__":
    sys.exit(run())
