"""Next month's forecast by small area: for staff, beside the private store, never in a release.

Where risk is expected is kept from the public page for the workers' safety and so that no block is branded. How well
such forecasts do is public: `out_forecast_check`.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from etl.dictionary import create_table_sql, load_dictionary
from etl.load.records import insert_records
from etl.publish.routes import monthly_counts
from etl.staff_door import FORECAST
from etl.statements import load_statements
from evaluation.route_forecast import FIRST_USED, TUNING, choose_settings, forecast

TABLE = "core_route_forecast"


def forecast_rows(connection: duckdb.DuckDBPyConnection, release_id: str) -> list[dict[str, object]]:
    """Rows of core_route_forecast for every city with enough months of shootings by area."""
    rows: list[dict[str, object]] = []
    for city, _ in connection.execute(load_statements("publish")["route_cities"].text).fetchall():
        geography, monthly = monthly_counts(connection, city)
        if len(monthly) < FIRST_USED + TUNING or monthly.to_numpy().sum() <= 0:
            continue
        months = pd.DatetimeIndex(monthly.index)
        next_month = months[-1] + pd.DateOffset(months=1)
        of_year = np.append(months.month.to_numpy(), next_month.month)
        counts = monthly.to_numpy(dtype=float)
        found = forecast(counts, of_year, choose_settings(counts, of_year))
        low, high = found.interval(0.80)
        chance = found.chance_of_any()
        rank = pd.Series(-found.expected).rank(method="min").astype(int)
        rows += [
            {
                "city": city,
                "geography": geography,
                "area": str(area),
                "month": next_month.date(),
                "expected": float(found.expected[place]),
                "lower_80": float(low[place]),
                "upper_80": float(high[place]),
                "chance_of_any": float(chance[place]),
                "rank": int(rank[place]),
                "release_id": release_id,
            }
            for place, area in enumerate(monthly.columns)
        ]
    return rows


def keep_forecast(connection: duckdb.DuckDBPyConnection, home: Path, release_id: str) -> Path | None:
    """Write the forecast whole, in a new file (mode 0600) that takes the old one's place.

    None when it cannot be written (a full disk): the old one stays, and names the release it was made from.
    """
    table = load_dictionary()[TABLE]
    rows = forecast_rows(connection, release_id)
    target = home / "private" / FORECAST
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    building = target.with_name(f".building-{os.getpid()}-{uuid.uuid4().hex}.duckdb")
    mask = os.umask(0o077)
    try:
        with duckdb.connect(str(building)) as store:
            for statement in create_table_sql(table):
                store.execute(statement)
            insert_records(store, TABLE, [[row[name] for name in table.column_names] for row in rows])
        os.replace(building, target)
    except (OSError, duckdb.IOException):
        return None
    finally:
        os.umask(mask)
        building.unlink(missing_ok=True)
    return target
