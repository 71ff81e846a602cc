"""What an attacker can work out: all published tables as one system of sums.

Unknowns are the exact counts. A shown cell v lies in v−2 … v+2 (it was rounded to 5), never 1 to 9; a hidden
one is 0 or more. Cells add up over attribute values, areas, months and quarters, and over the links that are
given (a group of areas, neighborhoods that make up a ward).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from disclosure.attacker import Key, System
from disclosure.policy import EMPTY_ATTRIBUTE, Policy, TablePolicy, load_policy

Links = Mapping[tuple[str, str], Iterable[tuple[str, str]]]
ROUNDING_SLACK = 2


def build_system(
    tables: Mapping[str, pd.DataFrame],
    links: Links | None = None,
    policy: Policy | None = None,
    slack: float = ROUNDING_SLACK,
) -> System:
    """One system over all person-linked tables of the usual shape.

    `links` maps an area (geography, area) to the areas it is made of. Nested attributes (steps of a path) are
    left out of the sums: they are not a partition.
    """
    policy = policy or load_policy()
    system = System()
    smallest = policy.number("smallest_shown")
    for name, frame in tables.items():
        rules = policy.tables.get(name)
        if rules is None or not rules.is_person_linked or frame.empty:
            continue
        for count in rules.counts:
            _add_cells(system, rules, frame, count, slack, smallest)
    _add_calendar_sums(system)
    _add_area_sums(system, links or {})
    return system


def cell_keys(frame: pd.DataFrame, count: str, separate: tuple[str, ...] = ()) -> list[tuple[Key, Key]]:
    """For each row the key of its cell and of the total (over attribute values) that it is part of.

    A total is (universe, geography, area, period kind, first month); a cell of an attribute adds the attribute
    and its value, and where there is no attribute the cell is the total itself. Attributes in `separate` have a
    universe of their own.
    """
    columns = [
        "city",
        "program",
        "measure",
        "geography",
        "area",
        "period_kind",
        "attribute",
        "attribute_value",
    ]
    dates = pd.to_datetime(frame["period"]).dt.strftime("%Y-%m")
    keys: list[tuple[Key, Key]] = []
    for (city, program, measure, *place, attribute, value), date in zip(
        frame[columns].astype(str).to_numpy().tolist(), dates, strict=True
    ):
        universe = f"{city}/{program}/{measure}/{count}" + (f"/{attribute}" if attribute in separate else "")
        total: Key = (universe, *place, date)
        keys.append((total if attribute in EMPTY_ATTRIBUTE else (*total, attribute, value), total))
    return keys


def _add_cells(
    system: System, rules: TablePolicy, frame: pd.DataFrame, count: str, slack: float, smallest: int
) -> None:
    nested = {attribute for attribute, _ in rules.nested}
    parts: dict[Key, list[int]] = {}
    for (key, total), value in zip(cell_keys(frame, count, rules.separate), frame[count], strict=True):
        index = system.unknown(key)
        if pd.isna(value):
            system.hidden[index] = key
        else:
            system.show(index, float(value), slack, smallest)
        if key != total and key[5] not in nested:
            parts.setdefault((*total, key[5]), []).append(index)
    for group, indices in parts.items():
        system.sums.append((system.unknown(group[:5]), indices))


def _add_calendar_sums(system: System) -> None:
    """Months make up quarters, quarters make up years: only where every part has a cell."""
    for fine, coarse, months in (("month", "quarter", 3), ("quarter", "year", 12)):
        groups: dict[Key, list[int]] = {}
        for key, index in list(system.keys.items()):
            if key[3] == fine:
                year, month = int(key[4][:4]), int(key[4][5:7])
                start = (month - 1) // months * months + 1
                groups.setdefault((*key[:3], coarse, f"{year:04d}-{start:02d}", *key[5:]), []).append(index)
        needed = 3 if coarse == "quarter" else 4
        for key, indices in groups.items():
            if len(indices) == needed:
                system.sums.append((system.unknown(key), indices))


def _add_area_sums(system: System, links: Links) -> None:
    """All areas of one geography make up the city; a linked area is made up of its members."""
    groups: dict[Key, list[int]] = {}
    cities: dict[Key, Key] = {}
    for key in system.keys:
        if key[1] == "city":
            cities[(key[0], *key[3:])] = key
    for key, index in list(system.keys.items()):
        if key[1] != "city" and len(key) == 5 and (key[0], *key[3:]) in cities:
            groups.setdefault((key[0], key[1], *key[3:]), []).append(index)
    for group, indices in groups.items():
        system.sums.append((system.keys[cities[(group[0], *group[2:])]], indices))
    for (geography, area), members in links.items():
        for key in list(system.keys):
            if (key[1], key[2]) == (geography, area):
                parts = [system.keys.get((key[0], *member, *key[3:])) for member in members]
                if all(part is not None for part in parts):
                    system.sums.append((system.keys[key], [part for part in parts if part is not None]))
