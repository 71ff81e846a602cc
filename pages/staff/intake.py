"""Log intake: upload a log, see what is wrong with it, decide."""

from dataclasses import asdict

import streamlit as st

import access
from etl import next_build, warehouse
from etl.inbox import KINDS, Inbox
from etl.problems import BadInput
from pages.parts import reading
from pages.parts.frame import footer
from pages.parts.staff_table import show
from pages.parts.templates import offer_templates
from pages.parts.turn import long_work
from presentation import staff
from presentation.escape import markdown
from presentation.language import say
from presentation.words import word

access.require("leadership")

release = reading.open_release()
inbox = Inbox(warehouse.home())
who = access.current_person()
programs = {program.id: program.name for program in reading.programs(release)}
if "intake_said" in st.session_state:
    st.toast(st.session_state.pop("intake_said"))

st.title(say("staff.intake.title"), anchor=False)
st.subheader(staff.intake_answer(upload.state for upload in inbox.uploads()), anchor=False)
st.write(say("staff.intake.intro"))

with st.form("upload", clear_on_submit=True):
    boxes = st.columns(2)
    program = boxes[0].selectbox(say("staff.program"), list(programs), format_func=programs.__getitem__)
    log = boxes[1].selectbox(
        say("staff.intake.kind"), KINDS, index=1, format_func=lambda kind: word("staff.log", kind)
    )
    file = st.file_uploader(say("staff.intake.file"), type=["xlsx", "csv"])
    if st.form_submit_button(say("staff.intake.send"), type="primary", icon=":material/upload_file:"):
        if file is None:
            st.warning(say("staff.intake.no_file"))
        else:
            try:
                received = inbox.receive(file.getvalue(), file.name, log, program, who)
                with long_work(say("staff.intake.checking")):
                    checked = received if received.state != "received" else inbox.check(received.id, who)
                st.session_state["chosen_upload"] = checked.id
            except BadInput as error:
                st.error(markdown(error))

uploads = {upload.id: upload for upload in inbox.uploads()}
if uploads:
    st.subheader(say("staff.intake.list"), anchor=False)
    show(staff.upload_table(asdict(upload) for upload in uploads.values()))
    if st.session_state.get("chosen_upload") not in uploads:
        st.session_state["chosen_upload"] = next(iter(uploads))
    chosen = uploads[
        st.selectbox(
            say("staff.intake.choose"),
            list(uploads),
            key="chosen_upload",
            format_func=lambda upload_id: staff.upload_label(asdict(uploads[upload_id])),
        )
    ]
    if chosen.state == "received":
        with long_work(say("staff.intake.checking")):
            chosen = inbox.check(chosen.id, who)
    (st.error if chosen.state == "refused" else st.info)(staff.check_answer(asdict(chosen)))
    findings = inbox.findings(chosen.id)
    if findings:
        st.subheader(say("staff.intake.findings"), anchor=False)
        show(staff.finding_table(asdict(finding) for finding in findings))
    elif chosen.state != "refused":
        st.write(say("staff.intake.nothing_found"))
    if access.may("steward"):
        left, right = st.columns(2)
        is_whole = chosen.rows_usable == chosen.rows_read
        words = (
            say("staff.intake.accept")
            if is_whole
            else say("staff.intake.accept_part", usable=f"{chosen.rows_usable:,}")
        )
        if chosen.state == "checked" and left.button(words, type="primary", icon=":material/check:"):
            try:
                inbox.accept(chosen.id, who)
            except BadInput as error:
                st.error(markdown(error))
            else:
                st.session_state["intake_said"] = say("staff.intake.accepted")
                st.rerun()
        if chosen.state in {"checked", "accepted"} and right.button(
            say("staff.intake.withdraw"), icon=":material/undo:"
        ):
            inbox.withdraw(chosen.id, who)
            st.session_state["intake_said"] = say("staff.intake.withdrawn")
            st.rerun()
    else:
        st.caption(say("staff.intake.steward_only"))

if access.may("steward") and inbox.accepted():
    st.write(say("staff.intake.build_text"))
    if next_build.is_running(warehouse.home()):
        st.info(say("staff.intake.build_running"))
    elif st.button(say("staff.intake.build"), icon=":material/sync:"):
        next_build.start(warehouse.home(), who)
        st.info(say("staff.intake.build_started"))

with st.expander(say("staff.intake.templates")):
    offer_templates()
footer(release)
