"""What can be told from one row: cells, times in order, lateness, a missing outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from etl.logs.cells import BadCell, Value, cell_value, clock_fault
from etl.logs.findings import LATE_AFTER_HOURS, REASONS, Finding
from etl.logs.forms import Form
from etl.logs.places import Areas, Providers
from etl.logs.reading import Sheet

NEEDS_OUTCOME = frozenset({"mediation", "shooting_response", "hospital_response", "referral", "follow_up"})


@dataclass(frozen=True)
class Setting:
    """What a log is checked against: its program's city, clock, first month and day of export."""

    areas: Areas
    providers: Providers
    zone: ZoneInfo
    first_day: date | None
    exported_on: date


@dataclass
class Entry:
    """One row of a log: its cells as text, its values, what is wrong with it."""

    form: Form
    file: str
    row: int
    text: dict[str, str]
    values: dict[str, Value]
    findings: list[Finding]

    @property
    def quarantined(self) -> bool:
        return any(finding.severity == "quarantined" for finding in self.findings)

    @property
    def provider(self) -> str | None:
        found = self.values.get("provider")
        return found if isinstance(found, str) else None

    @property
    def month(self) -> date | None:
        at = self.values.get(self.form.at)
        return date(at.year, at.month, 1) if isinstance(at, date) else None

    def note(self, reason: str, column: str | None = None, detail: str = "") -> None:
        assert reason in REASONS, reason
        self.findings.append(
            Finding(self.form.name, self.file, reason, self.row, column, self.provider, self.month, detail)
        )


def read_entries(sheet: Sheet, setting: Setting) -> Iterator[Entry]:
    """Every row of a sheet as an entry, in order, checked by itself."""
    for number, cells in sheet.rows:
        entry = Entry(sheet.form, sheet.file, number, dict(zip(sheet.header, cells, strict=False)), {}, [])
        if len(cells) != len(sheet.header):
            entry.note("row_length")
        else:
            _read_cells(entry, setting)
            if not entry.quarantined:
                _check_times(entry, setting)
                _check_outcome(entry)
        yield entry


def _read_cells(entry: Entry, setting: Setting) -> None:
    for column in entry.form.columns:
        text = entry.text.get(column.name, "")
        try:
            value = cell_value(column, text)
            entry.values[column.name] = value
            if column.name == "area" and value is not None:
                _place(entry, str(value), setting.areas)
            elif column.name == "provider" and value is not None and entry.form.name != "providers":
                entry.values["provider"] = setting.providers.find(str(value))
                if entry.values["provider"] is None:
                    raise BadCell("unknown_provider")
        except BadCell as fault:
            entry.values[column.name] = None
            entry.note(fault.reason, column.name, fault.detail)


def _place(entry: Entry, text: str, areas: Areas) -> None:
    found = areas.find(text)
    if found is None:
        raise BadCell("unknown_area", areas.nearest(text))
    entry.values["geography"], entry.values["area"] = found


def _check_times(entry: Entry, setting: Setting) -> None:
    for name, value in entry.values.items():
        if isinstance(value, date) and not _is_open_ended(name) and _day(value) > setting.exported_on:
            entry.note("time_in_future", name)
    for name in entry.form.clock:
        moment = entry.values.get(name)
        fault = clock_fault(moment, setting.zone) if isinstance(moment, datetime) else None
        if fault:
            entry.note(fault, name)
    if entry.quarantined:
        return
    steps = [(name, entry.values[name]) for name in entry.form.in_order if entry.values.get(name) is not None]
    for (_, earlier), (name, later) in pairwise(steps):
        if later < earlier:  # type: ignore[operator]
            entry.note("times_out_of_order", name)
            return
    first = entry.values[entry.form.at]
    if setting.first_day and isinstance(first, datetime) and first.date() < setting.first_day:
        entry.note("before_the_program", entry.form.at)
    _check_lateness(entry)


def _check_lateness(entry: Entry) -> None:
    logged, start, end = (entry.values.get(name) for name in ("logged_at", entry.form.at, entry.form.until))
    if not (isinstance(logged, datetime) and isinstance(start, datetime) and isinstance(end, datetime)):
        return
    if logged < start:
        entry.note("logged_before_it_happened", "logged_at")
    elif logged - end > timedelta(hours=LATE_AFTER_HOURS):
        entry.note("late_entry", "logged_at")


def _check_outcome(entry: Entry) -> None:
    expected = entry.form.name == "requests" or entry.values.get("kind") in NEEDS_OUTCOME
    if expected and "outcome" in entry.values and entry.values["outcome"] is None:
        entry.note("blank_outcome", "outcome")


def _is_open_ended(column: str) -> bool:
    """Contract periods and due days may lie ahead."""
    return column in {"first_month", "last_month", "period_start", "period_end", "month", "due_on"}


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
