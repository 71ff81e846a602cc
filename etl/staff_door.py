"""The one way from a staff page into the private store: named statements, read-only, in a staff process only.

The public process has neither the permission on the folder (docs/operations.md) nor this door.
"""

from __future__ import annotations

import os

import duckdb
import pandas as pd

from etl import warehouse
from etl.logs.findings import REASONS
from etl.logs.private_store import store_path
from etl.statements import load_statements

FORECAST = "forecast.duckdb"
"""File in the private folder that holds next month's forecast by area (`etl/publish/forecast.py`)."""


class NotStaff(PermissionError):
    """Asked outside a staff process."""


def ask(name: str, **params: object) -> pd.DataFrame | None:
    """Rows of a statement of `etl/sql/staff`, parameters bound; None where no store is there yet.

    Raises NotStaff in a public process, KeyError for an unknown statement, TypeError for wrong parameters.
    """
    if os.environ.get("OVP_STAFF") != "1":
        raise NotStaff("the private store is open to the staff process only")
    statement = load_statements("staff")[name]
    path = store_path(warehouse.home())
    if "core_route_forecast" in statement.text:
        path = path.with_name(FORECAST)
    if not path.exists():
        return None
    with duckdb.connect(str(path), read_only=True, config=dict(warehouse.READ_ONLY_SETTINGS)) as connection:
        return connection.execute(statement.text, statement.bind(params)).df()


def reason_words() -> dict[str, str]:
    """Codes of `core_log_finding.reason` in words."""
    return {code: reason.says[:1].upper() + reason.says[1:] for code, reason in REASONS.items()}
