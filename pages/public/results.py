"""Results: one question at a time, with every design, reading and check."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose, choose_outcome, choose_program, choose_unit
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from pages.parts.result_blocks import (
    before_looking,
    check_list,
    conclusion,
    counted,
    estimand_card,
    gates_unmet,
    which_side,
)
from presentation import record, sentences, words
from presentation.charts import estimates as charts
from presentation.charts.counterfactual import counterfactual
from presentation.charts.description import ChartDescription
from presentation.language import say
from presentation.results import beside, distinct, headline_of, questions, same_in_other_unit

release, programs = reading.open_with_programs("results")

answer = st.container()
boxes = st.columns([2.4, 1.45, 1.2, 1.6, 2.5])
with boxes[0]:
    program = choose_program(programs)
rows = reading.records(release, "estimate_list", program=program.id)
asked = questions(program, rows)
if not asked:
    with answer:
        simulated_banner(program.is_simulated)
        st.title(program.name, anchor=False)
        st.info(say("state.no_estimate"))
    footer(release)
    st.stop()
with boxes[1]:
    outcome = choose_outcome(q.outcome for q in asked)
asked = [q for q in asked if q.outcome == outcome]
with boxes[2]:
    unit = choose_unit(q.unit for q in asked)
asked = [q for q in asked if q.unit == unit]
with boxes[3]:
    phase = choose("phase", say("choice.phase"), distinct(q.phase for q in asked), program.phase_name)
asked = [q for q in asked if q.phase == phase]
with boxes[4]:
    group = choose("areas", say("choice.areas"), distinct(q.group for q in asked), program.catchment_name)
question = next(q for q in asked if q.group == group)

row = headline_of(question.analysis, rows)
result = reading.read_result(release, row["estimate_id"])
key = (program.id, row["estimate_id"])


def write_answer(page: Content) -> None:
    """What could have been seen, then what was found."""
    before_looking(page, result)
    conclusion(page, program, row, result)


def write(page: Content) -> None:
    """Every design, reading and check of the question."""
    counted(page, result)
    same_question = beside(row, rows)
    if any(pd.notna(item["rate_ratio"]) for item in same_question):
        page.chart(charts.designs(same_question, release.id))
        page.text(
            *(
                f"**{words.word('design', design)}.** {words.word('design_long', design)} "
                f"{words.word('design_caveat', design)}"
                for design in distinct(item["design"] for item in same_question)
            )
        )
    if len(sentences.estimated_readings(result)) > 1:
        page.chart(charts.readings(result, program, release.id))
        page.text(f"**{say('readings.by_choice')}**")
        page.table(charts.readings_by_choice(result, program))
    for side in ("treated", "comparison"):
        if any(point["side"] == side for point in result["series"]):
            page.chart(counterfactual(result, program, side, release.id))
    if result["status"] == "estimated":
        other = same_in_other_unit(row, rows)
        page.heading(say("overview.sides_title")).text(which_side(result))
        page.heading(say("overview.units_title"))
        page.text(sentences.other_unit(result, other and reading.read_result(release, other)))
    if result["gates"] and result["status"] == "estimated":
        page.heading(say("gates.change_title")).text(gates_unmet(result))
    if result["checks"]:
        page.heading(say("results.checks_title")).text(check_list(result))
    for curve in curves():
        page.chart(curve)
    page.heading(say("results.card_title")).text(estimand_card(program, result))
    page.text(record.on_record(reading.ledger(release), program.id, question.analysis))


def curves() -> list[ChartDescription]:
    """The specification curve and one curve for each kind of placebo, as far as there is any estimate."""
    asked_for = {"program": program.id, "analysis": question.analysis}
    drawn = []
    specifications = reading.read(release, "specifications", **asked_for)
    if specifications["rate_ratio"].notna().any():
        drawn.append(charts.curve(specifications, "specification", "specification", result, release.id))
    placebos = reading.read(release, "placebos", **asked_for)
    for kind in distinct(placebos["kind"]):
        some = placebos[placebos["kind"] == kind]
        if some["rate_ratio"].notna().any():
            drawn.append(charts.curve(some, kind, "placebo", result, release.id))
    return drawn


with answer:
    simulated_banner(program.is_simulated)
    content(release, ("results_answer", *key), write_answer).show(release)
content(release, ("results", *key), write).show(release)
link_to_view(release, program=program.id, outcome=outcome, unit=unit, phase=phase, areas=group)
footer(release)
