"""The audit of a release: every table that leaves, all margins together."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from disclosure.attacker import attack
from disclosure.margins import Links, build_system
from disclosure.policy import DisclosureError, Policy, load_policy
from disclosure.protect import FLAGS, PROTECTED
from disclosure.scanner import scan_frame

DICTIONARY = Path(__file__).resolve().parent.parent / "data" / "dictionary.toml"
EXPORTED = ("public", "person-linked")


@dataclass(frozen=True)
class Finding:
    """One thing that must not leave. `kind` is a code; `message` one line without the value itself."""

    table: str
    kind: str
    message: str


def release_audit(
    tables: Mapping[str, pd.DataFrame], links: Links | None = None, policy: Policy | None = None
) -> list[Finding]:
    """Everything wrong with a set of tables that are about to be published together; empty means they may.

    Looks for columns that are not on the allow-list of the dictionary, personal details in text cells, small or
    unrounded counts, and hidden cells that follow from all the margins together (linear programming).
    `links` maps an area that overlaps others to its parts: {("group", "downtown"): [("neighborhood", …), …]}.
    """
    policy = policy or load_policy()
    findings: list[Finding] = []
    for name, frame in tables.items():
        findings += _columns(name, frame) + _details(name, frame)
        rules = policy.tables.get(name)
        if rules is not None and rules.is_person_linked:
            for count in rules.counts:
                findings += _values(name, frame, count, rules.flag, policy)
    findings += _margins(tables, links, policy)
    return findings


def recoverable(
    tables: Mapping[str, pd.DataFrame],
    links: Links | None = None,
    policy: Policy | None = None,
    integer: bool = False,
) -> pd.DataFrame:
    """Hidden cells that the tables give away: columns `cell`, `lower`, `upper`, `kind`.

    kind `recovered`: exactly one whole number is left; `narrowed`: certainly under 10 and known to within less
    than the rounding base.
    """
    policy = policy or load_policy()
    width = policy.number("rounding")
    bounds = attack(build_system(tables, links, policy), integer=integer, enough=width)
    lower = bounds["lower"].map(lambda value: math.ceil(value - 1e-6))
    upper = bounds["upper"].map(lambda value: math.inf if math.isinf(value) else math.floor(value + 1e-6))
    kind = pd.Series("", index=bounds.index, dtype="object")
    kind[(upper < policy.number("smallest_shown")) & (upper - lower < width)] = "narrowed"
    kind[(upper == lower) & (upper < policy.number("smallest_shown"))] = "recovered"
    return bounds.assign(lower=lower, upper=upper, kind=kind).loc[kind != ""]


def exported_columns(table: str) -> list[str]:
    """The columns of a table that may leave, from the dictionary. Raises DisclosureError for an unknown one."""
    try:
        return list(_allow_list()[table])
    except KeyError as error:
        raise DisclosureError(f"{table}: not described in data/dictionary.toml, so not exported") from error


@cache
def _allow_list() -> dict[str, tuple[str, ...]]:
    entries = tomllib.loads(DICTIONARY.read_text(encoding="utf-8"))
    return {
        name: tuple(
            column for column, about in entry["columns"].items() if about.get("sensitivity") in EXPORTED
        )
        for name, entry in entries.items()
        if entry.get("store", "release") == "release"
    }


def _columns(name: str, frame: pd.DataFrame) -> list[Finding]:
    try:
        allowed = exported_columns(name)
    except DisclosureError as error:
        return [Finding(name, "unknown_table", str(error))]
    return [
        Finding(name, "column_not_allowed", f"{name}: column {column} is not on the list of exported columns")
        for column in frame.columns
        if column not in allowed
    ]


def _details(name: str, frame: pd.DataFrame) -> list[Finding]:
    return [Finding(name, "personal_detail", f"{name}: {detail.message}") for detail in scan_frame(frame)]


def _values(name: str, frame: pd.DataFrame, count: str, flag: str, policy: Policy) -> list[Finding]:
    findings = []
    shown = pd.to_numeric(frame[count]).dropna()
    if ((shown > 0) & (shown < policy.number("smallest_shown"))).any():
        findings.append(Finding(name, "small_count", f"{name}: column {count} shows a count of 1 to 9"))
    if (shown % policy.number("rounding") != 0).any():
        findings.append(Finding(name, "not_rounded", f"{name}: column {count} is not rounded to 5"))
    if flag not in frame.columns or not set(frame[flag].dropna()) <= set(FLAGS):
        findings.append(Finding(name, "no_flag", f"{name}: column {flag} is missing or has an unknown flag"))
    elif (frame[count].isna() != (frame[flag] == PROTECTED)).any():
        findings.append(Finding(name, "flag_disagrees", f"{name}: {flag} and {count} disagree"))
    return findings


def _margins(tables: Mapping[str, pd.DataFrame], links: Links | None, policy: Policy) -> list[Finding]:
    try:
        found = recoverable(tables, links, policy)
    except ArithmeticError as error:
        return [Finding("all tables", "tables_contradict", str(error))]
    return [
        Finding("all tables", str(kind), f"{' / '.join(cell)}: a hidden count follows from the others")
        for cell, kind in zip(found["cell"], found["kind"], strict=True)
    ]
