"""What the staff pages say and show: tables of uploads, findings, log quality and providers; answers in a sentence.

Takes plain frames and records; every text cell that came from a file is made plain text (`presentation.escape`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from presentation import numbers
from presentation.escape import markdown, plain
from presentation.language import say
from presentation.providers import totals
from presentation.words import word


def _columns(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={name: say(f"staff.column.{name}") for name in frame.columns})


# Log intake


def intake_answer(states: Iterable[str]) -> str:
    """How many uploads wait, how many go into the next release."""
    known = list(states)
    waiting, accepted = known.count("checked"), known.count("accepted")
    accepted_words = numbers.count(accepted)
    if not waiting:
        return say("staff.intake.nothing", accepted=accepted_words)
    return say("staff.intake.waiting", number=numbers.count(waiting), accepted=accepted_words)


def upload_table(uploads: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Uploads, newest first: file, log, state, rows, usable rows, when."""
    rows = [
        {
            "file": plain(upload["name"]),
            "log": word("staff.log", upload["log"]),
            "state": word("staff.state", upload["state"]),
            "rows": upload["rows_read"],
            "usable": upload["rows_usable"],
            "received": str(upload["received_at"])[:16].replace("T", " "),
        }
        for upload in uploads
    ]
    return _columns(pd.DataFrame(rows, columns=["file", "log", "state", "rows", "usable", "received"]))


def upload_label(upload: Mapping[str, Any]) -> str:
    """One upload in a select box."""
    state = word("staff.state", upload["state"])
    return f"{plain(upload['name'])} · {str(upload['received_at'])[:16].replace('T', ' ')} · {state}"


def check_answer(upload: Mapping[str, Any]) -> str:
    """What the check of one upload came to, in a sentence."""
    if upload["state"] == "refused" and upload["reason"]:
        return say("staff.intake.refused", reason=markdown(upload["reason"]))
    read, usable = upload["rows_read"], upload["rows_usable"]
    if read == usable:
        return say("staff.intake.all_good", read=numbers.count(read))
    return say(
        "staff.intake.some_good",
        usable=numbers.count(usable),
        read=numbers.count(read),
        rejected=numbers.count(read - usable),
    )


