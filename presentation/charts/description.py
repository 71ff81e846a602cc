"""What a chart shows, apart from how it is drawn.

A `ChartDescription` holds finished words and plain numbers only. Renderers (`plotly_chart`,
`altair_chart`, and the Typst one of `reports/`) turn it into a picture and add nothing of their own.
`as_dict()` is plain JSON.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

# What a mark stands for; `presentation.palette` gives each role a color, dash and symbol.
Role = Literal["observed", "expected", "comparison", "estimate", "headline", "fewer", "more", "neutral"]
AxisKind = Literal["month", "number", "ratio", "category"]


@dataclass(frozen=True)
class Axis:
    """One axis. `ratio` is logarithmic and has its tick labels given (`ticks`: value, words)."""

    title: str
    kind: AxisKind = "number"
    ticks: tuple[tuple[float | str, str], ...] = ()
    categories: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True)
class Line:
    """Points joined in order. `x` are ISO months (or numbers), `y` None where nothing is known."""

    name: str
    x: tuple[str | float, ...]
    y: tuple[float | None, ...]
    role: Role
    hover: tuple[str, ...] = ()


@dataclass(frozen=True)
class Band:
    """A range around a line, drawn as an area."""

    name: str
    x: tuple[str | float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    role: Role


@dataclass(frozen=True)
class Bars:
    """One bar a category or month."""

    name: str
    x: tuple[str | float, ...]
    y: tuple[float | None, ...]
    role: Role
    hover: tuple[str, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """One row of a chart of estimates: a point with its 80 % (thick) and 95 % (thin) interval."""

    label: str
    value: float | None
    lower_95: float | None
    upper_95: float | None
    lower_80: float | None = None
    upper_80: float | None = None
    role: Role = "estimate"
    hover: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a heat map, by column and row number (from 0), with the words shown for it."""

    column: int
    row: int
    value: float | None
    text: str
    is_marked: bool = False


@dataclass(frozen=True)
class Tile:
    """One area of a tile map; `place` is its color class, `symbol` a short mark so that color is not alone."""

    area: str
    name: str
    row: int
    column: int
    value: float | None
    place: str
    symbol: str
    text: str


@dataclass(frozen=True)
class Shape:
    """One area of a map with outlines: polygons of rings of points on a plane; the rest as in a tile."""

    area: str
    name: str
    polygons: list[list[list[tuple[float, float]]]]
    middle: tuple[float, float]
    place: str
    symbol: str
    text: str


@dataclass(frozen=True)
class Span:
    """A stretch of the time axis: a phase. `letter` stands on the chart, `label` in the key."""

    first: str
    last: str
    letter: str
    label: str
    is_evaluated: bool = False


@dataclass(frozen=True)
class Event:
    """A dated event. `number` stands on the chart, `label` in the key."""

    x: str
    number: int
    label: str


@dataclass(frozen=True)
class ChartDescription:
    """A chart. `alt` says in words what a reader would see; `note` names unit, source and release."""

    id: str
    title: str
    alt: str
    x: Axis
    y: Axis
    subtitle: str = ""
    note: str = ""
    lines: tuple[Line, ...] = ()
    bands: tuple[Band, ...] = ()
    dots: tuple[Line, ...] = ()  # single values behind the lines, not joined
    bars: tuple[Bars, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    is_curve: bool = False  # estimates side by side in order, interval upright, instead of one row each
    cells: tuple[Cell, ...] = ()
    tiles: tuple[Tile, ...] = ()
    shapes: tuple[Shape, ...] = ()
    spans: tuple[Span, ...] = ()
    events: tuple[Event, ...] = ()
    reference: float | None = None
    reference_label: str = ""
    median: float | None = None
    median_label: str = ""
    classes: tuple[tuple[str, str], ...] = ()
    height: int = 420
    table: tuple[dict[str, Any], ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON-ready object, keys as the fields."""
        return asdict(self)

    def key(self) -> list[str]:
        """The letters and numbers on the time axis, in words."""
        phases = [f"{span.letter} {span.label}" for span in self.spans]
        return phases + [f"{event.number} {event.label}" for event in self.events]
