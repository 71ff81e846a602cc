"""Blocks that Overview and Results share: the conclusion, the counts, what would change it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.content import Content
from pages.parts.text import small
from presentation import numbers, sentences, words
from presentation.language import say
from presentation.program import Program

Plain = dict[str, Any]


def conclusion(page: Content, program: Program, row: Plain, result: Plain) -> None:
    """Question, answer and the whole finding: the first screen."""
    question = program.entry("analysis", row["analysis"]).get("question", "")
    page.small(say("overview.question", program=program.name, question=question))
    page.title(sentences.headline(result))
    page.text(
        f"**{sentences.plain_words(result)}**",
        sentences.finding(result),
        f"{sentences.gates_summary(result)} {words.word('registration', result['registration'])}",
    )


def counted(page: Content, result: Plain) -> None:
    """Counted, to be expected, conditions met."""
    estimate = result.get("estimate") or {}
    if not numbers.is_known(estimate.get("expected")):
        return
    counts = sentences.things(result)
    gates = result.get("gates") or ()
    figures = (
        (say("overview.counted", things=counts), numbers.count(estimate["observed"])),
        (say("overview.expected", things=counts), sentences.expected_range(result)),
        (
            say("overview.conditions"),
            say(
                "overview.conditions_value",
                passed=sum(gate["status"] == "passed" for gate in gates),
                total=len(gates),
            ),
        ),
    )

    def show(_: object) -> None:
        for column, (label, figure) in zip(st.columns(len(figures)), figures, strict=True):
            column.metric(label, figure, border=True)

    page.part(show)
    page.text(sentences.averted(result))


def which_side(result: Plain) -> str:
    """Counts per month on both sides, each side against its own past, and whether ratio and count agree."""
    texts = [sentences.per_month(result), sentences.sides(result), sentences.additive(result)]
    return "\n\n".join(text for text in texts if text) or say("overview.no_sides")


def gates_unmet(result: Plain) -> str:
    """Each condition with its answer, and what the unmet ones would have taken."""
    texts = [sentences.gates_summary(result)]
    # Without an estimate no condition was tried: five times the same answer would say nothing.
    tried = result["status"] == "estimated"
    for gate in (result.get("gates") or ()) if tried else ():
        symbol = words.word("status_symbol", gate["status"])
        text = f"**{symbol} {words.word('gate_status', gate['status'])}.** {sentences.gate(gate)}"
        if gate["status"] != "passed":
            # Small, not slanted: a visitor would load a whole typeface for it.
            text += f"  \n{small(sentences.gate_would_take(gate).strip())}"
        texts.append(text)
    return "\n\n".join(texts)


def before_looking(page: Content, result: Plain) -> None:
    """The smallest change that could have been seen, said before the result."""
    text = sentences.smallest_detectable(result)
    if text:
        page.part(lambda _: st.info(text, icon=":material/visibility:"))


def check_list(result: Plain) -> str:
    """All checks one by one, the deciding ones first, as one markdown text: a list reads well by ear."""
    texts = [sentences.checks_summary(result)]
    for kind in ("deciding", "informing"):
        entries = [check for check in result.get("checks") or () if check["kind"] == kind]
        if not entries:
            continue
        texts.append(f"**{say(f'checks.{kind}')}**")
        for check in entries:
            symbol = words.word("status_symbol", check["status"])
            texts.append(
                f"- **{symbol} {words.word('status', check['status'])}.** "
                f"**{sentences.check_question(check)}** {sentences.check(check)}"
            )
    return "\n\n".join(texts)


def estimand_card(program: Program, result: Plain) -> str:
    """What the number is about and what it is not, with the hashes that identify it."""
    card = result["card"]
    comparison = ", ".join(card["comparison_areas"]) or words.pool(None)
    lines = {
        "what": sentences.things(result),
        "where": say(
            "card.where_text", name=program.catchment_name(card["catchment"]), areas=", ".join(card["areas"])
        ),
        "when": say(
            "card.when_text",
            name=program.phase_name(card["phase"]),
            months=numbers.months_between(card["phase_first"], card["phase_last"]),
            baseline=numbers.months_between(card["baseline_first"], card["baseline_last"]),
        ),
        "compared": say("card.compared_text", pool=words.pool(card["pool"]), areas=comparison),
        "scale": say("card.scale_text"),
        "is_not": " ".join(words.word("is_not", code) for code in card["is_not"]),
        "registered": words.word("registration", result["registration"]),
        "hashes": say("card.hashes_text", spec=result["spec_sha256"][:16], data=result["data_sha256"][:16]),
    }
    return "\n\n".join(
        f"**{say(f'card.{name}')}** {sentences.sentence_case(text)}" for name, text in lines.items()
    )
