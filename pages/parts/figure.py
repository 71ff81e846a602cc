"""Show a described chart with its title, words, key, table and downloads."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from etl.warehouse import Release
from pages.parts.text import headed, small, with_dollars
from presentation import tables
from presentation.charts.description import ChartDescription
from presentation.language import say

PICTURES = {"png": "image/png", "svg": "image/svg+xml"}
MOST_KEPT = 512
MOST_ROWS = 200  # rows shown in the browser; the download always has all


def is_dark() -> bool:
    """Whether the visitor's theme is dark."""
    return st.context.theme.type == "dark"


def show(chart: ChartDescription, release: Release) -> None:
    """A Plotly chart; everything in it is also in words and in a table."""
    heading(chart.title, "" if chart.cells else small(chart.subtitle))
    figure, config = _drawn(_Described(chart), is_dark())
    st.plotly_chart(
        figure,
        theme=None,
        config=config,
        alt=chart.alt,
        key=f"chart_{chart.id}",
    )
    below(chart, release)


def heading(title: str, words: str = "") -> None:
    """The heading of a chart with what stands under it, as one element."""
    st.markdown(with_dollars(f"{headed(title)}\n\n{words}"), anchors=False)


class _Described:
    """A chart description as a key of the cache: equal content is the same key."""

    def __init__(self, chart: ChartDescription) -> None:
        self.chart = chart
        self._key = digest(chart)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Described) and other._key == self._key


_digests: OrderedDict[int, tuple[ChartDescription, bytes]] = OrderedDict()


def digest(chart: ChartDescription) -> bytes:
    """A key of the content; of a description that is kept and shown again it is made once."""
    known = _digests.get(id(chart))
    if known is not None and known[0] is chart:
        return known[1]
    digest = sha256(pickle.dumps(chart)).digest()
    _digests[id(chart)] = (chart, digest)
    while len(_digests) > MOST_KEPT:
        _digests.popitem(last=False)
    return digest


@lru_cache(maxsize=MOST_KEPT)
def _drawn(described: _Described, dark: bool) -> tuple[Any, dict[str, Any]]:
    """The figure and its settings, made once. Never changed afterwards."""
    # Only here: pages without such a chart need not import Plotly.
    from pages.parts.finished_figure import FinishedFigure
    from presentation.charts import plotly_chart

    return FinishedFigure(plotly_chart.draw(described.chart, dark).to_dict()), plotly_chart.config(
        described.chart
    )


@lru_cache(maxsize=256)
def _table_of(described: _Described) -> tuple[pd.DataFrame, pa.Table]:
    """The table behind a chart, whole and as the browser gets it."""
    frame = pd.DataFrame(described.chart.table)
    return frame, for_browser(tables.labelled(frame.head(MOST_ROWS)))


def for_browser(frame: pd.DataFrame) -> pa.Table:
    """A frame as the browser gets it; turning pandas into Arrow anew in each run would cost more than the rest."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def below(chart: ChartDescription, release: Release) -> None:
    """What stands under a chart: the key of letters and numbers, unit and release, table, download."""
    texts = []
    if chart.spans and any(span.letter for span in chart.spans):
        phases = " · ".join(f"**{span.letter}** {span.label}" for span in chart.spans)
        texts.append(say("chart.phases", phases=phases))
    if chart.events:
        events = " · ".join(f"**{event.number}** {event.label}" for event in chart.events)
        texts.append(say("chart.events", events=events))
    if chart.note:
        texts.append(small(chart.note))
    if texts:
        # Dollar signs stay dollar signs: two of them would be read as a formula.
        st.markdown(with_dollars("\n\n".join(texts)))
    # What is inside is made when it is opened: seven charts with tables would cost more than the rest of a page.
    inside = st.expander(say("chart.table"), key=f"open_{chart.id}", on_change="rerun")
    if not inside.open:
        return
    with inside:
        st.write(with_dollars(chart.alt))
        if chart.table:
            frame, shown = _table_of(_Described(chart))
            table_and_file(frame, shown, chart.id, release)
        download_picture(chart, release)


def table_and_file(
    frame: pd.DataFrame,
    shown: pa.Table,
    name: str,
    release: Release,
    links: Sequence[str] = (),
    height: int | None = None,
) -> None:
    """The numbers as a table (`shown`: its first rows, for the browser) and as a CSV file that names the release."""
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=height or "auto",
        column_config={column: st.column_config.LinkColumn() for column in links} or None,
    )
    if len(frame) > MOST_ROWS:
        st.write(say("chart.first_rows", shown=MOST_ROWS, all=len(frame)))
    download_csv(frame, name, release)


def download_csv(frame: pd.DataFrame, name: str, release: Release) -> None:
    """A button that makes the CSV file only when it is pressed."""
    st.download_button(
        say("chart.download"),
        data=lambda: tables.csv(frame, release.id),
        file_name=f"{name}-{release.id}.csv",
        mime="text/csv",
        key=f"download_{name}",
        icon=":material/download:",
        on_click="ignore",
    )


def download_picture(chart: ChartDescription, release: Release) -> None:
    """Buttons that draw the chart for print, with title, unit and release in the picture."""

    def draw(file_format: str) -> bytes:
        # Imported when pressed: the renderer is not needed to show the page.
        from reports.render.picture import render_png, render_svg

        return render_svg(chart) if file_format == "svg" else render_png(chart)

    for file_format, kind in PICTURES.items():
        st.download_button(
            say(f"chart.picture_{file_format}"),
            data=partial(draw, file_format),
            file_name=f"{chart.id}-{release.id}.{file_format}",
            mime=kind,
            key=f"picture_{file_format}_{chart.id}",
            icon=":material/image:",
            on_click="ignore",
        )
