"""The policy table: which rule applies to which table, read from `policy.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

POLICY = Path(__file__).resolve().parent / "policy.toml"

ANY_ATTRIBUTE = "*"
EMPTY_ATTRIBUTE = ("", "all")
USUAL_BLOCK = ("city", "program", "geography", "period_kind", "measure", "attribute")
USUAL_CELLS = ("area", "period", "attribute_value")


class DisclosureError(ValueError):
    """A table may not be published as it is. The message is one line for the person who builds the release."""


@dataclass(frozen=True)
class TablePolicy:
    """How one table is protected.

    block    columns that name one table of counts; cells of different blocks are never added
    cells    the dimensions inside a block; every line along them is a margin that someone may know
    counts   columns of whole numbers that count people-linked records
    grains   allowed (geography, period_kind, attribute); empty where `data` is not person-linked
    nested   attribute → the value that the others are out of (steps of a path, not a partition)
    parts    measure → a measure it is a part of, once for each such measure
    separate attributes that split other records than the rest of their measure does
    percents percentage column → (numerator column, denominator column)
    times    columns of minutes, and the column with the number of records behind them
    """

    name: str
    data: str
    block: tuple[str, ...] = USUAL_BLOCK
    cells: tuple[str, ...] = USUAL_CELLS
    counts: tuple[str, ...] = ("n",)
    flag: str = "n_flag"
    base_over: tuple[str, ...] = ("attribute_value",)
    grains: tuple[tuple[str, str, str], ...] = ()
    nested: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    separate: tuple[str, ...] = ()
    percents: tuple[tuple[str, str, str], ...] = ()
    time_columns: tuple[str, ...] = ()
    time_records: str = "n"

    @property
    def is_person_linked(self) -> bool:
        return self.data == "person-linked"


@dataclass(frozen=True)
class Policy:
    """All rules and tables. `rules[name]["source"]` says where a rule comes from."""

    rules: dict[str, dict[str, Any]]
    tables: dict[str, TablePolicy]

    def number(self, rule: str) -> int:
        return int(self.rules[rule]["value"])


@cache
def load_policy(path: Path = POLICY) -> Policy:
    """Read the policy table. Raises tomllib.TOMLDecodeError or KeyError on a malformed file."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    grains = {name: tuple(tuple(grain) for grain in rows) for name, rows in entries["grains"].items()}
    tables = {name: _table(name, entry, grains) for name, entry in entries["table"].items()}
    return Policy(rules=entries["rule"], tables=tables)


def _table(name: str, entry: dict[str, Any], grains: dict[str, Any]) -> TablePolicy:
    settings: dict[str, Any] = {"name": name, "data": entry["data"]}
    for key in ("block", "cells", "counts", "base_over", "separate"):
        if key in entry:
            settings[key] = tuple(entry[key])
    if "flag" in entry:
        settings["flag"] = entry["flag"]
    if entry["data"] == "person-linked":
        settings["grains"] = grains[entry["grains"]]
    settings["nested"] = tuple(entry.get("nested", {}).items())
    settings["parts"] = tuple(
        (part, whole)
        for part, wholes in entry.get("parts", {}).items()
        for whole in ([wholes] if isinstance(wholes, str) else wholes)
    )
    settings["percents"] = tuple(
        (column, parts["numerator"], parts["denominator"])
        for column, parts in entry.get("percents", {}).items()
    )
    if "times" in entry:
        settings["time_columns"] = tuple(entry["times"]["columns"])
        settings["time_records"] = entry["times"]["records"]
    return TablePolicy(**settings)
