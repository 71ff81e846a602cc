"""Requests: the path of a call for help, where teams are reached through an office and where on 911 calls."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.templates import offer_templates
from pages.parts.text import bullets
from presentation import calls, funding, hours, requests
from presentation.language import say

release, programs = reading.open_with_programs("requests")

heading = st.container()
program = choose_program(programs)
counts = reading.read(release, "request_counts", program=program.id)


def write(page: Content) -> None:
    """The program's own requests, then how teams are reached, when they are there, and 911 calls."""
    if len(counts):
        write_requests(page)
    else:
        page.text(say("requests.no_log", program=program.name))
    write_paths(page)
    write_hours(page)
    write_calls(page)


def write_requests(page: Content) -> None:
    """What the program's log of requests holds."""
    page.text(f"{requests.needed(counts)} {say('requests.log_base')}")
    page.chart(requests.steps(counts, release.id))
    times = reading.read(release, "request_times", program=program.id)
    for title, note, rows in (
        ("source_title", "", requests.sources_and_outcomes(counts)),
        ("times_title", "times_note", requests.time_rows(times)),
        ("band_title", "band_note", requests.bands(counts)),
    ):
        if rows:
            page.heading(say(f"requests.{title}")).text(say(f"requests.{note}") if note else "").table(rows)
    wards = reading.read(release, "areas", city=program.city, geography="ward")
    by_area = requests.by_area(
        reading.read(release, "request_areas", program=program.id),
        dict(zip(wards["area"], wards["name"], strict=True)),
    )
    if by_area:
        page.heading(say("request_area.title")).text(say("request_area.note")).table(by_area)
    page.rows(counts.assign(period=counts["period"].dt.date), f"{program.id}-requests")


def write_paths(page: Content) -> None:
    """How teams are reached, here and elsewhere; simulated and real never meet on one page."""
    shown = [item for item in programs if item.is_simulated == program.is_simulated]
    facts = {
        item.id: reading.records(release, "outreach_facts", program=item.id, page="requests")
        for item in shown
    }
    with_facts = sorted((item for item in shown if facts[item.id]), key=lambda item: item.id != program.id)
    if with_facts:
        page.heading(say("requests.paths_title")).text(say("requests.paths_intro"))
        page.beside(
            *(f"**{item.name}**\n\n{bullets(requests.path_lines(facts[item.id]))}" for item in with_facts)
        )
    unreached = next((fact for fact in facts[program.id] if fact["fact"] == "unreached_at_scene"), None)
    happened = requests.scenario(counts) if program.is_simulated else ""
    if happened or unreached:
        page.heading(say("reach.scenario_title"))
        page.text(
            happened
            or say("reach.scenario_real", text=unreached["text"].rstrip("."), source=unreached["source"])
        )


def write_hours(page: Content) -> None:
    """When teams are there, and when shootings happen."""
    counted = {"outcome": "gunshot", "unit": "incidents"}
    coverage = reading.records(release, "schedule_coverage", program=program.id, **counted)
    of_week = reading.read(release, "weekday_hour", city=program.city, **counted)
    team_hours = reading.read(release, "team_hours", program=program.id)
    on_shift = (
        hours.worked_hours(team_hours)
        if len(team_hours)
        else hours.schedule_hours(hours.latest_schedule(program.entries("schedule")))
    )
    reach = requests.reach(of_week, on_shift)
    if coverage or reach:
        page.heading(say("requests.hours_title"))
        if len(team_hours) and len(of_week):
            page.text(" ".join(hours.plain_coverage(of_week, on_shift, **counted)))
        elif coverage:
            page.text(" ".join(hours.coverage(coverage[-1], **counted)))
    if reach:
        page.heading(say("reach.title")).text(" ".join(reach)).small(say("reach.note"))


def write_calls(page: Content) -> None:
    """911 calls on which the team goes with police, and where calls come from."""
    page.heading(say("calls.title"))
    answered = reading.read(release, "call_counts", program=program.id)
    if len(answered):
        precincts = reading.read(release, "areas", city=program.city, geography="precinct")
        page.text(calls.sentence(answered))
        page.table(calls.table(answered, dict(zip(precincts["area"], precincts["name"], strict=True))))
        page.small(say("calls.note"))
    else:
        page.text(say("calls.none", program=program.name))
    review = reading.records(release, "funding_review", program=program.id)
    price = next((row for row in review if row["figure"] == "cost_per_answered_call"), None)
    if price:
        page.text(f"**{say('calls.cost_title')}.** {funding.unit_cost(price)}")
    page.heading(say("calls.ranking.heading"))
    volume = calls.volume(reading.read(release, "hot_spots", city=program.city))
    if len(volume):
        served = calls.served_areas(program, str(volume["geography"].iloc[0]))
        page.chart(calls.ranking(volume, served, release.id)).small(say("calls.ranking.note"))
    else:
        page.text(say("calls.ranking.none"))


with heading:
    simulated_banner(program.is_simulated)
    content(release, ("requests_title", program.id), lambda page: page.title(requests.title(counts))).show(
        release
    )
content(release, ("requests", program.id), write).show(release)
if not len(counts):
    offer_templates()
link_to_view(release, program=program.id)
footer(release)
