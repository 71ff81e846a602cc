"""Method and data: what is counted, how estimates are made, where the data come from and what is wrong with them."""

import streamlit as st

from etl import warehouse
from pages.parts import reading
from pages.parts.choice import choose_program
from pages.parts.figure import download_csv, for_browser
from pages.parts.frame import footer, link_to_view, simulated_banner
from presentation import method, revisions, tables, words
from presentation.language import say
from presentation.results import distinct

release = reading.open_release()
programs = reading.programs(release)
if not programs:
    st.title(say("method.menu"), anchor=False)
    st.info(say("state.no_program"))
    st.stop()
answer = st.container()
program = choose_program(programs)
with answer:
    simulated_banner(program.is_simulated)
    st.title(say("method.title"), anchor=False)
    st.write(say("method.intro"))

st.header(say("method.counted_title"), anchor="counted")
span = reading.read(release, "monthly_span", city=program.city)
defined = [
    f"**{words.outcome_name(outcome)}.** {words.word('outcome_definition', outcome)}"
    for outcome in distinct(span["outcome"])
] + [
    f"**{words.word('unit', unit)}.** {words.word('unit_definition', unit)}"
    for unit in distinct(span["unit"])
]
st.markdown("\n\n".join([*defined, say("method.basis")]))

st.header(say("method.estimates_title"), anchor="estimates")
designs = [
    f"**{words.word('design', design)}.** {words.word('design_long', design)} "
    f"{words.word('design_caveat', design)}"
    for design in ("controlled", "pooled", "single")
]
st.markdown("\n\n".join([*designs, say("method.expected"), say("method.interval"), say("method.readings")]))
st.subheader(say("method.gates_title"), anchor=False)
gates = [
    f"- {say(f'gate.{gate}.question')} {say('method.gate_needs')} {say(f'gate.{gate}.taken')}"
    for gate in (
        "pre_period_ratio",
        "breakdown_value",
        "placebo_outcomes",
        "comparison_pool",
        "agreement_of_readings",
    )
]
st.markdown("\n".join([say("method.gates_intro"), "", *gates]))

st.header(say("method.sources_title"), anchor="sources")
sources = reading.read(release, "source_table", city=program.city)
if len(sources):
    st.dataframe(
        reading.kept(
            release,
            ("sources", program.city),
            lambda: for_browser(tables.labelled(method.sources_for_people(sources))),
        ),
        hide_index=True,
        width="stretch",
        column_config={words.word("column", "url"): st.column_config.LinkColumn()},
    )
    download_csv(sources, f"{program.city}-sources", release)
else:
    st.write(say("method.no_sources"))

st.header(say("method.faults_title"), anchor="faults")
quality = reading.read(release, "quality", city=program.city)
if len(quality):
    st.write(say("method.faults_note"))
    st.table(
        reading.kept(
            release,
            ("quality", program.city),
            lambda: tables.labelled(method.quality_for_people(quality)),
        ),
        hide_index=True,
    )
    download_csv(quality, f"{program.city}-quality", release)
else:
    st.write(say("method.no_faults"))

st.header(say("method.revisions_title"), anchor="revisions")
older = [
    item.id for item in warehouse.releases() if warehouse.sequence(item.id) < warehouse.sequence(release.id)
]
before = reading.open_if_readable(older[0]) if older else None
if before is None:
    st.write(say("method.no_older"))
else:
    counts = reading.kept(
        release,
        ("count_changes", before.path, program.city),
        lambda: revisions.count_changes(
            reading.read(before, "city_totals", city=program.city),
            reading.read(release, "city_totals", city=program.city),
        ),
    )
    answers = reading.kept(
        release,
        ("estimate_changes", before.path, program.id),
        lambda: revisions.estimate_changes(
            reading.read(before, "estimate_list", program=program.id),
            reading.read(release, "estimate_list", program=program.id),
            program,
        ),
    )
    st.write(
        say("method.revisions", older=before.id, newer=release.id, counts=len(counts), answers=len(answers))
    )
    for rows in (answers, counts):
        if rows:
            st.table(tables.labelled(tables.frame_of(rows)), hide_index=True)

st.header(say("method.coverage_title"), anchor="coverage")
measured = reading.kept(
    release,
    ("coverage",),
    lambda: [
        (name, table, for_browser(tables.labelled(method.coverage_for_people(table))))
        for name, table in method.coverage_tables()
    ],
)
st.write(say("method.coverage" if measured else "method.no_coverage"))
for name, table, shown in measured:
    st.dataframe(shown, hide_index=True, width="stretch")
    download_csv(table, name, release)

st.header(say("method.cite_title"), anchor="cite")
st.code(method.citation(release.meta, distinct(sources["publisher"])), language=None, wrap_lines=True)

link_to_view(release, program=program.id)
footer(release)
