"""Forecast: where shootings are to be expected next month, by area. Staff only."""

import pandas as pd
import streamlit as st

import access
from etl import staff_door
from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.figure import show as show_chart
from pages.parts.frame import footer, simulated_banner
from pages.parts.staff_table import show
from presentation import forecast, forecast_check, tables, words
from presentation.language import say

access.require("leadership")

release = reading.open_release()
st.title(say("staff.forecast.title"), anchor=False)
program = choose_program(reading.programs(release))
simulated_banner(program.is_simulated)

rows = staff_door.ask("route_forecast", city=program.city)
if rows is None or rows.empty:
    st.info(say("staff.forecast.none"))
    footer(release, program)
    st.stop()

geography = str(rows["geography"].iloc[0])
areas = reading.read(release, "areas", city=program.city, geography=geography)
names = dict(zip(areas["area"], areas["name"], strict=True))
st.subheader(forecast.answer(rows), anchor=False)
st.write(forecast.limits(rows))
check = reading.read(release, "forecast_check", city=program.city)
if len(check):
    for line in forecast_check.check_sentences(check):
        st.write(line)
st.subheader(say("staff.forecast.table"), anchor=False)
show(forecast.table(rows, names))
st.caption(say("staff.forecast.made_from", release=rows["release_id"].iloc[0]))
if len(check):
    st.table(tables.labelled(pd.DataFrame(forecast_check.check_table(check))), hide_index=True)
    bins = reading.read(release, "forecast_bins", city=program.city)
    show_chart(forecast_check.calibration(bins, release.id), release)

st.subheader(say("staff.forecast.hours"), anchor=False)
hours = staff_door.ask("hours_by_month", program=program.id)
monthly = reading.read(
    release,
    "monthly",
    city=program.city,
    geography=geography,
    outcome="gunshot",
    unit="incidents",
    month_basis="occurred",
)
worked = (
    pd.DataFrame() if hours is None or hours.empty else forecast.hours_by_month(hours, monthly, geography)
)
if worked.empty:
    st.info(say("staff.forecast.hours_none"))
else:
    top = int(check["top_areas"].iloc[0]) if len(check) else 0
    st.write(say("staff.forecast.hours_text", top=top, plural=words.plural_area(geography)))
    show(worked)
footer(release, program)
