"""Protects one table of a release: the only way person-linked counts leave the private store."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from disclosure.lines import cured
from disclosure.policy import EMPTY_ATTRIBUTE, DisclosureError, Policy, TablePolicy, load_policy
from disclosure.scanner import scan_frame
from disclosure.suppression import complementary, nested_hidden, round_from, round_to, too_small

PUBLISHED, PROTECTED, PROVISIONAL, UNRELIABLE = "published", "protected", "provisional", "unreliable"
FLAGS = (PUBLISHED, PROTECTED, PROVISIONAL, UNRELIABLE)
SMALL_REST = "_has_small_rest"
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


def protect(
    table_name: str, frame: pd.DataFrame, previous: pd.DataFrame | None = None, policy: Policy | None = None
) -> pd.DataFrame:
    """The table as it may be published.

    `frame` holds exact counts, one row a cell, no total rows: block and cell columns, the count columns and
    whatever the policy names. A combination that has no row counts as zero. An optional column
    `is_provisional` (true where late entries are still expected) becomes the flag.

    Returns the same columns (without `is_provisional`), counts as nullable integers that are multiples of 5 or
    missing, and `n_flag` = published, protected (missing: under 10, or hidden to protect another), provisional,
    unreliable (under 20). `previous` is the same table of the release before: cells then change by multiples of
    10, and a protected one stays protected.

    Tables of contractors, public bodies and police records come back as they are, after the scan of their text.
    Raises DisclosureError for an unknown table, a grain that is too fine, a total row, a personal detail in a
    text cell, or a count that is not a whole number.
    """
    policy = policy or load_policy()
    rules = policy.tables.get(table_name)
    if rules is None:
        raise DisclosureError(
            f"{table_name}: no rule says how this table is protected; add it to disclosure/policy.toml"
        )
    found = scan_frame(frame)
    if found:
        raise DisclosureError(f"{table_name}: {found[0].message}; remove it before publishing")
    if rules.data == "record-quality":
        return _protect_quality(policy, frame)
    if not rules.is_person_linked:
        return frame.copy()
    _check_columns(rules, frame)
    _check_grain(rules, frame)
    if frame.empty:
        return frame.assign(**{rules.flag: pd.Series(dtype="object")})
    smallest = policy.number("smallest_shown")
    marked = frame.assign(**{SMALL_REST: _has_small_rest(rules, frame, smallest)})
    parts = [
        _protect_block(rules, policy, block, _same_block(rules, block, previous))
        for _, block in marked.groupby(list(rules.block), sort=True, dropna=False)
    ]
    result = pd.concat(parts, ignore_index=True)
    result = _protect_ratios(rules, policy, result)
    result = _protect_times(rules, policy, result)
    columns = [column for column in frame.columns if column not in {"is_provisional", rules.flag}]
    return result[[*columns, rules.flag]]


def totals(frame: pd.DataFrame, by: Iterable[str], count: str = "n") -> pd.DataFrame:
    """Totals of a protected table: sums of the rounded cells that are shown, by the columns given.

    Returns the columns, the sum, `protected_cells` (how many are not in it: the sum is then a lower bound).
    """
    columns = list(by)
    grouped = frame.assign(protected_cells=frame[count].isna()).groupby(columns, sort=True, dropna=False)
    return (
        grouped.agg(**{count: (count, "sum"), "protected_cells": ("protected_cells", "sum")})
        .reset_index()
        .astype({count: "Int64", "protected_cells": "int64"})
    )


def _check_columns(rules: TablePolicy, frame: pd.DataFrame) -> None:
    known = {*rules.block, *rules.cells, *rules.counts, rules.flag, rules.time_records, *rules.time_columns}
    known |= {column for percent in rules.percents for column in percent}
    known |= {"is_provisional", "simulated"}
    needed = [*rules.block, *rules.cells, *rules.counts]
    missing = [column for column in needed if column not in frame.columns]
    unknown = sorted(set(frame.columns) - known)
    if missing:
        raise DisclosureError(f"{rules.name}: column {missing[0]} is missing")
    if unknown:
        raise DisclosureError(
            f"{rules.name}: column {unknown[0]} is not on the list of columns that may be published"
        )
    for column in rules.counts:
        values = pd.to_numeric(frame[column], errors="coerce")
        if values.isna().any() or (values % 1 != 0).any() or (values < 0).any():
            raise DisclosureError(f"{rules.name}: column {column} must hold whole numbers from 0 up")
    key = [*rules.block, *rules.cells]
    if frame.duplicated(key).any():
        raise DisclosureError(f"{rules.name}: two rows for one cell; the key is {', '.join(key)}")


def _check_grain(rules: TablePolicy, frame: pd.DataFrame) -> None:
    """Refuse finer places or periods than allowed, periods that do not begin where they should, totals."""
    if not {"geography", "period_kind", "attribute", "period"} <= set(frame.columns):
        return  # a table with dimensions of its own: `block` and `cells` in the policy are its grain
    for geography, kind, attribute in (
        frame[["geography", "period_kind", "attribute"]].drop_duplicates().itertuples(index=False)
    ):
        plain = "all" if attribute in EMPTY_ATTRIBUTE else attribute
        if not {(geography, kind, plain), (geography, kind, "*")} & set(rules.grains):
            raise DisclosureError(
                f"{rules.name}: {geography} by {kind} by {plain} is finer than may be published"
            )
    dates = pd.to_datetime(frame["period"])
    months = frame["period_kind"].map(MONTHS_IN)
    if months.isna().any() or ((dates.dt.day != 1) | ((dates.dt.month - 1) % months != 0)).any():
        raise DisclosureError(f"{rules.name}: a period must be the first day of its month, quarter or year")
    total_area = (frame["geography"] != "city") & frame["area"].isin(["all", "total", ""])
    total_value = ~frame["attribute"].isin(EMPTY_ATTRIBUTE) & frame["attribute_value"].isin(["all", "total"])
    if (total_area | total_value).any():
        raise DisclosureError(f"{rules.name}: holds a total row; totals are worked out from the shown cells")


def _has_small_rest(rules: TablePolicy, frame: pd.DataFrame, smallest: int) -> pd.Series:
    """Cells of a measure that is part of another, where the rest between the two is 1 to `smallest`−1."""
    result = pd.Series(False, index=frame.index)
    if not rules.parts:
        return result
    key = [column for column in (*rules.block, *rules.cells) if column != "measure"]
    count = rules.counts[0]
    exact = frame.set_index([*key, "measure"])[count].astype("int64")
    for part, whole in rules.parts:
        rows = frame.index[frame["measure"] == part]
        place = pd.MultiIndex.from_frame(frame.loc[rows, key].assign(measure=whole))
        rest = exact.reindex(place).to_numpy() - frame.loc[rows, count].to_numpy(dtype="float64")
        result.loc[rows] |= (rest > 0) & (rest < smallest)
    return result


def _protect_quality(policy: Policy, frame: pd.DataFrame) -> pd.DataFrame:
    """Figures about logs: those under 10 left out, the others and their bases rounded to 10."""
    smallest, step = policy.number("smallest_shown"), policy.number("release_step")
    is_log = frame["source"].astype(str).str.contains("/", regex=False)
    result = frame[~is_log | (frame["value"] >= smallest)].copy()
    is_log = is_log.loc[result.index]
    for column in ("value", "base"):
        values = pd.to_numeric(result[column]).astype("Float64")
        rounded = ((values + step / 2) // step) * step
        small = (is_log & values.lt(smallest)).fillna(False).astype(bool)
        result[column] = values.where(~is_log, rounded).mask(small)
    return result.reset_index(drop=True)


def _same_block(
    rules: TablePolicy, block: pd.DataFrame, previous: pd.DataFrame | None
) -> pd.DataFrame | None:
    if previous is None or previous.empty:
        return None
    same = np.ones(len(previous), dtype=bool)
    for column in rules.block:
        same &= (previous[column] == block[column].iloc[0]).to_numpy()
    return previous[same]


def _protect_block(
    rules: TablePolicy, policy: Policy, block: pd.DataFrame, previous: pd.DataFrame | None
) -> pd.DataFrame:
    """One block: complete it, hide, round, flag."""
    smallest = policy.number("smallest_shown")
    cells = list(rules.cells)
    grid = pd.MultiIndex.from_product([sorted(block[column].unique()) for column in cells], names=cells)
    shape = tuple(len(level) for level in grid.levels)
    full = block.set_index(cells).reindex(grid)
    for column in [*rules.block, "simulated"]:
        if column in full.columns:
            full[column] = block[column].iloc[0]
    earlier = previous.set_index(cells).reindex(grid) if previous is not None else None
    nested_base = dict(rules.nested).get(str(block["attribute"].iloc[0])) if "attribute" in block else None
    hidden = full[SMALL_REST].eq(True).to_numpy(copy=True).reshape(shape)
    shown = {}
    for column in rules.counts:
        exact = pd.to_numeric(full[column]).fillna(0).to_numpy(dtype=np.int64).reshape(shape)
        base = _base(rules, exact) if nested_base is None else _nested_base(rules, grid, exact, nested_base)
        hidden |= too_small(exact, base, smallest)
        axes = tuple(range(len(cells)))
        if nested_base is not None:
            axis = cells.index("attribute_value")
            axes = tuple(other for other in axes if other != axis)  # steps of a path do not add up
            small_gap = nested_hidden(np.moveaxis(exact, axis, -1), np.moveaxis(base, axis, -1), smallest)
            hidden |= np.moveaxis(small_gap, -1, axis)
        shown[column] = round_to(exact, policy.number("rounding"))
        if earlier is not None:
            hidden |= (earlier[rules.flag] == PROTECTED).to_numpy().reshape(shape)
            before = pd.to_numeric(earlier[column])
            known = before.notna().to_numpy().reshape(shape)
            start = before.fillna(0).to_numpy(dtype=np.int64).reshape(shape)
            stepped = round_from(exact, start, policy.number("release_step"))
            hidden |= known & (stepped > 0) & (stepped < smallest)
            shown[column] = np.where(known, stepped, shown[column])
        hidden = cured(exact, complementary(exact, hidden, smallest, axes), smallest, axes)
    hidden_cells = hidden.reshape(-1)
    for column, values in shown.items():
        full[column] = pd.array(values.reshape(-1), dtype="Int64")
        full.loc[hidden_cells, column] = pd.NA
    provisional = (
        full["is_provisional"].eq(True).to_numpy()
        if "is_provisional" in full.columns
        else np.zeros(len(full), dtype=bool)
    )
    first = pd.to_numeric(full[rules.counts[0]]).fillna(0).to_numpy(dtype=np.int64)
    full[rules.flag] = np.select(
        [hidden_cells, provisional, first < policy.number("unreliable")],
        [PROTECTED, PROVISIONAL, UNRELIABLE],
        PUBLISHED,
    )
    return full.reset_index()


def _base(rules: TablePolicy, counts: np.ndarray) -> np.ndarray:
    """What each cell is out of: the sum over the axes named by `base_over`."""
    axes = tuple(index for index, column in enumerate(rules.cells) if column in rules.base_over)
    return np.broadcast_to(counts.sum(axis=axes, keepdims=True), counts.shape)


def _nested_base(rules: TablePolicy, grid: pd.MultiIndex, counts: np.ndarray, value: str) -> np.ndarray:
    axis = rules.cells.index("attribute_value")
    values = list(grid.levels[axis])
    if value not in values:
        raise DisclosureError(f"{rules.name}: the steps lack {value}, which the others are out of")
    return np.broadcast_to(np.take(counts, [values.index(value)], axis=axis), counts.shape)


def _protect_ratios(rules: TablePolicy, policy: Policy, frame: pd.DataFrame) -> pd.DataFrame:
    """Percentages from rounded counts, missing unless numerator, complement and denominator are 0 or ≥ 10."""
    limit = policy.number("complement")
    for column, numerator, denominator in rules.percents:
        part = pd.to_numeric(frame[numerator]).astype("Float64")
        whole = pd.to_numeric(frame[denominator]).astype("Float64")
        rest = whole - part
        allowed = whole.ge(limit).fillna(False)
        for value in (part, rest):
            allowed &= (value.eq(0) | value.ge(limit)).fillna(False)
        frame[column] = (100 * part / whole.where(whole > 0)).where(allowed)
    return frame


def _protect_times(rules: TablePolicy, policy: Policy, frame: pd.DataFrame) -> pd.DataFrame:
    """Whole minutes, missing where fewer than 10 records stand behind them or their number is protected."""
    if not rules.time_columns:
        return frame
    records = pd.to_numeric(frame[rules.time_records]).astype("Float64")
    allowed = records.ge(policy.number("times")).fillna(False)
    for column in rules.time_columns:
        if column in frame.columns:
            frame[column] = pd.to_numeric(frame[column]).astype("Float64").round(0).where(allowed)
    return frame
