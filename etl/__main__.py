"""`python -m etl`: build a release, list releases, check a file."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb

from etl import warehouse
from etl.fetch.client import FetchError
from etl.problems import BadInput
from etl.publish.build import Options, build
from etl.publish.check import check
from etl.publish.ensure import ensure
from etl.publish.evidence_ledger import LedgerError
from etl.publish.export.command import add_parser as add_export
from etl.publish.ledger_command import ledger_lines
from etl.publish.recheck import add_parser as add_recheck
from etl.publish.release import BuildError
from etl.warehouse import ReleaseError
from evaluation.program import ProgramError


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit status: 0 done, 1 could not, 2 the input is at fault."""
    parser = argparse.ArgumentParser(prog="python -m etl", description="Source files in, a release out.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = commands.add_parser("build", help="read source files, write and publish a new release")
    make.add_argument(
        "--data",
        action="append",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="a folder of exports; may be repeated",
    )
    make.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where releases are kept (default: OVP_HOME or var/)"
    )
    make.add_argument("--quick", action="store_true", help="only the headline estimates")
    make.add_argument(
        "--set-aside", action="store_true", help="go on when up to 2 %% of the rows cannot be used"
    )
    make.add_argument(
        "--set-aside-unusual",
        action="store_true",
        help="the same, and also when they are over 5 times the source's usual share",
    )
    make.add_argument(
        "--take-smaller",
        action="store_true",
        help="go on when a source has over 5 %% fewer cases than in the last load, or ends earlier",
    )
    make.add_argument(
        "--no-copies",
        action="store_true",
        help="keep no compressed copies of the files read; `verify` can then not rebuild the counts",
    )
    compute = commands.add_parser("ship", help="recompute the counts in data/minneapolis and data/nyc")
    compute.add_argument("--minneapolis", type=Path, metavar="FOLDER")
    compute.add_argument("--new-york", type=Path, metavar="FOLDER")
    compute.add_argument("--estimates", action="store_true", help="also the estimates in data/estimates")
    commands.add_parser("ensure", help="build the default release if there is none")
    commands.add_parser("releases", help="list the releases, newest first")
    live = commands.add_parser("fetch", help="fetch a city's sources from its open-data portal")
    live.add_argument("city")
    live.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where landing/ is kept (default: OVP_HOME or var/)"
    )
    look = commands.add_parser("check", help="say what a build would make of one file")
    look.add_argument("file", type=Path)
    look.add_argument("--source", metavar="ID", help="settings to read it with (default: by name or header)")
    new = commands.add_parser("new-city", help="draft a file of settings from a sample of rows")
    new.add_argument("sample", type=Path)
    new.add_argument("--city", default="new-city", metavar="ID")
    again = commands.add_parser("verify", help="make the numbers of a release again and compare")
    again.add_argument("result", nargs="?", help="program/analysis (default: everything)")
    again.add_argument("--release", metavar="ID")
    why = commands.add_parser("explain", help="where an estimate comes from")
    why.add_argument("estimate", nargs="?")
    why.add_argument("--release", metavar="ID")
    book = commands.add_parser("ledger", help="what was asked, how often, and how the answers changed")
    book.add_argument(
        "asked", nargs="?", help="program/analysis, or a result id (default: everything in short)"
    )
    add_recheck(commands)
    add_export(commands)
    given = parser.parse_args(arguments)
    try:
        if given.command in ("export", "recheck"):
            return int(given.run(given))
        if given.command == "build":
            options = Options(
                data=given.data,
                home=given.out,
                quick=given.quick,
                set_aside_share=0.02 if given.set_aside or given.set_aside_unusual else 0.0,
                set_aside_unusual=given.set_aside_unusual,
                take_smaller=given.take_smaller,
                keep_files=not given.no_copies,
            )
            build(options, _say)
        elif given.command == "ship":
            from etl.publish.ship import ship_all

            ship_all(given.minneapolis, given.new_york, given.estimates, _say)
        elif given.command == "ensure":
            ensure(_say)
        elif given.command == "releases":
            _list_releases()
        elif given.command == "fetch":
            _fetch(given.city, given.out)
        elif given.command == "check":
            return 2 if check(given.file, given.source, _say) else 0
        elif given.command == "new-city":
            _draft(given.sample, given.city)
        elif given.command == "verify":
            return _verify(given.result, given.release)
        elif given.command == "explain":
            _explain(given.estimate, given.release)
        elif given.command == "ledger":
            for line in ledger_lines(warehouse.home(), given.asked):
                _say(line)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    except BadInput as error:
        print(error, file=sys.stderr)
        if given.command == "build":
            print("The last release stays in use.", file=sys.stderr)
        return error.exit_status
    except ProgramError as error:
        print(error, file=sys.stderr)
        print("The last release stays in use.", file=sys.stderr)
        return 2
    except (BuildError, ReleaseError, FetchError, LedgerError) as error:
        print(error, file=sys.stderr)
        return 1
    except (OSError, duckdb.Error) as error:
        line = str(error).splitlines()[0]
        print(
            f"{line}. Free disk space or memory, then build again; the last release stays in use.",
            file=sys.stderr,
        )
        return 1
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _list_releases() -> None:
    current = warehouse.current_release_id()
    for item in warehouse.releases():
        mark = " (in use)" if item.id == current else ""
        print(f"{item.id}  {item.sha12}  {item.path.stat().st_size:,} bytes{mark}")


def _draft(sample: Path, city: str) -> None:
    from etl.sources.draft import draft

    with tempfile.TemporaryDirectory() as workplace:
        print(draft(sample, Path(workplace), city), end="")


def _fetch(city: str, out: Path | None) -> None:
    from etl.fetch.run import fetch_city
    from etl.settings import load_sources

    made = fetch_city(city, load_sources(), out or warehouse.home(), _say)
    folders = " ".join(f"--data {path.parent}" for path in made)
    _say(f"now: python -m etl build {folders}")


def _verify(result: str | None, release_id: str | None) -> int:
    from etl.publish.verify import verify

    found = verify(result, release_id, _say)
    for line in found.differences[:50]:
        print(line, file=sys.stderr)
    if found.differences:
        print(f"{len(found.differences)} of {found.compared:,} comparisons differ.", file=sys.stderr)
        return 1
    _say(f"{found.compared:,} comparisons, no difference.")
    return 0


def _explain(estimate: str | None, release_id: str | None) -> None:
    from etl.publish.explain import explain, list_estimates

    if estimate is None:
        lines = list_estimates(warehouse.open_release(release_id))
    else:
        lines = explain(estimate, release_id)
    for line in lines:
        _say(line)


if __name__ == "__main__":
    sys.exit(main())
