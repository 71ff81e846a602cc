"""Three kinds of portal, each as pages of flat rows: ArcGIS FeatureServer, Socrata, Carto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from etl.fetch.client import Client, FetchError
from etl.source_settings import FetchLayer

Row = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One answer: its number, the bytes as received, the rows in it, and whether more follow."""

    number: int
    raw: bytes
    rows: list[Row]
    more: bool


def count_rows(client: Client, layer: FetchLayer) -> int | None:
    """Rows the portal says it has; None where it does not say."""
    if layer.portal == "arcgis":
        asked = {"where": layer.where or "1=1", "returnCountOnly": "true", "f": "json"}
        content, _ = client.json(f"{layer.url}/query", asked)
        return int(content["count"]) if "count" in content else None
    if layer.portal == "socrata":
        asked = {"$select": "count(*) AS rows", **({"$where": layer.where} if layer.where else {})}
        content, _ = client.json(layer.url, asked)
        return int(content[0]["rows"]) if content else None
    return None


def pages(client: Client, layer: FetchLayer, first: int = 0) -> Iterator[Page]:
    """Pages from number `first` on. Raises FetchError."""
    return _READERS[layer.portal](client, layer, first)


def _arcgis(client: Client, layer: FetchLayer, first: int) -> Iterator[Page]:
    """Paged by resultOffset until the server no longer says exceededTransferLimit.

    A server may give fewer rows a page than asked for: the next offset is what has been received.
    """
    content, _ = client.json(layer.url, {"f": "json"})
    order = layer.order or content.get("objectIdField") or "OBJECTID"
    dates = {field["name"] for field in content.get("fields", []) if field.get("type") == "esriFieldTypeDate"}
    size = min(layer.page_size, int(content.get("maxRecordCount") or layer.page_size))
    number = first
    while True:
        asked = {
            "where": layer.where or "1=1",
            "outFields": "*",
            "orderByFields": order,
            "resultOffset": str(number * size),
            "resultRecordCount": str(size),
            "returnGeometry": "true",
            "outSR": "4326",
            "f": "json",
        }
        content, raw = client.json(f"{layer.url}/query", asked)
        if "features" not in content:
            raise FetchError(f"{layer.url} answers without features.")
        rows = [_arcgis_row(feature, dates, layer.date_format) for feature in content["features"]]
        more = bool(content.get("exceededTransferLimit"))
        if more and len(rows) != size:
            raise FetchError(
                f"{layer.url} gives {len(rows)} rows a page where {size} were asked for; set page_size."
            )
        yield Page(number, raw, rows, more)
        if not more:
            return
        number += 1


def _arcgis_row(feature: dict[str, Any], dates: set[str], layout: str) -> Row:
    """Attributes, with dates (milliseconds since 1970) as text and the point as X and Y.

    The milliseconds are of the clock that the publisher labels UTC; the label is kept, not converted.
    """
    row = dict(feature.get("attributes", {}))
    for name in dates & row.keys():
        if row[name] is not None:
            row[name] = datetime.fromtimestamp(row[name] / 1000, UTC).strftime(layout)
    point = feature.get("geometry") or {}
    if "X" not in row and "x" in point:
        row["X"], row["Y"] = point["x"], point["y"]
    return row


def _socrata(client: Client, layer: FetchLayer, first: int) -> Iterator[Page]:
    """Paged by $offset until a page is not full."""
    number = first
    while True:
        asked = {
            "$limit": str(layer.page_size),
            "$offset": str(number * layer.page_size),
            "$order": layer.order or ":id",
        }
        if layer.where:
            asked["$where"] = layer.where
        content, raw = client.json(layer.url, asked)
        if not isinstance(content, list):
            raise FetchError(f"{layer.url} answers without a list of rows.")
        more = len(content) == layer.page_size
        yield Page(number, raw, [_flat(row) for row in content], more)
        if not more:
            return
        number += 1


def _carto(client: Client, layer: FetchLayer, first: int) -> Iterator[Page]:
    """The SQL API: `url` is .../api/v2/sql, `where` names the table and filter after FROM."""
    number = first
    while True:
        query = (
            f"SELECT * FROM {layer.where} ORDER BY {layer.order or 'cartodb_id'} "
            f"LIMIT {layer.page_size} OFFSET {number * layer.page_size}"
        )
        content, raw = client.json(layer.url, {"q": query, "format": "json"})
        rows = content.get("rows")
        if rows is None:
            raise FetchError(f"{layer.url} answers without rows.")
        more = len(rows) == layer.page_size
        yield Page(number, raw, [_flat(row) for row in rows], more)
        if not more:
            return
        number += 1


def _flat(row: Row) -> Row:
    """Nested values (points, links) as text."""
    return {name: value if not isinstance(value, dict | list) else str(value) for name, value in row.items()}


_READERS: dict[str, Callable[[Client, FetchLayer, int], Iterator[Page]]] = {
    "arcgis": _arcgis,
    "socrata": _socrata,
    "carto": _carto,
}
