"""Staff."""

import streamlit as st

import access

access.require("leadership")

st.title("intake")
