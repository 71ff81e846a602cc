"""Shows hostile values in every place a page may show text, on purpose without any escape.

The address of a listening server comes in TEST_SINK: whatever asks it was let out.
"""

import os

import pandas as pd
import streamlit as st

SINK = os.environ["TEST_SINK"]
PICTURE = f"![x]({SINK}/picture)"
ELEMENT = (
    f'<img src="{SINK}/element"><script>fetch("{SINK}/script")</script><iframe src="{SINK}/frame"></iframe>'
)

st.title(f"Title {PICTURE}")
st.markdown(PICTURE)
st.markdown(ELEMENT, unsafe_allow_html=True)
st.html(f'<img src="{SINK}/html" onerror="fetch(\'{SINK}/handler\')">')
st.html(f'<link rel="stylesheet" href="{SINK}/style"><style>body{{background:url({SINK}/css)}}</style>')
st.write(PICTURE, ELEMENT)
st.caption(PICTURE)
st.info(PICTURE)
st.metric(f"Metric {PICTURE}", f"1 {PICTURE}")
st.selectbox(f"Label {PICTURE}", [f"Option {PICTURE}"], help=PICTURE)
st.button(f"Button {PICTURE}")
st.expander(f"Expander {PICTURE}").write("x")
st.table(pd.DataFrame({f"Column {PICTURE}": [PICTURE, ELEMENT]}))
st.dataframe(pd.DataFrame({"value": [PICTURE, ELEMENT]}))
st.dataframe(
    pd.DataFrame({"value": [f"{SINK}/column.png"]}),
    column_config={"value": st.column_config.ImageColumn()},
)
st.image(f"{SINK}/image.png")
st.link_button("Link", f"{SINK}/link")
st.write("all shown")
