"""`python -m tests.trust.kills --kills 200 --builds 200`: kill -9 the writers, at random moments.

Uploads: nothing acknowledged may be lost. Builds: a reader beside them sees one whole release at every moment.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from etl import audit_log, warehouse
from etl.publish.build import Options, build
from tests.data.conftest import few_sources
from tests.data.test_publishing import kill_builds
from tests.trust.test_log_intake import kill_while_receiving


def main(given: list[str] | None = None) -> int:
    """Exit status 1 when an acknowledged upload was lost or the audit log does not hold together."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--builds", type=int, default=0, help="builds to kill (about 4 seconds each)")
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
    if options.builds:
        killed = _kill_builds(options.builds, options.seed)
        print(
            f"{options.builds} builds started, {killed} killed before their end, every read was of one whole release"
        )
    return 1 if lost else 0


def _kill_builds(times: int, seed: int) -> int:
    """Builds killed; an assertion fails at the first read that is not of a whole release."""
    with tempfile.TemporaryDirectory() as folder:
        home, programs = Path(folder) / "home", Path(folder) / "programs"
        programs.mkdir()
        (Path(folder) / "sources").mkdir()
        sources = few_sources(Path(folder) / "sources", "simulated_city_*.toml")
        os.environ["OVP_HOME"] = str(home)
        warehouse._POINTER_SECONDS = 0.0
        build(Options(home=home, sources=sources, programs=programs), lambda line: None)
        return kill_builds(home, sources, programs, times, seed)


if __name__ == "__main__":
    sys.exit(main())
