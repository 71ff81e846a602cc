"""Data quality: what was wrong with logs and sources, exact, for staff."""

import streamlit as st

import access
from etl import audit_log, staff_door, warehouse
from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.frame import footer, simulated_banner
from pages.parts.staff_table import show
from presentation import staff, tables
from presentation.language import say
from presentation.words import word

access.require("leadership")

release = reading.open_release()
st.title(say("staff.quality.title"), anchor=False)
program = choose_program(reading.programs(release))
simulated_banner(program.is_simulated)

says = staff_door.reason_words()
faults = staff_door.ask("finding_counts", program=program.id)
if faults is None:
    st.info(say("staff.quality.no_store"))
else:
    kept = staff_door.ask("rows_kept", program=program.id)
    aside = staff_door.ask("rows_set_aside", program=program.id)
    st.subheader(staff.quality_answer(program.name, kept, aside, faults, says), anchor=False)
    if kept["rows"].sum():
        st.caption(say("staff.quality.exact"))
        show(staff.log_table(kept, aside))
    if not faults.empty:
        st.subheader(say("staff.quality.findings"), anchor=False)
        table = staff.fault_table(faults, says)
        show(table)
        st.download_button(
            say("staff.quality.download"),
            data=lambda: tables.csv(table, release.id),
            file_name=f"{program.id}-log-faults.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click=lambda: audit_log.record(
                warehouse.home() / "ledger",
                access.current_person(),
                "staff_data_exported",
                {"table": "log_faults", "program": program.id},
            ),
        )
        st.subheader(say("staff.quality.by_provider"), anchor=False)
        options = list(zip(faults["form"], faults["reason"], strict=True))
        form, reason = st.selectbox(
            say("staff.quality.fault"),
            options,
            format_func=lambda one: f"{word('staff.log', one[0])}: {says.get(one[1], one[1])}",
        )
        rows = staff_door.ask("findings_by_provider", program=program.id, form=form, reason=reason)
        show(staff.fault_months(rows))

st.subheader(say("staff.quality.freshness"), anchor=False)
show(staff.freshness_table(reading.read(release, "sources")))
st.subheader(say("staff.quality.sources"), anchor=False)
st.write(say("staff.quality.sources_text"))
show(staff.source_fault_table(reading.read(release, "quality")))
footer(release, program)
