"""`python -m etl export [--release R] --out DIR`: the data package of a release, from the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etl import warehouse
from etl.publish.export.describe_package import Publication
from etl.publish.export.errors import ExportError
from etl.publish.export.package import FORMATS, export_release

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    """Add `export` to the commands of `python -m etl`; sets `run` to a function of the arguments."""
    parser = subparsers.add_parser("export", help="write a release as a data package for researchers")
    _add_arguments(parser)
    parser.set_defaults(run=run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The command on its own. Returns the exit status: 0, or 2 after one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m etl export", description=__doc__)
    _add_arguments(parser)
    return run(parser.parse_args(argv))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--release", help="id of the release (default: the one in use)")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument(
        "--formats", default=",".join(FORMATS), help="parquet, csv, stata, with commas (default: all)"
    )
    parser.add_argument("--publisher", default=os.environ.get("OVP_PUBLISHER", ""), help="who publishes it")
    parser.add_argument("--contact", default=os.environ.get("OVP_CONTACT", ""), help="e-mail for questions")
    parser.add_argument(
        "--base-url", default=os.environ.get("OVP_PUBLIC_URL", ""), help="address the folder will lie at"
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out."""
    try:
        release = warehouse.open_release(arguments.release)
        previous = previous_release(release.id)
        publication = Publication(
            arguments.publisher or Publication.publisher, arguments.contact, arguments.base_url
        )
        formats = [name.strip() for name in arguments.formats.split(",") if name.strip()]
        files = export_release(release.path, arguments.out, previous, formats, publication)
    except (ExportError, warehouse.ReleaseError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"export: cannot write {arguments.out}: {error.strerror or error}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in files)
    print(f"Release {release.id}: {len(files)} files, {size / 1e6:.1f} MB in {arguments.out}")
    return 0


def previous_release(release_id: str) -> Path | None:
    """The file of the release just before this one, or None."""
    here = warehouse.sequence(release_id) or ()
    earlier = [item for item in warehouse.releases() if (warehouse.sequence(item.id) or ()) < here]
    return earlier[0].path if earlier else None
