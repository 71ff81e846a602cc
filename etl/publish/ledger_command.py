"""`python -m etl ledger`: what was asked, how often, and how the answers changed."""

from __future__ import annotations

from pathlib import Path

from etl.publish.evidence_ledger import Entry
from etl.publish.ledger_entries import ledger_of
from presentation import record
from presentation.language import say
from presentation.record import Line


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
    run = record.run_of(known, asked)
    if run is None:
        raise LookupError(say("record.no_result", name=asked))
    return _result(known, run)


def _overview(known: list[Entry]) -> list[str]:
    lines = [f"{len(known)} entries, the chain holds; the last is of {known[-1].at}"]
    programs = dict.fromkeys(
        str(entry.about["program"]) for entry in known if entry.event == "spec_registered"
    )
    lines += [record.summary(known, program, program) for program in programs]
    lines += [_line(entry) for entry in known if entry.event in ("published", "superseded", "spec_withdrawn")]
    return lines


def _analysis(known: list[Entry], program: str, analysis: str) -> list[str]:
    found = record.history_of(known, program, analysis)
    lines = [_line(entry) for entry in found.events]
    if found.same_question:
        lines.append(record.specifications_run(found))
        for run in found.same_question:
            lines.append(
                f"  {run['program']}/{run['analysis']}: {record.figures_text(run['figures'])}; {run['readings']} readings, "
                f"{run['specifications']} cells (result {run['result']}, release {run['release']})"
            )
    return lines


def _result(known: list[Entry], run: Line) -> list[str]:
    about = run.about
    after = record.replaced_by(known, about["result"])
    return [
        f"result       {about['result']} of {about['estimate']}, {run.at}",
        f"figures      {record.figures_text(about['figures'])}",
        *(f"{name:<12} sha256 {value}" for name, value in about["made_from"].items()),
        f"published    release {about['release']}",
        _line(after) if after else "superseded   no: this is the answer in use",
    ]


def _line(entry: Line) -> str:
    """Day, event, which analysis, and what happened."""
    about = entry.about
    of = f" {about['program']}/{about['analysis']}" if "analysis" in about and entry.event != "run" else ""
    return f"{entry.at[:10]} {entry.event.removeprefix('spec_')}{of}: {record.text(entry)}"
