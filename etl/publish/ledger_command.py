"""`python -m etl ledger`: what was asked, how often, and how the answers changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from etl.publish.evidence_ledger import Entry
from etl.publish.ledger_entries import history_of, ledger_of

WORDS = {"data": "the counts", "spec": "the specification", "code": "the program code", "lock": "a library"}


def ledger_lines(home: Path, asked: str | None) -> list[str]:
    """Lines for a person: the whole ledger in short, one analysis (`program/analysis`), or one result id.

    Raises LedgerError, naming the line, for a ledger that was tampered with; LookupError for what it does not hold.
    """
    known = ledger_of(home).entries()
    if not known:
        return ["The evidence ledger is empty: no release has been built here yet."]
    if asked is None:
        return _overview(known)
    if "/" in asked:
        program, _, analysis = asked.partition("/")
        return _analysis(known, program, analysis.partition("/")[0])
    run = next((entry for entry in known if entry.event == "run" and entry.about["result"] == asked), None)
    if run is None:
        raise LookupError(f"The evidence ledger has no result {asked!r}.")
    return _result(known, run)


def _overview(known: list[Entry]) -> list[str]:
    lines = [f"{len(known)} entries, the chain holds; the last is of {known[-1].at}"]
    registered = [entry.about for entry in known if entry.event == "spec_registered"]
    for program in dict.fromkeys(about["program"] for about in registered):
        own = [about for about in registered if about["program"] == program]
        confirmatory = sum(about["registration"] == "confirmatory" for about in own)
        amended = sum(entry.event == "spec_amended" and entry.about["program"] == program for entry in known)
        lines.append(
            f"{program}: {len(own)} fixed analyses, {confirmatory} confirmatory, "
            f"{len(own) - confirmatory} retrospective; {amended} amendments"
        )
    lines += [_line(entry) for entry in known if entry.event in ("published", "superseded", "spec_withdrawn")]
    return lines


def _analysis(known: list[Entry], program: str, analysis: str) -> list[str]:
    found = history_of(known, program, analysis)
    lines = [_line(entry) for entry in found.events]
    if found.same_question:
        lines.append(
            f"{found.specifications:,} specifications were run on this question "
            f"({found.same_question[0]['question']}), here are all:"
        )
        for run in found.same_question:
            lines.append(
                f"  {run['program']}/{run['analysis']}: {_figures(run['figures'])}; {run['readings']} readings, "
                f"{run['specifications']} cells (result {run['result']}, release {run['release']})"
            )
    return lines


def _result(known: list[Entry], run: Entry) -> list[str]:
    about = run.about
    lines = [
        f"result       {about['result']} of {about['estimate']}, {run.at}",
        f"figures      {_figures(about['figures'])}",
        *(f"{name:<12} sha256 {value}" for name, value in about["made_from"].items()),
        f"published    release {about['release']}",
    ]
    after = [
        entry for entry in known if entry.event == "superseded" and entry.about["from"] == about["result"]
    ]
    lines += [_line(entry) for entry in after] or ["superseded   no: this is the answer in use"]
    return lines


def _line(entry: Entry) -> str:
    about, day = entry.about, entry.at[:10]
    if entry.event == "spec_registered":
        return f"{day} registered {about['program']}/{about['analysis']} ({about['registration']}): {about['question']}"
    if entry.event == "spec_amended":
        return f"{day} amended {about['program']}/{about['analysis']}: {about['reason']}; spec {about['spec'][:12]}"
    if entry.event == "spec_withdrawn":
        return f"{day} withdrawn {about['program']}/{about['analysis']}: {about['reason']}"
    if entry.event == "run":
        return f"{day} run {about['result']}: {_figures(about['figures'])}"
    if entry.event == "superseded":
        return f"{day} superseded {about['program']}/{about['analysis']}: {superseded_words(about)}"
    if entry.event == "published":
        return f"{day} published release {about['release']} with {len(about['results'])} results"
    return f"{day} data of {about['city']} to {about['last_month']}"


def superseded_words(about: dict[str, Any]) -> str:
    """What an answer was, what it is now, and what changed it."""
    because = " and ".join(WORDS[name] for name in about["changed"]) or "the snapshot"
    more = about["events_more"]
    counted = f" ({more:+,.0f} events)" if more else ""
    return (
        f"was {_figures(about['was'])} in release {about['release_from']}, now {_figures(about['now'])} "
        f"in {about['release_to']}: {because} changed{counted}"
    )


def _figures(figures: dict[str, Any]) -> str:
    if figures["rate_ratio"] is None:
        return "not estimable"
    low, high = figures["lower_95"], figures["upper_95"]
    ends = ("0" if low is None else f"{low:.2f}", "no bound" if high is None else f"{high:.2f}")
    return f"{figures['rate_ratio']:.2f} ({ends[0]} to {ends[1]}), {figures['verdict'].replace('_', ' ')}"
