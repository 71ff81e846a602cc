"""Turns a chart description into plain shapes on a unit square for Typst to draw.

Coordinates run 0..1 from the left and from the top of the plot area. Print styles differ in gray
level, dash and symbol, so a chart reads in black and white.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from presentation.charts.description import Axis, ChartDescription

PRINT_STYLES: dict[str, dict[str, Any]] = {
    "observed": {"color": "#222222", "width": 0.9, "dash": "solid", "dot": 1.2},
    "expected": {"color": "#1f4e79", "width": 1.3, "dash": "dashed", "dot": 0},
    "comparison": {"color": "#7a7a7a", "width": 0.9, "dash": "dotted", "dot": 0},
    "estimate": {"color": "#555555", "width": 0.9, "dash": "solid", "dot": 1.6},
    "headline": {"color": "#1f4e79", "width": 1.5, "dash": "solid", "dot": 2.4},
    "fewer": {"color": "#1f4e79", "width": 0.9, "dash": "solid", "dot": 1.6},
    "more": {"color": "#b4541a", "width": 0.9, "dash": "dashed", "dot": 1.6},
    "neutral": {"color": "#8a8a8a", "width": 0.8, "dash": "solid", "dot": 1.2},
}
EVENT_WIDTH = 0.02  # share of the width that the number of an event needs


@dataclass
class Shapes:
    """What Typst draws; every list holds dictionaries of plain numbers and strings.

    A label's `down` is in points, added to its place.
    """

    gutter: float = 0.075  # share of the width left of the plot for labels
    below: float = 16  # points under the plot for tick labels
    above: float = 0  # points over the plot for the letters of phases
    title: str = ""  # title of the vertical axis, above the plot
    lines: list[dict[str, Any]] = field(default_factory=list)
    areas: list[dict[str, Any]] = field(default_factory=list)
    boxes: list[dict[str, Any]] = field(default_factory=list)
    dots: list[dict[str, Any]] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)
    key: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def lay_out(chart: ChartDescription) -> dict[str, Any]:
    """Shapes of `chart`. A chart with nothing to draw gives an empty plot, never an error."""
    shapes = Shapes()
    if chart.tiles:
        _tiles(chart, shapes)
    elif chart.cells:
        _cells(chart, shapes)
    elif chart.estimates and chart.is_curve:
        _curve(chart, shapes)
    elif chart.estimates:
        _estimates(chart, shapes)
    else:
        _time_chart(chart, shapes)
    shapes.notes = [*chart.key(), *([chart.note] if chart.note else [])]
    return shapes.as_dict()


class Scale:
    """Value to 0..1 along one axis; months by date, categories by place, ratios by logarithm."""

    def __init__(self, axis: Axis, values: list[Any]) -> None:
        self.kind = axis.kind
        if axis.kind == "category":
            names = list(axis.categories) or list(dict.fromkeys(values))
            self.places = {name: (place + 0.5) / len(names) for place, name in enumerate(names)}
            return
        known = [self.number(v) for v in values if v is not None]
        low = self.number(axis.lowest) if axis.lowest is not None else min(known, default=0.0)
        high = self.number(axis.highest) if axis.highest is not None else max(known, default=1.0)
        if axis.kind == "number" and axis.lowest is None:
            low = min(low, 0.0)
        self.low, self.high = low, high if high > low else low + 1

    def number(self, value: Any) -> float:
        if self.kind == "month":
            return float(_day(value).toordinal())
        if self.kind == "ratio":
            return math.log(max(float(value), 1e-6))
        return float(value)

    def __call__(self, value: Any) -> float:
        if self.kind == "category":
            return self.places[value]
        place = (self.number(value) - self.low) / (self.high - self.low)
        return min(max(place, -0.02), 1.02)


def _day(value: Any) -> date:
    text = str(value)[:10]
    return date.fromisoformat(text if len(text) == 10 else text[:7] + "-01")


def _style(role: str) -> dict[str, Any]:
    return dict(PRINT_STYLES.get(role, PRINT_STYLES["neutral"]))


def _time_chart(chart: ChartDescription, shapes: Shapes) -> None:
    drawn = [*chart.lines, *chart.bars]
    xs = [x for item in [*drawn, *chart.bands] for x in item.x]
    ys = [y for item in drawn for y in item.y if y is not None]
    ys += [y for band in chart.bands for y in [*band.lower, *band.upper] if y is not None]
    if not xs or not ys:
        return
    if chart.reference is not None:
        ys.append(chart.reference)
    # A band may run far beyond the counts; a chart that fits it all would hide the counts.
    counts = [y for item in drawn for y in item.y if y is not None]
    top = chart.y.highest
    if top is None and chart.y.kind == "number" and counts and max(ys) > 2.2 * max(counts):
        top = 2.2 * max(counts)
    y_axis = Axis(chart.y.title, chart.y.kind, chart.y.ticks, chart.y.categories, chart.y.lowest, top)
    across, up = Scale(chart.x, xs), Scale(y_axis, ys)
    _time_axis(chart, xs, across, shapes)
    _count_axis(y_axis, up, shapes)
    for span in chart.spans:
        left, right = (min(max(across(end), 0.0), 1.0) for end in (span.first, span.last or xs[-1]))
        shapes.boxes.append({"x": left, "y": 0, "w": max(right - left, 0.004), "h": 1,
                             "fill": "#e4ecf4" if span.is_evaluated else "#f3f3f3", "stroke": ""})  # fmt: skip
        shapes.labels.append(
            {"x": (left + right) / 2, "y": 0, "down": -6, "text": span.letter, "at": "center", "size": 8}
        )
        shapes.above = 11
    for band in chart.bands:
        known = [
            (x, a, b)
            for x, a, b in zip(band.x, band.lower, band.upper, strict=True)
            if a is not None and b is not None
        ]
        if known:
            points = [[across(x), max(1 - up(b), 0)] for x, _, b in known]
            points += [[across(x), max(1 - up(a), 0)] for x, a, _ in reversed(known)]
            shapes.areas.append({"points": points, "fill": _style(band.role)["color"] + "26"})
            shapes.key.append({"text": band.name, "color": _style(band.role)["color"] + "55", "mark": "area"})
    for bars in chart.bars:
        width = 0.7 / max(len(bars.x), 1)
        for x, y in zip(bars.x, bars.y, strict=True):
            if y is not None:
                shapes.boxes.append({"x": across(x) - width / 2, "y": 1 - up(y), "w": width, "h": up(y),
                                     "fill": _style(bars.role)["color"], "stroke": ""})  # fmt: skip
        shapes.key.append({"text": bars.name, "color": _style(bars.role)["color"], "mark": "area"})
    for line in chart.lines:
        style = _style(line.role)
        for piece in _pieces(line.x, line.y):
            points = [[across(x), 1 - up(y)] for x, y in piece]
            shapes.lines.append({"points": points, **style})
            if style["dot"]:
                shapes.dots += [
                    {"x": x, "y": y, "r": style["dot"], "fill": style["color"]} for x, y in points
                ]
        shapes.key.append({"text": line.name, "mark": "line", **style})
    level, last = 0, -1.0
    for event in chart.events:
        x = across(event.x)
        # Numbers of events close to each other stand one under the other, not on each other.
        level, last = (level + 1 if x - last < EVENT_WIDTH else 0), x
        y = 0.035 + 0.06 * level
        shapes.lines.append(
            {"points": [[x, y + 0.03], [x, 1]], "color": "#9a9a9a", "width": 0.5, "dash": "dotted", "dot": 0}
        )
        shapes.labels.append({"x": x, "y": y, "text": str(event.number), "at": "center", "size": 7.5})
    _reference(chart, up, shapes)


def _under_axis(place: float, words: str, down: float = 9) -> dict[str, Any]:
    """A label `down` points below the plot: a share of the height would run into the axis of a low chart."""
    return {"x": place, "y": 1, "down": down, "text": words, "at": "center", "size": 8}


def _pieces(xs: tuple[Any, ...], ys: tuple[float | None, ...]) -> list[list[tuple[Any, float]]]:
    """Runs of known points: a missing month breaks the line, it is not bridged."""
    runs: list[list[tuple[Any, float]]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    return [run for run in runs if run]


def _time_axis(chart: ChartDescription, xs: list[Any], across: Scale, shapes: Shapes) -> None:
    if chart.x.ticks:
        ticks = [(across(value), words) for value, words in chart.x.ticks]
    elif chart.x.kind == "month":
        years = sorted({_day(x).year for x in xs})
        step = math.ceil(len(years) / 10)
        first = min(_day(x) for x in xs)
        ticks = [(across(date(y, 1, 1)), str(y)) for y in years[::step] if date(y, 1, 1) >= first]
    elif chart.x.kind == "category":
        ticks = [(place, name) for name, place in across.places.items()]
    else:
        ticks = [(across(value), f"{value:g}") for value in _round_ticks(across.low, across.high)]
    for place, words in ticks:
        shapes.labels.append(_under_axis(place, words))
        shapes.lines.append(
            {
                "points": [[place, 1], [place, 1.02]],
                "color": "#888888",
                "width": 0.5,
                "dash": "solid",
                "dot": 0,
            }
        )


def _count_axis(axis: Axis, up: Scale, shapes: Shapes) -> None:
    ticks = [(up(v), words) for v, words in axis.ticks] or [
        (up(value), f"{value:,.0f}" if value == round(value) else f"{value:g}")
        for value in _round_ticks(up.low, up.high)
    ]
    for place, words in ticks:
        shapes.lines.append(
            {
                "points": [[0, 1 - place], [1, 1 - place]],
                "color": "#d9d9d9",
                "width": 0.4,
                "dash": "solid",
                "dot": 0,
            }
        )
        shapes.labels.append({"x": -0.012, "y": 1 - place, "text": words, "at": "right", "size": 8})
    shapes.title = axis.title[:1].upper() + axis.title[1:]


def _round_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    unit = 10 ** math.floor(math.log10(rough)) if rough > 0 else 1
    step = next(unit * m for m in (1, 2, 5, 10) if unit * m >= rough)
    start = math.ceil(low / step)
    return [round(step * k, 10) for k in range(start, math.floor(high / step) + 1)]


def _reference(chart: ChartDescription, scale: Scale, shapes: Shapes, vertical: bool = False) -> None:
    if chart.reference is None:
        return
    place = scale(chart.reference)
    points = [[place, 0], [place, 1]] if vertical else [[0, 1 - place], [1, 1 - place]]
    shapes.lines.append({"points": points, "color": "#222222", "width": 0.7, "dash": "solid", "dot": 0})
    if chart.reference_label and vertical:
        shapes.labels.append(
            {"x": place, "y": -0.045, "text": chart.reference_label, "at": "center", "size": 7.5}
        )


def _estimates(chart: ChartDescription, shapes: Shapes) -> None:
    rows = chart.estimates
    shapes.gutter = min(0.36, 0.04 + 0.011 * max((len(row.label) for row in rows), default=0))
    values = [v for e in rows for v in (e.value, e.lower_95, e.upper_95) if v is not None]
    axis = chart.x if chart.x.kind in ("ratio", "number") else chart.y
    values += [chart.reference] if chart.reference is not None else []
    values += [float(v) for v, _ in axis.ticks]
    across = Scale(axis, values)
    for value, words in axis.ticks or [(v, f"{v:g}") for v in _round_ticks(across.low, across.high)]:
        place = across(value)
        shapes.lines.append(
            {"points": [[place, 0], [place, 1]], "color": "#d9d9d9", "width": 0.4, "dash": "solid", "dot": 0}
        )
        shapes.labels.append(_under_axis(place, words))
    _reference(chart, across, shapes, vertical=True)
    for number, row in enumerate(rows):
        y, style = (number + 0.5) / len(rows), _style(row.role)
        shapes.labels.append({"x": -0.02, "y": y, "text": row.label, "at": "right", "size": 8})
        if row.value is None or row.lower_95 is None or row.upper_95 is None:
            continue
        thin = [[across(row.lower_95), y], [across(row.upper_95), y]]
        shapes.lines.append({"points": thin, **style, "dash": "solid", "width": 0.8})
        if row.lower_80 is not None and row.upper_80 is not None:
            thick = [[across(row.lower_80), y], [across(row.upper_80), y]]
            shapes.lines.append({"points": thick, **style, "dash": "solid", "width": 2.4})
        mark = "diamond" if row.role == "headline" else "circle"
        dot = {"x": across(row.value), "y": y, "r": style["dot"] + 0.6, "fill": style["color"], "mark": mark}
        shapes.dots.append(dot)
    if axis.title:
        shapes.below = 30
        shapes.labels.append(_under_axis(0.5, axis.title, 22))


def _curve(chart: ChartDescription, shapes: Shapes) -> None:
    """Estimates side by side in order, each with its interval upright: a specification curve."""
    rows = chart.estimates
    values = [v for e in rows for v in (e.value, e.lower_95, e.upper_95) if v is not None]
    up = Scale(chart.y, values + [float(v) for v, _ in chart.y.ticks])
    shapes.gutter = 0.1
    _count_axis(chart.y, up, shapes)
    width = min(0.9, 60 / len(rows))
    for number, row in enumerate(rows):
        x, style = (number + 0.5) / len(rows), _style(row.role)
        if row.lower_95 is not None and row.upper_95 is not None:
            stick = [[x, 1 - up(row.lower_95)], [x, 1 - up(row.upper_95)]]
            shapes.lines.append(
                {"points": stick, **style, "dash": "solid", "width": width * 0.8, "color": "#9db4c8"}
            )
        if row.value is not None:
            is_main = row.role == "headline"
            radius = 2.8 if is_main else min(1.8, 90 / len(rows))
            mark = "diamond" if is_main else "circle"
            shapes.dots.append(
                {"x": x, "y": 1 - up(row.value), "r": radius, "fill": style["color"], "mark": mark}
            )
    _reference(chart, up, shapes)
    ticked = chart.reference_label in [words for _, words in chart.y.ticks]
    if chart.reference_label and chart.reference is not None and not ticked:
        shapes.labels.append(
            {
                "x": 1.0,
                "y": 1 - up(chart.reference) - 0.03,
                "text": chart.reference_label,
                "at": "right",
                "size": 7.5,
            }
        )
    if chart.median is not None:
        y = 1 - up(chart.median)
        shapes.lines.append(
            {"points": [[0, y], [1, y]], "color": "#1f4e79", "width": 0.8, "dash": "dashed", "dot": 0}
        )
        # Beside the line it would stand on the intervals of the first readings.
        median = {"color": "#1f4e79", "width": 0.8, "dash": "dashed", "dot": 0}
        shapes.key.append({"text": chart.median_label, "mark": "line", **median})
    if chart.x.title:
        shapes.labels.append(_under_axis(0.5, chart.x.title))


def _tiles(chart: ChartDescription, shapes: Shapes) -> None:
    shapes.gutter = 0.0
    rows = max(t.row for t in chart.tiles) + 1
    columns = max(t.column for t in chart.tiles) + 1
    places = [key for key, _ in chart.classes]
    for tile in chart.tiles:
        depth = places.index(tile.place) if tile.place in places else 0
        gray = 250 - int(150 * depth / max(len(places) - 1, 1))
        fill = f"#{gray:02x}{gray:02x}{gray:02x}"
        x, y = tile.column / columns, tile.row / rows
        shapes.boxes.append(
            {"x": x, "y": y, "w": 0.94 / columns, "h": 0.9 / rows, "fill": fill, "stroke": "#777777"}
        )
        shapes.labels.append(
            {"x": x + 0.47 / columns, "y": y + 0.45 / rows, "text": tile.symbol, "at": "center", "size": 7}
        )


def _cells(chart: ChartDescription, shapes: Shapes) -> None:
    rows = max(c.row for c in chart.cells) + 1
    columns = max(c.column for c in chart.cells) + 1
    top = max((c.value or 0) for c in chart.cells) or 1
    for cell in chart.cells:
        gray = 250 - int(190 * (cell.value or 0) / top)
        x, y = cell.column / columns, cell.row / rows
        shapes.boxes.append({"x": x, "y": y, "w": 1 / columns, "h": 1 / rows, "fill": f"#{gray:02x}{gray:02x}{gray:02x}",
                             "stroke": "#1f4e79" if cell.is_marked else "#ffffff"})  # fmt: skip
    for row, name in enumerate(chart.y.categories):
        shapes.labels.append({"x": -0.01, "y": (row + 0.5) / rows, "text": name, "at": "right", "size": 7.5})
    for value, words in chart.x.ticks:
        shapes.labels.append(
            {"x": (float(value) + 0.5) / columns, "y": 1.03, "text": words, "at": "center", "size": 7.5}
        )
