"""The dashboard: which pages there are, in which order. No queries, no logic.

Run: `streamlit run dashboard.py` (or `make run`, which serves it with compression and headers).
"""

from pathlib import Path

import streamlit as st

from presentation.language import say

# Page files lie in folders of their own: a file directly in pages/ could be opened past any guard.
PUBLIC = {
    "overview": ":material/home:",
    "results": ":material/query_stats:",
    "places": ":material/map:",
    "outreach": ":material/groups:",
    "requests": ":material/support_agent:",
    "funding": ":material/payments:",
    "claims": ":material/fact_check:",
    "evidence": ":material/library_books:",
    "briefing": ":material/description:",
    "downloads": ":material/download:",
    "method": ":material/menu_book:",
}

STYLE = Path(__file__).parent / "pages" / "parts" / "page.css"

st.set_page_config(page_title=say("site.title"), layout="wide", initial_sidebar_state="collapsed")
page = st.navigation(
    [
        st.Page(
            f"pages/public/{name}.py",
            title=say(f"{name}.menu"),
            icon=icon,
            url_path=name,
            default=name == "overview",
        )
        for name, icon in PUBLIC.items()
    ],
    position="top",
)
st.html(STYLE)
page.run()
