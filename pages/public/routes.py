"""Routes: where shootings gather, and whether teams work there. The past only, by quarter and a quarter late."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_program
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.templates import offer_templates
from presentation import forecast_check, hot_spots, requests, routes
from presentation.language import say

release, programs = reading.open_with_programs("routes")

heading = st.container()
left, right = st.columns([2, 1.4])
with left:
    program = choose_program(programs)
accuracy = reading.read(release, "route_accuracy", program=program.id)
with heading:
    simulated_banner(program.is_simulated)
    content(
        release, ("routes_title", program.id), lambda page: page.title(routes.title(accuracy, program))
    ).show(release)

period = "all"
if len(accuracy):
    names = reading.kept(
        release,
        ("route_periods", program.id),
        lambda: {code: routes.period_choice(code, accuracy) for code in routes.periods(accuracy)},
    )
    with right:
        period = choose("period", say("routes.period"), list(names), lambda code: names[code])


def write(page: Content) -> None:
    """The choices of areas compared, then hot spots, requests and the forecast's check."""
    if len(accuracy):
        write_choices(page)
    else:
        page.text(say("routes.no_counts"))
    spots = reading.read(release, "hot_spots", city=program.city, outcome="gunshot")
    if len(spots):
        page.chart(hot_spots.spots(spots, program, release.id))
        page.text(hot_spots.spots_note(spots)).bullets(hot_spots.group_lines(spots, program))
    asked = reading.read(release, "add_area_requests", program=program.id)
    lines = hot_spots.asked_for(asked, spots)
    page.heading(say("routes.requests.title")).text(hot_spots.most_asked(lines)).bullets(lines)
    if lines:
        page.small(say("routes.requests.note"))
    said = reading.records(release, "outreach_facts", program=program.id, page="requests")
    page.bullets(requests.path_lines([fact for fact in said if fact["fact"] in routes.FACTS]))
    check = reading.read(release, "forecast_check", city=program.city)
    if len(check):
        bins = reading.read(release, "forecast_bins", city=program.city)
        page.heading(say("routes.check.title")).text(*forecast_check.check_sentences(check))
        page.table(forecast_check.check_table(check))
        page.chart(forecast_check.calibration(bins, release.id))
        page.small(say("routes.check.limits"))


def write_choices(page: Content) -> None:
    """What the areas chosen by data, by hours and in hindsight hold in the period chosen."""
    points = reading.read(release, "route_curve", program=program.id)
    found = routes.rows_by_choice(routes.of_period(accuracy, period))
    named = routes.period_name(period, accuracy)
    page.text(*routes.detail(found, named)).small(routes.late(accuracy))
    page.chart(routes.curve(routes.of_period(points, period), found, named, release.id))
    page.chart(routes.hours_by_quarter(accuracy, release.id))
    page.chart(routes.index_by_quarter(accuracy, release.id))
    lines = routes.set_lines(found, program)
    if lines:
        page.heading(say("routes.sets.title")).text(routes.sets_note(found, named, program)).bullets(lines)


content(release, ("routes", program.id, period), write).show(release)
if not len(accuracy) or accuracy["hours_share"].isna().all():
    offer_templates()
link_to_view(release, program=program.id, period=period)
footer(release)
