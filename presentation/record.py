"""The record of answers in words: what was asked, when it was fixed, how often, every answer, and what replaced it.

Lines are those of the evidence ledger: number, moment, event, and plain values about it. The same words stand on the
page of the record and in `python -m etl ledger`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from presentation import numbers, words
from presentation.escape import markdown
from presentation.language import count_of, enumerate_words, say, sentence_case

About = dict[str, Any]
DAMAGED = "damaged"


class Line(Protocol):
    """One line of the ledger. What `about` holds depends on the event (`etl/publish/ledger_entries.py`)."""

    @property
    def number(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def about(self) -> About: ...


@dataclass(frozen=True)
class ReadLine:
    """A line as a release holds it."""

    number: int
    at: str
    event: str
    about: About
    sha256: str


def lines_of(rows: Iterable[Mapping[Any, Any]]) -> list[ReadLine]:
    """Rows of `out_ledger` as lines, oldest first."""
    return [
        ReadLine(
            int(row["number"]),
            str(row["written_at"]),
            str(row["event"]),
            json.loads(row["about_json"]),
            str(row["sha256"]),
        )
        for row in rows
    ]


def damage(lines: Sequence[Line]) -> str:
    """What is wrong with the ledger, or nothing. A damaged ledger supports no claim."""
    return str(lines[0].about["fault"]) if lines and lines[0].event == DAMAGED else ""


@dataclass(frozen=True)
class History:
    """Everything the ledger holds on one analysis, oldest first, and the last run of all analyses of its question."""

    events: tuple[Line, ...]
    same_question: tuple[About, ...]

    @property
    def specifications(self) -> int:
        """Specifications run on the question: fixed analyses with their readings, and the cells of curves."""
        return sum(max(int(run["specifications"]), int(run["readings"]), 1) for run in self.same_question)

    @property
    def replaced(self) -> list[Line]:
        """Answers that others replaced, newest first."""
        return [line for line in reversed(self.events) if line.event == "superseded"]


def history_of(known: Sequence[Line], program: str, analysis: str) -> History:
    """Raises LookupError for an analysis that the ledger does not hold."""
    own = [
        line
        for line in known
        if line.about.get("program") == program and line.about.get("analysis") == analysis
    ]
    runs = [line.about for line in own if line.event == "run"]
    if not own:
        raise LookupError(say("record.no_analysis", name=f"{program}/{analysis}"))
    latest: dict[str, About] = {}
    for line in known:
        if line.event == "run" and runs and line.about["question"] == runs[-1]["question"]:
            latest[line.about["analysis"]] = line.about
    return History(tuple(own), tuple(latest.values()))


def analyses_of(known: Sequence[Line], program: str) -> list[str]:
    """Analyses of a program that were ever registered, in the order in which they were."""
    return list(
        dict.fromkeys(
            str(line.about["analysis"])
            for line in known
            if line.event == "spec_registered" and line.about["program"] == program
        )
    )


def run_of(known: Sequence[Line], result: str) -> Line | None:
    """The line of a run, by its result id."""
    return next((line for line in known if line.event == "run" and line.about["result"] == result), None)


def replaced_by(known: Sequence[Line], result: str) -> Line | None:
    """The line that says what replaced a result; None while it is the answer in use."""
    return next((line for line in known if line.event == "superseded" and line.about["from"] == result), None)


def chain(lines: Sequence[ReadLine]) -> str:
    """How long the record is and how it is sealed."""
    return say(
        "record.chain",
        count=numbers.count(len(lines)),
        first=numbers.day(lines[0].at[:10]),
        number=numbers.count(lines[-1].number),
        sha=lines[-1].sha256[:16],
    )


def summary(known: Sequence[Line], program: str, name: str) -> str:
    """How many analyses of a program were fixed, and how many of them before the data."""
    own = [line for line in known if line.about.get("program") == program]
    registered = [line.about for line in own if line.event == "spec_registered"]
    confirmatory = sum(about["registration"] == "confirmatory" for about in registered)
    return say(
        "record.summary",
        program=name,
        analyses=count_of("record.analyses", len(registered), count=numbers.count(len(registered))),
        confirmatory=numbers.count(confirmatory),
        retrospective=numbers.count(len(registered) - confirmatory),
        amended=numbers.count(sum(line.event == "spec_amended" for line in own)),
        withdrawn=numbers.count(sum(line.event == "spec_withdrawn" for line in own)),
        replaced=numbers.count(sum(line.event == "superseded" for line in own)),
    )


def specifications_run(history: History) -> str:
    """How often the question was asked, in one sentence; empty where it never ran."""
    if not history.same_question:
        return ""
    outcome = str(history.same_question[0]["question"]).partition("/")[2]
    return say(
        "record.specifications",
        count=numbers.count(history.specifications),
        outcome=words.outcome_name(outcome),
    )


def same_question_rows(history: History, questions: Mapping[str, str]) -> list[dict[str, str]]:
    """A row for each analysis of the question. questions: analysis → what it asks, in words."""
    return [
        {
            "analysis": questions.get(str(run["analysis"]), str(run["analysis"])),
            "answer": figures_text(run["figures"]),
            "readings": numbers.count(run["readings"]),
            "curve_cells": numbers.count(run["specifications"]),
            "result_id": str(run["result"]),
            "release": str(run["release"]),
        }
        for run in history.same_question
    ]


def same_question_list(rows: Sequence[Mapping[str, str]], program: str) -> str:
    """The same rows as a list, which a phone can show; each result is a link to its own page."""
    return "\n".join(
        say(
            "record.item",
            **{name: markdown(value) for name, value in row.items()},
            link=f"record?program={quote(program)}&result={quote(row['result_id'])}",
        )
        for row in rows
    )


def history_list(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows of `history_rows` as a list."""
    return "\n".join(
        say("record.happened", **{name: markdown(value) for name, value in row.items()}) for row in rows
    )


