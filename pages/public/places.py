"""Places: a map and a table of areas, and a page for each ward to send."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_program
from pages.parts.figure import download_csv
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.map import show_map, show_months
from presentation import places, tables, words
from presentation.charts.places import area_months, tile_map
from presentation.language import say
from presentation.results import distinct

ORDER = ("ward", "neighborhood", "precinct", "community", "zone")
ALL = "all"

release = reading.open_release()
programs = reading.programs(release)
if not programs:
    st.title(say("places.menu"), anchor=False)
    st.info(say("state.no_program"))
    st.stop()

answer = st.container()
boxes = st.columns([2, 1.3, 1.7, 1.5, 1, 1.4])
with boxes[0]:
    program = choose_program(programs)
span = reading.read(release, "monthly_span", city=program.city)
span = span[span["month_basis"] == "occurred"]
kinds = [kind for kind in ORDER if kind in set(span["geography"])]
if not kinds:
    with answer:
        simulated_banner(program.is_simulated)
        st.title(program.name, anchor=False)
        st.info(say("places.no_counts"))
    footer(release)
    st.stop()
with boxes[1]:
    geography = choose("kind", say("choice.kind"), kinds, lambda code: say(f"geography_plural.{code}"))
span = span[span["geography"] == geography]
areas = reading.read(release, "areas", city=program.city, geography=geography)
names = dict(zip(areas["area"], areas["name"], strict=True))
with boxes[2]:
    order = sorted(names, key=lambda id: (not id.isdigit(), int(id) if id.isdigit() else 0, names[id]))
    area = choose(
        "area", say("choice.area"), [ALL, *order], lambda id: say("choice.all") if id == ALL else names[id]
    )
with boxes[3]:
    outcomes = distinct(sorted(span["outcome"], key=lambda code: (code != "gunshot", code)))
    outcome = choose("outcome", say("choice.outcome"), outcomes, words.outcome_name)
span = span[span["outcome"] == outcome]
with boxes[4]:
    unit = choose("unit", say("choice.unit"), distinct(span["unit"]), lambda code: words.word("unit", code))
span = span[span["unit"] == unit].iloc[0]

period = places.last_year(span["last_month"])
asked = {
    "city": program.city,
    "geography": geography,
    "outcome": outcome,
    "unit": unit,
    "month_basis": "occurred",
}
now = reading.read(release, "area_totals", first_month=period.first, last_month=period.last, **asked)
before = reading.read(
    release, "area_totals", first_month=period.before_first, last_month=period.before_last, **asked
)
population = reading.read(release, "population", city=program.city, geography=geography)
effects = reading.read(
    release, "area_effects", program=program.id, geography=geography, outcome=outcome, unit=unit
)
with boxes[5]:
    measures = ["count", "rate", "change"] if len(effects) else ["count", "rate"]
    measure = choose("show", say("choice.show"), measures, lambda code: say(f"places.measure.{code}"))
phases = distinct(effects["phase"])
phase = choose("phase", say("choice.phase"), phases, program.phase_name) if measure == "change" else ""
if phases:
    effects = effects[effects["phase"] == (phase or phases[0])]
frame = places.table(areas, now, before, population, effects)

row = next((item for item in frame.to_dict("records") if item["area"] == area), None)
with answer:
    simulated_banner(program.is_simulated)
    if row is None:
        st.title(places.overview_sentence(frame, geography, outcome, unit, period), anchor=False)
        st.write(places.told_sentence(frame, geography))
    else:
        st.title(places.area_sentence(row, outcome, unit, period), anchor=False)
        st.write(places.rate_sentence(row))
        st.write(
            places.estimate_sentence(row, outcome, unit, program.phase_name(phase or (phases or [""])[0]))
        )

links = reading.read(release, "area_links", city=program.city, link="member")
if row is not None:
    monthly = reading.read(release, "monthly", area=area, **asked)
    show_months(area_months(monthly, names[area], outcome, unit, program, release.id), release)
    inside = links[
        (links["to_geography"] == geography) & (links["to_area"] == area) & (links["share"] >= 0.05)
    ]
    if len(inside):
        st.write(say("places.inside", name=names[area], areas=", ".join(sorted(inside["from_area"]))))

neighborhoods = reading.read(release, "areas", city=program.city, geography="neighborhood")
placed = places.placed(frame, links, neighborhoods, geography)
beside = st.columns([1, 1.25], gap="large") if len(placed) else (st.container(), st.container())
if len(placed):
    with beside[0]:
        chart = tile_map(placed, measure, outcome, unit, period.words(), release.id)
        show_map(chart, release, area, "area")
with beside[1]:
    st.subheader(say("places.table_title", plural=say(f"geography_plural.{geography}")), anchor=False)
    st.write(say("places.table_note", months=period.words()))
    if len(effects):
        st.write(say("places.change_note"))
    years = distinct(areas["valid_years"].dropna())
    if years:
        st.write(say("places.boundaries", years="; ".join(years)))
    st.dataframe(
        tables.labelled(places.for_people(frame)),
        hide_index=True,
        width="stretch",
        height=min(560, 40 + 36 * len(frame)),
    )
    download_csv(places.for_file(frame), f"{program.city}-{geography}-{outcome}-{unit}", release)
    if len(effects):
        st.write(say("places.pooled_note"))

link_to_view(
    release, program=program.id, kind=geography, area=area, outcome=outcome, unit=unit, show=measure,
    **({"phase": phase} if phase else {}),
)  # fmt: skip
footer(release)
