"""Method and data: what is counted, how estimates are made, where the data come from and what is wrong with them."""

import streamlit as st

from etl import warehouse
from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view, simulated_banner
from presentation import method, revisions, words
from presentation.language import say
from presentation.results import distinct

GATES = (
    "pre_period_ratio",
    "breakdown_value",
    "placebo_outcomes",
    "comparison_pool",
    "agreement_of_readings",
)

release, programs = reading.open_with_programs("method")
answer = st.container()
program = choose_program(programs)
sources = reading.read(release, "source_table", city=program.city)
older = [
    item.id for item in warehouse.releases() if warehouse.sequence(item.id) < warehouse.sequence(release.id)
]
before = reading.open_if_readable(older[0]) if older else None


def write_method(page: Content) -> None:
    """What is counted and how estimates are made."""
    span = reading.records(release, "monthly_span", city=program.city)
    page.section(say("method.counted_title"), "counted")
    for outcome in distinct(item["outcome"] for item in span):
        page.text(f"**{words.outcome_name(outcome)}.** {words.word('outcome_definition', outcome)}")
    for unit in distinct(item["unit"] for item in span):
        page.text(f"**{words.word('unit', unit)}.** {words.word('unit_definition', unit)}")
    page.text(say("method.basis")).section(say("method.estimates_title"), "estimates")
    for design in ("controlled", "pooled", "single"):
        page.text(
            f"**{words.word('design', design)}.** {words.word('design_long', design)} "
            f"{words.word('design_caveat', design)}"
        )
    page.text(say("method.expected"), say("method.interval"), say("method.readings"))
    page.heading(say("method.gates_title")).text(say("method.gates_intro"))
    page.bullets(
        f"{say(f'gate.{gate}.question')} {say('method.gate_needs')} {say(f'gate.{gate}.taken')}"
        for gate in GATES
    )


def write_data(page: Content) -> None:
    """Where the data come from and what is wrong with them."""
    page.section(say("method.sources_title"), "sources")
    if len(sources):
        page.rows(
            sources,
            f"{program.city}-sources",
            shown=method.sources_for_people(sources),
            links=(words.word("column", "url"),),
        )
    else:
        page.text(say("method.no_sources"))
    page.section(say("method.faults_title"), "faults")
    quality = reading.read(release, "quality", city=program.city)
    if len(quality):
        page.text(say("method.faults_note")).table(method.quality_for_people(quality))
        page.file(quality, f"{program.city}-quality")
    else:
        page.text(say("method.no_faults"))


def write_revisions(page: Content) -> None:
    """What differs from the release before."""
    page.section(say("method.revisions_title"), "revisions")
    if before is None:
        page.text(say("method.no_older"))
        return
    counts = revisions.count_changes(
        reading.read(before, "city_totals", city=program.city),
        reading.read(release, "city_totals", city=program.city),
    )
    answers = revisions.estimate_changes(
        reading.read(before, "estimate_list", program=program.id),
        reading.read(release, "estimate_list", program=program.id),
        program,
    )
    page.text(
        say("method.revisions", older=before.id, newer=release.id, counts=len(counts), answers=len(answers))
    )
    page.table(answers).table(counts)


def write_coverage(page: Content) -> None:
    """How often intervals of the methods hold the truth, and how to cite the release."""
    measured = list(method.coverage_tables())
    page.section(say("method.coverage_title"), "coverage")
    page.text(say("method.coverage" if measured else "method.no_coverage"))
    for name, table in measured:
        page.rows(table, name, shown=method.coverage_for_people(table))
    page.section(say("method.cite_title"), "cite")
    page.code(method.citation(release.meta, distinct(sources["publisher"])))


with answer:
    simulated_banner(program.is_simulated)
    st.title(say("method.title"), anchor=False)
    st.write(say("method.intro"))
content(release, ("method", program.city), write_method).show(release)
content(release, ("method_data", program.city), write_data).show(release)
key = ("method_revisions", before.path if before else None, program.id)
content(release, key, write_revisions).show(release)
content(release, ("method_coverage", program.city), write_coverage).show(release)
link_to_view(release, program=program.id)
footer(release)
