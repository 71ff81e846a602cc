"""The smallest dashboard with a public page and the project's staff pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st

import access


def public() -> None:
    st.title("Public page")
    choice = st.selectbox("Ward", ["Ward 1", "Ward 2", "Ward 3"])
    st.write(f"Chosen: {choice}")


pages = [st.Page(public, title="Public", default=True), *access.staff_pages()]
access.sign_in_controls()
st.navigation(pages, position="top").run()
