"""Providers: what was contracted, logged, produced and paid, and reports about conduct."""

import streamlit as st

import access
from etl import staff_door
from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.frame import footer, simulated_banner
from pages.parts.staff_table import show
from presentation import providers, staff
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

findings = staff_door.ask("provider_findings", program=program.id)
if findings is not None and not findings.empty:
    st.subheader(say("staff.providers.findings"), anchor=False)
    st.write(say("staff.providers.findings_text"))
    show(providers.finding_table(findings, names, staff_door.reason_words()))

records = staff_door.ask("provider_records", program=program.id)
if records is not None:
    st.subheader(say("staff.providers.records"), anchor=False)
    if records.empty:
        st.write(say("staff.providers.no_records"))
    else:
        show(providers.record_table(records, names))

if conduct is not None and not conduct.empty:
    ages = staff_door.ask("conduct_ages", program=program.id)
    st.subheader(say("staff.providers.conduct"), anchor=False)
    st.write(say("staff.providers.conduct_text"))
    show(providers.conduct_table(ages, names))

payments = staff_door.ask("provider_payments", program=program.id)
if payments is not None and not payments.empty:
    st.subheader(say("staff.providers.payments"), anchor=False)
    show(providers.payment_table(payments, names))
footer(release, program)
