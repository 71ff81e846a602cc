"""The record: what was asked, when it was fixed, how often, every answer it got, and what replaced it."""

import streamlit as st

from etl.warehouse import Release
from pages.parts import reading
from pages.parts.choice import asked_for, choose, choose_program
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from presentation import numbers, record, tables
from presentation.escape import markdown
from presentation.language import say
from presentation.program import Program
from presentation.record import ReadLine

RESULT_KEY = "result"


def one_result(lines: list[ReadLine], asked: str, questions: dict[str, str]) -> None:
    """A result that a link names, with what replaced it: it keeps its page."""
    run = record.run_of(lines, asked)
    with st.container(border=True):
        if run is None:
            st.write(say("record.result_unknown", result=markdown(asked[:40])))
            return
        about = run.about
        after = record.replaced_by(lines, asked)
        st.subheader(say("record.result_title", result=asked), anchor=False)
        texts = [
            say(
                "record.result_of",
                question=markdown(questions.get(about["analysis"], about["analysis"])),
                day=numbers.day(run.at[:10]),
                release=about["release"],
            ),
            f"**{record.figures_text(about['figures'])}**",
            say("record.result_replaced", text=record.superseded_text(after.about))
            if after
            else say("record.result_in_use"),
            say(
                "record.result_made_from",
                data=about["data"][:12],
                **{name: about["made_from"][name][:12] for name in ("spec", "code", "lock")},
            ),
        ]
        st.markdown("\n\n".join(texts))


def one_analysis(release: Release, lines: list[ReadLine], program: Program) -> None:
    """How often the question of an analysis was asked, with every answer, and what happened to the analysis."""
    analyses = record.analyses_of(lines, program.id)
    questions = {entry["id"]: entry.get("question", entry["id"]) for entry in program.entries("analysis")}
    asked = asked_for(RESULT_KEY)
    run = record.run_of(lines, asked) if asked else None
    first = run.about["analysis"] if run and run.about["program"] == program.id else None
    if asked:
        one_result(lines, asked, questions)
    analysis = choose(
        "analysis", say("record.choice"), analyses, lambda id: questions.get(id, id), default=first
    )

    def write(page: Content) -> None:
        history = record.history_of(lines, program.id, analysis)
        same = record.same_question_rows(history, questions)
        happened = record.history_rows(history.events)
        page.section(record.specifications_run(history) or say("record.never_ran"), "answers")
        if same:
            page.small(say("record.specifications_note"))
            page.text(record.same_question_list(same, program.id))
            page.file(tables.frame_of(same), f"{program.id}-{analysis}-answers")
        page.heading(say("record.history_title"))
        page.text(record.history_list(happened))
        page.file(tables.frame_of(happened), f"{program.id}-{analysis}-record")

    content(release, ("record", program.id, analysis), write).show(release)


release = reading.open_release()
programs = reading.programs(release)
st.title(say("record.title"), anchor=False)
if "out_ledger" not in reading.tables_of(release):
    st.write(say("record.missing", release=release.id))
    st.stop()
lines = reading.ledger(release)
fault = record.damage(lines)
st.write(say("record.intro"))
if fault:
    st.error(say("record.damaged", fault=fault), icon=":material/report:")
elif not lines or not programs:
    st.info(say("record.empty"))
else:
    program = choose_program(programs)
    simulated_banner(program.is_simulated)
    st.write(record.summary(lines, program.id, program.name))
    if record.analyses_of(lines, program.id):
        one_analysis(release, lines, program)
    st.caption(record.chain(lines))
    link_to_view(release, program=program.id)
footer(release)
