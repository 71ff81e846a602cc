"""Routes: where shootings gather, and whether teams work there. The past only, by quarter and a quarter late."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_program
from pages.parts.figure import show
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.templates import offer_templates
from presentation import forecast_check, hot_spots, requests, routes, tables
from presentation.language import say

release = reading.open_release()
programs = reading.programs(release)
if not programs:
    st.title(say("routes.menu"), anchor=False)
    st.info(say("state.no_program"))
    st.stop()

heading = st.container()
left, right = st.columns([2, 1.4])
with left:
    program = choose_program(programs)
accuracy = reading.read(release, "route_accuracy", program=program.id)
points = reading.read(release, "route_curve", program=program.id)
spots = reading.read(release, "hot_spots", city=program.city, outcome="gunshot")
asked = reading.read(release, "add_area_requests", program=program.id)
said = reading.read(release, "outreach_facts", program=program.id, page="requests").to_dict("records")

with heading:
    simulated_banner(program.is_simulated)
    st.title(routes.title(accuracy, program), anchor=False)

period = "all"
if len(accuracy):
    with right:
        period = choose(
            "period",
            say("routes.period"),
            routes.periods(accuracy),
            lambda code: routes.period_choice(code, accuracy),
        )
    found = routes.rows_by_choice(routes.of_period(accuracy, period))
    named = routes.period_name(period, accuracy)
    for line in routes.detail(found, named):
        st.write(line)
    st.caption(routes.late(accuracy))
    show(routes.curve(routes.of_period(points, period), found, named, release.id), release)
    for chart in (
        routes.hours_by_quarter(accuracy, release.id),
        routes.index_by_quarter(accuracy, release.id),
    ):
        if chart:
            show(chart, release)
    lines = routes.set_lines(found, program)
    if lines:
        st.subheader(say("routes.sets.title"), anchor=False)
        st.write(routes.sets_note(found, named, program))
        for line in lines:
            st.markdown(f"- {line}")
else:
    st.write(say("routes.no_counts"))

if len(spots):
    show(hot_spots.spots(spots, program, release.id), release)
    st.write(hot_spots.spots_note(spots))
    for line in hot_spots.group_lines(spots, program):
        st.markdown(f"- {line}")

st.subheader(say("routes.requests.title"), anchor=False)
lines = hot_spots.asked_for(asked, spots)
st.write(hot_spots.most_asked(lines))
for line in lines:
    st.markdown(f"- {line}")
if lines:
    st.caption(say("routes.requests.note"))
for line in requests.path_lines([fact for fact in said if fact["fact"] in routes.FACTS]):
    st.markdown(f"- {line}")

check = reading.read(release, "forecast_check", city=program.city)
if len(check):
    st.subheader(say("routes.check.title"), anchor=False)
    for line in forecast_check.check_sentences(check):
        st.write(line)
    st.table(tables.labelled(pd.DataFrame(forecast_check.check_table(check))), hide_index=True)
    show(
        forecast_check.calibration(reading.read(release, "forecast_bins", city=program.city), release.id),
        release,
    )
    st.caption(say("routes.check.limits"))

if not len(accuracy) or accuracy["hours_share"].isna().all():
    offer_templates()
link_to_view(release, program=program.id, period=period)
footer(release)
