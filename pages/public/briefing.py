"""Briefing: what leadership puts in front of a council."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_program
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.turn import set_aside
from presentation.briefing import format_name, kind_name, kind_purpose, media_type
from presentation.language import say
from reports.batch import ward_batch
from reports.build import FORMAT_NAMES, KIND_NAMES, documents, render
from reports.content import ReportError, read_content
from reports.kinds.ward import wards
from reports.render.preview import page_pictures

PREVIEWED = 4  # pages
DOTS_PER_INCH = 84  # a letter page as wide as text is; a wider picture would be made smaller anew in each run

release = reading.open_release()
programs = reading.programs(release)
st.title(say("briefing.title"), anchor=False)
if not programs:
    st.info(say("state.no_program"))
    st.stop()
st.write(say("briefing.intro"))

boxes = st.columns([2, 1.4, 1.2, 1])
with boxes[0]:
    program = choose_program(programs)
with boxes[1]:
    kind = choose("kind", say("briefing.choose_kind"), KIND_NAMES, kind_name)
ward = None
if kind == "ward":
    known = reading.kept(release, ("wards", program.id), lambda: wards(read_content(release, program.id)))
    if not known:
        st.info(say("briefing.no_ward"))
        footer(release)
        st.stop()
    with boxes[3]:
        ward = choose("ward", say("briefing.choose_ward"), known)
with boxes[2]:
    file_format = choose("format", say("briefing.choose_format"), FORMAT_NAMES, format_name)

simulated_banner(program.is_simulated)
st.caption(kind_purpose(kind))
key = (program.id, kind, ward)
try:
    document = reading.kept_with_progress(
        release,
        ("document", *key),
        lambda: next(documents(release, program.id, kind, ward)),
        say("briefing.writing"),
    )
except ReportError as error:
    st.warning(str(error))
    footer(release)
    st.stop()

st.download_button(
    say("briefing.download", name=format_name(file_format)),
    # Made when it is asked for, so that opening the page costs nothing.
    data=lambda: render(document, file_format).data,
    file_name=f"{document.file_stem}.{'zip' if media_type(file_format) == 'application/zip' else file_format}",
    mime=media_type(file_format),
    icon=":material/download:",
    type="primary",
    on_click="ignore",
)

if kind == "ward":
    st.subheader(say("briefing.batch"), anchor=False)
    st.write(say("briefing.batch_text"))
    if st.button(say("briefing.batch_button", count=len(known)), icon=":material/inventory_2:"):
        bar = st.progress(0.0)
        try:
            with set_aside():
                packed = ward_batch(
                    release,
                    program.id,
                    ("pdf", "docx"),
                    lambda name, number, total: bar.progress(
                        number / total, say("briefing.batch_progress", name=name, number=number, total=total)
                    ),
                )
        except ReportError as error:
            st.warning(str(error))
            footer(release)
            st.stop()
        bar.empty()
        st.success(say("briefing.batch_done", count=packed.files))
        st.download_button(
            say("briefing.batch_download"),
            packed.data,
            file_name=f"{program.id}-wards.zip",
            mime="application/zip",
            on_click="ignore",
        )

st.subheader(say("briefing.preview"), anchor=False)
st.caption(say("briefing.preview_text"))
pictures = reading.kept_with_progress(
    release,
    ("preview", *key),
    lambda: page_pictures(document, most=PREVIEWED, dots_per_inch=DOTS_PER_INCH),
    say("briefing.drawing"),
)
for number, picture in enumerate(pictures, start=1):
    st.image(
        picture,
        width="content",
        alt=say("briefing.preview_caption", title=document.title, page=number),
    )
link_to_view(release, program=program.id, kind=kind, **({"ward": ward} if ward else {}))
footer(release)
