"""Incidents to areas by their points, where the publisher's label is missing; where it is not, how often both agree."""

from __future__ import annotations

import duckdb
import numpy as np

from etl.load.changes import count_whole
from etl.load.incidents import LoadedRows
from etl.load.records import insert_records
from etl.sources.boundaries import Area, locate
from etl.statements import load_statements


def place_by_point(
    connection: duckdb.DuckDBPyConnection,
    loaded: LoadedRows,
    polygons: dict[str, list[Area]],
) -> None:
    """The area each point lies in, beside the label; where the label is missing, the point's area is taken.

    How often label and point disagree is noted in `loaded.disagreements`; the label stands.
    """
    source = loaded.source
    rows = source.rows
    assert rows is not None
    core = load_statements("core")
    for geography in rows.areas:
        areas = polygons.get(geography)
        if not areas or not rows.longitude:
            continue
        points = connection.execute(core["points"].text, {"source": source.id}).fetchnumpy()
        longitudes, latitudes = np.asarray(points["longitude"]), np.asarray(points["latitude"])
        found = locate(areas, longitudes, latitudes)
        records = [
            (source.id, float(longitude), float(latitude), geography, area)
            for longitude, latitude, area in zip(longitudes, latitudes, found, strict=True)
            if area is not None
        ]
        insert_records(connection, "core_point_area", records)
        asked = {"source": source.id, "geography": geography}
        for outcome, differing, both in connection.execute(core["disagreements"].text, asked).fetchall():
            loaded.disagreements.append((outcome, geography, int(differing), int(both)))
        unplaced = (
            "SELECT 1 FROM incident_now AS incident JOIN core_point_area AS point ON point.source = incident.source "
            "AND point.longitude = incident.longitude AND point.latitude = incident.latitude "
            f"WHERE point.geography = $geography AND incident.source = $source AND incident.{geography} IS NULL "
            "AND incident.load_id = $load_id LIMIT 1"
        )
        if (
            loaded.onto is not None
            and connection.execute(unplaced, {**asked, "load_id": loaded.onto}).fetchone()
        ):
            count_whole(connection, loaded)
        connection.execute(
            f"UPDATE core_incident SET {geography} = point.area, placed_by = concat_ws(' ', placed_by, $geography) "
            "FROM core_point_area AS point WHERE point.source = $source AND point.geography = $geography "
            f"AND core_incident.source = $source AND core_incident.{geography} IS NULL "
            "AND core_incident.longitude = point.longitude AND core_incident.latitude = point.latitude",
            asked,
        )
    if rows.derived.get("community") == "neighborhood":
        if (
            loaded.onto is not None
            and connection.execute(
                core["derivable"].text, {"source": source.id, "city": source.city, "load_id": loaded.onto}
            ).fetchone()
        ):
            count_whole(connection, loaded)
        connection.execute(core["derive_placed"].text, {"source": source.id, "city": source.city})
