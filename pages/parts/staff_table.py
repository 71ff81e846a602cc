"""A table of a staff page: every numeric column with thousands separators."""

from __future__ import annotations

import pandas as pd
import streamlit as st


def show(frame: pd.DataFrame) -> None:
    """Show a table as wide as the page."""
    numeric = frame.select_dtypes("number").columns
    st.dataframe(
        frame,
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(format="localized") for name in numeric},
    )
