"""Places: a map and a table of areas, and a page for each ward to send."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_program
from pages.parts.figure import download_csv, for_browser
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.map import show_map, show_months
from pages.parts.outlines import outlines
from presentation import places, tables, words
from presentation.charts.places import area_months, shape_map, tile_map
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
boxes = st.columns([2, 1.5, 1.6, 1.5, 1.2, 1.1])
with boxes[0]:
    program = choose_program(programs)
span = reading.kept(
    release,
    ("span", program.city),
    lambda: [
        item
        for item in reading.records(release, "monthly_span", city=program.city)
        if item["month_basis"] == "occurred"
    ],
)
kinds = [kind for kind in ORDER if kind in {item["geography"] for item in span}]
if not kinds:
    with answer:
        simulated_banner(program.is_simulated)
        st.title(program.name, anchor=False)
        st.info(say("places.no_counts"))
    footer(release)
    st.stop()
with boxes[1]:
    geography = choose("kind", say("choice.kind"), kinds, lambda code: say(f"geography_plural.{code}"))
span = [item for item in span if item["geography"] == geography]
areas = reading.read(release, "areas", city=program.city, geography=geography)
names = reading.kept(
    release,
    ("names", program.city, geography),
    lambda: dict(zip(areas["area"], areas["name"], strict=True)),
)
with boxes[2]:
    order = sorted(names, key=lambda id: (not id.isdigit(), int(id) if id.isdigit() else 0, names[id]))
    area = choose(
        "area", say("choice.area"), [ALL, *order], lambda id: say("choice.all") if id == ALL else names[id]
    )
with boxes[3]:
    outcomes = distinct(
        sorted((item["outcome"] for item in span), key=lambda code: (code != "gunshot", code))
    )
    outcome = choose("outcome", say("choice.outcome"), outcomes, words.outcome_name)
span = [item for item in span if item["outcome"] == outcome]
with boxes[4]:
    unit = choose(
        "unit",
        say("choice.unit"),
        distinct(item["unit"] for item in span),
        lambda code: words.word("unit", code),
    )
last_month = next(item["last_month"] for item in span if item["unit"] == unit)
period = places.last_year(last_month)
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
phases = reading.kept(
    release,
    ("area_phases", program.id, geography, outcome, unit),
    lambda: distinct(effects["phase"]),
)
phase = choose("phase", say("choice.phase"), phases, program.phase_name) if measure == "change" else ""
shown_phase = phase or (phases[0] if phases else "")
key = (program.id, geography, outcome, unit, shown_phase)
frame = reading.kept(
    release,
    ("places", *key),
    lambda: places.table(areas, now, before, population, effects[effects["phase"] == shown_phase]),
)
rows = reading.kept(release, ("rows", *key), lambda: frame.to_dict("records"))
row = next((item for item in rows if item["area"] == area), None)
with answer:
    simulated_banner(program.is_simulated)
    if row is None:
        title, detail = reading.kept(
            release,
            ("sentences", *key),
            lambda: (
                places.overview_sentence(frame, geography, outcome, unit, period),
                places.told_sentence(frame, geography),
            ),
        )
        st.title(title, anchor=False)
        st.write(detail)
    else:
        st.title(places.area_sentence(row, outcome, unit, period), anchor=False)
        st.write(places.rate_sentence(row))
        st.write(places.estimate_sentence(row, outcome, unit, program.phase_name(shown_phase)))

links = reading.read(release, "area_links", city=program.city, link="member")
if row is not None:
    chart = reading.kept(
        release,
        ("months", *key, area),
        lambda: area_months(
            reading.read(release, "monthly", area=area, **asked),
            names[area],
            outcome,
            unit,
            program,
            release.id,
        ),
    )
    show_months(chart, release)
    inside = reading.kept(
        release,
        ("inside", program.city, geography, area),
        lambda: sorted(
            links[
                (links["to_geography"] == geography) & (links["to_area"] == area) & (links["share"] >= 0.05)
            ]["from_area"]
        ),
    )
    if inside:
        st.write(say("places.inside", name=names[area], areas=", ".join(inside)))

neighborhoods = reading.read(release, "areas", city=program.city, geography="neighborhood")
placed = reading.kept(
    release, ("placed", *key), lambda: places.placed(frame, links, neighborhoods, geography)
)
drawn, stamp = outlines(program.city, geography, tuple(names))
has_map = bool(drawn) or len(placed) > 0
beside = st.columns([1, 1.25], gap="large") if has_map else (st.container(), st.container())
if has_map:
    with beside[0]:
        if drawn:
            chart = reading.kept(
                release,
                ("shapes", stamp, measure, *key),
                lambda: shape_map(frame, drawn, measure, outcome, unit, period.words(), release.id),
            )
        else:
            chart = reading.kept(
                release,
                ("map", measure, *key),
                lambda: tile_map(placed, measure, outcome, unit, period.words(), release.id),
            )
        show_map(chart, release, area, "area")
with beside[1]:
    st.subheader(say("places.table_title", plural=say(f"geography_plural.{geography}")), anchor=False)
    st.write(say("places.table_note", months=period.words()))
    if len(effects):
        st.write(say("places.change_note"))
    years = reading.kept(
        release,
        ("valid_years", program.city, geography),
        lambda: distinct(areas["valid_years"].dropna()),
    )
    if years:
        st.write(say("places.boundaries", years="; ".join(years)))
    st.dataframe(
        reading.kept(
            release, ("for_people", *key), lambda: for_browser(tables.labelled(places.for_people(frame)))
        ),
        hide_index=True,
        width="stretch",
        height=min(560, 40 + 36 * len(frame)),
    )
    download_csv(
        reading.kept(release, ("for_file", *key), lambda: places.for_file(frame)),
        f"{program.city}-{geography}-{outcome}-{unit}",
        release,
    )
    if len(effects):
        st.write(say("places.pooled_note"))

link_to_view(
    release, program=program.id, kind=geography, area=area, outcome=outcome, unit=unit, show=measure,
    **({"phase": phase} if phase else {}),
)  # fmt: skip
footer(release)
