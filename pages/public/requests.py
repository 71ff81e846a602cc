"""Requests: the path of a call for help, where teams are reached through an office and where on 911 calls."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.figure import show, table_with_download
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.templates import offer_templates
from pages.parts.text import with_dollars
from presentation import calls, funding, hours, requests, tables
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
    wards = reading.read(release, "areas", city=program.city, geography="ward")
    by_area = requests.by_area(
        reading.read(release, "request_areas", program=program.id),
        dict(zip(wards["area"], wards["name"], strict=True)),
    )
    if by_area:
        st.subheader(say("request_area.title"), anchor=False)
        st.write(say("request_area.note"))
        st.table(tables.labelled(pd.DataFrame(by_area)), hide_index=True)
    table_with_download(counts.assign(period=counts["period"].dt.date), f"{program.id}-requests", release)
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

unreached = next((fact for fact in facts.get(program.id, []) if fact["fact"] == "unreached_at_scene"), None)
happened = requests.scenario(counts) if program.is_simulated else ""
if happened or unreached:
    st.subheader(say("reach.scenario_title"), anchor=False)
    st.write(
        happened or say("reach.scenario_real", text=unreached["text"].rstrip("."), source=unreached["source"])
    )

coverage = reading.read(release, "schedule_coverage", program=program.id, outcome="gunshot", unit="incidents")
of_week = reading.read(release, "weekday_hour", city=program.city, outcome="gunshot", unit="incidents")
team_hours = reading.read(release, "team_hours", program=program.id)
on_shift = (
    hours.worked_hours(team_hours)
    if len(team_hours)
    else hours.schedule_hours(hours.latest_schedule(program.entries("schedule")))
)
reach = requests.reach(of_week, on_shift)
if len(coverage) or reach:
    st.subheader(say("requests.hours_title"), anchor=False)
    if len(team_hours) and len(of_week):
        st.write(" ".join(hours.plain_coverage(of_week, on_shift, "gunshot", "incidents")))
    elif len(coverage):
        st.write(" ".join(hours.coverage(coverage.to_dict("records")[-1], "gunshot", "incidents")))
if reach:
    st.subheader(say("reach.title"), anchor=False)
    st.write(" ".join(reach))
    st.caption(say("reach.note"))

st.subheader(say("calls.title"), anchor=False)
answered = reading.read(release, "call_counts", program=program.id)
if len(answered):
    precincts = reading.read(release, "areas", city=program.city, geography="precinct")
    st.write(calls.sentence(answered))
    st.table(
        tables.labelled(
            pd.DataFrame(calls.table(answered, dict(zip(precincts["area"], precincts["name"], strict=True))))
        ),
        hide_index=True,
    )
    st.caption(say("calls.note"))
else:
    st.write(say("calls.none", program=program.name))
review = reading.read(release, "funding_review", program=program.id).to_dict("records")
price = next((row for row in review if row["figure"] == "cost_per_answered_call"), None)
if price:
    st.markdown(with_dollars(f"**{say('calls.cost_title')}.** {funding.unit_cost(price)}"))

st.subheader(say("calls.ranking.heading"), anchor=False)
volume = calls.volume(reading.read(release, "hot_spots", city=program.city))
if len(volume):
    served = calls.served_areas(program, str(volume["geography"].iloc[0]))
    show(calls.ranking(volume, served, release.id), release)
    st.caption(say("calls.ranking.note"))
else:
    st.write(say("calls.ranking.none"))
if not len(counts):
    offer_templates()

link_to_view(release, program=program.id)
footer(release)
