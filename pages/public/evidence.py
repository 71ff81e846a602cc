"""Evidence: what evaluations elsewhere found, and the local estimate among them."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose
from pages.parts.content import Content, content
from pages.parts.frame import footer, link_to_view
from presentation import evidence, numbers, words
from presentation.language import say, sentence_case

release = reading.open_release()
programs = reading.programs(release)
results = reading.records(release, "published_results")
summaries = {row["summary"]: row for row in reading.records(release, "evidence_summaries")}
if not summaries:
    st.title(say("evidence.menu"), anchor=False)
    footer(release)
    st.stop()

heading = st.container()
left, right = st.columns(2)
with left:
    outcomes = list(dict.fromkeys(row["outcome"] for row in summaries.values()))
    outcome = choose(
        "outcome", say("evidence.outcome"), outcomes, lambda code: sentence_case(evidence.things(code))
    )
with right:
    selection = choose(
        "selection",
        say("evidence.selection"),
        evidence.SELECTIONS,
        lambda code: words.word("evidence_selection", code),
    )


def write_answer(page: Content) -> None:
    """What the published results say together."""
    summary = summaries[f"{outcome}.{selection}"]
    page.title(evidence.title(summary)).text(evidence.intro(summary))


def write(page: Content) -> None:
    """The published results one by one with the local one among them."""
    summary = summaries[f"{outcome}.{selection}"]
    local = reading.records(release, "evidence_local")
    primary = {program.id: program.analyses()[0]["id"] for program in programs if program.analyses()}
    here = [row for row in local if row["analysis"] == primary.get(row["program"]) and outcome == "shootings"]
    members = evidence.members(results, summary)
    page.chart(evidence.forest(members, summary, here, programs, release.id))
    page.text(evidence.heterogeneity(summary))
    page.heading(say("evidence.local_title"))
    names = {program.id: program for program in programs}
    for row in here:
        question = names[row["program"]].entry("analysis", row["analysis"]).get("question", "")
        page.text(evidence.local_line(row, question))
    if here:
        page.small(say("evidence.local_note"))
    else:
        page.text(say("evidence.no_local"))
    write_others(page)


def write_others(page: Content) -> None:
    """Results that the average leaves out, the method on others' data, and the table of all."""
    by_site = evidence.members(results, summaries[f"{outcome}.every_site_equal_weight"])
    if by_site:
        page.chart(evidence.sites(by_site, outcome, release.id))
    apart = [
        row
        for row in results
        if row["intervention"] == "other"
        and row["outcome"] == outcome
        and numbers.is_known(row["rate_ratio"])
    ]
    if apart:
        page.chart(evidence.other(apart, outcome, release.id))
    steps = reading.records(release, "replication")
    known = {row["step"] for row in steps}
    if {"published", "same_method", "own_estimate"} <= known and outcome == "shootings":
        page.chart(evidence.replication(steps, release.id)).text(*evidence.replication_text(steps))
    absolute = [row for row in results if row["scale"] == "absolute"]
    if absolute:
        page.heading(say("evidence.absolute_title")).text(say("evidence.absolute_note"))
        page.bullets(evidence.absolute_line(row) for row in absolute)
    page.heading(say("evidence.all_title")).small(say("evidence.grade"))
    rows = pd.DataFrame(evidence.table(results))
    page.folded_rows(say("evidence.all_rows", count=len(rows)), rows, "published-results")


with heading:
    content(release, ("evidence_answer", outcome, selection), write_answer).show(release)
content(release, ("evidence", outcome, selection), write).show(release)
link_to_view(release, outcome=outcome, selection=selection)
footer(release)
