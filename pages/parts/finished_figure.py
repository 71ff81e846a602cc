"""A Plotly figure that many visitors share."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go


class FinishedFigure(go.Figure):
    """A figure whose plain form is made once: making it is most of what showing a chart costs.

    Only that form is kept: Plotly's own objects take ten times its memory.
    """

    def __init__(self, drawn: go.Figure) -> None:
        super().__init__()
        self.__dict__["_plain"] = drawn.to_dict()

    def to_dict(self) -> dict[str, Any]:
        return self.__dict__["_plain"]
