"""Show a described map or small time chart with Altair. A select box does what a click does."""

from __future__ import annotations

import copy
import html
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from etl.warehouse import Release
from pages.parts.figure import below, digest, for_browser, heading, is_dark
from pages.parts.reading import kept
from presentation.charts import altair_chart
from presentation.charts.description import ChartDescription


def show_map(chart: ChartDescription, release: Release, chosen: str, key: str) -> None:
    """A tile map; a click on a tile chooses its area in the select box with the key `key`."""
    heading(chart.title, chart.subtitle)

    def click() -> None:
        picked = st.session_state[f"map_{key}"].selection.get(altair_chart.SELECTION) or []
        if picked:
            st.session_state[key] = picked[0]["area"]

    st.vega_lite_chart(
        spec=_finished(release, chart, is_dark(), chosen),
        theme=None,
        alt=chart.alt,
        key=f"map_{key}",
        on_select=click,
        selection_mode=altair_chart.SELECTION,
    )
    legend(chart)
    below(chart, release)


def legend(chart: ChartDescription) -> None:
    """The classes of the map with their color, in words."""
    boxes = "".join(
        '<span style="display:inline-flex;align-items:center;margin-right:1rem">'
        f'<span aria-hidden="true" style="width:1rem;height:1rem;background:{color};'
        'border:1px solid #868e96;border-radius:3px;margin-right:.4rem"></span>'
        f"{html.escape(text)}</span>"
        for text, color in altair_chart.class_colors(chart, is_dark())
    )
    st.html(f'<div style="display:flex;flex-wrap:wrap;row-gap:.3rem">{boxes}</div>')


def show_months(chart: ChartDescription, release: Release) -> None:
    """Counts by month as bars."""
    heading(chart.title, chart.subtitle)
    st.vega_lite_chart(
        spec=_finished(release, chart, is_dark()), theme=None, alt=chart.alt, key=f"chart_{chart.id}"
    )
    below(chart, release)


def _finished(
    release: Release, chart: ChartDescription, dark: bool, chosen: str | None = None
) -> dict[str, Any]:
    """The description that Vega-Lite draws from, made once: Altair checks each part of it, which takes long."""

    def make() -> dict[str, Any]:
        spec = altair_chart.draw(chart, dark, chosen).to_dict()
        # Streamlit would turn the rows into what the browser reads anew in each run.
        spec["datasets"] = {name: _for_browser(rows) for name, rows in spec.get("datasets", {}).items()}
        return spec

    # Streamlit takes the parts out of what it gets, so each run hands over a shallow copy.
    return copy.copy(kept(release, ("vega", digest(chart), dark, chosen), make))


def _for_browser(rows: list[dict[str, Any]]) -> bytes:
    """Rows as an Arrow stream."""
    table = for_browser(pd.DataFrame(rows))
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return out.getvalue().to_pybytes()
