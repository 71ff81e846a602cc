"""`python -m deploy.lock requirements.txt requirements.lock`: pins with hashes, without a word about where from.

Uses pip-compile (pip-tools). Its header and options name the index of the machine it ran on: they are left out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = """\
# requirements.txt with all that it needs, each with the SHA-256 of every file it may come as. `make lock` writes it.
# Install with: pip install --require-hashes -r requirements.lock

"""


def lock(pins: Path) -> str:
    """The text of the lock file for `pins`. Raises CalledProcessError when the pins do not fit together."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lock"
        subprocess.run(
            [sys.executable, "-m", "piptools", "compile", "--generate-hashes", "--no-annotate", "--no-header",
             "--no-emit-options", "--strip-extras", "--quiet", "--output-file", str(out), str(pins)],
            check=True,
        )  # fmt: skip
        return HEAD + out.read_text(encoding="utf-8").lstrip()


def main() -> None:
    pins, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.write_text(lock(pins), encoding="utf-8")


if __name__ == "__main__":
    main()
