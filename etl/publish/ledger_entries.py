"""What a release adds to the evidence ledger, and what the ledger says about an analysis.

The build writes it: data loaded (city, last month), specs registered or amended, every analysis run with a result id,
results that replace others, and the release that published them. A result id is the hash of spec, snapshot, code and
lock file, so the same id is the same computation.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from etl.publish.estimate_store import PROJECT, code_sha256
from etl.publish.evidence_ledger import Entry, EvidenceLedger
from evaluation.program import ProgramError, parse_program

FIGURES = ("rate_ratio", "lower_95", "upper_95", "observed", "verdict", "status")
About = dict[str, Any]
News = list[tuple[str, About]]


def ledger_of(home: Path) -> EvidenceLedger:
    """The ledger that lies beside the releases of `home`."""
    return EvidenceLedger(home / "ledger")


class Readable(Protocol):
    """A release, or the tables from which one is about to be made."""

    @property
    def id(self) -> str: ...
    @property
    def meta(self) -> dict[str, Any]: ...
    def query(self, name: str, **params: object) -> pd.DataFrame: ...


def news_of(release: Readable, known: list[Entry]) -> News:
    """What was registered, run and replaced that the ledger does not hold yet, in the order in which it happened."""
    news: News = []
    snapshot = str(release.meta["snapshot_id"])
    for city, months in _last_months(release).items():
        about: About = {"city": city, "last_month": months, "snapshot": snapshot}
        if _latest(known, "data_loaded", city=city) != about:
            news.append(("data_loaded", about))
    for program in release.query("programs").to_dict("records"):
        written = json.loads(program["program_json"])
        news += _spec_news(release, written, known)
        for record in release.query("estimates", program=program["program"], role="headline").to_dict(
            "records"
        ):
            about = run_about(release, {str(name): value for name, value in record.items()})
            before = _latest(known, "run", estimate=about["estimate"])
            if before is not None and before["result"] == about["result"]:
                continue
            news.append(("run", about))
            if before is not None and _figures_differ(before["figures"], about["figures"]):
                news.append(("superseded", _superseded(before, about)))
    return news


def publication_of(release: Readable, sha12: str, known: list[Entry]) -> News:
    """That a release was published, with the result ids that it holds; nothing where the ledger knows it."""
    if _latest(known, "published", release=release.id, sha256=sha12) is not None:
        return []
    results = [
        result_id(_made_from(release, record["spec_sha256"]))
        for program in release.query("programs")["program"]
        for record in release.query("estimates", program=program, role="headline").to_dict("records")
    ]
    snapshot = str(release.meta["snapshot_id"])
    about = {"release": release.id, "sha256": sha12, "snapshot": snapshot, "results": results}
    return [("published", about)]


def run_about(release: Readable, row: Mapping[str, Any]) -> About:
    """The entry of one headline estimate: result id, what it was made from, its figures and its extent."""
    made_from = _made_from(release, row["spec_sha256"])
    named = {"program": row["program"], "analysis": row["analysis"]}
    return {
        "result": result_id(made_from),
        "estimate": row["estimate_id"],
        **named,
        "question": question_of(row),
        "made_from": made_from,
        "data": str(row["data_sha256"]),
        "release": release.id,
        "figures": {name: _plain(row[name]) for name in FIGURES},
        "readings": len(release.query("estimates", role="reading", **named)),
        "specifications": len(release.query("specifications", **named)),
    }


def _made_from(release: Readable, spec: str) -> dict[str, str]:
    return {
        "spec": spec,
        "snapshot": str(release.meta["snapshot_id"]),
        "code": code_sha256(),
        "lock": lock_sha256(),
    }


def result_id(made_from: Mapping[str, str]) -> str:
    """16 hex digits of the SHA-256 over spec, snapshot, code and lock file."""
    text = json.dumps(dict(made_from), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def lock_sha256() -> str:
    """SHA-256 of the pinned libraries."""
    return hashlib.sha256((PROJECT / "requirements.txt").read_bytes()).hexdigest()


def question_of(row: Mapping[str, Any]) -> str:
    """Analyses of one program on one outcome ask one question, in whatever unit, phase or design."""
    return f"{row['program']}/{row['outcome']}"


def is_confirmatory(
    known: Sequence[Entry], program: str, analysis: str, spec: str, city: str, first_month: str
) -> bool:
    """Whether this very spec was in the ledger before any data of the analyzed months was loaded.

    An amended spec counts from its amendment on.
    """
    wanted = (program, analysis, spec)
    fixed = next((entry.number for entry in known if _fixes(entry, wanted)), None)
    seen = next((entry.number for entry in known if _holds(entry, city, first_month)), None)
    return fixed is not None and (seen is None or fixed < seen)


def _fixes(entry: Entry, wanted: tuple[str, str, str]) -> bool:
    about = entry.about
    fixing = entry.event in ("spec_registered", "spec_amended")
    return fixing and (about["program"], about["analysis"], about["spec"]) == wanted


def _holds(entry: Entry, city: str, month: str) -> bool:
    about = entry.about
    return entry.event == "data_loaded" and about["city"] == city and about["last_month"] >= month


def refuse_false_claims(program: Mapping[str, Any], last_month: str, known: Sequence[Entry]) -> None:
    """Raise ProgramError for an analysis that calls itself confirmatory and is not.

    last_month: last month of the counts at hand. A new analysis may call itself so while its phase has not begun.
    """
    parsed = parse_program(program)
    for analysis in parsed.analyses:
        if analysis.registration != "confirmatory":
            continue
        first = parsed.phases[analysis.phase].first
        spec = parsed.spec_sha256(analysis)
        if last_month < first or is_confirmatory(known, parsed.id, analysis.id, spec, parsed.city, first):
            continue
        raise ProgramError(
            f"{parsed.id}.toml: analysis {analysis.id!r} calls itself confirmatory, but the evidence ledger does not hold "
            f"this specification from before data of {first} was loaded; write retrospective"
        )


def _spec_news(release: Readable, program: Mapping[str, Any], known: list[Entry]) -> News:
    news: News = []
    reasons = {str(item["analysis"]): str(item["reason"]) for item in program.get("amendment", [])}
    phases = {str(item["id"]): str(item["first_month"])[:7] for item in program.get("phase", [])}
    rows = release.query("estimates", program=program["program"], role="headline").to_dict("records")
    stored = {str(row["analysis"]): row for row in rows}
    for analysis in program.get("analysis", []):
        row = stored.get(str(analysis["id"]))
        if row is None:
            continue
        named = {"program": str(program["program"]), "analysis": str(analysis["id"])}
        about: About = {
            **named,
            "spec": str(row["spec_sha256"]),
            "question": str(analysis.get("question", "")),
            "city": str(program["city"]),
            "first_month": phases.get(str(analysis.get("phase")), ""),
            "registration": str(row["registration"]),
        }
        before = _latest(known, "spec_registered", "spec_amended", **named)
        if before is None:
            news.append(("spec_registered", about))
        elif before["spec"] != about["spec"]:
            reason = reasons.get(named["analysis"], "no reason was given")
            news.append(("spec_amended", {**about, "from": before["spec"], "reason": reason}))
    gone = {
        entry.about["analysis"]
        for entry in known
        if entry.event == "spec_registered" and entry.about["program"] == program["program"]
    } - {str(analysis["id"]) for analysis in program.get("analysis", [])}
    for name in sorted(gone):
        named = {"program": str(program["program"]), "analysis": name}
        if _latest(known, "spec_withdrawn", **named) is None:
            news.append(("spec_withdrawn", {**named, "reason": reasons.get(name, "no reason was given")}))
    return news


def _superseded(before: About, after: About) -> About:
    """Which result replaces which, both sets of figures, and what of their making changed."""
    changed = [
        name for name in ("spec", "code", "lock") if before["made_from"][name] != after["made_from"][name]
    ]
    if before["data"] != after["data"]:
        changed.insert(0, "data")
    one, other = before["figures"]["observed"], after["figures"]["observed"]
    return {
        "program": after["program"],
        "analysis": after["analysis"],
        "from": before["result"],
        "to": after["result"],
        "release_from": before["release"],
        "release_to": after["release"],
        "was": before["figures"],
        "now": after["figures"],
        "changed": changed,
        "events_more": None if one is None or other is None else other - one,
    }


def _latest(known: list[Entry], *events: str, **named: str) -> About | None:
    for entry in reversed(known):
        if entry.event in events and all(entry.about.get(key) == value for key, value in named.items()):
            return entry.about
    return None


def _last_months(release: Readable) -> dict[str, str]:
    frame = release.query("last_months_of_cities")
    return {str(row.city): str(row.last_month)[:7] for row in frame.itertuples(index=False)}


def _figures_differ(one: About, other: About) -> bool:
    for name in FIGURES:
        a, b = one[name], other[name]
        if isinstance(a, float) and isinstance(b, float):
            if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12):
                return True
        elif a != b:
            return True
    return False


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
