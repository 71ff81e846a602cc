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
from scipy.sparse import csr_array, eye_array, hstack

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

    def without_safe(self, cells: list[int], enough: float, patience: int = 4) -> list[int]:
        """Cells for which no two feasible answers at least `enough` apart turned up.

        One program moves as many cells as it can by `enough` away from a first answer, all at once, so that few
        programs clear nearly all of them. Stops when `patience` rounds in a row cleared none.
        """
        random = np.random.default_rng(0)
        left, idle = list(cells), 0
        start = self.extreme(dict.fromkeys(left, 1.0)) if left else np.zeros(0)
        while left and idle < patience:
            before = len(left)
            # Some up, some down: sums that are known leave no room for all of them to grow.
            signs = np.where((start[left] < enough) | (random.random(len(left)) < 0.5), 1.0, -1.0)
            if idle:
                signs = random.choice([-1.0, 1.0], len(left))
            other = self._moved(left, start, signs, enough)
            left = [index for index in left if abs(other[index] - start[index]) < enough - 1e-6]
            idle = idle + 1 if len(left) == before else 0
        return left

    def _moved(self, cells: list[int], start: np.ndarray, signs: np.ndarray, most: float) -> np.ndarray:
        """A feasible answer that maximizes the sum of moves of `cells` from `start` in the directions `signs`,
        each counted up to `most`; cells that are not in `cells` may go anywhere."""
        size, extra = len(self.system.keys), len(cells)
        goal = np.concatenate([np.zeros(size), -np.ones(extra)])
        lower = np.concatenate([self.bounds.lb, np.zeros(extra)])
        upper = np.concatenate([self.bounds.ub, np.full(extra, most)])
        pick = csr_array((signs, (np.arange(extra), cells)), shape=(extra, size))
        moved = hstack([pick, -eye_array(extra)], format="csr")
        constraints = [LinearConstraint(moved, signs * start[cells], np.inf)]
        if self.system.sums:
            matrix = self.system.matrix()
            padded = hstack([matrix, csr_array((matrix.shape[0], extra))], format="csr")
            constraints.append(LinearConstraint(padded, 0, 0))
        kinds = np.concatenate([self.kinds, np.zeros(extra)])
        answer = milp(goal, integrality=kinds, bounds=Bounds(lower, upper), constraints=constraints)
        # No better answer than to stay is an answer too.
        return start if answer.x is None else answer.x[:size]


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
