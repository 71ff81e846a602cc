"""Boundaries: GeoJSON polygons to areas, memberships with shares, neighbor pairs and a tile map.

Shares and lengths are measured on a local plane (an equirectangular projection around the city's
middle), exact enough over 20 km. EPSG:3857 metres are turned back to degrees by the closed formula
of the spherical Mercator projection.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from shapely import STRtree, points
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import transform

from etl.problems import BadInput, Problem

METRES_A_DEGREE = 111_320.0
_MERCATOR_RADIUS = 6_378_137.0
_GAP_METRES = 15.0
_SHARED_METRES = 60.0
_SMALLEST_SHARE = 0.005


@dataclass(frozen=True)
class Layer:
    """One boundary file: kind of area, the property that holds the label, coordinates, years."""

    geography: str
    file: str
    label: str
    epsg: int = 4326
    valid_years: str = ""


@dataclass(frozen=True)
class Area:
    """One polygon in degrees (WGS84)."""

    geography: str
    area: str
    shape: BaseGeometry


def read_layer(path: Path, layer: Layer, renames: dict[str, str]) -> list[Area]:
    """Polygons of a GeoJSON file, sorted by label. Raises BadInput."""
    try:
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            Problem(path.name, f"not GeoJSON ({error})", "Export the layer as GeoJSON.")
        ) from error
    found: dict[str, BaseGeometry] = {}
    for number, feature in enumerate(features, start=1):
        label = str(feature.get("properties", {}).get(layer.label, "")).strip()
        if not label:
            raise BadInput(
                Problem(
                    path.name,
                    "the area has no label",
                    "Name the property that holds it.",
                    number,
                    layer.label,
                )
            )
        polygon = shape(feature["geometry"])
        if layer.epsg == 3857:
            polygon = transform(_from_mercator, polygon)
        elif layer.epsg != 4326:
            raise BadInput(Problem(path.name, f"EPSG:{layer.epsg} is not read", "Reproject to EPSG:4326."))
        if not polygon.is_valid:
            polygon = polygon.buffer(0)
        name = renames.get(label, label)
        found[name] = found[name].union(polygon) if name in found else polygon
    return [Area(layer.geography, name, found[name]) for name in sorted(found)]


def _from_mercator(x: Any, y: Any) -> tuple[Any, Any]:
    longitude = np.degrees(np.asarray(x) / _MERCATOR_RADIUS)
    latitude = np.degrees(2 * np.arctan(np.exp(np.asarray(y) / _MERCATOR_RADIUS)) - math.pi / 2)
    return longitude, latitude


def on_plane(areas: list[Area]) -> list[BaseGeometry]:
    """The same polygons in metres on a local plane."""
    middle = float(np.mean([area.shape.centroid.y for area in areas]))
    factor = math.cos(math.radians(middle)) * METRES_A_DEGREE

    def project(x: Any, y: Any) -> tuple[Any, Any]:
        return np.asarray(x) * factor, np.asarray(y) * METRES_A_DEGREE

    return [transform(project, area.shape) for area in areas]


def memberships(areas: list[Area], inside: list[Area]) -> list[tuple[str, str, float]]:
    """(area, area it lies in, share of its land) for shares of 0.5 % and more; shares sum to about 1."""
    planes = on_plane(areas + inside)
    first, second = planes[: len(areas)], planes[len(areas) :]
    found = []
    for area, polygon in zip(areas, first, strict=True):
        for target, whole in zip(inside, second, strict=True):
            share = polygon.intersection(whole).area / polygon.area
            if share >= _SMALLEST_SHARE:
                found.append((area.area, target.area, round(share, 4)))
    return found


def neighbors(areas: list[Area]) -> list[tuple[str, str]]:
    """Pairs, both ways, whose borders run within 15 m of each other over at least 60 m."""
    planes = on_plane(areas)
    widened = [polygon.buffer(_GAP_METRES) for polygon in planes]
    found = []
    for one, polygon in enumerate(planes):
        for two, other in enumerate(widened):
            if one != two and polygon.boundary.intersection(other).length >= _SHARED_METRES:
                found.append((areas[one].area, areas[two].area))
    both = set(found)
    return sorted(pair for pair in both if (pair[1], pair[0]) in both)


def tiles(areas: list[Area], columns: int = 10) -> dict[str, tuple[int, int]]:
    """A tile map: each area gets (row from the north, column from the west), no tile twice.

    The assignment of areas to tiles that moves their centers least (sum of squared distances).
    """
    from scipy.optimize import linear_sum_assignment  # takes half a second to import; only shipping needs it

    centers = np.array([(polygon.centroid.x, polygon.centroid.y) for polygon in on_plane(areas)])
    low, high = centers.min(axis=0), centers.max(axis=0)
    width, height = high - low
    rows = max(1, round(columns * height / width))
    while rows * columns < len(areas) * 1.25:
        rows += 1
    grid = np.array([(row, column) for row in range(rows) for column in range(columns)])
    places = np.column_stack(
        [low[0] + grid[:, 1] * width / (columns - 1), high[1] - grid[:, 0] * height / (rows - 1)]
    )
    cost = ((centers[:, None, :] - places[None, :, :]) ** 2).sum(axis=2)
    chosen = linear_sum_assignment(cost)[1]
    return {
        area.area: (int(grid[tile][0]), int(grid[tile][1])) for area, tile in zip(areas, chosen, strict=True)
    }


def locate(areas: list[Area], longitudes: np.ndarray, latitudes: np.ndarray) -> list[str | None]:
    """The area each point lies in; None outside all of them or for a missing or (0, 0) point."""
    tree = STRtree([area.shape for area in areas])
    usable = np.isfinite(longitudes) & np.isfinite(latitudes) & ~((longitudes == 0) & (latitudes == 0))
    found: list[str | None] = [None] * len(longitudes)
    index = np.flatnonzero(usable)
    hits = tree.query(points(longitudes[index], latitudes[index]), predicate="intersects")
    for point, area in zip(hits[0], hits[1], strict=True):
        found[int(index[point])] = areas[int(area)].area
    return found
