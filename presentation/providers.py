"""Providers: the public summary of hours, money and records, and the staff's tables of findings, records and payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from presentation import numbers
from presentation.escape import plain
from presentation.language import say

Plain = dict[str, Any]


def totals(months: pd.DataFrame) -> pd.DataFrame:
    """One row a provider over all months: hours, records, money. `months`: rows of out_provider."""
    found = months.groupby(["provider", "name"], as_index=False).agg(
        contracted=("contracted_hours", lambda hours: hours.sum(min_count=1)),
        logged=("logged_hours", "sum"),
        overlapping=("overlapping_hours", "sum"),
        due=("records_due", "sum"),
        on_time=("records_on_time", "sum"),
        late=("records_late", "sum"),
        paid=("paid_usd", "sum"),
    )
    found["missing"] = found["due"] - found["on_time"] - found["late"]
    return found


def public_table(months: pd.DataFrame) -> list[Plain]:
    """Hours, money and records by provider, as the public sees them: nothing of a worker, no conduct report."""
    rows = []
    for row in totals(months).to_dict("records"):
        once = row["logged"] - row["overlapping"]
        rows.append(
            {
                "provider_name": plain(row["name"]),
                "contracted": numbers.count(row["contracted"]) if numbers.is_known(row["contracted"]) else "",
                "logged": numbers.count(row["logged"]),
                "overlapping": numbers.count(row["overlapping"]),
                "paid": numbers.dollars(row["paid"]),
                "paid_an_hour": numbers.dollars(row["paid"] / once) if once > 0 and row["paid"] else "",
                "due": int(row["due"]),
                "produced": int(row["on_time"] + row["late"]),
                "on_time": int(row["on_time"]),
            }
        )
    return rows


def public_sentence(months: pd.DataFrame) -> str:
    """All providers together: hours logged of those contracted, records produced of those due, money paid."""
    found = totals(months)
    due, produced = int(found["due"].sum()), int((found["on_time"] + found["late"]).sum())
    return say(
        "providers.sentence",
        providers=numbers.count(len(found)),
        logged=numbers.count(found["logged"].sum()),
        contracted=numbers.count(found["contracted"].sum()),
        share=numbers.share(float(found["logged"].sum()), float(found["contracted"].sum())),
        due=numbers.count(due),
        produced=numbers.count(produced),
        paid=numbers.dollars(float(found["paid"].sum())),
        first=numbers.month(months["month"].min()),
        last=numbers.month(months["month"].max()),
    )


def finding_table(findings: pd.DataFrame, names: Mapping[str, str], says: Mapping[str, str]) -> pd.DataFrame:
    """Entries with a fault, one row a fault, one column a provider."""
    table = findings.assign(
        provider=findings["provider"].map(lambda name: plain(names.get(name, name))),
        reason=findings["reason"].map(lambda code: says.get(code, plain(code))),
    ).pivot_table(index="reason", columns="provider", values="rows", aggfunc="sum", fill_value=0)
    table.columns.name = None
    return table.astype(int).reset_index().rename(columns={"reason": say("staff.column.reason")})


def record_table(records: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Records that came late or not at all, the latest due first."""
    produced = pd.to_datetime(records["produced_on"])
    due = pd.to_datetime(records["due_on"])
    days = (produced - due).dt.days
    return pd.DataFrame(
        {
            say("staff.column.provider"): records["provider"].map(lambda name: plain(names.get(name, name))),
            say("staff.column.record"): records["kind"].map(lambda code: plain(code).replace("_", " ")),
            say("staff.column.month"): records["month"].map(numbers.month),
            say("staff.column.due_on"): records["due_on"].map(numbers.day),
            say("staff.column.days_late"): [
                say("staff.providers.never") if pd.isna(day) else numbers.count(day) for day in days
            ],
        }
    )


def payment_table(payments: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Contracts and payments by provider, newest first, with the period each is for."""
    return pd.DataFrame(
        {
            say("staff.column.provider"): payments["provider"].map(lambda name: plain(names.get(name, name))),
            say("staff.column.kind"): payments["kind"].map(plain),
            say("staff.column.paid_on"): payments["date"].map(numbers.day),
            say("staff.column.period"): [
                "" if pd.isna(first) else numbers.months_between(first, last, short=True)
                for first, last in zip(payments["period_start"], payments["period_end"], strict=True)
            ],
            say("staff.column.amount"): payments["amount_usd"].astype(float).round(0),
        }
    )


def conduct_table(conduct: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Conduct reports by provider, category and status, with how long closed ones took and the oldest open one."""
    return pd.DataFrame(
        {
            say("staff.column.provider"): conduct["provider"].map(lambda name: plain(names.get(name, name))),
            say("staff.column.about"): conduct["category"].map(lambda code: plain(code).replace("_", " ")),
            say("staff.column.state"): conduct["status"].map(lambda code: plain(code).replace("_", " ")),
            say("staff.column.reports"): conduct["reports"].astype("int64"),
            say("staff.column.median_days"): conduct["median_days"].astype("Float64").round(0),
            say("staff.column.open_since"): [
                "" if pd.isna(day) else numbers.day(day) for day in conduct["open_since"]
            ],
        }
    )
