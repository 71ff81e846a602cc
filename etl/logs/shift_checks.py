"""What can be told from a worker's shifts together: overlaps, hours billed twice, no day off."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise

from etl.logs.findings import DAYS_WITHOUT_REST, LONGEST_SHIFT_HOURS
from etl.logs.row_checks import Entry


def check_shifts(entries: list[Entry]) -> None:
    """Notes findings in accepted shift entries, in the order of files and rows."""
    by_worker: dict[tuple[str, str], list[tuple[datetime, datetime, int, Entry]]] = defaultdict(list)
    for order, entry in enumerate(entries):
        start, end = entry.values["started_at"], entry.values["ended_at"]
        assert isinstance(start, datetime) and isinstance(end, datetime)
        if end - start > timedelta(hours=LONGEST_SHIFT_HOURS):
            entry.note("shift_too_long", "ended_at")
        worker = (str(entry.values["provider"]), str(entry.values["worker"]).casefold())
        by_worker[worker].append((start, end, order, entry))
    for shifts in by_worker.values():
        _check_overlaps(shifts)
        _check_days_off(shifts)


def _check_overlaps(shifts: list[tuple[datetime, datetime, int, Entry]]) -> None:
    """The later entry of two that overlap is the one at fault; each entry is noted once."""
    noted: set[int] = set()
    running: list[tuple[datetime, int, Entry]] = []
    for start, end, order, entry in sorted(shifts, key=lambda shift: shift[:3]):
        running = [shift for shift in running if shift[0] > start]
        for _, other_order, other in running:
            late_order, late = max((order, entry), (other_order, other), key=lambda shift: shift[0])
            if late_order not in noted:
                same_funder = entry.values["funder"] == other.values["funder"]
                late.note("overlapping_shifts" if same_funder else "hours_billed_twice", "started_at")
                noted.add(late_order)
        running.append((end, order, entry))


def _check_days_off(shifts: list[tuple[datetime, datetime, int, Entry]]) -> None:
    first_of_day: dict[date, Entry] = {}
    for start, _, _, entry in sorted(shifts, key=lambda shift: shift[:3]):
        first_of_day.setdefault(start.date(), entry)
    days = sorted(first_of_day)
    run = days[:1]
    for before, day in [*pairwise(days), (None, None)]:
        if before is not None and day is not None and day - before == timedelta(days=1):
            run.append(day)
            continue
        if len(run) >= DAYS_WITHOUT_REST:
            first_of_day[run[0]].note("no_day_off", "started_at", f"{len(run)} days from {run[0]}.")
        run = [day] if day is not None else []
