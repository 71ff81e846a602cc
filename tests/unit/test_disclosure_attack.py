"""An attacker with every published table, a solver and patience."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from disclosure import protect, protect_release, release_audit
from disclosure.attacker import attack
from disclosure.audit import recoverable
from disclosure.margins import build_system, cell_keys
from tests.unit.outreach_tables import activity, activity_tables, counts_of

CELLS = ["area", "period", "attribute_value"]


def bounds_from_exact_margins(exact: np.ndarray, hidden: np.ndarray) -> list[tuple[float, float]]:
    """What follows for each hidden cell if every line sum and every shown cell were known exactly.

    Written out with scipy's linprog, apart from the code under test and stronger than what is published.
    """
    places = [tuple(place) for place in np.argwhere(hidden)]
    if not places:
        return []
    rows, sums = [], []
    for axis in range(exact.ndim):
        for line in np.ndindex(*np.delete(exact.shape, axis)):
            members = [place for place in places if tuple(np.delete(place, axis)) == line]
            total = sum(exact[place] for place in members)
            # A smaller sum is itself never published; a line of one cell is that cell.
            if exact.shape[axis] > 1 and members and total >= 10:
                rows.append([1.0 if place in members else 0.0 for place in places])
                sums.append(total)
    bounds = []
    for index in range(len(places)):
        goal = np.zeros(len(places))
        goal[index] = 1
        low = linprog(goal, A_eq=rows or None, b_eq=sums or None, bounds=(0, 1e6), method="highs")
        high = linprog(-goal, A_eq=rows or None, b_eq=sums or None, bounds=(0, 1e6), method="highs")
        bounds.append((low.fun, -high.fun))
    return bounds


def as_array(frame: pd.DataFrame, column: str) -> np.ndarray:
    ordered = frame.sort_values(CELLS)
    return ordered[column].to_numpy().reshape([ordered[cell].nunique() for cell in CELLS])


@st.composite
def flat_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Area × period without an attribute: the only margins are those of two directions."""
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 5)), 1)
    return activity(counts_of(draw, shape), attribute="all")


@given(st.one_of(flat_tables(), activity_tables()))
@settings(max_examples=30, deadline=None)
def test_no_small_cell_follows_even_from_exact_margins(table):
    published = protect("out_activity", table)
    exact = as_array(table, "n")
    hidden = as_array(published.assign(hidden=published["n"].isna()), "hidden")
    for (lower, upper), place in zip(
        bounds_from_exact_margins(exact, hidden), np.argwhere(hidden), strict=True
    ):
        assert not (round(upper - lower, 6) == 0 and 1 <= exact[tuple(place)] <= 9)


@st.composite
def whole_releases(draw: st.DrawFn) -> dict[str, pd.DataFrame]:
    """Ward by quarter by outcome, ward by quarter, city by month and city by quarter of the same mediations."""
    wards, values = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    by_month = counts_of(draw, (wards, 3, values))
    quarter = by_month.sum(axis=1, keepdims=True)
    blocks = [
        activity(quarter),
        activity(quarter.sum(axis=2, keepdims=True), attribute="all"),
        activity(
            by_month.sum(axis=(0, 2)).reshape(1, 3, 1),
            areas=["simulated-city"],
            geography="city",
            period_kind="month",
            attribute="all",
        ),
        activity(
            quarter.sum(axis=(0, 2)).reshape(1, 1, 1),
            areas=["simulated-city"],
            geography="city",
            attribute="all",
        ),
        activity(quarter.sum(axis=0, keepdims=True), areas=["simulated-city"], geography="city"),
    ]
    return {"out_activity": pd.concat(blocks, ignore_index=True)}


@given(whole_releases())
@settings(max_examples=25, deadline=None)
def test_no_hidden_count_follows_from_all_tables_of_a_release_together(tables):
    published = protect_release(tables)
    assert recoverable(published, integer=True).empty


@given(whole_releases())
@settings(max_examples=15, deadline=None)
def test_the_truth_is_among_the_answers_the_attacker_is_left_with(tables):
    """The attacker's system is right: what it derives never excludes the exact count."""
    published = protect_release(tables)
    exact = tables["out_activity"]
    truth = dict(zip([key for key, _ in cell_keys(exact, "n")], exact["n"], strict=True))
    for row in attack(build_system(published)).itertuples(index=False):
        assert row.lower - 1e-6 <= truth[row.cell] <= row.upper + 1e-6


