"""`python -m reports build --kind KIND --program P [--ward N | --all-wards] --format pdf,docx --out DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from etl import warehouse
from reports.batch import render_all
from reports.build import FORMAT_NAMES, KIND_NAMES, documents, write_file
from reports.content import ReportError


def main(argv: list[str] | None = None) -> int:
    """Exit status 0, or 2 with one line on standard error that says what to do."""
    parser = argparse.ArgumentParser(prog="python -m reports")
    build = parser.add_subparsers(dest="command", required=True).add_parser(
        "build", help="write report files"
    )
    build.add_argument("--kind", required=True, help=", ".join(KIND_NAMES))
    build.add_argument("--program", required=True)
    build.add_argument("--ward")
    build.add_argument("--all-wards", action="store_true")
    build.add_argument("--format", default="pdf", help="comma separated: " + ",".join(FORMAT_NAMES))
    build.add_argument("--release", help="an older release; the newest without it")
    build.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    formats = [name.strip() for name in options.format.split(",") if name.strip()]
    try:
        unknown = [name for name in formats if name not in FORMAT_NAMES]
        if unknown or not formats:
            raise ReportError("unknown_format", f"--format {options.format}: use {', '.join(FORMAT_NAMES)}.")
        release = warehouse.open_release(options.release)
        made = list(documents(release, options.program, options.kind, options.ward, options.all_wards))
        total = len(made) * len(formats)
        files = render_all([(document, name) for document in made for name in formats])
        for number, file in enumerate(files, start=1):
            path = write_file(options.out, file)
            print(f"{number}/{total} {path} ({path.stat().st_size / 1000:,.0f} kB)", flush=True)
    except (ReportError, warehouse.ReleaseError) as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
