"""The spec of one analysis: what a `SPEC.toml` or an `[[analysis]]` of a program file says.

A spec is frozen and has a SHA-256 (`Spec.sha256`) over the analysis keys and the roles of the columns, all
defaults written out; the file name is no part of it, so the same analysis of a moved file keeps its hash.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from evaluation.canonical import sha256_of
from evaluation.spec_values import (
    Point,
    SpecError,
    read_choice,
    read_excluded,
    read_flag,
    read_labels,
    read_order,
    read_point,
    read_point_or_none,
    read_share,
    read_text,
    read_whole,
)

FAMILIES = ("poisson", "negative-binomial", "gaussian", "log-gaussian", "arima")
DESIGNS = ("single", "controlled", "pooled")

INTERVALS = ("standard", "poisson", "hac", "hc1", "cluster", "cr3", "integrated", "ewc", "randomization")
"""Intervals an estimate may carry; `hac` takes its number of lags after a colon ("hac:1")."""

COMPARISONS = (
    "prais-winsten",
    "cochrane-orcutt",
    "newey-west",
    "negative-binomial",
    "log-gaussian",
    "sarimax-step",
    "sarimax-ramp",
    "local-level",
    "synthetic-control",
)
"""Other methods of the field, asked for by name among the intervals and shown as comparison rows."""

DEFAULT_INTERVALS: dict[tuple[str, str], tuple[str, ...]] = {
    ("single", "poisson"): ("integrated", "ewc", "standard"),
    ("controlled", "poisson"): ("integrated", "ewc", "standard"),
    ("pooled", "poisson"): ("randomization", "cr3", "cluster", "hc1"),
}


@dataclass(frozen=True)
class Phase:
    """A further phase of the program with its own term; `end` None means to the last period."""

    name: str
    start: Point
    end: Point | None = None


@dataclass(frozen=True)
class DataSource:
    """Where the rows are and which column plays which role (the `[data]` table).

    Time is one of: `year` with `month`, `year` alone (one row a year), `date`, or `time` (running index).
    `exclude` holds periods, or ranges written "2020-06/2020-08", that are treated as missing.
    `comparison` lists the areas of the comparison pool; empty means all areas that are not treated.
    `unit` is a label for people (incidents, victims) and no part of the hash.
    """

    outcome: str
    file: Path | None = None
    year: str | None = None
    month: str | None = None
    time: str | None = None
    date: str | None = None
    exposure: str | None = None
    area: str | None = None
    treated: tuple[str, ...] = ()
    treated_from: str | None = None
    comparison: tuple[str, ...] = ()
    cluster: str | None = None
    weights: str | None = None
    exclude: tuple[Point, ...] = ()
    unit: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the rows must have, in a fixed order."""
        named = (
            self.year, self.month, self.time, self.date, self.outcome,
            self.exposure, self.area, self.treated_from, self.cluster, self.weights,
        )  # fmt: skip
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True)
class Spec:
    """One analysis. Keys and defaults as in the `[analysis]` table of a spec file.

    The headline phase runs from `start` to `end` (None: the last period). Every phase, the headline one
    too, is compared with the periods before the first of them; periods that come after `end` and belong
    to no phase are left out. A period inside a further phase belongs to that phase alone.
    """

    data: DataSource
    start: Point
    design: Literal["single", "controlled", "pooled"] = "single"
    family: Literal["poisson", "negative-binomial", "gaussian", "log-gaussian", "arima"] = "poisson"
    end: Point | None = None
    phases: tuple[Phase, ...] = ()
    trend: bool = True
    level: bool = True
    slope: bool = False
    slope_origin: int = 1
    harmonics: int = 0
    period: int = 12
    days_offset: bool = False
    shock: Point | None = None
    differential_trend: bool = False
    covariates: tuple[str, ...] = ()
    order: tuple[int, int, int] = (1, 0, 0)
    seasonal_order: tuple[int, int, int] = (0, 0, 0)
    intervals: tuple[str, ...] = ()
    margin: float = 0.10

    def __post_init__(self) -> None:
        if not self.intervals:
            names = DEFAULT_INTERVALS.get((self.design, self.family), ("standard",))
            object.__setattr__(self, "intervals", names)

    @cached_property
    def sha256(self) -> str:
        """Hash of the analysis keys and column roles in canonical JSON."""
        analysis = {
            item.name: _plain(getattr(self, item.name)) for item in fields(self) if item.name != "data"
        }
        roles = {
            item.name: _plain(getattr(self.data, item.name))
            for item in fields(self.data)
            if item.name not in {"file", "unit"}
        }
        return sha256_of({"analysis": analysis, "data": roles})


