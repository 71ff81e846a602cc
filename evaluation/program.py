"""A program file as the evaluation sees it: windows, readings of the catchment, fixed analyses.

The schema is in docs/architecture.md. Months are text "YYYY-MM" throughout.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.canonical import sha256_of
from evaluation.pools import POOLS


class ProgramError(ValueError):
    """A program file that cannot be evaluated: one line that names the entry and says what to do."""


@dataclass(frozen=True)
class Window:
    """Months from `first` to `last`; `last` None: to the end of the data. kind and role are those of a phase."""

    id: str
    first: str
    last: str | None
    kind: str = ""
    role: str = "phase"

    def inside(self, months: Sequence[str]) -> list[bool]:
        return [self.first <= month and (self.last is None or month <= self.last) for month in months]


@dataclass(frozen=True)
class Catchment:
    """One reading of the areas served. starts: area → first month, for staggered programs.

    leave_out: areas that are neither treated nor controls under this reading.
    """

    id: str
    geography: str
    areas: tuple[str, ...]
    starts: dict[str, str]
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """One `[[analysis]]`: a question and its registered readings. `raw` is the table as written."""

    id: str
    design: str
    outcome: str
    unit: str
    month_basis: str
    geography: str
    phase: str
    catchments: tuple[str, ...]
    pools: tuple[str, ...]
    baselines: tuple[str, ...]
    headline: tuple[str, str, str]
    placebo_outcomes: tuple[str, ...]
    margin: float | None
    differential_trend: bool
    registration: str
    first_month: str | None
    end: str | None
    exclude_starts_from: str | None
    intervals: tuple[str, ...]
    raw: dict[str, Any]


@dataclass(frozen=True)
class Program:
    """Everything of a program file that an estimate depends on."""

    id: str
    city: str
    phases: dict[str, Window]
    catchments: dict[str, Catchment]
    baselines: dict[str, Window]
    analyses: tuple[Analysis, ...]

    @property
    def ever_treated(self) -> frozenset[str]:
        """Areas treated under any reading; an area of these is never a control."""
        return frozenset(area for catchment in self.catchments.values() for area in catchment.areas)

    def spec_object(self, analysis: Analysis) -> dict[str, Any]:
        """The analysis with the windows and catchments it names: what a spec file holds and its hash is of."""
        return {
            "analysis": {
                key: value
                for key, value in analysis.raw.items()
                if key not in {"question", "registered", "role", "listed"}
            },
            "phases": {item.id: [item.first, item.last] for item in self.phases.values()},
            "baselines": {
                key: [self.baselines[key].first, self.baselines[key].last] for key in analysis.baselines
            },
            "catchments": {
                key: {
                    "areas": sorted(self.catchments[key].areas),
                    "starts": dict(sorted(self.catchments[key].starts.items())),
                    "leave_out": sorted(self.catchments[key].leave_out),
                }
                for key in self.catchments
            },
        }

    def spec_sha256(self, analysis: Analysis) -> str:
        """Hash of `spec_object`: changed dates or areas show."""
        return sha256_of(self.spec_object(analysis))


def parse_program(program: Mapping[str, Any]) -> Program:
    """Read the tables of a program file. Raises ProgramError on one that an analysis cannot use."""
    name = str(program.get("program", ""))
    phases = {str(row["id"]): _window(row) for row in program.get("phase", [])}
    baselines = {str(row["id"]): _window(row) for row in program.get("baseline", [])}
    catchments = {str(row["id"]): _catchment(row) for row in program.get("catchment", [])}
    analyses = tuple(_analysis(row, name) for row in program.get("analysis", []))
    for analysis in analyses:
        known = (
            ("phase", (analysis.phase,), phases),
            ("catchment", analysis.catchments, catchments),
            ("baseline", analysis.baselines, baselines),
            ("pool", analysis.pools, dict.fromkeys(POOLS)),
        )
        for kind, used, found in known:
            missing = [item for item in used if item not in found]
            if missing:
                raise ProgramError(
                    f"{name}: analysis {analysis.id!r} names the {kind} {missing[0]!r}, which is not defined; "
                    f"known are {', '.join(found)}"
                )
        wanted = (analysis.catchments, analysis.pools, analysis.baselines)
        for value, among in zip(analysis.headline, wanted, strict=True):
            if value not in among:
                raise ProgramError(
                    f"{name}: the headline of analysis {analysis.id!r} is not among its readings: {value!r}; "
                    "add it to the list"
                )
    return Program(name, str(program.get("city", "")), phases, catchments, baselines, analyses)


def _window(row: Mapping[str, Any]) -> Window:
    last = row.get("last_month")
    return Window(
        id=str(row["id"]),
        first=month_text(row["first_month"]),
        last=None if last in (None, "") else month_text(last),
        kind=str(row.get("kind", "")),
        role=str(row.get("role", "phase")),
    )


def _catchment(row: Mapping[str, Any]) -> Catchment:
    starts = row.get("starts", {})
    return Catchment(
        id=str(row["id"]),
        geography=str(row["geography"]),
        areas=tuple(str(area) for area in row["areas"]),
        starts={str(area): month_text(month) for area, month in starts.items()},
        leave_out=tuple(str(area) for area in row.get("leave_out", [])),
    )


def _analysis(row: Mapping[str, Any], program: str) -> Analysis:
    try:
        headline = row["headline"]
        return Analysis(
            id=str(row["id"]),
            design=str(row["design"]),
            outcome=str(row["outcome"]),
            unit=str(row["unit"]),
            month_basis=str(row.get("month_basis", "occurred")),
            geography=str(row["geography"]),
            phase=str(row["phase"]),
            catchments=tuple(row["catchments"]),
            pools=tuple(row["pools"]),
            baselines=tuple(row["baselines"]),
            headline=(str(headline["catchment"]), str(headline["pool"]), str(headline["baseline"])),
            placebo_outcomes=tuple(row.get("placebo_outcomes", [])),
            margin=float(row["margin"]) if "margin" in row else None,
            differential_trend=bool(row.get("differential_trend", False)),
            registration=str(row.get("registration", "retrospective")),
            first_month=month_text(row["first_month"]) if "first_month" in row else None,
            end=month_text(row["end"]) if "end" in row else None,
            exclude_starts_from=(
                month_text(row["exclude_starts_from"]) if "exclude_starts_from" in row else None
            ),
            intervals=tuple(row.get("intervals", [])),
            raw=dict(row),
        )
    except KeyError as error:
        raise ProgramError(
            f"{program}: analysis {row.get('id', '?')!r} lacks the key {error}; add it (docs/architecture.md)"
        ) from None


def month_text(value: Any) -> str:
    """A month as YYYY-MM, from text or a date. Raises ProgramError for anything else."""
    if isinstance(value, datetime.date):
        return value.isoformat()[:7]
    text = str(value)
    if len(text) >= 7 and text[4] == "-" and text[:4].isdigit() and text[5:7].isdigit():
        return text[:7]
    raise ProgramError(f"{value!r} is not a month; write it as YYYY-MM, e.g. 2021-06")
