"""A Plotly figure that many visitors share."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go


class FinishedFigure(go.Figure):
    """A figure whose plain form is made once: making it is most of what showing a chart costs."""

    def to_dict(self) -> dict[str, Any]:
        if "_plain" not in self.__dict__:
            self.__dict__["_plain"] = super().to_dict()
        return self.__dict__["_plain"]
