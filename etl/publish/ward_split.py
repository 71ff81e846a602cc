"""Ward by ward: shootings, hours worked and money, over the same months."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from etl.statements import load_statements

Row = dict[str, Any]


def ward_rows(connection: duckdb.DuckDBPyConnection, program: Mapping[str, Any]) -> Iterator[Row]:
    """Rows of out_funding_review of kind ward_split, one a ward; none where shootings are not counted by ward.

    With a log: the quarters whose hours may be shown; without: the last four of the shown quarters. Payments are made to
    providers, not to wards: they are split in proportion to the hours worked in each ward, which is an assumption.
    """
    statement = load_statements("publish")["ward_split"]
    found = connection.execute(
        statement.text, statement.bind({"program": program["program"], "city": program["city"]})
    )
    names = [column[0] for column in found.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    incidents = sum(row["incidents"] for row in rows)
    hours = sum(row["hours"] or 0 for row in rows)
    if not rows or not incidents:
        return
    paid = rows[0]["paid_usd"] if hours else None
    for row in rows:
        hours_share = row["hours"] / hours if hours else None
        yield {
            "kind": "ward_split",
            "figure": f"ward/{row['area']}",
            "basis": f"{row['first_month']:%Y-%m}/{row['last_month']:%Y-%m}",
            "status": "stated",
            "reason": "money_follows_hours" if paid else "hours_not_published",
            "value": 100 * row["incidents"] / incidents,
            "unit": "percent of shooting incidents",
            "amount_usd": paid * hours_share if paid and hours_share is not None else None,
            "denominator": row["hours"] if hours else None,
            "denominator_unit": "worker hours" if hours else None,
            "inputs_json": json.dumps(
                {
                    "ward": row["area"],
                    "incidents": row["incidents"],
                    "incidents_in_all_wards": incidents,
                    "percent_of_hours": 100 * hours_share if hours_share is not None else None,
                    "paid_usd": paid,
                }
            ),
        }
