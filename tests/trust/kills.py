"""`python -m tests.trust.kills --kills 200`: kill -9 the process that stores uploads, at random moments."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from etl import audit_log
from tests.trust.test_log_intake import kill_while_receiving


def main(given: list[str] | None = None) -> int:
    """Exit status 1 when an acknowledged upload was lost or the audit log does not hold together."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(given)
    acknowledged = lost = 0
    for start in range(0, options.kills, 20):
        with tempfile.TemporaryDirectory() as folder:
            done, gone = kill_while_receiving(
                Path(folder), min(20, options.kills - start), options.seed + start
            )
            acknowledged, lost = acknowledged + done, lost + gone
            # The next write sets a torn last line aside; then the chain must hold.
            audit_log.record(Path(folder) / "ledger", "kills", "sign_in")
            lost += audit_log.verify(Path(folder) / "ledger") is not None
    print(f"{options.kills} kills, {acknowledged} uploads acknowledged, {lost} lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
