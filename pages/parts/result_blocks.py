"""Blocks that Overview and Results share: the conclusion, the counts, what would change it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from presentation import numbers, sentences, words
from presentation.language import say
from presentation.program import Program

Plain = dict[str, Any]


def conclusion(program: Program, row: Plain, result: Plain) -> None:
    """Question, answer and the whole finding: the first screen."""
    question = program.entry("analysis", row["analysis"]).get("question", "")
    st.caption(say("overview.question", program=program.name, question=question))
    st.title(sentences.headline(result), anchor=False)
    st.markdown(sentences.finding(result))
    st.markdown(f"{sentences.gates_summary(result)} {words.word('registration', result['registration'])}")


def counted(result: Plain) -> None:
    """Counted, to be expected, conditions met."""
    estimate = result.get("estimate") or {}
    if not numbers.is_known(estimate.get("expected")):
        return
    counts = sentences.things(result)
    gates = result.get("gates") or ()
    first, second, third = st.columns(3)
    first.metric(say("overview.counted", things=counts), numbers.count(estimate["observed"]), border=True)
    second.metric(say("overview.expected", things=counts), numbers.count(estimate["expected"]), border=True)
    third.metric(
        say("overview.conditions"),
        say(
            "overview.conditions_value",
            passed=sum(gate["status"] == "passed" for gate in gates),
            total=len(gates),
        ),
        border=True,
    )
    st.caption(sentences.averted(result))


def which_side(result: Plain) -> str:
    return sentences.sides(result) or say("overview.no_sides")


def gates_unmet(result: Plain) -> None:
    """Each condition with its answer, and what the unmet ones would have taken."""
    st.write(sentences.gates_summary(result))
    for gate in result.get("gates") or ():
        symbol = words.word("status_symbol", gate["status"])
        st.markdown(f"**{symbol} {words.word('status', gate['status'])}.** {sentences.gate(gate)}")
        if gate["status"] != "passed":
            st.caption(sentences.gate_would_take(gate))
