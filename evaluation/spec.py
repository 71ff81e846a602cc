"""The spec of one analysis: what a `SPEC.toml` or an `[[analysis]]` of a program file says.

A spec is frozen and has a SHA-256 (`Spec.sha256`) over the analysis keys and the roles of the columns, all
defaults written out; the file name is no part of it, so the same analysis of a moved file keeps its hash.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from evaluation.canonical import sha256_of

Point = str | float
"""A place on the time axis: "2005-01", "2005-01-30", "2005", or a number on the time index."""

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


class SpecError(ValueError):
    """A spec that cannot be read or carried out: one line that names the key and says what to do."""


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


# One reader for each kind of value; each raises SpecError with what was wrong and what to write.


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SpecError(f'must be a text, not {value!r}; write it in quotes, e.g. "victims"')
    return value


def _label(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SpecError(f'must be names in quotes, not {value!r}; write e.g. ["77"]')
    return str(value)


def _labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise SpecError(f'must be a list, not {value!r}; write e.g. ["77"]')
    return tuple(_label(item) for item in value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise SpecError(f"must be true or false, not {value!r}")
    return value


def _whole(lowest: int, highest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise SpecError(f"must be a whole number from {lowest} to {highest}, not {value!r}")
        return value

    return read


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise SpecError(f"must be a number between 0 and 1, not {value!r}; write e.g. 0.10")
    return float(value)


def _choice(allowed: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in allowed:
            raise SpecError(f"must be one of {', '.join(allowed)}, not {value!r}")
        return str(value)

    return read


_POINT = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def _point(value: Any) -> Point:
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    if isinstance(value, str) and _POINT.fullmatch(value):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise SpecError(f'must be a month like "2021-06", a day like "2021-06-01" or a number, not {value!r}')


def _point_or_none(value: Any) -> Point | None:
    return None if value == "none" else _point(value)


def _excluded(value: Any) -> tuple[Point, ...]:
    if not isinstance(value, list | tuple):
        raise SpecError(f'must be a list of periods, not {value!r}; write e.g. ["2001-09"]')
    found: list[Point] = []
    for item in value:
        if isinstance(item, str) and "/" in item:
            first, _, last = item.partition("/")
            found.append(f"{_point(first)}/{_point(last)}")
        else:
            found.append(_point(item))
    return tuple(found)


def _phases(value: Any) -> tuple[Phase, ...]:
    if not isinstance(value, list | tuple):
        raise SpecError('must be a list, e.g. [{name = "withdrawn", start = "2025-04", end = "2025-08"}]')
    found = []
    for entry in value:
        if not isinstance(entry, Mapping) or not {"name", "start"} <= set(entry) <= {"name", "start", "end"}:
            raise SpecError(f"each phase has name, start and (optional) end, not {entry!r}")
        end = _point(entry["end"]) if "end" in entry else None
        found.append(Phase(name=_text(entry["name"]), start=_point(entry["start"]), end=end))
    return tuple(found)


def _order(value: Any) -> tuple[int, int, int]:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise SpecError(f"must be three whole numbers like [2, 1, 0], not {value!r}")
    first, second, third = (_whole(0, 24)(item) for item in value)
    return first, second, third


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
    "file": lambda value: Path(_text(value)),
    **dict.fromkeys(("year", "month", "time", "date", "outcome", "exposure", "area"), _text),
    "treated": _labels,
    "treated_from": _text,
    "comparison": _labels,
    "cluster": _text,
    "weights": _text,
    "exclude": _excluded,
    "unit": _text,
}

_ANALYSIS_READERS: dict[str, Callable[[Any], Any]] = {
    "design": _choice(DESIGNS),
    "family": _choice(FAMILIES),
    "start": _point,
    "end": _point_or_none,
    "phases": _phases,
    "trend": _flag,
    "level": _flag,
    "slope": _flag,
    "slope_origin": _whole(0, 1),
    "harmonics": _whole(0, 26),
    "period": _whole(2, 366),
    "days_offset": _flag,
    "shock": _point_or_none,
    "differential_trend": _flag,
    "covariates": _labels,
    "order": _order,
    "seasonal_order": _order,
    "intervals": _intervals,
    "margin": _share,
}

ANALYSIS_KEYS = tuple(_ANALYSIS_READERS)
"""Keys of `[analysis]`; an `[[analysis]]` of a program file may hold these beside its own."""
