"""Boundary files beside the releases: `boundaries/<city>/<kind of area>.geojson` in the folder of the app's data.

They are no part of a release: they only give the map its shapes. Without them the map is a tile grid.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from etl import warehouse
from presentation.outlines import BadOutlines, Polygon, flattened, read_outlines, refuse_large

log = logging.getLogger(__name__)


Outlines = dict[str, list[Polygon]]


def outlines(city: str, geography: str, areas: tuple[str, ...]) -> tuple[Outlines, int]:
    """Outlines by area on a plane, and a stamp of the file; empty where none can be used (the log says why)."""
    path = warehouse.home() / "boundaries" / city / f"{geography}.geojson"
    try:
        status = path.stat()
    except FileNotFoundError:
        return {}, 0
    return _read(path, status.st_mtime_ns, status.st_size, areas), status.st_mtime_ns


@lru_cache(maxsize=32)
def _read(path: Path, changed: int, size: int, areas: tuple[str, ...]) -> Outlines:
    try:
        refuse_large(path.name, size)
        return flattened(read_outlines(path.read_text(encoding="utf-8-sig"), path.name, areas))
    except (BadOutlines, UnicodeDecodeError) as error:
        log.warning("%s", error)  # the map stays a tile grid
        return {}
