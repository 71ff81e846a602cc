"""Plants the faults that real outreach logs have, each in rows of its own, and writes down where.

Works on logs as text cells. Every planted fault is listed in `planted_faults.csv` (file, record, reason);
the reasons are those of `etl.logs.findings`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from etl.simulate.clock import fall_back, spring_forward
from etl.simulate.work import CATCH_ALL_PROVIDER

TIME = "%Y-%m-%d %H:%M"
WRONG_AREAS = ("Downtown-ish", "Copperlarch / Millwren", "N side", "Lantern block", "Thimbelgate")
SEVEN_DAYS_WORKER = ("tenth-bell", "TB-06", "2023-05-01", 70)


@dataclass
class Planter:
    """A log as text cells, which rows are still untouched, and what was planted."""

    file: str
    log: pd.DataFrame
    rng: np.random.Generator
    planted: list[tuple[str, str, str]] = field(default_factory=list)
    added: list[dict[str, str]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)

    def choose(self, count: int, where: pd.Series | None = None) -> list[int]:
        """Row labels not used by another fault. Raises ValueError when there are too few."""
        open_rows = [row for row in (self.log.index if where is None else self.log.index[where]) if row not in self.used]
        chosen = sorted(int(row) for row in self.rng.choice(open_rows, size=count, replace=False))
        self.used.update(chosen)
        return chosen

    def change(
        self, reason: str, count: int, column: str, edit: Callable[[str], str], where: pd.Series | None = None
    ) -> None:
        """Edit one cell of `count` rows."""
        for row in self.choose(count, where):
            self.log.loc[row, column] = edit(str(self.log.loc[row, column]))
            self.note(reason, row)

    def note(self, reason: str, row: int) -> None:
        self.planted.append((self.file, str(self.log.loc[row, "record"]), reason))

    def add(self, reason: str | None, like: int, **cells: str) -> None:
        """Append a copy of a row with some cells changed."""
        entry = {**self.log.loc[like].to_dict(), **cells}
        self.added.append(entry)
        self.used.add(like)
        if reason:
            self.planted.append((self.file, entry["record"], reason))

    def repeat_rows(self, count: int) -> None:
        """Enter rows a second time, alike in every cell."""
        for row in self.choose(count):
            self.add("duplicate_row", row)

    def finished(self) -> pd.DataFrame:
        return pd.concat([self.log, pd.DataFrame(self.added)], ignore_index=True)


def plant_in_shifts(log: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    planter = Planter("shifts.csv", log.copy(), rng)
    _claim_every_day(planter)
    alone = _no_shift_next_day(planter.log)
    _clock_change_ends(planter, "time_does_not_exist", spring_forward, "02:30")
    _clock_change_ends(planter, "time_happens_twice", fall_back, "01:30")
    for number, row in enumerate(planter.choose(40)):
        planter.add("hours_billed_twice", row, record=f"S9{number:04d}", funder="county")
    for number, row in enumerate(planter.choose(14)):
        start = _shifted(planter.log.loc[row, "started_at"], hours=3)
        planter.add("overlapping_shifts", row, record=f"S8{number:04d}", started_at=start)
    planter.change("shift_too_long", 5, "ended_at", lambda cell: _shifted(cell, hours=11), alone)
    for row in planter.choose(60):
        planter.log.loc[row, "logged_at"] = _late(rng, planter.log.loc[row, "ended_at"])
        planter.note("late_entry", row)
    for row in planter.choose(9):
        start, end = planter.log.loc[row, "started_at"], planter.log.loc[row, "ended_at"]
        planter.log.loc[row, ["started_at", "ended_at"]] = [end, start]
        planter.note("times_out_of_order", row)
    for row in planter.choose(5):
        planter.log.loc[row, "logged_at"] = _shifted(planter.log.loc[row, "started_at"], hours=-30)
        planter.note("logged_before_it_happened", row)
    planter.change("hour_24", 15, "ended_at", lambda cell: cell[:10] + " 24:00")
    planter.change("unreadable_time", 7, "started_at", lambda cell: cell.replace("-", "/").replace("/", "-", 1) + "h")
    planter.change("time_in_future", 2, "ended_at", lambda cell: "2062" + cell[4:])
    planter.change("unknown_area", 12, "area", lambda _: str(rng.choice(WRONG_AREAS)))
    planter.change("unknown_provider", 5, "provider", lambda _: "lantern row inc")
    planter.change("missing_value", 6, "worker", lambda _: "")
    planter.repeat_rows(10)
    for row in planter.choose(6):
        planter.add("record_number_used_twice", row, record=planter.log.loc[row, "record"], funder="county-2")
    return planter.finished(), planter.planted


def plant_in_activities(
    log: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    planter = Planter("activities.csv", log.copy(), rng)
    mediation = log["kind"] == "mediation"
    partner = log.groupby("provider")["worker"].unique()
    for number, row in enumerate(planter.choose(45, mediation)):
        entry = planter.log.loc[row]
        others = [worker for worker in partner[entry["provider"]] if worker != entry["worker"]]
        planter.add(
            "conflict_logged_twice",
            row,
            record=f"A9{number:04d}",
            worker=str(rng.choice(others)),
            occurred_at=_shifted(entry["occurred_at"], minutes=-int(rng.integers(1, 25))),
            note="same dispute, other worker's entry",
        )
    has_outcome = log["outcome"] != ""
    planter.change("blank_outcome", 160, "outcome", lambda _: "", has_outcome)
    for row in planter.choose(220):
        planter.log.loc[row, "logged_at"] = _late(rng, planter.log.loc[row, "occurred_at"])
        planter.note("late_entry", row)
    for row in planter.choose(8):
        planter.log.loc[row, "logged_at"] = _shifted(planter.log.loc[row, "occurred_at"], hours=-30)
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
    return planter.finished(), planter.planted


def plant_in_requests(
    log: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    planter = Planter("requests.csv", log.copy(), rng)
    for row in planter.choose(14, log["arrived_at"] != ""):
        planter.log.loc[row, "arrived_at"] = _shifted(planter.log.loc[row, "received_at"], minutes=-20)
        planter.note("times_out_of_order", row)
    planter.change("blank_outcome", 20, "outcome", lambda _: "", log["answered_at"] != "")
    planter.change("unknown_area", 10, "area", lambda _: str(rng.choice(WRONG_AREAS)))
    planter.change("unknown_value", 4, "source", lambda _: "cops")
    planter.change("hour_24", 4, "received_at", lambda cell: cell[:10] + " 24:00")
    planter.change("time_in_future", 2, "received_at", lambda cell: "2062" + cell[4:])
    planter.repeat_rows(5)
    return planter.finished(), planter.planted


def plant_in_paperwork(
    reports: pd.DataFrame, money: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[str, str, str]]]:
    """Faults in conduct reports and funding."""
    conduct = Planter("conduct_reports.csv", reports.copy(), rng)
    for row in conduct.choose(2, reports["closed_on"] != ""):
        conduct.log.loc[row, "closed_on"] = str(
            dt.date.fromisoformat(conduct.log.loc[row, "reported_on"]) - dt.timedelta(days=9)
        )
        conduct.note("times_out_of_order", row)
    conduct.change("unknown_provider", 1, "provider", lambda _: "LR")
    funding = Planter("funding.csv", money.rename(columns={"funding": "record"}), rng)
    funding.change("unreadable_number", 1, "amount_usd", lambda cell: cell.replace("0", "O", 1))
    funding.change("unreadable_date", 1, "date", lambda cell: "late " + cell[:4])
    return (
        conduct.finished(),
        funding.finished().rename(columns={"record": "funding"}),
        conduct.planted + funding.planted,
    )


def _claim_every_day(planter: Planter) -> None:
    """One worker claims eight hours a day, seven days a week, for seventy days."""
    provider, worker, first, days = SEVEN_DAYS_WORKER
    start = dt.date.fromisoformat(first)
    log = planter.log
    mine = (log["worker"] == worker) & log["started_at"].between(first, str(start + dt.timedelta(days=days)))
    like = int(log.index[(log["provider"] == provider) & ~mine][0])
    planter.log = log.loc[~mine].reset_index(drop=True)
    template = log.loc[like].to_dict()
    for day in range(days):
        date = start + dt.timedelta(days=day)
        planter.added.append(
            {
                **template,
                "record": f"S7{day:04d}",
                "worker": worker,
                "started_at": f"{date} 12:00",
                "ended_at": f"{date} 20:00",
                "logged_at": f"{date} 20:05",
            }
        )
    planter.planted.append((planter.file, "S70000", "no_day_off"))


def _clock_change_ends(
    planter: Planter, reason: str, day: Callable[[int], dt.date], time: str
) -> None:
    """Let one shift of the Saturday before each clock change end in the hour in question."""
    for year in (2022, 2023, 2024):
        sunday = day(year)
        saturday = str(sunday - dt.timedelta(days=1))
        rows = [
            row
            for row in planter.log.index[planter.log["started_at"].str.startswith(saturday)]
            if row not in planter.used
        ]
        planter.used.add(rows[0])
        planter.log.loc[rows[0], "ended_at"] = f"{sunday} {time}"
        planter.log.loc[rows[0], "logged_at"] = f"{sunday} 12:00"
        planter.note(reason, rows[0])


def _no_shift_next_day(log: pd.DataFrame) -> pd.Series:
    """Street shifts on a Sunday: nobody works on Monday or Tuesday, so a longer one overlaps nothing."""
    start = pd.to_datetime(log["started_at"])
    return (start.dt.weekday == 6) & (start.dt.hour == 14)


def _shifted(cell: str, **by: float) -> str:
    return (dt.datetime.strptime(cell, TIME) + dt.timedelta(**by)).strftime(TIME)


def _late(rng: np.random.Generator, cell: str) -> str:
    """Four to thirty days later, at ten in the morning."""
    return _shifted(cell, days=int(rng.integers(4, 31)))[:10] + " 10:00"
