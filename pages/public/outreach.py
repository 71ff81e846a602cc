"""Outreach: what the teams did, when they work, and when shootings happen."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_program
from pages.parts.figure import download_csv, show
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.templates import offer_templates
from presentation import hours, method, numbers, tables, words
from presentation.charts.description import ChartDescription
from presentation.charts.hours import mediations, outcome_months, week, work_months
from presentation.language import say
from presentation.results import distinct

release = reading.open_release()
programs = reading.programs(release)
if not programs:
    st.title(say("outreach.menu"), anchor=False)
    st.info(say("state.no_program"))
    st.stop()

answer = st.container()
boxes = st.columns([2, 1.4, 1])
with boxes[0]:
    program = choose_program(programs)
span = reading.read(release, "monthly_span", city=program.city)
span = span[(span["month_basis"] == "occurred") & (span["geography"] == "city")]
outcome, unit = "gunshot", "incidents"
if len(span):
    with boxes[1]:
        outcomes = distinct(sorted(span["outcome"], key=lambda code: (code != "gunshot", code)))
        outcome = choose("outcome", say("choice.outcome"), outcomes, words.outcome_name)
    with boxes[2]:
        units = distinct(span[span["outcome"] == outcome]["unit"])
        unit = choose("unit", say("choice.unit"), units, lambda code: words.word("unit", code))

counts = reading.read(release, "weekday_hour", city=program.city, outcome=outcome, unit=unit)
shifts = reading.read(release, "shift_months", program=program.id)
team_hours = reading.read(release, "team_hours", program=program.id)
schedules = program.entries("schedule")
coverage = reading.read(release, "schedule_coverage", program=program.id, outcome=outcome, unit=unit)

key = (program.id, outcome, unit)
on_shift = reading.kept(
    release,
    ("on_shift", program.id),
    lambda: hours.worked_hours(team_hours) if len(team_hours) else hours.schedule_hours(schedules),
)
has_counts = len(counts) > 0 and counts["count"].sum() > 0
with answer:
    simulated_banner(program.is_simulated)
    if has_counts and on_shift:
        if len(team_hours) or not len(coverage):
            title, detail = reading.kept(
                release, ("covered", *key), lambda: hours.plain_coverage(counts, on_shift, outcome, unit)
            )
        else:
            title, detail = hours.coverage(coverage.to_dict("records")[-1], outcome, unit)
        st.title(title, anchor=False)
        st.write(detail)
    elif has_counts:
        st.title(say("outreach.no_hours_title", program=program.name), anchor=False)
    else:
        st.title(say("outreach.no_counts_title", program=program.name), anchor=False)

if has_counts:
    if len(team_hours):
        st.write(say("outreach.logged_hours"))
    elif schedules:
        sources = "; ".join(distinct(entry["source"] for entry in schedules))
        st.write(say("outreach.published_hours", hours=hours.schedule_words(schedules), source=sources))
    chart = reading.kept(release, ("week", *key), lambda: week(counts, on_shift, outcome, unit, release.id))
    show(chart, release)

if len(shifts):

    def by_month() -> list[ChartDescription]:
        """Hours, mediations and shootings on the same months."""
        activities = reading.read(release, "activity_months", program=program.id)
        activities = activities[
            (activities["attribute"] == "kind") & (activities["attribute_value"] == "mediation")
        ]
        months = tuple(numbers.as_date(month).isoformat() for month in shifts["month"])
        drawn = [work_months(shifts, program, release.id)]
        if len(activities):
            drawn.append(mediations(activities, months, program, release.id))
        place = {"city": program.city, "geography": "city", "month_basis": "occurred"}
        city = reading.read(release, "monthly", outcome=outcome, unit=unit, **place)
        if len(city):
            drawn.append(outcome_months(city, months, outcome, unit, program, release.id))
        return drawn

    for chart in reading.kept(release, ("by_month", *key), by_month):
        show(chart, release)
    st.subheader(say("quality.log_title"), anchor=False)
    idle = int((shifts["hours"] == 0).sum())
    st.write(
        say("quality.idle", idle=numbers.count(idle), months=numbers.count(len(shifts)))
        if idle
        else say("quality.no_idle")
    )
    faults = reading.kept(
        release,
        ("log_faults", program.id),
        lambda: method.log_faults(reading.read(release, "quality", city=program.city), program.id),
    )
    if len(faults):
        st.write(say("quality.log_note"))
        st.table(tables.labelled(faults), hide_index=True)
        download_csv(faults, f"{program.id}-log-faults", release)
else:
    st.subheader(say("outreach.no_log_title"), anchor=False)
    st.write(say("outreach.no_log", program=program.name))
    offer_templates()

facts = reading.read(release, "outreach_facts", program=program.id, page="outreach").to_dict("records")
if facts:
    st.subheader(say("outreach.facts_title"), anchor=False)
    st.write(say("outreach.facts_note"))
    st.table(
        [
            {
                say("column.when"): numbers.month(fact["date"], short=True),
                say("column.fact"): fact["text"],
                say("column.source"): fact["source"],
                say("column.certainty"): words.word("certainty", fact["certainty"]),
            }
            for fact in facts
        ],
        hide_index=True,
    )

link_to_view(release, program=program.id, outcome=outcome, unit=unit)
footer(release)
