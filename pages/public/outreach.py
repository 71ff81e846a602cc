"""Outreach: what the teams did, when they work, and when shootings happen."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_outcome, choose_program, choose_unit, gunshot_first
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.templates import offer_templates
from presentation import hours, method, numbers, words
from presentation.charts.hours import mediations, outcome_months, week, work_months
from presentation.language import say
from presentation.results import distinct

release, programs = reading.open_with_programs("outreach")

answer = st.container()
boxes = st.columns([2, 1.4, 1])
with boxes[0]:
    program = choose_program(programs)
counted = reading.kept(
    release,
    ("outreach_counted", program.city),
    lambda: [
        item
        for item in reading.records(release, "monthly_span", city=program.city)
        if item["month_basis"] == "occurred" and item["geography"] == "city"
    ],
)
outcome, unit = "gunshot", "incidents"
if counted:
    with boxes[1]:
        outcome = choose_outcome(gunshot_first(item["outcome"] for item in counted))
    with boxes[2]:
        unit = choose_unit(item["unit"] for item in counted if item["outcome"] == outcome)

key = (program.id, outcome, unit)
schedules = program.entries("schedule")
shifts = reading.read(release, "shift_months", program=program.id)
team_hours = reading.read(release, "team_hours", program=program.id)
counts = reading.read(release, "weekday_hour", city=program.city, outcome=outcome, unit=unit)
on_shift = reading.kept(
    release,
    ("on_shift", program.id),
    lambda: hours.worked_hours(team_hours) if len(team_hours) else hours.schedule_hours(schedules),
)


def has_counts() -> bool:
    return len(counts) > 0 and counts["count"].sum() > 0


def write_answer(page: Content) -> None:
    """The first screen: the share of shootings in the hours when teams work."""
    coverage = reading.records(release, "schedule_coverage", program=program.id, outcome=outcome, unit=unit)
    if not has_counts():
        page.title(say("outreach.no_counts_title", program=program.name))
    elif not on_shift:
        page.title(say("outreach.no_hours_title", program=program.name))
    else:
        title, detail = (
            hours.plain_coverage(counts, on_shift, outcome, unit)
            if len(team_hours) or not coverage
            else hours.coverage(coverage[-1], outcome, unit)
        )
        page.title(title).text(detail)


def write(page: Content) -> None:
    """The hours of the week, the months, and what the log lacks."""
    if has_counts():
        if len(team_hours):
            page.text(say("outreach.logged_hours"))
        elif schedules:
            sources = "; ".join(distinct(entry["source"] for entry in schedules))
            page.text(say("outreach.published_hours", hours=hours.schedule_words(schedules), source=sources))
        page.chart(week(counts, on_shift, outcome, unit, release.id))
    if len(shifts):
        write_months(page)
    else:
        page.heading(say("outreach.no_log_title")).text(say("outreach.no_log", program=program.name))


def write_months(page: Content) -> None:
    """Hours, mediations and shootings on the same months; months without work and late entries."""
    activities = reading.read(release, "activity_months", program=program.id)
    activities = activities[
        (activities["attribute"] == "kind") & (activities["attribute_value"] == "mediation")
    ]
    months = tuple(numbers.as_date(month).isoformat() for month in shifts["month"])
    page.chart(work_months(shifts, program, release.id))
    if len(activities):
        page.chart(mediations(activities, months, program, release.id))
    place = {"city": program.city, "geography": "city", "month_basis": "occurred"}
    city = reading.read(release, "monthly", outcome=outcome, unit=unit, **place)
    if len(city):
        page.chart(outcome_months(city, months, outcome, unit, program, release.id))
    idle = int((shifts["hours"] == 0).sum())
    page.heading(say("quality.log_title")).text(
        say("quality.idle", idle=numbers.count(idle), months=numbers.count(len(shifts)))
        if idle
        else say("quality.no_idle")
    )
    faults = method.log_faults(reading.read(release, "quality", city=program.city), program.id)
    if len(faults):
        page.text(say("quality.log_note")).table(faults).file(faults, f"{program.id}-log-faults")


def write_facts(page: Content) -> None:
    """What was published about the work."""
    facts = reading.records(release, "outreach_facts", program=program.id, page="outreach")
    if facts:
        page.heading(say("outreach.facts_title")).text(say("outreach.facts_note"))
        page.table(
            [
                {
                    "when": numbers.month(fact["date"], short=True),
                    "fact": fact["text"],
                    "source": fact["source"],
                    "certainty": words.word("certainty", fact["certainty"]),
                }
                for fact in facts
            ]
        )


with answer:
    simulated_banner(program.is_simulated)
    content(release, ("outreach_answer", *key), write_answer).show(release)
content(release, ("outreach", *key), write).show(release)
if not len(shifts):
    offer_templates()
content(release, ("outreach_facts", program.id), write_facts).show(release)
link_to_view(release, program=program.id, outcome=outcome, unit=unit)
footer(release)
