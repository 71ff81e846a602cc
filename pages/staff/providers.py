"""Providers: what was contracted, logged, produced and paid, and reports about conduct."""

import streamlit as st

import access
from etl import staff_door
from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.frame import footer, simulated_banner
from pages.parts.staff_table import show
from presentation import staff
from presentation.language import say

access.require("leadership")

release = reading.open_release()
st.title(say("staff.providers.title"), anchor=False)
program = choose_program(reading.programs(release))
simulated_banner(program.is_simulated)

months = reading.read(release, "provider_months", program=program.id)
if months.empty:
    st.info(say("staff.providers.no_data"))
    footer(release, program)
    st.stop()

conduct = staff_door.ask("conduct_reports", program=program.id)
st.subheader(staff.provider_answer(months), anchor=False)
st.caption(say("staff.providers.claimed"))
st.subheader(say("staff.providers.table"), anchor=False)
show(staff.provider_table(months, conduct))

names = dict(zip(months["provider"], months["name"], strict=True))
st.subheader(say("staff.providers.months"), anchor=False)
chosen = st.selectbox(say("staff.providers.choose"), list(names), format_func=names.__getitem__)
show(staff.provider_months(months[months["provider"] == chosen]))

if conduct is not None and not conduct.empty:
    st.subheader(say("staff.providers.conduct"), anchor=False)
    st.write(say("staff.providers.conduct_text"))
    show(staff.conduct_table(conduct, names))
footer(release, program)
