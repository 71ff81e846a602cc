"""Funding: the money, what it bought as far as that can be said, and what the next review could see."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.figure import download_csv, show, table_with_download
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.text import with_dollars
from presentation import funding, numbers, providers
from presentation.charts.hours import mediations, work_months
from presentation.language import say

LISTED = 10  # amounts that are read as a list; more of them are a table

release = reading.open_release()
programs = reading.programs(release)
if not programs:
    st.title(say("funding.menu"), anchor=False)
    st.info(say("state.no_program"))
    st.stop()

heading = st.container()
program = choose_program(programs)
simulated_banner(program.is_simulated)
review = reading.read(release, "funding_review", program=program.id).to_dict("records")
money = [
    row | {"precision": program.entry("funding", row["funding"]).get("date_precision")}
    for row in reading.read(release, "funding", program=program.id).to_dict("records")
]
averted = funding.of_kind(review, "cost_per_averted")
visible = funding.of_kind(review, "smallest_visible_change")
with heading:
    st.title(with_dollars(funding.title(review, program)), anchor=False)
    main = funding.main_row(review, program)
    if main:
        st.write(with_dollars(funding.averted(main, program)))
    elif visible:
        st.write(with_dollars(funding.too_few(visible, program.entries("fact"))))

if not money:
    st.info(say("funding.none"))
monthly = reading.read(
    release,
    "monthly",
    city=program.city,
    geography="city",
    outcome="gunshot",
    unit="incidents",
    month_basis="occurred",
)
if len(monthly) and money:
    show(funding.timeline(monthly, money, program, release.id), release)
if money:
    st.subheader(say("funding.money_title"), anchor=False)
    st.write(say("funding.money_note"))
    table = pd.DataFrame(funding.money_table(money))
    if len(money) <= LISTED:
        for row in money:
            st.markdown(with_dollars(f"- {funding.money_line(row)}"))
        download_csv(table, f"{program.id}-amounts", release)
    else:
        table_with_download(table, f"{program.id}-amounts", release)

shifts = reading.read(release, "shift_months", program=program.id)
if len(shifts):
    months = tuple(numbers.as_date(month).isoformat() for month in shifts["month"])
    show(work_months(shifts, program, release.id), release)
    done = reading.read(release, "activity_months", program=program.id)
    done = done[(done["measure"] == "mediations") & (done["attribute"] == "all")]
    if len(done):
        show(mediations(done, months, program, release.id), release)

units = funding.of_kind(review, "cost_per_unit")
if units:
    st.subheader(say("funding.unit_title"), anchor=False)
    for row in units:
        st.markdown(with_dollars(f"- {funding.unit_cost(row)}"))
for row in averted:
    if main and row["basis"] != main["basis"]:
        st.markdown(with_dollars(f"- {funding.averted(row, program)}"))

if visible:
    st.subheader(say("funding.visible_title"), anchor=False)
    for row in visible:
        st.markdown(with_dollars(f"- {funding.visible(row)}"))

even = funding.of_kind(review, "break_even")
if even:
    st.subheader(say("funding.even_title"), anchor=False)
    st.write(say("funding.even_intro"))
    for amount in dict.fromkeys(row["figure"] for row in even):
        st.write(with_dollars(funding.even_range([row for row in even if row["figure"] == amount])))
    for row in even:
        st.markdown(with_dollars(f"- {funding.break_even_line(row)}"))

    st.subheader(say("funding.own_title"), anchor=False)
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
    for line in funding.scenario(amount, cost, expected, fall):
        st.write(with_dollars(line))

reviews = sorted(funding.of_kind(review, "next_review"), key=lambda row: row["basis"])
if reviews:
    st.subheader(say("funding.review_title"), anchor=False)
    last = max(monthly["month"]) if len(monthly) else None
    st.write(with_dollars(funding.review_intro(reviews[0], last)))
    for row in reviews:
        st.markdown(with_dollars(f"- {funding.review_line(row)}"))

st.subheader(say("providers.title"), anchor=False)
by_provider = reading.read(release, "provider_months", program=program.id)
if len(by_provider):
    st.write(with_dollars(providers.public_sentence(by_provider)))
    table_with_download(pd.DataFrame(providers.public_table(by_provider)), f"{program.id}-providers", release)
    st.caption(say("providers.note"))
else:
    st.write(say("providers.none", program=program.name))

wards = funding.of_kind(review, "ward_split")
if wards:
    st.subheader(say("funding.ward_title"), anchor=False)
    st.write(with_dollars(funding.ward_intro(wards)))
    areas = reading.read(release, "areas", city=program.city, geography="ward")
    named = funding.ward_table(wards, dict(zip(areas["area"], areas["name"], strict=True)))
    table_with_download(pd.DataFrame(named), f"{program.id}-wards", release)

link_to_view(release, program=program.id)
footer(release)
