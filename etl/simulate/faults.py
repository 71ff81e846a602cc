"""Plants the faults that real outreach logs have, each in rows of its own, and writes down where.

Works on logs as text cells. Every planted fault is listed in `planted_faults.csv` (file, record, reason);
the reasons are those of `etl.logs.findings`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from etl.simulate.clock import fall_back, spring_forward
from etl.simulate.work import CATCH_ALL_PROVIDER, Log

TIME = "%Y-%m-%d %H:%M"
WRONG_AREAS = ("Downtown-ish", "Copperlarch / Millwren", "N side", "Lantern block", "Thimbelgate")
SEVEN_DAYS_WORKER = ("tenth-bell", "TB-06", "2023-05-01", 70)


Planted = list[tuple[str, str, str]]


@dataclass
class Planter:
    """A log, which rows are still untouched, and what was planted (file, record, reason)."""

    file: str
    log: Log
    rng: np.random.Generator
    key: str = "record"
    planted: Planted = field(default_factory=list)
    added: Log = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def choose(
        self, count: int, where: Callable[[dict[str, str]], bool] | None = None
    ) -> list[dict[str, str]]:
        """Rows not used by another fault, in order. Raises ValueError when there are too few."""
        free = [
            number
            for number, row in enumerate(self.log)
            if number not in self.used and (where is None or where(row))
        ]
        chosen = sorted(int(number) for number in self.rng.choice(free, size=count, replace=False))
        self.used.update(chosen)
        return [self.log[number] for number in chosen]

    def change(
        self,
        reason: str,
        count: int,
        column: str,
        edit: Callable[[str], str],
        where: Callable[[dict[str, str]], bool] | None = None,
    ) -> None:
        """Edit one cell of `count` rows."""
        for row in self.choose(count, where):
            row[column] = edit(row[column])
            self.note(reason, row)

    def note(self, reason: str, row: dict[str, str]) -> None:
        self.planted.append((self.file, row[self.key], reason))

    def add(self, reason: str, like: dict[str, str], **cells: str) -> None:
        """Append a copy of a row with some cells changed."""
        self.added.append({**like, **cells})
        self.note(reason, self.added[-1])

    def repeat_rows(self, count: int) -> None:
        """Enter rows a second time, alike in every cell."""
        for row in self.choose(count):
            self.add("duplicate_row", row)

    def finished(self) -> tuple[Log, Planted]:
        return self.log + self.added, self.planted


def plant_in_shifts(log: Log, rng: np.random.Generator) -> tuple[Log, Planted]:
    planter = Planter("shifts.csv", [dict(row) for row in log], rng)
    _claim_every_day(planter)
    _clock_change_ends(planter, "time_does_not_exist", spring_forward, "02:30")
    _clock_change_ends(planter, "time_happens_twice", fall_back, "01:30")
    for number, row in enumerate(planter.choose(40)):
        planter.add("hours_billed_twice", row, record=f"S9{number:04d}", funder="county")
    for number, row in enumerate(planter.choose(14)):
        start = _shifted(row["started_at"], hours=3)
        planter.add("overlapping_shifts", row, record=f"S8{number:04d}", started_at=start)
    planter.change("shift_too_long", 5, "ended_at", lambda cell: _shifted(cell, hours=12), _is_sunday_evening)
    for row in planter.choose(60, _is_long_ago):
        row["logged_at"] = _late(rng, row["ended_at"])
        planter.note("late_entry", row)
    for row in planter.choose(9):
        row["started_at"], row["ended_at"] = row["ended_at"], row["started_at"]
        planter.note("times_out_of_order", row)
    for row in planter.choose(5):
        row["logged_at"] = _shifted(row["started_at"], hours=-30)
        planter.note("logged_before_it_happened", row)
    planter.change("hour_24", 15, "ended_at", lambda cell: cell[:10] + " 24:00")
    planter.change(
        "unreadable_time", 7, "started_at", lambda cell: cell.replace("-", "/").replace("/", "-", 1) + "h"
    )
    planter.change("time_in_future", 2, "ended_at", lambda cell: "2062" + cell[4:])
    planter.change("unknown_area", 12, "area", lambda _: str(rng.choice(WRONG_AREAS)))
    planter.change("unknown_provider", 5, "provider", lambda _: "lantern row inc")
    planter.change("missing_value", 6, "worker", lambda _: "")
    planter.repeat_rows(10)
    for row in planter.choose(6):
        planter.add("record_number_used_twice", row, record=row["record"], funder="county-2")
    return planter.finished()


def plant_in_activities(log: Log, rng: np.random.Generator) -> tuple[Log, Planted]:
    planter = Planter("activities.csv", [dict(row) for row in log], rng)
    crew: dict[str, list[str]] = {}
    for entry in log:
        if entry["worker"] not in crew.setdefault(entry["provider"], []):
            crew[entry["provider"]].append(entry["worker"])
    for number, row in enumerate(planter.choose(45, lambda row: row["kind"] == "mediation")):
        planter.add(
            "conflict_logged_twice",
            row,
            record=f"A9{number:04d}",
            worker=str(rng.choice([worker for worker in crew[row["provider"]] if worker != row["worker"]])),
            occurred_at=_shifted(row["occurred_at"], minutes=-int(rng.integers(1, 25))),
            note="same dispute, other worker's entry",
        )
    planter.change("blank_outcome", 160, "outcome", lambda _: "", lambda row: row["outcome"] != "")
    for row in planter.choose(220, _is_long_ago):
        row["logged_at"] = _late(rng, row["occurred_at"])
        planter.note("late_entry", row)
    for row in planter.choose(8):
        row["logged_at"] = _shifted(row["occurred_at"], hours=-30)
        planter.note("logged_before_it_happened", row)
    planter.change("unknown_area", 30, "area", lambda _: str(rng.choice(WRONG_AREAS)))
    planter.change("unknown_provider", 6, "provider", lambda _: "harbor kettle (old)")
    planter.change("unreadable_time", 8, "occurred_at", lambda cell: "about " + cell[11:])
    planter.change("hour_24", 6, "occurred_at", lambda cell: cell[:10] + " 24:00")
    planter.change("unknown_value", 9, "kind", lambda _: "Mediaton")
    planter.change("missing_value", 5, "worker", lambda _: "")
    planter.change("formula_cell", 3, "people", lambda cell: f"={cell}+1")
    planter.change("unreadable_number", 4, "people", lambda _: "three")
    planter.repeat_rows(12)
    planter.planted.append((planter.file, CATCH_ALL_PROVIDER, "catch_all_share"))
    return planter.finished()


def plant_in_requests(log: Log, rng: np.random.Generator) -> tuple[Log, Planted]:
    planter = Planter("requests.csv", [dict(row) for row in log], rng)
    for row in planter.choose(14, lambda row: row["arrived_at"] != ""):
        row["arrived_at"] = _shifted(row["received_at"], minutes=-20)
        planter.note("times_out_of_order", row)
    planter.change("blank_outcome", 20, "outcome", lambda _: "", lambda row: row["answered_at"] != "")
    planter.change("unknown_area", 10, "area", lambda _: str(rng.choice(WRONG_AREAS)))
    planter.change("unknown_value", 4, "source", lambda _: "cops")
    planter.change("hour_24", 4, "received_at", lambda cell: cell[:10] + " 24:00")
    planter.change("time_in_future", 2, "received_at", lambda cell: "2062" + cell[4:])
    planter.repeat_rows(5)
    return planter.finished()


def plant_in_conduct_reports(log: Log, rng: np.random.Generator) -> tuple[Log, Planted]:
    planter = Planter("conduct_reports.csv", [dict(row) for row in log], rng)
    for row in planter.choose(2, lambda row: row["closed_on"] != ""):
        row["closed_on"] = str(dt.date.fromisoformat(row["reported_on"]) - dt.timedelta(days=9))
        planter.note("times_out_of_order", row)
    planter.change("unknown_provider", 1, "provider", lambda _: "LR")
    return planter.finished()


def plant_in_funding(log: Log, rng: np.random.Generator) -> tuple[Log, Planted]:
    planter = Planter("funding.csv", [dict(row) for row in log], rng, key="funding")
    planter.change("unreadable_number", 1, "amount_usd", lambda cell: "O" + cell[1:])
    planter.change("unreadable_date", 1, "date", lambda cell: "late " + cell[:4])
    return planter.finished()


def _claim_every_day(planter: Planter) -> None:
    """One worker claims eight hours a day, seven days a week, for seventy days."""
    provider, worker, first, days = SEVEN_DAYS_WORKER
    start = dt.date.fromisoformat(first)
    # His own shifts make room, a day more at each end, so that the run is as long as it says.
    span = (str(start - dt.timedelta(days=1)), str(start + dt.timedelta(days=days + 1)))
    planter.log = [
        row for row in planter.log if row["worker"] != worker or not span[0] <= row["started_at"] <= span[1]
    ]
    template = next(row for row in planter.log if row["provider"] == provider)
    for number in range(days):
        date = start + dt.timedelta(days=number)
        planter.added.append(
            {
                **template,
                "record": f"S7{number:04d}",
                "worker": worker,
                "started_at": f"{date} 12:00",
                "ended_at": f"{date} 20:00",
                "logged_at": f"{date} 20:05",
            }
        )
    planter.planted.append((planter.file, "S70000", "no_day_off"))


def _clock_change_ends(planter: Planter, reason: str, day: Callable[[int], dt.date], time: str) -> None:
    """Let one shift of the Saturday before each clock change end in the hour in question."""
    for year in (2022, 2023, 2024):
        sunday = day(year)
        saturday = str(sunday - dt.timedelta(days=1))
        for row in planter.choose(1, lambda row, day=saturday: row["started_at"].startswith(day)):  # type: ignore[misc]
            row["ended_at"] = f"{sunday} {time}"
            row["logged_at"] = f"{sunday} 12:00"
            planter.note(reason, row)


def _is_sunday_evening(row: dict[str, str]) -> bool:
    """Street shifts of a Sunday: nobody works on Monday or Tuesday, so a longer one overlaps nothing."""
    start = dt.datetime.strptime(row["started_at"], TIME)
    return start.weekday() == 6 and start.hour == 14


def _is_long_ago(row: dict[str, str]) -> bool:
    """Early enough that even a late entry was made before the log was exported."""
    return row["logged_at"] < "2025-12-15"


def _shifted(cell: str, **by: float) -> str:
    return (dt.datetime.strptime(cell, TIME) + dt.timedelta(**by)).strftime(TIME)


def _late(rng: np.random.Generator, cell: str) -> str:
    """Four to thirty days later, at ten in the morning."""
    return _shifted(cell, days=int(rng.integers(4, 31)))[:10] + " 10:00"
