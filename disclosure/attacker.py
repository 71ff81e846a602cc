"""A system of sums with bounds, and an attacker who solves it for the extremes of its unknowns.

Bounds come from linear programming (HiGHS in scipy); with `integer=True` from mixed-integer programming, which
is what a determined attacker would use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Key = tuple[str, ...]


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
