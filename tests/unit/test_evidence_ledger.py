"""The evidence ledger: nothing is ever taken back, a changed line is named, and confirmatory has to be earned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from etl.publish.evidence_ledger import EvidenceLedger, LedgerError
from etl.publish.ledger_command import ledger_lines
from etl.publish.ledger_entries import is_confirmatory, news_of, publication_of, refuse_false_claims
from evaluation.program import ProgramError, parse_program
from presentation.record import history_of


def filled(folder: Path, count: int = 6) -> EvidenceLedger:
    ledger = EvidenceLedger(folder)
    for number in range(count):
        ledger.append([("run", {"result": f"r{number}"}), ("published", {"release": str(number)})])
    return ledger


def test_entries_come_back_in_order_and_the_chain_holds(tmp_path: Path) -> None:
    ledger = filled(tmp_path)
    assert [entry.number for entry in ledger.entries()] == list(range(1, 13))
    assert ledger.check() is None
    assert EvidenceLedger(tmp_path / "elsewhere").entries() == []


@pytest.mark.parametrize("line", [1, 2, 7, 11, 12])
def test_a_line_that_was_changed_is_named(tmp_path: Path, line: int) -> None:
    ledger = filled(tmp_path)
    original = ledger.path.read_bytes().split(b"\n")
    for place in range(0, len(original[line - 1]), 5):
        changed = list(original)
        letters = bytearray(changed[line - 1])
        letters[place] ^= 1
        changed[line - 1] = bytes(letters)
        ledger.path.write_bytes(b"\n".join(changed))
        fault = ledger.check()
        if letters[place] == ord("\n"):
            assert fault is not None
        else:
            assert fault is not None and fault.startswith(f"line {line} "), (place, fault)


@pytest.mark.parametrize("line", [1, 6, 12])
def test_a_line_that_was_taken_out_is_noticed(tmp_path: Path, line: int) -> None:
    ledger = filled(tmp_path)
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join(lines[: line - 1] + lines[line:]))
    assert ledger.check() is not None


def test_a_line_rewritten_together_with_the_rest_of_the_chain_is_caught_by_the_head(tmp_path: Path) -> None:
    ledger = filled(tmp_path)
    head = ledger.head.read_bytes()
    ledger.path.unlink()
    ledger.head.unlink()
    filled(tmp_path, 5)
    ledger.head.write_bytes(head)
    assert ledger.check() is not None


def test_nothing_is_added_to_a_damaged_ledger(tmp_path: Path) -> None:
    ledger = filled(tmp_path)
    damaged = ledger.path.read_bytes().replace(b"r2", b"rX")
    ledger.path.write_bytes(damaged)
    with pytest.raises(LedgerError, match="line 5 "):
        ledger.append([("published", {})])
    assert ledger.path.read_bytes() == damaged


def test_a_crash_while_writing_loses_only_what_was_never_acknowledged(tmp_path: Path) -> None:
    ledger = filled(tmp_path)
    with ledger.path.open("ab") as opened:
        opened.write(b'{"about":{"result":"half')
    assert len(ledger.entries()) == 12
    ledger.append([("run", {"result": "next"})])
    assert [entry.about.get("result") for entry in ledger.entries()][-2:] == [None, "next"]
    assert ledger.check() is None


def test_an_unknown_event_is_no_entry(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not an event"):
        EvidenceLedger(tmp_path).append([("rewritten", {})])


PROGRAM: dict[str, Any] = {
    "program": "teams",
    "city": "rivertown",
    "phase": [{"id": "work", "kind": "contracted", "first_month": "2024-01"}],
    "catchment": [{"id": "core", "geography": "ward", "areas": ["1"]}],
    "baseline": [{"id": "before", "first_month": "2020-01", "last_month": "2023-12"}],
    "analysis": [
        {
            "id": f"gunshot_{unit}",
            "question": f"Did {unit} change?",
            "design": "controlled",
            "outcome": "gunshot",
            "unit": unit,
            "geography": "ward",
            "phase": "work",
            "catchments": ["core"],
            "pools": ["c"],
            "baselines": ["before"],
            "headline": {"catchment": "core", "pool": "c", "baseline": "before"},
        }
        for unit in ("incidents", "victims")
    ],
}


class PlantedRelease:
    """Answers the questions that the ledger asks of a release."""

    def __init__(self, release_id: str, ratio: float, observed: float, last: str, **changes: Any) -> None:
        self.id = release_id
        self.meta = {"snapshot_id": f"snapshot of {last}"}
        self.program = {**PROGRAM, **changes}
        parsed = parse_program(self.program)
        self.last = last
        self.rows = [
            {
                "program": "teams",
                "analysis": item.id,
                "estimate_id": f"teams/{item.id}",
                "outcome": "gunshot",
                "rate_ratio": ratio,
                "lower_95": ratio / 2,
                "upper_95": ratio * 2,
                "observed": observed,
                "verdict": "cannot_tell",
                "status": "estimated",
                "registration": item.registration,
                "spec_sha256": parsed.spec_sha256(item),
                "data_sha256": f"rows to {last}",
            }
            for item in parsed.analyses
        ]

    def query(self, name: str, **asked: str) -> pd.DataFrame:
        if name == "programs":
            return pd.DataFrame([{"program": "teams", "program_json": json.dumps(self.program)}])
        if name == "last_months_of_cities":
            return pd.DataFrame([{"city": "rivertown", "last_month": f"{self.last}-01"}])
        if name == "specifications":
            return pd.DataFrame({"specification": [str(cell) for cell in range(100)]})
        if asked["role"] == "reading":
            return pd.DataFrame({"reading": range(12)})
        return pd.DataFrame([row for row in self.rows if asked.get("analysis") in (None, row["analysis"])])


def built(home: Path, *args: Any, **changes: Any) -> None:
    ledger, release = EvidenceLedger(home / "ledger"), PlantedRelease(*args, **changes)
    ledger.append(news_of(release, ledger.entries()))
    ledger.append(publication_of(release, "0" * 12, ledger.entries()))


def words(home: Path, asked: str | None = None) -> str:
    return "\n".join(ledger_lines(home, asked))


def test_the_first_release_registers_runs_and_publishes(tmp_path: Path) -> None:
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    events = [entry.event for entry in EvidenceLedger(tmp_path / "ledger").entries()]
    assert events == ["data_loaded", "spec_registered", "spec_registered", "run", "run", "published"]
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    assert len(EvidenceLedger(tmp_path / "ledger").entries()) == len(events)


def test_how_many_specifications_were_run_on_a_question_and_which(tmp_path: Path) -> None:
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    text = words(tmp_path, "teams/gunshot_incidents")
    assert text.count("200 calculations were run on this question") == 1
    answer = "14% fewer (95% interval: from 57% fewer to 72% more), verdict: Cannot tell"
    assert f"teams/gunshot_victims: {answer}; 12 readings, 100 cells" in text


def test_a_superseded_result_keeps_its_entry_with_what_changed_it(tmp_path: Path) -> None:
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    first = history_of(EvidenceLedger(tmp_path / "ledger").entries(), "teams", "gunshot_incidents")
    result = next(entry.about["result"] for entry in first.events if entry.event == "run")
    built(tmp_path, "2024.7.0", 0.90, 181.0, "2024-06")
    text = words(tmp_path, result)
    assert (
        "In release 2024.6.0: 14% fewer (95% interval: from 57% fewer to 72% more), verdict: Cannot tell. "
        "In release 2024.7.0: 10% fewer (95% interval: from 55% fewer to 80% more), verdict: Cannot tell. "
        "What changed: the counts (61 more events counted)."
    ) in text
    assert "14% fewer" in text.split("superseded")[0]
    assert "2024.6.0" in text


def test_new_data_with_the_same_answer_is_a_run_and_supersedes_nothing(tmp_path: Path) -> None:
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    built(tmp_path, "2024.7.0", 0.86, 120.0, "2024-06")
    events = [entry.event for entry in EvidenceLedger(tmp_path / "ledger").entries()]
    assert events.count("run") == 4
    assert "superseded" not in events


def test_an_amendment_names_its_reason_or_says_that_none_was_given(tmp_path: Path) -> None:
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    longer = {"baseline": [{"id": "before", "first_month": "2019-01", "last_month": "2023-12"}]}
    because = [{"analysis": "gunshot_victims", "reason": "A year of older counts was found."}]
    built(tmp_path, "2024.7.0", 0.86, 120.0, "2024-05", amendment=because, **longer)
    assert "amended teams/gunshot_victims: A year of older counts was found." in words(
        tmp_path, "teams/gunshot_victims"
    )
    assert "amended teams/gunshot_incidents: no reason was given" in words(
        tmp_path, "teams/gunshot_incidents"
    )


def test_an_analysis_that_disappears_is_withdrawn_and_stays_in_the_ledger(tmp_path: Path) -> None:
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    built(tmp_path, "2024.7.0", 0.86, 120.0, "2024-05", analysis=PROGRAM["analysis"][:1])
    assert "withdrawn teams/gunshot_victims" in words(tmp_path)
    assert "run" in words(tmp_path, "teams/gunshot_victims")


def as_confirmatory() -> dict[str, Any]:
    return {"analysis": [{**PROGRAM["analysis"][0], "registration": "confirmatory"}]}


def test_confirmatory_only_if_the_spec_was_there_before_the_data(tmp_path: Path) -> None:
    program = {**PROGRAM, **as_confirmatory()}
    # Registered while the record still ended before the phase began.
    refuse_false_claims(program, "2023-11", [])
    built(tmp_path, "2023.12.0", 1.0, 0.0, "2023-11", **as_confirmatory())
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05", **as_confirmatory())
    known = EvidenceLedger(tmp_path / "ledger").entries()
    spec = parse_program(program).spec_sha256(parse_program(program).analyses[0])
    assert is_confirmatory(known, "teams", "gunshot_incidents", spec, "rivertown", "2024-01")
    refuse_false_claims(program, "2024-05", known)
    # Another specification of the same name was not there before the data.
    changed = {**program, "catchment": [{"id": "core", "geography": "ward", "areas": ["1", "2"]}]}
    with pytest.raises(ProgramError, match="write retrospective"):
        refuse_false_claims(changed, "2024-05", known)


def test_an_analysis_of_data_already_seen_may_not_call_itself_confirmatory(tmp_path: Path) -> None:
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    known = EvidenceLedger(tmp_path / "ledger").entries()
    with pytest.raises(ProgramError, match="'gunshot_incidents' calls itself confirmatory"):
        refuse_false_claims({**PROGRAM, **as_confirmatory()}, "2024-05", known)


def test_what_the_ledger_does_not_hold_is_one_line(tmp_path: Path) -> None:
    assert words(tmp_path).startswith("The evidence ledger is empty")
    built(tmp_path, "2024.6.0", 0.86, 120.0, "2024-05")
    with pytest.raises(LookupError, match="no result 'abc'"):
        words(tmp_path, "abc")
    with pytest.raises(LookupError, match="no analysis teams/nothing"):
        words(tmp_path, "teams/nothing")