def last_answer(known: Sequence[Line], program: str, analysis: str) -> tuple[History, str] | None:
    """(history, id of the last result) of an analysis; None where the ledger is damaged or holds no run of it."""
    if damage(known) or analysis not in analyses_of(known, program):
        return None
    history = history_of(known, program, analysis)
    runs = [str(line.about["result"]) for line in history.events if line.event == "run"]
    return (history, runs[-1]) if runs else None


def on_record(known: Sequence[Line], program: str, analysis: str) -> str:
    """One sentence for the page of a result, with the way to the record; empty where it is not on record."""
    found = last_answer(known, program, analysis)
    if found is None:
        return ""
    history, result = found
    return say(
        "record.on_record",
        count=numbers.count(history.specifications),
        result=result,
        replaced=numbers.count(len(history.replaced)),
        link=f"record?program={quote(program)}&result={result}",
    )


def history_rows(lines: Iterable[Line]) -> list[dict[str, str]]:
    """A row for each event, newest first."""
    return [
        {
            "day": numbers.day(line.at[:10]),
            "event": words.word("ledger_event", line.event),
            "text": sentence_case(text(line)),
        }
        for line in reversed(list(lines))
    ]


def figures_text(figures: Mapping[str, Any]) -> str:
    """An answer as it stood: change, interval, verdict."""
    if not numbers.is_known(figures["rate_ratio"]):
        return say("record.not_estimable")
    low, high = figures["lower_95"], figures["upper_95"]
    known = numbers.is_known(low) and numbers.is_known(high)
    return say(
        "record.figures" if known else "record.figures_without_interval",
        change=numbers.change(figures["rate_ratio"]),
        interval=numbers.change_range(low, high),
        verdict=words.word("verdict", str(figures["verdict"])),
    )


def superseded_text(about: Mapping[str, Any]) -> str:
    """What an answer was, what it is now, and what changed it."""
    changed = [say(f"record.changed.{name}") for name in about["changed"]] or [say("record.changed.snapshot")]
    more = about["events_more"]
    counted = ""
    if more:
        counted = say(
            "record.events_more" if more > 0 else "record.events_fewer", count=numbers.count(abs(more))
        )
    return say(
        "record.superseded",
        was=figures_text(about["was"]),
        release_from=about["release_from"],
        now=figures_text(about["now"]),
        release_to=about["release_to"],
        changed=enumerate_words(changed),
        counted=counted,
    )


def text(line: Line) -> str:
    """What a line says, without its day."""
    about = line.about
    if line.event == "run":
        return say("record.says.run", result=about["result"], figures=figures_text(about["figures"]))
    if line.event == "superseded":
        return superseded_text(about)
    if line.event == "published":
        return say(
            "record.says.published", release=about["release"], count=numbers.count(len(about["results"]))
        )
    if line.event == "spec_registered":
        as_what = words.word("registration_short", about["registration"])
        return say("record.says.spec_registered", registration=as_what, question=about["question"])
    if line.event == "data_loaded":
        month = numbers.month(about["last_month"])
        return say("record.says.data_loaded", city=about["city"], month=month)
    return say(f"record.says.{line.event}", **{"spec": "", **about, "spec_start": about.get("spec", "")[:12]})