def load_spec(path: Path | str) -> Spec:
    """Read a spec file; the data file is taken relative to it.

    Raises SpecError with one line when the file is missing, is not TOML, or holds a bad key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such spec file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: cannot be read as UTF-8 text ({error}); save it as UTF-8") from None
    try:
        mapping = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path}: not valid TOML: {error}; correct that line") from None
    return parse_spec(mapping, folder=path.parent)


def parse_spec(mapping: Mapping[str, Any], folder: Path | None = None) -> Spec:
    """Make a Spec of {"data": {...}, "analysis": {...}}; `folder` is where relative files start.

    Raises SpecError on an unknown, missing or ill-typed key.
    """
    for table in mapping:
        if table not in {"data", "analysis"}:
            raise SpecError(f"[{table}]: unknown table; a spec has [data] and [analysis]")
    for table in ("data", "analysis"):
        if not isinstance(mapping.get(table), Mapping):
            raise SpecError(f"[{table}]: missing; add the table [{table}]")
    data = _data_source(dict(mapping["data"]), folder)
    given = _read(dict(mapping["analysis"]), _ANALYSIS_READERS, "analysis")
    if "start" not in given:
        raise SpecError('analysis.start: missing; write e.g. start = "2021-06"')
    spec = Spec(data=data, **given)
    _check_together(spec)
    return spec


def _check_together(spec: Spec) -> None:
    data = spec.data
    if not (spec.level or spec.slope) and spec.design == "single":
        raise SpecError("analysis.level: level and slope are both false, so there is no effect; set one true")
    if spec.design in {"controlled", "pooled"} and data.area is None:
        raise SpecError(f'data.area: a {spec.design} design needs the column of areas; add area = "…"')
    if spec.design == "controlled" and not data.treated:
        raise SpecError('data.treated: a controlled design needs the treated areas; add treated = ["…"]')
    if spec.design == "pooled" and not (data.treated or data.treated_from):
        raise SpecError('data.treated_from: a pooled design needs treated = […] or treated_from = "column"')
    if data.treated and data.area is None:
        raise SpecError('data.area: treated areas are named but no column of areas; add area = "…"')
    both = sorted(set(data.treated) & set(data.comparison))
    if both:
        raise SpecError(
            f"data.comparison: area {both[0]!r} is also treated; a treated area is never a control"
        )
    if 2 * spec.harmonics > spec.period:
        raise SpecError(
            f"analysis.harmonics: at most {spec.period // 2} for a period of {spec.period}; lower it"
        )
    names = [phase.name for phase in spec.phases]
    if len(set(names)) < len(names):
        raise SpecError("analysis.phases: two phases have the same name; give each its own")


def _data_source(entries: dict[str, Any], folder: Path | None) -> DataSource:
    given = _read(entries, _DATA_READERS, "data")
    if "outcome" not in given:
        raise SpecError('data.outcome: missing; name the column that is counted, e.g. outcome = "victims"')
    axes = [key for key in ("year", "time", "date") if key in given]
    if len(axes) != 1:
        wanted = "year (with month), time or date"
        found = "none is given" if not axes else "found " + " and ".join(axes)
        raise SpecError(f"data.{axes[1] if axes else 'date'}: give exactly one of {wanted}; {found}")
    if "month" in given and "year" not in given:
        raise SpecError('data.year: month is given without year; add year = "…", or use date')
    if folder is not None and given.get("file") is not None:
        given["file"] = folder / given["file"]
    return DataSource(**given)


def _read(entries: dict[str, Any], readers: dict[str, Callable[[Any], Any]], table: str) -> dict[str, Any]:
    found = {}
    for key, value in entries.items():
        if key not in readers:
            raise SpecError(f"{table}.{key}: unknown key; known are {', '.join(readers)}")
        try:
            found[key] = readers[key](value)
        except SpecError as error:
            raise SpecError(f"{table}.{key}: {error}") from None
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Phase):
        return {"name": value.name, "start": value.start, "end": value.end}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _phases(value: Any) -> tuple[Phase, ...]:
    if not isinstance(value, list | tuple):
        raise SpecError('must be a list, e.g. [{name = "withdrawn", start = "2025-04", end = "2025-08"}]')
    found = []
    for entry in value:
        if not isinstance(entry, Mapping) or not {"name", "start"} <= set(entry) <= {"name", "start", "end"}:
            raise SpecError(f"each phase has name, start and (optional) end, not {entry!r}")
        end = read_point(entry["end"]) if "end" in entry else None
        found.append(Phase(name=read_text(entry["name"]), start=read_point(entry["start"]), end=end))
    return tuple(found)


def _intervals(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise SpecError(f'must be a list, not {value!r}; write e.g. ["integrated", "standard"]')
    for item in value:
        name, _, lags = str(item).partition(":")
        known = name in INTERVALS or name in COMPARISONS
        if not known or (bool(lags) and (name != "hac" or not lags.isdigit())) or item == "hac":
            names = ", ".join(("hac:1" if one == "hac" else one) for one in INTERVALS + COMPARISONS)
            raise SpecError(f"unknown interval {item!r}; known are {names}")
    return tuple(dict.fromkeys(str(item) for item in value))


_DATA_READERS: dict[str, Callable[[Any], Any]] = {
    "file": lambda value: Path(read_text(value)),
    **dict.fromkeys(("year", "month", "time", "date", "outcome", "exposure", "area"), read_text),
    "treated": read_labels,
    "treated_from": read_text,
    "comparison": read_labels,
    "cluster": read_text,
    "weights": read_text,
    "exclude": read_excluded,
    "unit": read_text,
}

_ANALYSIS_READERS: dict[str, Callable[[Any], Any]] = {
    "design": read_choice(DESIGNS),
    "family": read_choice(FAMILIES),
    "start": read_point,
    "end": read_point_or_none,
    "phases": _phases,
    "trend": read_flag,
    "level": read_flag,
    "slope": read_flag,
    "slope_origin": read_whole(0, 1),
    "harmonics": read_whole(0, 26),
    "period": read_whole(2, 366),
    "days_offset": read_flag,
    "shock": read_point_or_none,
    "differential_trend": read_flag,
    "covariates": read_labels,
    "order": read_order,
    "seasonal_order": read_order,
    "intervals": _intervals,
    "margin": read_share,
}

ANALYSIS_KEYS = tuple(_ANALYSIS_READERS)
"""Keys of `[analysis]`; an `[[analysis]]` of a program file may hold these beside its own."""
