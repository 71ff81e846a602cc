"""A Streamlit page that shows finished parts of a page and nothing else: what any page with them must cost.

Started by benchmarks/pages.py, which writes the parts of each page to a folder (BARE_PARTS): the charts alone, and
the charts with all texts, tables and boxes.
"""

import base64
import json
import os
from functools import lru_cache
from pathlib import Path

import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st


@lru_cache(maxsize=64)
def finished(page: str) -> list[tuple[str, object]]:
    """The parts of a page, built once for all sessions."""
    text = (Path(os.environ["BARE_PARTS"]) / f"{page}.json").read_text(encoding="utf-8")
    return [(kind, built(kind, part)) for kind, part in json.loads(text)]


def built(kind: str, part: object) -> object:
    if kind == "plotly":
        return go.Figure(part)
    if kind in ("dataframe", "table"):
        return pa.ipc.open_stream(base64.b64decode(str(part))).read_all()
    return part


st.set_page_config(layout="wide")
st.title("The same parts")
st.selectbox("Choice", ["one", "two"])
for place, (kind, part) in enumerate(finished(st.query_params["page"])):
    if kind == "plotly":
        st.plotly_chart(part, theme=None, key=f"chart_{place}")
    elif kind == "vega":
        st.vega_lite_chart(spec=part, theme=None, key=f"chart_{place}")
    elif kind == "dataframe":
        st.dataframe(part, hide_index=True)
    elif kind == "table":
        st.table(part)
    elif kind == "selectbox":
        label, *options = part
        st.selectbox(label, options, key=f"box_{place}")
    elif kind == "imgs":
        for address in part:
            st.markdown(address)
    else:
        st.markdown(part)
