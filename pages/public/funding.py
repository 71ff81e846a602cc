"""Funding: the money, what it bought as far as that can be said, and what the next review could see."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.text import with_dollars
from presentation import funding, numbers, providers
from presentation.charts.hours import mediations, work_months
from presentation.language import say

LISTED = 10  # amounts that are read as a list; more of them are a table

release, programs = reading.open_with_programs("funding")

heading = st.container()
program = choose_program(programs)
review = reading.records(release, "funding_review", program=program.id)
even = reading.kept(release, ("break_even", program.id), lambda: funding.of_kind(review, "break_even"))


def city_months() -> pd.DataFrame:
    """Shooting incidents of the city by month."""
    return reading.read(
        release,
        "monthly",
        city=program.city,
        geography="city",
        outcome="gunshot",
        unit="incidents",
        month_basis="occurred",
    )


def write_answer(page: Content) -> None:
    """The first screen."""
    visible = funding.of_kind(review, "smallest_visible_change")
    main = funding.main_row(review, program)
    page.title(funding.title(review, program))
    if main:
        page.text(funding.averted(main, program))
    elif visible:
        page.text(funding.too_few(visible, program.entries("fact")))


def write_money(page: Content) -> None:
    """The amounts, the work they paid for, and what can be said of a cost."""
    money = [
        row | {"precision": program.entry("funding", row["funding"]).get("date_precision")}
        for row in reading.records(release, "funding", program=program.id)
    ]
    if money:
        monthly = city_months()
        if len(monthly):
            page.chart(funding.timeline(monthly, money, program, release.id))
        page.heading(say("funding.money_title")).text(say("funding.money_note"))
        table = pd.DataFrame(funding.money_table(money))
        if len(money) <= LISTED:
            page.bullets(funding.money_line(row) for row in money)
            page.file(table, f"{program.id}-amounts")
        else:
            page.rows(table, f"{program.id}-amounts")
    else:
        page.note(say("funding.none"))
    write_work(page)
    write_costs(page)


def write_work(page: Content) -> None:
    """Hours and mediations by month, where there is a log."""
    shifts = reading.read(release, "shift_months", program=program.id)
    if not len(shifts):
        return
    months = tuple(numbers.as_date(month).isoformat() for month in shifts["month"])
    page.chart(work_months(shifts, program, release.id))
    done = reading.read(release, "activity_months", program=program.id)
    done = done[(done["measure"] == "mediations") & (done["attribute"] == "all")]
    if len(done):
        page.chart(mediations(done, months, program, release.id))


def write_costs(page: Content) -> None:
    """Cost of a unit of work, the smallest change that could be seen, and where the money would pay for itself."""
    main = funding.main_row(review, program)
    lines = [funding.unit_cost(row) for row in funding.of_kind(review, "cost_per_unit")]
    if lines:
        page.heading(say("funding.unit_title"))
    page.bullets(lines)
    page.bullets(
        funding.averted(row, program)
        for row in funding.of_kind(review, "cost_per_averted")
        if main and row["basis"] != main["basis"]
    )
    visible = funding.of_kind(review, "smallest_visible_change")
    if visible:
        page.heading(say("funding.visible_title")).bullets(funding.visible(row) for row in visible)
    if even:
        page.heading(say("funding.even_title")).text(say("funding.even_intro"))
        for amount in dict.fromkeys(row["figure"] for row in even):
            page.text(funding.even_range([row for row in even if row["figure"] == amount]))
        page.bullets(funding.break_even_line(row) for row in even)
        page.heading(say("funding.own_title"))


def own_assumptions() -> None:
    """What a visitor assumes, worked out at once."""
    first, second, third, fourth = st.columns(4)
    amount = first.number_input(
        say("funding.own_amount"), 10_000, 500_000_000, int(even[0]["amount_usd"]), step=100_000
    )
    cost = second.number_input(
        say("funding.own_cost"), 1_000, 50_000_000, int(even[0]["denominator"]), step=10_000
    )
    known = even[0]["inputs"]["expected"]
    expected = third.number_input(
        say("funding.own_expected"), 1, 100_000, round(known) if known else 500, step=10
    )
    fall = fourth.slider(say("funding.own_fall"), 1, 60, 10)
    st.markdown(with_dollars("\n\n".join(funding.scenario(amount, cost, expected, fall))))


def write_rest(page: Content) -> None:
    """What the next review could see, providers, wards."""
    reviews = sorted(funding.of_kind(review, "next_review"), key=lambda row: row["basis"])
    if reviews:
        monthly = city_months()
        last = max(monthly["month"]) if len(monthly) else None
        page.heading(say("funding.review_title")).text(funding.review_intro(reviews[0], last))
        page.bullets(funding.review_line(row) for row in reviews)
    page.heading(say("providers.title"))
    by_provider = reading.read(release, "provider_months", program=program.id)
    if len(by_provider):
        page.text(providers.public_sentence(by_provider))
        page.rows(pd.DataFrame(providers.public_table(by_provider)), f"{program.id}-providers")
        page.small(say("providers.note"))
    else:
        page.text(say("providers.none", program=program.name))
    wards = funding.of_kind(review, "ward_split")
    if wards:
        areas = reading.read(release, "areas", city=program.city, geography="ward")
        named = funding.ward_table(wards, dict(zip(areas["area"], areas["name"], strict=True)))
        page.heading(say("funding.ward_title")).text(funding.ward_intro(wards))
        page.table(named).file(pd.DataFrame(named), f"{program.id}-wards")


with heading:
    simulated_banner(program.is_simulated)
    content(release, ("funding_answer", program.id), write_answer).show(release)
content(release, ("funding", program.id), write_money).show(release)
if even:
    own_assumptions()
content(release, ("funding_rest", program.id), write_rest).show(release)
link_to_view(release, program=program.id)
footer(release)
