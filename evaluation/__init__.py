"""Statistics of program evaluation: pure functions of data frames and specs.

Returns numbers and codes, never sentences (`presentation` makes those). Imports nothing of this
project but itself, and never Streamlit, DuckDB or Plotly.
"""
