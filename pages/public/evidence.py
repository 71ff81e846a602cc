"""Evidence: what evaluations elsewhere found, and the local estimate among them."""

import pandas as pd
import streamlit as st

from pages.parts import reading
from pages.parts.choice import choose
from pages.parts.figure import show, table_with_download
from pages.parts.frame import footer, link_to_view
from presentation import evidence, numbers, words
from presentation.language import say, sentence_case

release = reading.open_release()
programs = reading.programs(release)
results = reading.read(release, "published_results").to_dict("records")
summaries = {row["summary"]: row for row in reading.read(release, "evidence_summaries").to_dict("records")}
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
summary = summaries[f"{outcome}.{selection}"]
with heading:
    st.title(evidence.title(summary), anchor=False)
    st.write(evidence.intro(summary))

local = reading.read(release, "evidence_local").to_dict("records")
primary = {program.id: program.analyses()[0]["id"] for program in programs if program.analyses()}
here = [row for row in local if row["analysis"] == primary.get(row["program"]) and outcome == "shootings"]
show(
    evidence.forest(evidence.members(results, summary), summary, here, programs, release.id),
    release,
)
st.write(evidence.heterogeneity(summary))

st.subheader(say("evidence.local_title"), anchor=False)
if here:
    names = {program.id: program for program in programs}
    for row in here:
        question = names[row["program"]].entry("analysis", row["analysis"]).get("question", "")
        st.write(evidence.local_line(row, question))
    st.caption(say("evidence.local_note"))
else:
    st.write(say("evidence.no_local"))

by_site = evidence.members(results, summaries[f"{outcome}.every_site_equal_weight"])
if by_site:
    show(evidence.sites(by_site, outcome, release.id), release)
apart = [
    row
    for row in results
    if row["intervention"] == "other" and row["outcome"] == outcome and numbers.is_known(row["rate_ratio"])
]
if apart:
    show(evidence.other(apart, outcome, release.id), release)

steps = reading.read(release, "replication").to_dict("records")
if {"published", "same_method", "own_estimate"} <= {row["step"] for row in steps} and outcome == "shootings":
    show(evidence.replication(steps, release.id), release)
    for line in evidence.replication_text(steps):
        st.write(line)

absolute = [row for row in results if row["scale"] == "absolute"]
if absolute:
    st.subheader(say("evidence.absolute_title"), anchor=False)
    st.write(say("evidence.absolute_note"))
    for row in absolute:
        st.markdown(f"- {evidence.absolute_line(row)}")

st.subheader(say("evidence.all_title"), anchor=False)
st.caption(say("evidence.grade"))
table_with_download(pd.DataFrame(evidence.table(results)), "published-results", release)
link_to_view(release, outcome=outcome, selection=selection)
footer(release)
