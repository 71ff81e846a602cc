"""A Plotly figure that many visitors share."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go


class FinishedFigure(go.Figure):
    """A figure in its plain form, as Streamlit sends it to the browser; Plotly works nothing out."""

    def __init__(self, plain: dict[str, Any]) -> None:
        # Plotly's own beginning would copy its default look, which takes longer than all the rest of a chart.
        self.__dict__["_plain"] = plain

    def to_dict(self) -> dict[str, Any]:
        return self.__dict__["_plain"]