def test_a_cell_between_two_groups_of_hidden_ones_is_not_left_to_subtraction():
    """Each line has two hidden cells or more, yet rows 1 and 2 minus columns 1 and 2 would leave cell (1, 3)."""
    counts = np.full((4, 4, 1), 40)
    counts[:2, :2] = 8
    counts[2:, 2:] = 7
    counts[0, 2] = 3
    hidden = as_array(
        protect("out_activity", activity(counts, attribute="all")).assign(
            hidden=lambda rows: rows["n"].isna()
        ),
        "hidden",
    )
    bounds = dict(
        zip(
            [tuple(place) for place in np.argwhere(hidden)],
            bounds_from_exact_margins(counts, hidden),
            strict=True,
        )
    )
    lower, upper = bounds[(0, 2, 0)]
    assert upper - lower >= 1


def test_the_attacker_does_find_a_cell_that_was_left_open():
    """Planted: one hidden cell in a line whose total stands in another table."""
    table = activity([[[20, 30, 4]]])
    total = activity([[[54]]], attribute="all")
    naive = pd.concat([table, total], ignore_index=True)
    naive["n"] = naive["n"].astype("Int64").where(~naive["n"].between(1, 9))
    naive["n_flag"] = np.where(naive["n"].isna(), "protected", "published")
    exactly = attack(build_system({"out_activity": naive}, slack=0))
    assert exactly[["lower", "upper"]].to_numpy().tolist() == [[4.0, 4.0]]
    assert [finding.kind for finding in release_audit({"out_activity": naive})].count("not_rounded") == 1


def test_a_group_of_areas_does_not_give_a_hidden_member_away():
    """Overlap: a ward that is made up of two communities, published beside them."""
    communities = activity([[[40]], [[4]]], areas=["North", "South"], geography="community", attribute="all")
    ward = activity([[[44]]], areas=["5"], geography="ward", attribute="all")
    links = {("ward", "5"): [("community", "North"), ("community", "South")]}
    published = protect_release(
        {"out_activity": pd.concat([communities, ward], ignore_index=True)}, links=links
    )
    assert recoverable(published, links=links, integer=True).empty


@st.composite
def two_vintages(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    before = draw(activity_tables())
    late = st.integers(0, 9)
    extra = draw(st.lists(late, min_size=len(before), max_size=len(before)))
    return before, before.assign(n=before["n"] + extra)


@given(two_vintages())
@settings(max_examples=25, deadline=None)
def test_two_releases_subtracted_never_show_a_change_of_1_to_9(vintages):
    before, after = vintages
    first = protect("out_activity", before)
    second = protect("out_activity", after, previous=first)
    both = first.merge(second, on=CELLS, suffixes=("_first", "_second"))
    change = (both["n_second"] - both["n_first"]).dropna().abs()
    assert ((change == 0) | (change >= 10)).all()
    newly_shown = both["n_first"].isna() & both["n_second"].notna()
    assert not newly_shown.any()


@pytest.mark.slow
@given(two_vintages(), st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_no_pair_of_three_releases_shows_a_change_of_1_to_9(vintages, more):
    before, after = vintages
    releases = [protect("out_activity", before)]
    for table in (after, after.assign(n=after["n"] + more)):
        releases.append(protect("out_activity", table, previous=releases[-1]))
    for earlier, later in ((0, 1), (1, 2), (0, 2)):
        both = releases[earlier].merge(releases[later], on=CELLS, suffixes=("_a", "_b"))
        change = (both["n_b"] - both["n_a"]).dropna().abs()
        assert ((change == 0) | (change >= 10)).all()


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("n", 7, "small_count"),
        ("n", 23, "not_rounded"),
        ("area", "mail jane@example.org", "personal_detail"),
        ("n_flag", "shown", "no_flag"),
    ],
)
def test_the_audit_finds_what_was_planted(column, value, kind):
    published = protect("out_activity", activity([[[40, 30]]]))
    published[column] = published[column].astype("object" if column != "n" else "Int64")
    published.loc[0, column] = value
    assert kind in {finding.kind for finding in release_audit({"out_activity": published})}


def test_the_audit_finds_a_column_that_the_dictionary_does_not_export():
    table = pd.DataFrame({"city": ["minneapolis"], "case_number": ["x"]})
    assert [finding.kind for finding in release_audit({"out_monthly": table})] == ["column_not_allowed"]
