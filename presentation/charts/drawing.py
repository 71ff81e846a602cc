"""A Plotly figure as plain values: what `plotly.graph_objects.Figure.to_dict` would give.

Plotly's own objects check every value as it is set, which takes most of the time of drawing a chart; here the checks
are a test's work (`tests/unit/test_presentation_charts.py` gives every kind of chart to Plotly).
"""

from __future__ import annotations

from typing import Any

Plain = dict[str, Any]
# Plotly's template without any look of its own.
NO_TEMPLATE: Plain = {"data": {"scatter": [{"type": "scatter"}]}}


class Drawing:
    """Traces and layout, added piece by piece; names and values are Plotly's."""

    def __init__(self) -> None:
        self._traces: list[Plain] = []
        self._layout: Plain = {"template": NO_TEMPLATE}

    def to_dict(self) -> Plain:
        return {"data": self._traces, "layout": self._layout}

    def add_scatter(self, **trace: Any) -> None:
        self._add("scatter", trace)

    def add_bar(self, **trace: Any) -> None:
        self._add("bar", trace)

    def add_heatmap(self, **trace: Any) -> None:
        self._add("heatmap", trace)

    def add_annotation(self, **annotation: Any) -> None:
        self._layout.setdefault("annotations", []).append(annotation)

    def add_shape(self, **shape: Any) -> None:
        self._layout.setdefault("shapes", []).append(shape)

    def add_vrect(self, x0: Any, x1: Any, **look: Any) -> None:
        """A rectangle over the whole height."""
        self.add_shape(type="rect", xref="x", x0=x0, x1=x1, yref="y domain", y0=0, y1=1, **look)

    def add_vline(self, x: Any, **look: Any) -> None:
        """An upright line over the whole height."""
        self.add_shape(type="line", xref="x", x0=x, x1=x, yref="y domain", y0=0, y1=1, **look)

    def add_hline(self, y: Any, **look: Any) -> None:
        """A level line over the whole width."""
        self.add_shape(type="line", xref="x domain", x0=0, x1=1, yref="y", y0=y, y1=y, **look)

    def update_layout(self, **settings: Any) -> None:
        self._layout |= settings

    def update_xaxes(self, **settings: Any) -> None:
        self._layout.setdefault("xaxis", {}).update(settings)

    def update_yaxes(self, **settings: Any) -> None:
        self._layout.setdefault("yaxis", {}).update(settings)

    def _add(self, kind: str, trace: Plain) -> None:
        # A value of None is one that Plotly would leave out.
        self._traces.append(
            {"type": kind} | {name: value for name, value in trace.items() if value is not None}
        )
