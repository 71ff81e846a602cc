"""Outlines of areas from a boundary file, made small enough for a map in a page."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from typing import Any

Point = tuple[float, float]
Polygon = list[list[Point]]  # rings: the outer one first, then holes
PLACES = 4  # of a degree: about 11 meters
LEAST_SHARE = 0.5
LARGEST = 20_000_000  # bytes


class BadOutlines(ValueError):
    """A boundary file that cannot be used, in one line: what is wrong and what to do."""


def refuse_large(file_name: str, size: int) -> None:
    """Raises BadOutlines for a file of more than LARGEST bytes: no page may read it."""
    if size > LARGEST:
        raise BadOutlines(f"{file_name}: {size} bytes, more than {LARGEST}. Simplify the outlines first.")


def read_outlines(text: str, file_name: str, areas: Collection[str]) -> dict[str, list[Polygon]]:
    """Polygons by area, in degrees. `areas`: the labels as the release has them.

    The property that names the area is the one whose values are labels of the release most often. Areas that
    the release does not know are left out. Raises BadOutlines.
    """
    try:
        features = json.loads(text)["features"]
        properties = [feature.get("properties") or {} for feature in features]
        name = _naming_property(properties, set(areas))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadOutlines(
            f"{file_name}: not a GeoJSON file of areas ({error}). Export the layer as GeoJSON."
        ) from error
    if name is None:
        raise BadOutlines(
            f"{file_name}: no property holds the areas' names as this release has them (e.g. {min(areas, default='')}). "
            "Rename them, or take the file away to see the tile map."
        )
    found: dict[str, list[Polygon]] = {}
    for number, (feature, values) in enumerate(zip(features, properties, strict=True), start=1):
        area = _label(values.get(name))
        if area in areas:
            try:
                found.setdefault(area, []).extend(_polygons(feature["geometry"]))
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise BadOutlines(
                    f"{file_name}, feature {number} ({area}): {error}. Give a polygon in degrees (EPSG:4326)."
                ) from error
    return found


def _naming_property(properties: list[dict[str, Any]], areas: set[str]) -> str | None:
    names = sorted({name for values in properties for name in values})
    hits = {name: len({_label(values.get(name)) for values in properties} & areas) for name in names}
    best = max(hits, key=lambda name: hits[name], default=None)
    return best if best is not None and hits[best] >= max(1, LEAST_SHARE * len(areas)) else None


def _label(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _polygons(geometry: dict[str, Any]) -> list[Polygon]:
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"a {kind}, not a polygon")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    return [[_ring(ring) for ring in polygon] for polygon in polygons]


def _ring(points: list[list[float]]) -> list[Point]:
    """The ring with coordinates rounded and points that fall together dropped."""
    ring: list[Point] = []
    for longitude, latitude, *_ in points:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ValueError("coordinates are not degrees")
        point = (round(longitude, PLACES), round(latitude, PLACES))
        if not ring or point != ring[-1]:
            ring.append(point)
    if len(ring) < 4:
        return [(round(x, 6), round(y, 6)) for x, y, *_ in points]
    return ring


def flattened(outlines: dict[str, list[Polygon]]) -> dict[str, list[Polygon]]:
    """The same on a plane: longitudes shortened as at the middle of the city, so that shapes look right."""
    latitudes = [
        y for polygons in outlines.values() for polygon in polygons for ring in polygon for _, y in ring
    ]
    if not latitudes:
        return {}
    shrink = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
    return {
        area: [[[(round(x * shrink, 5), y) for x, y in ring] for ring in polygon] for polygon in polygons]
        for area, polygons in outlines.items()
    }


def proportions(outlines: dict[str, list[Polygon]]) -> float:
    """Height over width of all outlines together; 1 where there are none."""
    points = [
        point for polygons in outlines.values() for polygon in polygons for ring in polygon for point in ring
    ]
    if not points:
        return 1.0
    width = max(x for x, _ in points) - min(x for x, _ in points)
    height = max(y for _, y in points) - min(y for _, y in points)
    return height / width if width else 1.0


def middle(polygons: list[Polygon]) -> Point:
    """The centroid of the largest outer ring, for a label."""
    rings = [polygon[0] for polygon in polygons]
    areas = [_signed_area(ring) for ring in rings]
    ring, area = max(zip(rings, areas, strict=True), key=lambda pair: abs(pair[1]))
    if not area:
        return ring[0]
    x0, y0 = ring[0]
    x = y = 0.0
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        # Measured from the first corner: coordinates are large beside an area.
        cross = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        x += (x1 + x2 - 2 * x0) * cross
        y += (y1 + y2 - 2 * y0) * cross
    return x0 + x / (6 * area), y0 + y / (6 * area)


def _signed_area(ring: list[Point]) -> float:
    x0, y0 = ring[0]
    return (
        sum(
            (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
            for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True)
        )
        / 2
    )
