"""Outreach logs, read and checked: nothing is lost, every row is either accepted or set aside with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from etl.dictionary import Table
from etl.logs.cells import elapsed_hours
from etl.logs.entry_checks import Repeats, catch_all_findings, check_mediations
from etl.logs.findings import Finding
from etl.logs.forms import FORMS, Form
from etl.logs.identity import keyed
from etl.logs.places import Areas, Providers
from etl.logs.reading import Refused, Sheet, log_files, read_log
from etl.logs.row_checks import Entry, Setting, read_entries
from etl.logs.shift_checks import check_shifts


@dataclass(frozen=True)
class FileCount:
    """Rows of one file: every one is accepted or quarantined. A refused file counts no rows."""

    form: str
    file: str
    rows: int
    accepted: int
    quarantined: int


@dataclass
class LoadedLogs:
    """What a set of logs brought.

    frames     core table → accepted rows with the dictionary's columns; every form has one, maybe empty
    findings   all that is wrong, by file and row
    counts     one for each file read
    """

    frames: dict[str, pd.DataFrame]
    findings: list[Finding]
    counts: list[FileCount] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(count.rows for count in self.counts)

    @property
    def accepted(self) -> int:
        return sum(count.accepted for count in self.counts)

    @property
    def quarantined(self) -> int:
        return sum(count.quarantined for count in self.counts)


def load_logs(
    places: Path | Iterable[Path],
    program: Mapping[str, Any],
    areas: pd.DataFrame,
    providers: Iterable[tuple[str, str]] = (),
    *,
    key: bytes,
    exported_on: date | None = None,
) -> LoadedLogs:
    """Read and check every log in the files or folders given.

    program      a program file as a dictionary; `[logs]` gives time_zone and, for invented logs, exported_on
    areas        core_area rows of the program's city: geography, area, name
    providers    short and full names known beyond those in a providers log among the files
    key          of the keyed hashes that stand for worker and participant ids (`identity.read_or_make_key`)
    exported_on  times after it are errors; default: the program's, else today

    A faulty file or row never raises: it becomes a finding. Rows are typed by the dictionary.
    """
    folder_or_files = [places] if isinstance(places, Path) else list(places)
    sheets, findings = _sheets(folder_or_files, bool(program.get("simulated", False)))
    setting = _setting(program, areas, [], exported_on)
    named = list(providers)
    accepted: dict[str, list[Entry]] = {}
    counts = []
    for form in FORMS:
        # Providers come first, so that the other logs can be checked against them.
        if form.name != "providers":
            setting = _setting(program, areas, named, exported_on)
        repeats = Repeats()
        kept = accepted.setdefault(form.name, [])
        entries: list[Entry] = []
        for sheet in (sheet for sheet in sheets if sheet.form == form):
            read = list(read_entries(sheet, setting))
            for entry in read:
                repeats.check(entry)
            good = [entry for entry in read if not entry.quarantined]
            counts.append(FileCount(form.name, sheet.file, len(read), len(good), len(read) - len(good)))
            kept += good
            entries += read
            findings += sheet.findings
        if form.name == "providers":
            named += [(str(entry.values["provider"]), str(entry.values["name"])) for entry in kept]
        findings += _together(form, kept)
        findings += [finding for entry in entries for finding in entry.findings]
    frames = {form.table: _frame(form, accepted[form.name], program, setting.zone, key) for form in FORMS}
    return LoadedLogs(frames, findings, counts)


def _sheets(places: list[Path], is_simulated: bool) -> tuple[list[Sheet], list[Finding]]:
    sheets: list[Sheet] = []
    findings: list[Finding] = []
    for path in log_files(places):
        try:
            for sheet in read_log(path):
                mark = _marked_wrongly(sheet, is_simulated)
                if mark:
                    findings.append(mark)
                else:
                    sheets.append(sheet)
        except Refused as refused:
            findings += refused.findings
    return sheets, findings


def _marked_wrongly(sheet: Sheet, is_simulated: bool) -> Finding | None:
    """Simulated and real never meet: the whole file is refused when one row says otherwise."""
    if "simulated" in sheet.header:
        position = sheet.header.index("simulated")
        marks = {cells[position].lower() if position < len(cells) else "" for _, cells in sheet.rows}
    else:
        marks = {""}
    if is_simulated and marks != {"true"}:
        return Finding(sheet.form.name, sheet.file, "not_marked_simulated", column="simulated")
    if not is_simulated and not marks <= {"", "false", "no"}:
        return Finding(sheet.form.name, sheet.file, "simulated_rows", column="simulated")
    return None


def _setting(
    program: Mapping[str, Any],
    areas: pd.DataFrame,
    providers: list[tuple[str, str]],
    exported_on: date | None,
) -> Setting:
    logs = program.get("logs", {})
    months = [
        str(phase["first_month"]) for phase in program.get("phase", []) if phase.get("kind") != "before"
    ]
    return Setting(
        areas=Areas(areas),
        providers=Providers(providers),
        zone=ZoneInfo(logs.get("time_zone", "America/Chicago")),
        first_day=date.fromisoformat(min(months)[:7] + "-01") if months else None,
        exported_on=exported_on or logs.get("exported_on") or date.today(),
    )


def _together(form: Form, entries: list[Entry]) -> list[Finding]:
    if form.name == "shifts":
        check_shifts(entries)
    if form.name == "activities":
        check_mediations(entries)
        return catch_all_findings(entries)
    return []


def _frame(
    form: Form, entries: list[Entry], program: Mapping[str, Any], zone: ZoneInfo, key: bytes
) -> pd.DataFrame:
    rows = []
    for entry in entries:
        row: dict[str, Any] = {
            **entry.values,
            "city": program["city"],
            "program": program["program"],
            "simulated": bool(program.get("simulated", False)),
            "source_file": entry.file,
            "source_row": entry.row,
        }
        for name in ("worker", "participant"):
            if row.get(name) is not None:
                row[name] = keyed(key, name, str(entry.provider), str(row[name]))
        if form.name == "shifts":
            row["hours"] = elapsed_hours(row["started_at"], row["ended_at"], zone)
        rows.append(row)
    return typed_frame(form.definition, rows)


KINDS: dict[str, Any] = {
    "TIMESTAMP": "datetime64[us]",
    "DATE": "datetime64[us]",
    "INTEGER": "Int64",
    "BIGINT": "Int64",
    "DOUBLE": "Float64",
    "BOOLEAN": "boolean",
    "VARCHAR": "string",
}


def typed_frame(table: Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with exactly the dictionary's columns and types."""
    return pd.DataFrame(
        {
            column.name: pd.Series([row.get(column.name) for row in rows], dtype="object").astype(
                KINDS[column.type]
            )
            for column in table.columns
        }
    )
