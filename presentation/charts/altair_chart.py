"""Draw maps and small time charts with Altair: no network, no WebGL, every shape named."""

from __future__ import annotations

import altair as alt
import pandas as pd

from presentation.charts.description import ChartDescription
from presentation.palette import Palette, palette

SELECTION = "area"
FONT = "Source Sans, sans-serif"


def draw(chart: ChartDescription, is_dark: bool = False, chosen: str | None = None) -> alt.LayerChart:
    """An Altair chart of a map or of bars by month. `chosen`: area that gets a frame."""
    colors = palette(is_dark)
    if chart.shapes:
        drawn = _shapes(chart, colors, chosen)
    else:
        drawn = _tiles(chart, colors, chosen) if chart.tiles else _months(chart, colors)
    return drawn.configure(background="transparent", font=FONT).configure_view(strokeWidth=0)


def class_color(code: str, count: int, colors: Palette) -> str:
    """Color of a class: a step of the scale, or a kind of change."""
    if not code.startswith("step_"):
        return colors.changes[code]
    place = int(code.removeprefix("step_"))
    if place == 0:
        return colors.steps[0]
    last = len(colors.steps) - 1
    return colors.steps[max(1, round(place * last / max(1, count)))]


def class_colors(chart: ChartDescription, is_dark: bool) -> list[tuple[str, str]]:
    """Words and color of each class of the key, for a legend in text."""
    colors = palette(is_dark)
    steps = sum(code.startswith("step_") and code != "step_0" for code, _ in chart.classes)
    return [(text, class_color(code, steps, colors)) for code, text in chart.classes]


def _text_color(background: str, colors: Palette) -> str:
    """Dark or light text, whichever has the higher contrast on `background`."""
    candidates = ("#101418", "#ffffff")
    return max(candidates, key=lambda color: _contrast(color, background))


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def short_name(name: str) -> str:
    """Three or four letters of an area's name, for its tile."""
    words = [word for word in name.replace("-", " ").replace(".", " ").split() if word[0].isalnum()]
    if len(words) == 1:
        return words[0][:4]
    if words[-1].isdigit():
        return words[-1]
    return "".join(word[: 2 if len(words) == 2 else 1] for word in words[:4])


def _tiles(chart: ChartDescription, colors: Palette, chosen: str | None) -> alt.LayerChart:
    steps = sum(code.startswith("step_") and code != "step_0" for code, _ in chart.classes)
    rows = []
    for tile in chart.tiles:
        fill = class_color(tile.place, steps, colors)
        rows.append(
            {
                "area": tile.area,
                "name": tile.name,
                "row": tile.row,
                "column": tile.column,
                "fill": fill,
                "ink": _text_color(fill, colors),
                "short": short_name(tile.name),
                "symbol": tile.symbol,
                "text": tile.text,
                "chosen": tile.area == chosen,
            }
        )
    height = 40 * (1 + max(tile.row for tile in chart.tiles))
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("column:O", axis=None, scale=alt.Scale(paddingInner=0.06)),
        y=alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0.06)),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("text:N", title=" ")],
        description="name:N",
    )
    point = alt.selection_point(name=SELECTION, fields=["area"], on="click")
    squares = base.mark_rect(cornerRadius=3, cursor="pointer").encode(
        color=alt.Color("fill:N", scale=None),
        stroke=alt.condition("datum.chosen", alt.value(colors.text), alt.value(colors.grid)),
        strokeWidth=alt.condition("datum.chosen", alt.value(3), alt.value(1)),
    )
    ink = alt.Color("ink:N", scale=None)
    has_values = any(tile.symbol for tile in chart.tiles)
    names = base.mark_text(dy=-7 if has_values else 0, fontSize=11 if has_values else 14).encode(
        text="short:N", color=ink
    )
    values = base.mark_text(dy=8, fontSize=12, fontWeight="bold").encode(text="symbol:N", color=ink)
    return alt.layer(squares.add_params(point), names, values).properties(height=height, width="container")


