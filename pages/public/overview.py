"""Overview: the answer first, then what it rests on."""

import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.content import Content, content
from pages.parts.figure import show
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.result_blocks import conclusion, counted, gates_unmet, which_side
from presentation import numbers, sentences
from presentation.charts.counterfactual import counterfactual
from presentation.language import say
from presentation.results import main_analysis, same_in_other_unit

release, programs = reading.open_with_programs("overview")

answer = st.container()
chosen = choose_program(programs)
with answer:
    simulated_banner(chosen.is_simulated)
estimates = reading.records(release, "estimate_list", program=chosen.id)
row = main_analysis(chosen, estimates)
if row is None:
    with answer:
        st.title(chosen.name, anchor=False)
        st.write(chosen.summary)
        st.info(say("state.no_estimate"))
    footer(release, chosen)
    st.stop()

result = reading.read_result(release, row["estimate_id"])
key = (chosen.id, row["estimate_id"])


def write_answer(page: Content) -> None:
    """The first screen."""
    conclusion(page, chosen, row, result)
    counted(page, result)


def write_sides(page: Content) -> None:
    """What the answer rests on."""
    other = same_in_other_unit(row, estimates)
    page.heading(say("overview.sides_title")).text(which_side(result))
    page.heading(say("overview.units_title"))
    page.text(sentences.other_unit(result, other and reading.read_result(release, other)))
    page.heading(say("overview.checks_title")).text(sentences.checks_summary(result))


def write_fresh(page: Content) -> None:
    """How new the counts are."""
    # A source may have newer months of another outcome: what counts is the outcome on this page.
    last_month = next(
        (
            item["last_month"]
            for item in reading.records(release, "monthly_span", city=chosen.city)
            if item["outcome"] == row["outcome"] and item["unit"] == row["unit"]
        ),
        None,
    )
    page.heading(say("overview.fresh_title"))
    for source in reading.records(release, "sources", city=chosen.city):
        if numbers.as_date(source["last_complete_month"]):
            page.text(
                say(
                    "overview.fresh",
                    title=source["title"],
                    publisher=source["publisher"],
                    month=numbers.month(last_month or source["last_complete_month"]),
                )
            )


with answer:
    content(release, ("overview", *key), write_answer).show(release)
if result["series"]:
    chart = reading.kept(
        release,
        ("counterfactual", row["estimate_id"]),
        lambda: counterfactual(result, chosen, release=release.id),
    )
    show(chart, release)
left, right = st.columns(2, gap="large")
with left:
    content(release, ("overview_sides", *key), write_sides).show(release)
    st.page_link(
        "pages/public/results.py",
        label=say("overview.to_results"),
        icon=":material/arrow_forward:",
        query_params={"program": chosen.id},
    )
with right:
    content(
        release,
        ("overview_gates", *key),
        lambda page: page.heading(say("gates.change_title")).text(gates_unmet(result)),
    ).show(release)
content(release, ("overview_fresh", *key), write_fresh).show(release)
link_to_view(release, program=chosen.id)
footer(release, chosen)
