"""Requests: the path of a call for help, where teams are reached through an office and where on 911 calls."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.figure import show, table_with_download
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.templates import offer_templates
from presentation import hours, requests, tables
from presentation.language import say

release = reading.open_release()
programs = reading.programs(release)
if not programs:
    st.title(say("requests.menu"), anchor=False)
    st.info(say("state.no_program"))
    st.stop()

heading = st.container()
program = choose_program(programs)
simulated_banner(program.is_simulated)
counts = reading.read(release, "request_counts", program=program.id)
times = reading.read(release, "request_times", program=program.id)
with heading:
    st.title(requests.title(counts), anchor=False)

if len(counts):
    st.write(f"{requests.needed(counts)} {say('requests.log_base')}")
    funnel = requests.steps(counts, release.id)
    if funnel:
        show(funnel, release)
    for title, note, rows in (
        ("source_title", "", requests.sources_and_outcomes(counts)),
        ("times_title", "times_note", requests.time_rows(times)),
        ("band_title", "band_note", requests.bands(counts)),
    ):
        if rows:
            st.subheader(say(f"requests.{title}"), anchor=False)
            if note:
                st.write(say(f"requests.{note}"))
            st.table(tables.labelled(pd.DataFrame(rows)), hide_index=True)
    table_with_download(counts, f"{program.id}-requests", release)
else:
    st.write(say("requests.no_log", program=program.name))

# Simulated and real never meet on one page.
shown = [item for item in programs if item.is_simulated == program.is_simulated]
facts = {
    item.id: reading.read(release, "outreach_facts", program=item.id, page="requests").to_dict("records")
    for item in shown
}
with_facts = [item for item in shown if facts[item.id]]
if with_facts:
    st.subheader(say("requests.paths_title"), anchor=False)
    st.write(say("requests.paths_intro"))
    for column, item in zip(st.columns(len(with_facts), gap="large"), with_facts, strict=True):
        column.markdown(f"**{item.name}**")
        for line in requests.path_lines(facts[item.id]):
            column.markdown(f"- {line}")

coverage = reading.read(release, "schedule_coverage", program=program.id, outcome="gunshot", unit="incidents")
if len(coverage):
    st.subheader(say("requests.hours_title"), anchor=False)
    sentence, detail = hours.coverage(coverage.to_dict("records")[-1], "gunshot", "incidents")
    st.write(f"{sentence} {detail}")
if not len(counts):
    offer_templates()

link_to_view(release, program=program.id)
footer(release)
