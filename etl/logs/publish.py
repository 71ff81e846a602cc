"""From logs to the outreach tables of a release, before disclosure protection.

The release builder calls `outreach_tables`, then `disclosure.protect(name, frame)` on each table, and only
then writes them. Nothing here is for a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from etl.dictionary import load_dictionary
from etl.inbox import Inbox
from etl.logs.activity_tables import activity_counts, participant_counts
from etl.logs.findings import REASONS
from etl.logs.hours import provider_months, route_coverage, shift_months, weekday_hours
from etl.logs.identity import read_or_make_key
from etl.logs.load import LoadedLogs, load_logs
from etl.logs.private_store import write_logs
from etl.logs.request_tables import request_counts, request_times

PROJECT = Path(__file__).resolve().parent.parent.parent

TABLES = (
    "out_activity",
    "out_participant",
    "out_request",
    "out_request_time",
    "out_shift",
    "out_provider",
    "out_hours_weekday_hour",
    "out_route_coverage",
)


@dataclass(frozen=True)
class City:
    """What the tables need to know of the program's city.

    areas    core_area rows: geography, area, name
    links    core_area_link rows
    monthly  out_monthly rows of gunshot incidents by occurred month; empty: no route coverage
    """

    areas: pd.DataFrame
    links: pd.DataFrame
    monthly: pd.DataFrame


def outreach_tables(
    home: Path,
    program: Mapping[str, Any],
    city: City,
    *,
    data: Sequence[Path] = (),
    exported_on: date | None = None,
) -> dict[str, pd.DataFrame]:
    """Load a program's logs into the private store and count them: table → frame.

    Logs are read from `logs/<program>` in the `data` folders, else from the program's `[logs] folder`, and from
    the uploads a person accepted; without any the result is empty. Person-linked tables hold exact counts, no totals, and a column
    `is_provisional`; they must pass `disclosure.protect` before anyone sees them. `out_quality` (what was
    wrong with the logs) and `core_funding` (payments) come along as rows to add to those tables.
    """
    places = log_places(home, program, data)
    if not places:
        return {}
    logs = program.get("logs", {})
    day = exported_on or logs.get("exported_on") or date.today()
    loaded = load_logs(places, program, city.areas, key=read_or_make_key(home), exported_on=day)
    write_logs(home, str(program["program"]), loaded)
    return tables_from(loaded, program, city, day)


def log_places(home: Path, program: Mapping[str, Any], data: Sequence[Path] = ()) -> list[Path]:
    """Where a program's logs lie: `logs/<program>` of the data folders, which take the place of the folder that its
    file names (relative to the project); and accepted uploads.
    """
    own = [folder / "logs" / str(program["program"]) for folder in data]
    given = program.get("logs", {}).get("folder")
    shipped = [PROJECT / given] if given else []
    folders = [folder for folder in own if folder.is_dir()] or [
        folder for folder in shipped if folder.is_dir()
    ]
    uploads = [path for upload, path in Inbox(home).accepted() if upload.program == program["program"]]
    return folders + uploads


def tables_from(
    loaded: LoadedLogs, program: Mapping[str, Any], city: City, exported_on: date
) -> dict[str, pd.DataFrame]:
    """The outreach tables of logs already loaded, unprotected. Tables without rows are left out."""
    frames, place = loaded.frames, str(program["city"])
    areas, links = city.areas, city.links
    shifts, activities, requests = frames["core_shift"], frames["core_activity"], frames["core_request"]
    tables: dict[str, pd.DataFrame] = {}
    if not activities.empty:
        since = _first(activities["occurred_at"])
        tables["out_activity"] = activity_counts(activities, place, areas, links, since, exported_on)
        tables["out_participant"] = participant_counts(activities, place, since, exported_on)
    if not requests.empty:
        since = _first(requests["received_at"])
        tables["out_request"] = request_counts(requests, place, areas, links, since, exported_on)
        tables["out_request_time"] = request_times(requests, place, since, exported_on)
    if not shifts.empty:
        since = _first(shifts["started_at"])
        tables["out_shift"] = shift_months(shifts, since, exported_on)
        tables["out_provider"] = provider_months(
            frames["core_provider"],
            shifts,
            frames["core_required_record"],
            frames["core_funding"],
            since,
            exported_on,
        )
        tables["out_hours_weekday_hour"] = weekday_hours(shifts, since, exported_on)
        if not city.monthly.empty:
            tables["out_route_coverage"] = route_coverage(
                shifts, areas, links, city.monthly, since, exported_on
            )
    if not frames["core_funding"].empty:
        tables["core_funding"] = frames["core_funding"]
    tables["out_quality"] = quality_rows(loaded, program)
    simulated = bool(program.get("simulated", False))
    return {
        name: _in_order(name, frame.assign(program=program["program"], city=place, simulated=simulated))
        for name, frame in tables.items()
        if not frame.empty
    }


def quality_rows(loaded: LoadedLogs, program: Mapping[str, Any]) -> pd.DataFrame:
    """What was wrong with the logs, as rows of out_quality: one for each log and reason, and the row counts."""
    forms: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for count in loaded.counts:
        forms[count.form] += count.rows
        accepted[count.form] += count.accepted
    reasons = Counter((finding.form, finding.reason) for finding in loaded.findings)
    rows: list[tuple[str, str, int, int | None, str]] = []
    for form, number in sorted(forms.items()):
        rows.append((form, "rows_read", number, None, "Rows in the log"))
        rows.append(
            (form, "rows_quarantined", number - accepted[form], number, "Set aside, each with its reason")
        )
    for (form, reason), number in sorted(reasons.items()):
        rule = REASONS[reason]
        handled = {
            "refused": "The file was not read",
            "quarantined": "The rows were set aside",
            "warning": "The rows were kept",
        }
        says = f"{rule.says[0].upper()}{rule.says[1:]}. {handled[rule.severity]}"
        rows.append((form, reason, number, forms[form] or None, says))
    frame = pd.DataFrame(rows, columns=["form", "figure", "value", "base", "note"])
    source = str(program["program"]) + "/" + frame["form"]
    return frame.assign(
        source=source, value=frame["value"].astype(float), base=frame["base"].astype("Float64")
    )


def _first(times: pd.Series) -> date:
    return times.min().date()


def _in_order(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns as the dictionary has them, then `is_provisional` where protection needs it; `n_flag` comes with it."""
    wanted = [column for column in load_dictionary()[name].column_names if column != "n_flag"]
    extra = [column for column in ("is_provisional",) if column in frame.columns]
    return frame[[*wanted, *extra]]
