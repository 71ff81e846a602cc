"""Draw a chart description with Plotly. Words come from the description, colors from the palette."""

from __future__ import annotations

from datetime import date, timedelta
from math import log10
from textwrap import wrap

from presentation.charts.description import Axis, ChartDescription
from presentation.charts.drawing import Drawing
from presentation.palette import Palette, palette

# The face of the page around the chart, which Streamlit brings along.
FONT = '"Source Sans", sans-serif'


def draw(chart: ChartDescription, is_dark: bool = False) -> Drawing:
    """A Plotly figure of `chart` in its plain form, readable from 320 pixels wide."""
    colors = palette(is_dark)
    figure = Drawing()
    _bands(figure, chart, colors)
    _bars(figure, chart, colors)
    _dots(figure, chart, colors)
    _lines(figure, chart, colors)
    _estimates(figure, chart, colors)
    _cells(figure, chart, colors)
    _marks(figure, chart, colors)
    _frame(figure, chart, colors)
    return figure


def config(chart: ChartDescription) -> dict[str, object]:
    """Settings of the chart's own toolbar: it saves a vector picture named after the chart."""
    return {
        "displaylogo": False,
        "scrollZoom": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
        "toImageButtonOptions": {"format": "svg", "filename": chart.id},
    }


def _transparent(color: str, opacity: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _bands(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    for band in chart.bands:
        look = colors.roles[band.role]
        edge = {"width": 0, "color": look.color}
        figure.add_scatter(
            x=band.x, y=band.upper, mode="lines", line=edge, showlegend=False, hoverinfo="skip"
        )
        figure.add_scatter(
            x=band.x,
            y=band.lower,
            mode="lines",
            line=edge,
            fill="tonexty",
            fillcolor=_transparent(look.color, colors.band_opacity),
            name=band.name,
            hoverinfo="skip",
        )


def _bars(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    for bars in chart.bars:
        figure.add_bar(
            x=bars.x,
            y=bars.y,
            name=bars.name,
            marker={"color": colors.roles[bars.role].color},
            hovertext=bars.hover or None,
            hoverinfo="text" if bars.hover else "x+y",
        )


def _lines(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    for line in chart.lines:
        look = colors.roles[line.role]
        has_markers = line.role in ("observed", "comparison")
        figure.add_scatter(
            x=line.x,
            y=line.y,
            name=line.name,
            mode="lines+markers" if has_markers and not chart.dots else "lines",
            line={"color": look.color, "dash": look.dash, "width": look.width + (0.8 if chart.dots else 0)},
            marker={"symbol": look.symbol, "size": 4, "color": look.color},
            hovertext=line.hover or None,
            hoverinfo="text" if line.hover else "x+y+name",
        )


def _dots(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    for dots in chart.dots:
        look = colors.roles[dots.role]
        figure.add_scatter(
            x=dots.x,
            y=dots.y,
            name=dots.name,
            mode="markers",
            marker={"symbol": look.symbol, "size": 4, "color": look.color},
            opacity=0.45,
            hoverinfo="x+y+name",
        )


def _estimates(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    """Points with their intervals: one labeled row each, or upright and in order for a curve."""
    if not chart.estimates:
        return
    places = {
        id(item): rank if chart.is_curve else item.label for rank, item in enumerate(chart.estimates, 1)
    }
    value_axis, place_axis = ("y", "x") if chart.is_curve else ("x", "y")
    wide = 5.0 if not chart.is_curve else max(1.5, min(6.0, 160 / len(chart.estimates)))
    for kind, width in (("95", 1.6 if not chart.is_curve else max(0.7, wide / 3)), ("80", wide)):
        for role in dict.fromkeys(item.role for item in chart.estimates):
            ends: list[float | None] = []
            where: list[str | int | None] = []
            for item in chart.estimates:
                low, high = getattr(item, f"lower_{kind}"), getattr(item, f"upper_{kind}")
                if item.role == role and low is not None and high is not None:
                    ends += [low, high, None]
                    where += [places[id(item)], places[id(item)], None]
            figure.add_scatter(
                **{value_axis: ends, place_axis: where},
                mode="lines",
                line={"color": colors.roles[role].color, "width": width},
                opacity=1 if kind == "95" else 0.55,
                showlegend=False,
                hoverinfo="skip",
            )
    for role in dict.fromkeys(item.role for item in chart.estimates):
        look = colors.roles[role]
        rows = [item for item in chart.estimates if item.role == role]
        size = 8 if not chart.is_curve else max(4, min(8, 300 / len(chart.estimates)))
        figure.add_scatter(
            **{value_axis: [item.value for item in rows], place_axis: [places[id(item)] for item in rows]},
            mode="markers",
            marker={
                "symbol": look.symbol,
                "size": 12 if role == "headline" else size,
                "color": look.color,
                "line": {"color": colors.background, "width": 1 if not chart.is_curve else 0.5},
            },
            hovertext=[item.hover or item.label for item in rows],
            hoverinfo="text",
            showlegend=False,
        )


def _cells(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    if not chart.cells:
        return
    columns, rows = chart.x.categories, chart.y.categories
    values: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    texts = [[""] * len(columns) for _ in rows]
    for cell in chart.cells:
        values[cell.row][cell.column] = cell.value
        texts[cell.row][cell.column] = cell.text
    scale = [[i / (len(colors.steps) - 1), color] for i, color in enumerate(colors.steps)]
    figure.add_heatmap(
        x=list(columns),
        y=list(rows),
        z=values,
        text=texts,
        hoverinfo="text",
        colorscale=scale,
        xgap=1,
        ygap=1,
        colorbar={
            "title": {"text": chart.subtitle, "side": "top"},
            "orientation": "h",
            "thickness": 12,
            "len": 0.5,
            "x": 0,
            "xanchor": "left",
            "y": -0.2,
            "yanchor": "top",
            "outlinewidth": 0,
        },
    )
    for cell in chart.cells:
        if cell.is_marked:
            figure.add_shape(
                type="rect",
                x0=cell.column - 0.5,
                x1=cell.column + 0.5,
                y0=cell.row - 0.5,
                y1=cell.row + 0.5,
                line={"color": colors.roles["more"].color, "width": 2.5},
            )


def _marks(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    for span in chart.spans:
        figure.add_vrect(
            x0=span.first,
            x1=span.last,
            fillcolor=colors.phase_evaluated if span.is_evaluated else colors.phase,
            layer="below",
            line={"width": 1, "color": colors.background},
        )
        if span.letter:
            figure.add_annotation(
                x=_middle(span.first, span.last),
                y=1.0,
                yref="paper",
                yanchor="bottom",
                text=f"<b>{span.letter}</b>",
                hovertext=span.label,
                showarrow=False,
                font={"size": 13, "color": colors.text},
            )
    rows = _event_rows(chart)
    for event, row in zip(chart.events, rows, strict=True):
        figure.add_vline(x=event.x, line={"color": colors.muted, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=event.x,
            y=0.985 - 0.075 * row,
            yref="paper",
            yanchor="top",
            text=str(event.number),
            hovertext=event.label,
            showarrow=False,
            bgcolor=colors.background,
            bordercolor=colors.muted,
            borderwidth=1,
            borderpad=2,
            font={"size": 11, "color": colors.text},
        )
    if chart.reference is not None:
        line = {"color": colors.text, "width": 1.5}
        if chart.estimates and not chart.is_curve:
            figure.add_vline(x=chart.reference, line=line)
        else:
            figure.add_hline(y=chart.reference, line=line)
    if chart.median is not None:
        dashed = {"color": colors.roles["headline"].color, "width": 1.5, "dash": "dash"}
        if chart.is_curve:
            figure.add_hline(y=chart.median, line=dashed)
            figure.add_annotation(
                x=0.01,
                xref="paper",
                xanchor="left",
                y=log10(chart.median) if chart.y.kind == "ratio" else chart.median,
                text=chart.median_label,
                showarrow=False,
                bgcolor=colors.background,
                font={"color": dashed["color"], "size": 12},
            )
        else:
            figure.add_vline(x=chart.median, line=dashed)


def _event_rows(chart: ChartDescription) -> list[int]:
    """Height of each event's number: one step lower when it would cover the number before it."""
    if not chart.events:
        return []  # the horizontal axis may hold no dates at all
    days = [date.fromisoformat(event.x).toordinal() for event in chart.events]
    dates = [str(x) for line in chart.lines for x in line.x]
    width = (
        date.fromisoformat(max(dates)).toordinal() - date.fromisoformat(min(dates)).toordinal()
        if dates
        else 0
    )
    rows = [0] * len(days)
    for i in range(1, len(days)):
        if days[i] - days[i - 1] < 0.05 * width:
            rows[i] = (rows[i - 1] + 1) % 4
    return rows


def _middle(first: str, last: str) -> str:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return (start + (end - start) / 2).isoformat()


def _frame(figure: Drawing, chart: ChartDescription, colors: Palette) -> None:
    has_legend = bool(chart.lines or chart.bands or len(chart.bars) > 1)
    figure.update_layout(
        height=chart.height,
        margin={"l": 8, "r": 12, "t": 30 if chart.spans else 12, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colors.text, "size": 13, "family": FONT},
        showlegend=has_legend,
        legend={
            "orientation": "h",
            "yanchor": "top",
            "y": -0.24 if chart.x.title else -0.12,
            "x": 0,
            "font": {"size": 13},
        },
        hoverlabel={"bgcolor": colors.background, "font": {"color": colors.text}},
        hovermode="x unified" if chart.x.kind == "month" and not chart.cells else "closest",
        dragmode=False,
    )
    figure.update_xaxes(**_axis(chart.x, colors))
    if chart.x.kind == "month":
        # Charts of the same months stand under one another: the same ends for bars and for lines.
        figure.update_xaxes(range=_month_range(chart))
    figure.update_yaxes(**_axis(chart.y, colors), tickangle=0)
    if chart.cells or (chart.estimates and not chart.is_curve):
        figure.update_yaxes(autorange="reversed", showgrid=False)
    if chart.estimates and not chart.is_curve:
        labels = [item.label for item in chart.estimates]
        wrapped = [wrap(label, 18) for label in labels]
        figure.update_yaxes(tickvals=labels, ticktext=["<br>".join(lines) for lines in wrapped])
        # A label of several lines must not run into the next one: all rows are as high as the highest label.
        tallest = max(len(lines) for lines in wrapped)
        figure.update_layout(height=max(chart.height, 80 + len(labels) * (10 + 18 * tallest)))


def _month_range(chart: ChartDescription) -> list[str] | None:
    """Half a month before the first month drawn to half a month after the last one's middle."""
    drawn = [str(x) for part in (*chart.lines, *chart.bands, *chart.bars, *chart.dots) for x in part.x]
    if not drawn:
        return None
    margin = timedelta(days=16)
    return [
        (date.fromisoformat(min(drawn)) - margin).isoformat(),
        (date.fromisoformat(max(drawn)) + margin).isoformat(),
    ]


def _axis(axis: Axis, colors: Palette) -> dict[str, object]:
    settings: dict[str, object] = {
        "title": {"text": axis.title, "font": {"size": 13}},
        "gridcolor": colors.grid,
        "zeroline": False,
        "automargin": True,
        "tickfont": {"color": colors.text},
    }
    if axis.ticks:
        settings |= {
            "tickvals": [tick for tick, _ in axis.ticks],
            "ticktext": [text for _, text in axis.ticks],
        }
    if axis.kind == "ratio":
        settings["type"] = "log"
        if axis.lowest is not None and axis.highest is not None:
            settings["range"] = [log10(axis.lowest), log10(axis.highest)]
    elif axis.kind == "month":
        settings |= {"type": "date", "tickformat": "%Y", "dtick": "M12", "hoverformat": "%B %Y"}
    elif axis.kind == "category":
        settings["type"] = "category"
    elif axis.lowest is not None or axis.highest is not None:
        settings["range"] = [axis.lowest, axis.highest]
    return settings
