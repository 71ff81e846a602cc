"""The dashboard: which pages there are, in which order. No queries, no logic.

Run: `streamlit run dashboard.py` (or `make run`, which serves it with compression and headers).
"""

import streamlit as st

import access
from pages.parts import choice, frame, menu, reading, turn
from presentation.language import say

# Page files lie in folders of their own: a file directly in pages/ could be opened past any guard.
# No icons from Streamlit's set: it would fetch the one of the open page from another host, as the
# browser tab's picture. No groups: on a phone Streamlit's grouped menu is a list that screen readers misread.
PUBLIC = (
    "overview",
    "results",
    "places",
    "outreach",
    "routes",
    "requests",
    "funding",
    "claims",
    "evidence",
    "briefing",
    "downloads",
    "method",
    "record",
    "promises",
)

with turn.taken():
    st.set_page_config(
        page_title=say("site.title"),
        page_icon=frame.ICON,
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    choice.carry_over()
    public = menu.public_pages(PUBLIC)
    staff = access.staff_pages()
    page = st.navigation({"": public, say("staff.section"): staff} if staff else public, position="top")
    st.html(frame.STYLE)
    access.sign_in_controls()
    choice.arrive(page.url_path)
    frame.embed_caveat()
    try:
        reading.run(page)
    finally:  # also where a page stops early
        choice.leave()
