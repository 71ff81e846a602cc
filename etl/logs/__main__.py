"""`python -m etl.logs check|templates`: outreach logs from the command line. A build loads them (`etl.publish.outreach`)."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from etl import warehouse
from etl.load.programs import PROGRAMS, read_program
from etl.logs.load import LoadedLogs, load_logs
from etl.logs.templates import write_templates
from etl.problems import BadInput

FINDINGS_SHOWN = 40


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0; 1 when rows or files were set aside; 2 when nothing could be done."""
    options = _parser().parse_args(arguments)
    if options.command == "templates":
        for path in write_templates(options.out):
            print(path)
        return 0
    try:
        return _read(options)
    except (BadInput, warehouse.ReleaseError) as error:
        print(error, file=sys.stderr)
        return 2


def _read(options: argparse.Namespace) -> int:
    missing = [place for place in options.places if not place.exists()]
    if missing:
        print(f"{missing[0].name}: there is no such file or folder. Check the path.", file=sys.stderr)
        return 2
    path = PROGRAMS / f"{options.program}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PROGRAMS.glob("*.toml")))
        print(f"There is no program {options.program}. Known are {known}.", file=sys.stderr)
        return 2
    program = read_program(path)
    # Ids are hashed with a key of this run only: nothing that the check makes is kept.
    loaded = load_logs(options.places, program, _areas(program["city"]), key=secrets.token_bytes(32))
    _report(loaded, options.all)
    return 1 if loaded.quarantined or any(finding.severity == "refused" for finding in loaded.findings) else 0


def _areas(city: str) -> pd.DataFrame:
    """Areas of the release in use."""
    return warehouse.open_release().query("areas", city=city)


def _report(loaded: LoadedLogs, show_all: bool) -> None:
    for count in loaded.counts:
        print(
            f"{count.file}: {count.rows:,} rows, {count.accepted:,} accepted, {count.quarantined:,} set aside"
        )
    reasons = Counter((finding.severity, finding.reason) for finding in loaded.findings)
    for (severity, reason), number in sorted(reasons.items()):
        print(f"  {severity:<12} {number:>6,}  {reason}")
    shown = loaded.findings if show_all else loaded.findings[:FINDINGS_SHOWN]
    for finding in shown:
        print(finding.line())
    if len(shown) < len(loaded.findings):
        print(f"… and {len(loaded.findings) - len(shown):,} more findings (--all shows them)")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m etl.logs", description="Outreach logs.")
    commands = parser.add_subparsers(dest="command", required=True)
    templates = commands.add_parser("templates", help="write the blank templates")
    templates.add_argument("--out", type=Path, default=Path("data/templates"))
    check = commands.add_parser("check", help="read logs and say what is wrong, row by row; keeps nothing")
    check.add_argument("places", type=Path, nargs="+", metavar="FILE-OR-FOLDER")
    check.add_argument("--program", required=True, help="program id, e.g. minneapolus")
    check.add_argument("--all", action="store_true", help="show every finding")
    return parser


if __name__ == "__main__":
    sys.exit(main())
