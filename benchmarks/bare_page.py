"""A Streamlit page that shows finished charts and nothing else: what any page with these charts must cost.

Started by benchmarks/pages.py, which writes the charts of each page to a folder (BARE_CHARTS).
"""

import json
import os
from functools import lru_cache
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st


@lru_cache(maxsize=64)
def finished(page: str) -> list[tuple[str, object]]:
    """The charts of a page, built once for all sessions."""
    text = (Path(os.environ["BARE_CHARTS"]) / f"{page}.json").read_text(encoding="utf-8")
    return [(kind, go.Figure(spec) if kind == "plotly" else spec) for kind, spec in json.loads(text)]


st.set_page_config(layout="wide")
st.title("The same charts")
st.selectbox("Choice", ["one", "two"])
for place, (kind, chart) in enumerate(finished(st.query_params["page"])):
    if kind == "plotly":
        st.plotly_chart(chart, theme=None, key=f"chart_{place}")
    else:
        st.vega_lite_chart(spec=chart, theme=None, key=f"chart_{place}")
