"""What an attacker can work out: all published tables as one system of linear equations, solved for its bounds.

Unknowns are the exact counts. A shown cell v lies in v−2 … v+2 (it was rounded to 5), never 1 to 9; a hidden
one is 0 or more. Cells add up over attribute values, areas, months and quarters, and over the links that are
given (a group of areas, neighborhoods that make up a ward). Bounds come from linear programming (HiGHS in
scipy); with `integer=True` from mixed-integer programming, which is what a determined attacker would use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from disclosure.policy import Policy, TablePolicy, load_policy
from disclosure.protect import EMPTY_ATTRIBUTE

Key = tuple[str, ...]
Links = Mapping[tuple[str, str], Iterable[tuple[str, str]]]
ROUNDING_SLACK = 2


@dataclass
class System:
    """Unknowns with bounds, equations that are sums, and which unknowns are hidden cells."""

    keys: dict[Key, int] = field(default_factory=dict)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    sums: list[tuple[int, list[int]]] = field(default_factory=list)
    hidden: dict[int, Key] = field(default_factory=dict)

    def unknown(self, key: Key) -> int:
        if key not in self.keys:
            self.keys[key] = len(self.keys)
            self.lower.append(0.0)
            self.upper.append(np.inf)
        return self.keys[key]

    def show(self, index: int, value: float, slack: float, smallest: int) -> None:
        """Bounds of a cell that was published as `value`."""
        low, high = (value - slack, value + slack) if value else (0.0, 0.0)
        if value:
            low = max(low, smallest)
        self.lower[index] = max(self.lower[index], low)
        self.upper[index] = min(self.upper[index], high)

    def matrix(self) -> csr_array:
        rows, columns, values = [], [], []
        for row, (total, parts) in enumerate(self.sums):
            rows += [row] * (len(parts) + 1)
            columns += [total, *parts]
            values += [-1.0] + [1.0] * len(parts)
        return csr_array((values, (rows, columns)), shape=(len(self.sums), len(self.keys)))


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


def cell_keys(frame: pd.DataFrame, count: str) -> list[tuple[Key, Key]]:
    """For each row the key of its cell and of the total (over attribute values) that it is part of.

    A total is (universe, geography, area, period kind, first month); a cell of an attribute adds the attribute
    and its value, and where there is no attribute the cell is the total itself.
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
        total: Key = (f"{city}/{program}/{measure}/{count}", *place, date)
        keys.append((total if attribute in EMPTY_ATTRIBUTE else (*total, attribute, value), total))
    return keys


def _add_cells(
    system: System, rules: TablePolicy, frame: pd.DataFrame, count: str, slack: float, smallest: int
) -> None:
    nested = {attribute for attribute, _ in rules.nested}
    parts: dict[Key, list[int]] = {}
    for (key, total), value in zip(cell_keys(frame, count), frame[count], strict=True):
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


class Attacker:
    """Solves the system for the extremes of its unknowns. `integer`: whole numbers only (slower, stronger)."""

    def __init__(self, system: System, integer: bool = False) -> None:
        self.system = system
        # HiGHS reports "unbounded" without a point; a cap keeps every program solvable.
        self.cap = 1e6
        upper = np.array(system.upper)
        self.bounds = Bounds(np.array(system.lower), np.where(np.isinf(upper), self.cap, upper))
        self.constraints = [LinearConstraint(system.matrix(), 0, 0)] if system.sums else []
        self.kinds = np.full(len(system.keys), 1 if integer else 0)

    def extreme(self, weights: Mapping[int, float]) -> np.ndarray:
        """A feasible set of counts with the smallest weighted sum."""
        goal = np.zeros(len(self.system.keys))
        for index, weight in weights.items():
            goal[index] = weight
        answer = milp(goal, integrality=self.kinds, bounds=self.bounds, constraints=self.constraints)
        if answer.x is None:
            raise ArithmeticError(f"the published tables contradict each other ({answer.message})")
        return answer.x

    def interval(self, index: int) -> tuple[float, float]:
        """Smallest and largest value that one unknown can have."""
        low, high = self.extreme({index: 1.0})[index], self.extreme({index: -1.0})[index]
        return float(low), float("inf") if high >= self.cap - 1 else float(high)

    def without_safe(self, cells: list[int], enough: float, rounds: int = 12) -> list[int]:
        """Cells for which no two feasible answers at least `enough` apart turned up.

        Each program looks at all cells that are left at once, so that few programs clear most of them.
        """
        random = np.random.default_rng(0)
        low = dict.fromkeys(cells, np.inf)
        high = dict.fromkeys(cells, -np.inf)
        left = cells
        for turn in range(rounds):
            signs = np.ones(len(left)) if turn == 0 else random.choice([-1.0, 1.0], len(left))
            for direction in (1.0, -1.0):
                answer = self.extreme(dict(zip(left, direction * signs, strict=True)))
                for index in left:
                    low[index] = min(low[index], answer[index])
                    high[index] = max(high[index], answer[index])
            left = [index for index in left if high[index] - low[index] < enough]
            if not left:
                break
        return left


def attack(system: System, integer: bool = False, enough: float | None = None) -> pd.DataFrame:
    """Bounds on the hidden cells: columns `cell` (the key), `index`, `lower`, `upper`.

    `enough`: cells whose value may differ by at least so much are left out of the result, which spares most of
    the programs. Raises ArithmeticError if the published values contradict each other (for example areas that
    do not make up their city).
    """
    attacker = Attacker(system, integer)
    cells = list(system.hidden)
    if enough is not None and cells:
        cells = attacker.without_safe(cells, enough)
    rows = [(system.hidden[index], index, *attacker.interval(index)) for index in cells]
    return pd.DataFrame(rows, columns=["cell", "index", "lower", "upper"])