def _shapes(chart: ChartDescription, colors: Palette, chosen: str | None) -> alt.LayerChart:
    steps = sum(code.startswith("step_") and code != "step_0" for code, _ in chart.classes)
    features, labels = [], []
    for shape in chart.shapes:
        fill = class_color(shape.place, steps, colors)
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "MultiPolygon", "coordinates": shape.polygons},
                "area": shape.area,
                "name": shape.name,
                "fill": fill,
                "text": shape.text,
                "chosen": shape.area == chosen,
            }
        )
        labels.append(
            {
                "x": shape.middle[0],
                "y": shape.middle[1],
                "symbol": shape.symbol,
                "ink": _text_color(fill, colors),
            }
        )
    # The chosen area last: its frame lies over its neighbors.
    features.sort(key=lambda feature: bool(feature["chosen"]))
    point = alt.selection_point(name=SELECTION, fields=["area"], on="click")
    areas = (
        alt.Chart(alt.Data(values=features))
        .mark_geoshape(cursor="pointer")
        .encode(
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.condition("datum.chosen", alt.value(colors.text), alt.value(colors.background)),
            strokeWidth=alt.condition("datum.chosen", alt.value(3), alt.value(1)),
            tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("text:N", title=" ")],
            description="name:N",
        )
        .add_params(point)
    )
    marks = (
        alt.Chart(alt.Data(values=labels))
        .mark_text(fontSize=11)
        .encode(longitude="x:Q", latitude="y:Q", text="symbol:N", color=alt.Color("ink:N", scale=None))
    )
    return (
        alt.layer(areas, marks)
        .project(type="identity", reflectY=True)
        .properties(height=chart.height, width="container")
    )


def _months(chart: ChartDescription, colors: Palette) -> alt.LayerChart:
    layers = []
    if chart.spans:
        spans = pd.DataFrame(
            [
                {"first": s.first, "last": s.last, "letter": s.letter, "label": s.label, "shade": i % 2}
                for i, s in enumerate(chart.spans)
            ]
        )
        shades = alt.Chart(spans).encode(x="first:T", x2="last:T", tooltip=alt.Tooltip("label:N", title=" "))
        layers.append(
            shades.mark_rect(opacity=1).encode(
                color=alt.Color(
                    "shade:O",
                    scale=alt.Scale(domain=[0, 1], range=[colors.phase, colors.phase_evaluated]),
                    legend=None,
                )
            )
        )
        layers.append(
            alt.Chart(spans)
            .mark_text(align="left", dx=4, baseline="top", fontWeight="bold", fontSize=13, color=colors.text)
            .encode(x="first:T", y=alt.value(2), text="letter:N")
        )
    bars = chart.bars[0]
    frame = pd.DataFrame({"month": pd.to_datetime(list(bars.x)), "count": list(bars.y)})
    layers.append(
        alt.Chart(frame)
        .mark_bar(color=colors.roles[bars.role].color)
        .encode(
            x=alt.X("yearmonth(month):T", axis=_axis(colors, "", format="%Y", tickCount="year")),
            y=alt.Y("count:Q", axis=_axis(colors, chart.y.title, tickMinStep=1)),
            tooltip=[
                alt.Tooltip("month:T", format="%B %Y", title=" "),
                alt.Tooltip("count:Q", title=bars.name),
            ],
        )
    )
    return alt.layer(*layers).properties(height=chart.height, width="container")


def _axis(colors: Palette, title: str, **settings: object) -> alt.Axis:
    return alt.Axis(
        title=title or None,
        labelColor=colors.text,
        titleColor=colors.text,
        gridColor=colors.grid,
        domainColor=colors.muted,
        tickColor=colors.muted,
        labelFontSize=12,
        titleFontSize=13,
        titleFontWeight="normal",
        **settings,
    )
