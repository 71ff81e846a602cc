"""Places: a map and a table of areas, and a page for each ward to send."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_outcome, choose_program, choose_unit, gunshot_first
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.map import show_map, show_months
from pages.parts.outlines import outlines
from presentation import places
from presentation.charts.places import area_months, shape_map, tile_map
from presentation.language import say
from presentation.results import distinct

ORDER = ("ward", "neighborhood", "precinct", "community", "zone")
ALL = "all"

release, programs = reading.open_with_programs("places")

answer = st.container()
boxes = st.columns([2.6, 1.4, 1.6, 1.5, 1.2, 1.1])
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


def areas_by_name() -> list[tuple[str, str]]:
    """Each area's id and name."""
    return list(zip(areas["area"], areas["name"], strict=True))


def numbers_first(area: tuple[str, str]) -> tuple[bool, int, str]:
    """Areas that are numbered come in the order of their numbers, before those that have names."""
    id, name = area
    return (not id.isdigit(), int(id) if id.isdigit() else 0, name)


names = reading.kept(
    release, ("names", program.city, geography), lambda: dict(sorted(areas_by_name(), key=numbers_first))
)
with boxes[2]:
    area = choose(
        "area", say("choice.area"), [ALL, *names], lambda id: say("choice.all") if id == ALL else names[id]
    )
with boxes[3]:
    outcome = choose_outcome(gunshot_first(item["outcome"] for item in span))
span = [item for item in span if item["outcome"] == outcome]
with boxes[4]:
    unit = choose_unit(item["unit"] for item in span)
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


def write_answer(page: Content) -> None:
    """What the map says, or what is known of the area chosen."""
    if row is None:
        page.title(places.overview_sentence(frame, geography, outcome, unit, period))
        page.text(places.told_sentence(frame, geography))
    else:
        page.title(places.area_sentence(row, outcome, unit, period))
        page.text(
            places.rate_sentence(row),
            places.estimate_sentence(row, outcome, unit, program.phase_name(shown_phase)),
        )


with answer:
    simulated_banner(program.is_simulated)
    content(release, ("places_answer", area, *key), write_answer).show(release)
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


def write_table(page: Content) -> None:
    """The areas as a table with what is needed to read it."""
    years = distinct(areas["valid_years"].dropna())
    page.heading(say("places.table_title", plural=say(f"geography_plural.{geography}")))
    page.text(
        say("places.table_note", months=period.words()),
        say("places.change_note") if len(effects) else "",
        say("places.boundaries", years="; ".join(years)) if years else "",
    )
    page.rows(
        places.for_file(frame),
        f"{program.city}-{geography}-{outcome}-{unit}",
        shown=places.for_people(frame),
        height=min(560, 40 + 36 * len(frame)),
    )
    page.text(say("places.pooled_note") if len(effects) else "")


with beside[1]:
    content(release, ("places_table", *key), write_table).show(release)

link_to_view(
    release, program=program.id, kind=geography, area=area, outcome=outcome, unit=unit, show=measure,
    **({"phase": phase} if phase else {}),
)  # fmt: skip
footer(release)
