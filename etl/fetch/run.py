"""`python -m etl fetch CITY`: every source of a city that has a [fetch] table, into var/landing.

A fetch lies in `landing/<source>/<date>/`: the raw answers (`page-00000.json`), the rows as one CSV
file and `manifest.json` with a SHA-256 of each. A fetch that was cut short is taken up at the next
page; a page whose checksum no longer fits is fetched again. The CSV appears only when all is there.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from etl.checksum import file_sha256
from etl.fetch.client import Client, FetchError, make_client
from etl.fetch.portals import Row, count_rows, pages
from etl.source_settings import FetchLayer, Source

# Rows may be added or withdrawn while the pages come in; more than this means that pages were lost.
_TOLERATED_SHARE = 0.001


def fetch_city(
    city: str,
    sources: list[Source],
    home: Path,
    progress: Callable[[str], None],
    client: Client | None = None,
    today: date | None = None,
) -> list[Path]:
    """Fetch all sources of a city; give back the CSV files. Raises FetchError, LookupError."""
    wanted = [source for source in sources if source.city == city and source.fetch is not None]
    if not wanted:
        cities = sorted({source.city for source in sources if source.fetch is not None})
        raise LookupError(f"No source of {city!r} has a [fetch] table. There are: {', '.join(cities)}.")
    day = today or datetime.now(UTC).date()
    made = []
    own = None if client else make_client()
    try:
        for source in wanted:
            assert source.fetch is not None
            folder = home / "landing" / source.id / day.isoformat()
            used = client or Client(own)  # type: ignore[arg-type]
            made.append(fetch_layer(used, source.fetch, folder, source.id, progress))
    finally:
        if own is not None:
            own.close()
    return made


def fetch_layer(
    client: Client, layer: FetchLayer, folder: Path, name: str, progress: Callable[[str], None]
) -> Path:
    """Fetch one layer into a folder, taking up where an earlier attempt ended. Raises FetchError."""
    target = folder / f"{name}.csv"
    manifest = _read_manifest(folder)
    if manifest.get("complete") and target.is_file() and file_sha256(target) == manifest["csv_sha256"]:
        progress(f"{name}: already fetched today, {manifest['rows']:,} rows")
        return target
    folder.mkdir(parents=True, exist_ok=True)
    expected = count_rows(client, layer)
    done = _pages_there(folder, manifest)
    if done:
        progress(f"{name}: taking up after page {done}")
    received = sum(manifest["pages"][number]["rows"] for number in range(done))
    manifest = {"url": layer.url, "pages": manifest.get("pages", [])[:done], "complete": False}
    if not (done and not manifest["pages"][-1]["more"]):
        for page in pages(client, layer, done):
            path = folder / f"page-{page.number:05d}.json"
            _write(path, page.raw)
            rows_path = folder / f"page-{page.number:05d}.rows.json"
            _write(rows_path, json.dumps(page.rows, ensure_ascii=False).encode())
            entry = {"sha256": file_sha256(path), "rows": len(page.rows), "more": page.more}
            manifest["pages"].append(entry)
            _write(folder / "manifest.json", json.dumps(manifest, indent=1).encode())
            received += len(page.rows)
            of = f" of {expected:,}" if expected is not None else ""
            progress(f"{name}: {received:,}{of} rows")
    if expected is not None and abs(received - expected) > max(1.0, _TOLERATED_SHARE * expected):
        raise FetchError(f"{layer.url} has {expected:,} rows, but {received:,} came. Fetch again.")
    rows = _write_csv(folder, target, len(manifest["pages"]))
    manifest |= {"complete": True, "rows": rows, "csv_sha256": file_sha256(target)}
    _write(folder / "manifest.json", json.dumps(manifest, indent=1).encode())
    progress(f"{name}: {rows:,} rows in {target.name}, sha256 {manifest['csv_sha256'][:12]}")
    return target


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return found


def _pages_there(folder: Path, manifest: dict[str, Any]) -> int:
    """Pages from the first on whose raw answer is there, unchanged, with its rows."""
    for number, entry in enumerate(manifest.get("pages", [])):
        path = folder / f"page-{number:05d}.json"
        rows = folder / f"page-{number:05d}.rows.json"
        if not (path.is_file() and rows.is_file() and file_sha256(path) == entry["sha256"]):
            return number
    return len(manifest.get("pages", []))


def _write_csv(folder: Path, target: Path, count: int) -> int:
    """All rows as one CSV, columns in the order they first appear; each page read once more, twice over."""
    header: dict[str, None] = {}
    for number in range(count):
        for row in _rows(folder, number):
            header.update(dict.fromkeys(row))
    aside = target.with_suffix(".part")
    total = 0
    with aside.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(header), restval="", lineterminator="\n")
        writer.writeheader()
        for number in range(count):
            for row in _rows(folder, number):
                writer.writerow({name: "" if value is None else value for name, value in row.items()})
                total += 1
        opened.flush()
        os.fsync(opened.fileno())
    aside.replace(target)
    return total


def _rows(folder: Path, number: int) -> list[Row]:
    found: list[Row] = json.loads((folder / f"page-{number:05d}.rows.json").read_text(encoding="utf-8"))
    return found


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(path.name + ".part")
    aside.write_bytes(content)
    aside.replace(path)