def finding_table(findings: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Findings by row: row, column, what is wrong, what happens to the row, what to do."""
    rows = [
        {
            "row": finding["row"],
            "column": plain(finding["column"]),
            "what": plain(finding["reason"]),
            "effect": say("staff.column.set_aside" if finding["is_rejected"] else "staff.column.kept"),
            "todo": plain(finding["what_to_do"]),
        }
        for finding in findings
    ]
    frame = pd.DataFrame(rows, columns=["row", "column", "what", "effect", "todo"])
    return _columns(frame.astype({"row": "Int64"}))


# Data quality


def quality_answer(
    program: str, kept: pd.DataFrame, aside: pd.DataFrame, faults: pd.DataFrame, says: Mapping[str, str]
) -> str:
    """How many rows of a program's logs were set aside, and the most frequent fault.

    kept, aside: form, rows; faults: form, severity, reason, rows; says: reason code → words.
    """
    used, put_aside = int(kept["rows"].sum()), int(aside["rows"].sum())
    if not used + put_aside:
        return say("staff.quality.no_logs")
    read = numbers.count(used + put_aside)
    if faults.empty:
        return say("staff.quality.answer_clean", read=read, program=markdown(program))
    worst = faults.iloc[0]
    return say(
        "staff.quality.answer",
        read=read,
        program=markdown(program),
        aside=numbers.count(put_aside),
        percent=numbers.percent(100 * put_aside / (used + put_aside), 1),
        fault=says.get(str(worst["reason"]), plain(worst["reason"])),
        times=numbers.count(int(worst["rows"])),
    )


def log_table(kept: pd.DataFrame, aside: pd.DataFrame) -> pd.DataFrame:
    """Rows read and set aside, by log."""
    both = kept.merge(aside, on="form", how="left", suffixes=("_kept", "_aside")).fillna({"rows_aside": 0})
    read = both["rows_kept"] + both["rows_aside"]
    frame = pd.DataFrame(
        {
            "log": both["form"].map(lambda form: word("staff.log", form)),
            "read": read.astype("int64"),
            "rejected": both["rows_aside"].astype("int64"),
            "share": (100 * both["rows_aside"] / read.where(read > 0)).round(2),
        }
    )
    return _columns(frame[frame["read"] > 0].reset_index(drop=True))


def fault_table(faults: pd.DataFrame, says: Mapping[str, str]) -> pd.DataFrame:
    """Faults by log, most frequent first."""
    frame = pd.DataFrame(
        {
            "log": faults["form"].map(lambda form: word("staff.log", form)),
            "reason": faults["reason"].map(lambda code: says.get(code, plain(code))),
            "effect": faults["severity"].map(
                lambda severity: say(
                    "staff.column.kept" if severity == "warning" else "staff.column.set_aside"
                )
            ),
            "number": faults["rows"].astype("int64"),
        }
    )
    return _columns(frame)


def fault_months(rows: pd.DataFrame) -> pd.DataFrame:
    """One fault by provider and month."""
    frame = pd.DataFrame(
        {
            "provider": rows["provider"].map(
                lambda name: plain(name) if isinstance(name, str) else say("staff.quality.no_provider")
            ),
            "month": rows["month"].map(lambda month: "" if pd.isna(month) else numbers.month(month)),
            "number": rows["rows"].astype("int64"),
        }
    )
    return _columns(frame)


def freshness_table(sources: pd.DataFrame) -> pd.DataFrame:
    """How fresh each source of the release is, and what was dropped."""
    frame = pd.DataFrame(
        {
            "source": sources["title"].map(plain),
            "last_date": sources["last_date"].map(lambda day: "" if pd.isna(day) else numbers.day(day)),
            "read": sources["rows_read"],
            "duplicates": sources["rows_duplicate"],
            "rejected": sources["rows_rejected"],
        }
    )
    return _columns(frame)


def source_fault_table(quality: pd.DataFrame) -> pd.DataFrame:
    """What is known to be wrong with each published source."""
    frame = quality[["source", "figure", "value", "base", "note"]].copy()
    for name in ("source", "figure", "note"):
        frame[name] = frame[name].map(lambda text: plain(text).replace("_", " "))
    return _columns(frame)


# Providers


def provider_table(months: pd.DataFrame, conduct: pd.DataFrame | None) -> pd.DataFrame:
    """One row a provider over all months: hours, records, conduct reports, money."""
    summed = totals(months)
    summed["delivered"] = (100 * summed["logged"] / summed["contracted"]).round(0)
    reports = conduct if conduct is not None else pd.DataFrame(columns=["provider", "status", "reports"])
    for column, rows in (("reports", reports), ("open_reports", reports[reports["status"] == "open"])):
        number = rows.groupby("provider")["reports"].sum()
        summed[column] = summed["provider"].map(number).fillna(0).astype("int64")
    summed["provider"] = summed["name"].map(plain)
    for column in ("contracted", "logged", "overlapping", "paid"):
        summed[column] = summed[column].astype("float64").round(0)
    order = ["provider", "contracted", "logged", "delivered", "overlapping", "due", "on_time", "late"]
    return _columns(summed[[*order, "missing", "reports", "open_reports", "paid"]])


def provider_answer(months: pd.DataFrame) -> str:
    """Hours and records of all providers together, in a sentence."""
    contracted = months["contracted_hours"].sum(min_count=1)
    logged = float(months["logged_hours"].sum())
    due, on_time = int(months["records_due"].sum()), int(months["records_on_time"].sum())
    late = int(months["records_late"].sum())
    shared = {
        "providers": numbers.count(months["provider"].nunique()),
        "logged": numbers.count(logged),
        "first": numbers.month(months["month"].min()),
        "last": numbers.month(months["month"].max()),
    }
    if pd.isna(contracted):
        return say("staff.providers.answer_hours", **shared)
    return say(
        "staff.providers.answer",
        contracted=numbers.count(float(contracted)),
        percent=numbers.share(logged, float(contracted)),
        due=numbers.count(due),
        on_time=numbers.count(on_time),
        late=numbers.count(late),
        missing=numbers.count(due - on_time - late),
        **shared,
    )


def provider_months(months: pd.DataFrame) -> pd.DataFrame:
    """One provider month by month, months without anything left out, newest first."""
    amounts = ["contracted_hours", "logged_hours", "records_due", "paid_usd"]
    months = months[(months[amounts].fillna(0) > 0).any(axis=1)]
    frame = pd.DataFrame(
        {
            "month": months["month"].map(numbers.month),
            "contracted": months["contracted_hours"].astype("float64").round(0),
            "logged": months["logged_hours"].astype("float64").round(0),
            "overlapping": months["overlapping_hours"].astype("float64").round(0),
            "due": months["records_due"],
            "on_time": months["records_on_time"],
            "late": months["records_late"],
            "paid": months["paid_usd"].astype("float64").round(0),
        }
    )
    return _columns(frame.iloc[::-1].reset_index(drop=True))
