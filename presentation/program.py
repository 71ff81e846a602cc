"""A program as its file describes it: phases, readings, area groups, events, analyses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from presentation import numbers, words

Plain = dict[str, Any]


@dataclass(frozen=True)
class Phase:
    """One phase. `is_band`: it follows the others in time and is drawn on the axis."""

    id: str
    name: str
    kind: str
    first_month: str
    last_month: str | None
    source: str
    certainty: str
    is_band: bool = True


@dataclass(frozen=True)
class Event:
    id: str
    date: str
    name: str
    description: str
    source: str


@dataclass(frozen=True)
class Program:
    """One program, read from `core_program.program_json`."""

    id: str
    city: str
    name: str
    summary: str
    is_simulated: bool
    phases: tuple[Phase, ...] = ()
    events: tuple[Event, ...] = ()
    plain: Plain = field(default_factory=dict, repr=False)

    def entries(self, table: str) -> list[Plain]:
        """Entries of one table of the program file, e.g. analysis, catchment, baseline, fact."""
        return list(self.plain.get(table) or ())

    def entry(self, table: str, id: str) -> Plain:
        return next((item for item in self.entries(table) if item.get("id") == id), {})

    def phase_name(self, id: str) -> str:
        return next((phase.name for phase in self.phases if phase.id == id), words.plain(id))

    def catchment_name(self, id: str) -> str:
        return self.entry("catchment", id).get("name") or words.plain(id)

    def baseline_name(self, id: str) -> str:
        """A baseline window in words, from its id or from `first/last`."""
        known = self.entry("baseline", id)
        if known:
            return numbers.months_between(known["first_month"], known["last_month"], short=True)
        return words.baseline(id)

    def analyses(self) -> list[Plain]:
        """Fixed analyses, the primary one first, otherwise in the order of the file."""
        order = {"primary": 0, "main": 1, "secondary": 2}
        return sorted(self.entries("analysis"), key=lambda item: order.get(item.get("listed", "main"), 1))


def read_program(row: Plain) -> Program:
    """A program from one row of `core_program`."""
    plain = json.loads(row["program_json"])
    phases = tuple(
        Phase(
            id=item["id"],
            name=item["name"],
            kind=item["kind"],
            first_month=str(item["first_month"]),
            last_month=str(item["last_month"]) if item.get("last_month") else None,
            source=item.get("source", ""),
            certainty=item.get("certainty", ""),
            is_band=item.get("role", "phase") == "phase",
        )
        for item in plain.get("phase", ())
    )
    events = tuple(
        Event(
            item["id"], str(item["date"]), item["name"], item.get("description", ""), item.get("source", "")
        )
        for item in sorted(plain.get("event", ()), key=lambda item: str(item["date"]))
    )
    return Program(
        id=row["program"],
        city=row["city"],
        name=row["name"],
        summary=row["summary"],
        is_simulated=bool(row["simulated"]),
        phases=phases,
        events=events,
        plain=plain,
    )
