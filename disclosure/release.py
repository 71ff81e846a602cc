"""Protects all tables of a release together: what one table hides must not follow from another."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from disclosure.audit import recoverable
from disclosure.margins import Links, build_system, cell_keys
from disclosure.policy import DisclosureError, Policy, load_policy
from disclosure.protect import PROTECTED, protect

ROUNDS = 20


def protect_release(
    tables: Mapping[str, pd.DataFrame],
    previous: Mapping[str, pd.DataFrame] | None = None,
    links: Links | None = None,
    policy: Policy | None = None,
) -> dict[str, pd.DataFrame]:
    """Every table as it may be published; cells that only the tables together give away are cured.

    `tables` maps table names to exact counts (see `protect`), `previous` to what the release before published.
    Where a hidden cell follows from the margins of several tables, the shown cells of the equations it stands
    in are hidden as well, the smallest first. Raises DisclosureError if no such cure is found.
    """
    policy = policy or load_policy()
    earlier = previous or {}
    result = {name: protect(name, frame, earlier.get(name), policy) for name, frame in tables.items()}
    for _ in range(ROUNDS):
        try:
            given_away = recoverable(result, links, policy)
        except ArithmeticError as error:
            raise DisclosureError(f"{error}; one of them counts other records than the others do") from error
        if given_away.empty:
            return result
        system = build_system(result, links, policy)
        cells = {system.keys[key] for key in given_away["cell"]}
        if not _hide_around(result, cells, links, policy):
            break
    raise DisclosureError(
        f"{len(given_away)} hidden counts follow from the tables together; publish fewer or coarser tables"
    )


def _hide_around(
    tables: dict[str, pd.DataFrame], cells: set[int], links: Links | None, policy: Policy
) -> bool:
    """Hide the smallest shown cell of each equation that a given-away cell stands in. True if any was hidden."""
    system = build_system(tables, links, policy)
    names = {index: key for key, index in system.keys.items()}
    wanted = set()
    for total, parts in system.sums:
        members = {total, *parts}
        if not members & cells:
            continue
        shown = [
            index
            for index in members
            if index not in system.hidden and system.upper[index] < float("inf") and system.upper[index] > 0
        ]
        if shown:
            wanted.add(names[min(shown, key=lambda index: system.upper[index])])
    changed = False
    for name, frame in tables.items():
        rules = policy.tables[name]
        if not rules.is_person_linked:
            continue
        rows = [
            row
            for row, (key, _) in enumerate(cell_keys(frame, rules.counts[0], rules.separate))
            if key in wanted and frame[rules.flag].iloc[row] != PROTECTED
        ]
        if rows:
            place = frame.index[rows]
            columns = [
                column
                for column in (
                    *rules.counts,
                    *rules.time_columns,
                    *(percent[0] for percent in rules.percents),
                )
                if column in frame.columns
            ]
            frame.loc[place, columns] = pd.NA
            frame.loc[place, rules.flag] = PROTECTED
            changed = True
    return changed
