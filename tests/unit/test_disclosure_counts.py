"""What a protected table shows, over random tables and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from disclosure import DisclosureError, load_policy, protect, totals
from tests.unit.outreach_tables import activity, activity_tables


@given(activity_tables())
@settings(max_examples=25, deadline=None)
def test_no_count_of_1_to_9_is_shown(table):
    shown = protect("out_activity", table)["n"].dropna()
    assert not ((shown > 0) & (shown < 10)).any()


@given(activity_tables())
@settings(max_examples=25, deadline=None)
def test_every_shown_count_is_within_two_of_the_truth_and_a_multiple_of_five(table):
    key = ["area", "period", "attribute_value"]
    both = protect("out_activity", table).merge(table, on=key, suffixes=("", "_exact")).dropna(subset=["n"])
    assert ((both["n"] - both["n_exact"]).abs() <= 2).all()
    assert (both["n"] % 5 == 0).all()


@given(activity_tables())
@settings(max_examples=25, deadline=None)
def test_a_zero_is_shown_only_where_the_row_it_belongs_to_has_at_least_ten(table):
    base = table.groupby(["area", "period"])["n"].transform("sum")
    exact = table.assign(base=base)
    key = ["area", "period", "attribute_value"]
    both = protect("out_activity", table).merge(exact, on=key, suffixes=("", "_exact"))
    assert (both.loc[both["n"] == 0, "base"] >= 10).all()


@given(activity_tables())
@settings(max_examples=20, deadline=None)
def test_a_hidden_cell_never_stands_alone_in_a_line(table):
    """Each line with hidden cells has two that add up to 10 or more, or shows nothing at all."""
    key = ["area", "period", "attribute_value"]
    both = protect("out_activity", table).merge(table, on=key, suffixes=("", "_exact"))
    for axis in key:
        for _, line in both.groupby([column for column in key if column != axis]):
            hidden = line["n"].isna()
            if hidden.any() and not hidden.all():
                assert hidden.sum() >= 2
                assert line.loc[hidden, "n_exact"].sum() >= 10


@given(activity_tables())
@settings(max_examples=30, deadline=None)
def test_flag_and_count_agree(table):
    result = protect("out_activity", table)
    assert set(result["n_flag"]) <= {"published", "protected", "provisional", "unreliable"}
    assert (result["n"].isna() == (result["n_flag"] == "protected")).all()
    assert (result.loc[result["n_flag"] == "unreliable", "n"] < 20).all()


def test_totals_are_sums_of_the_shown_rounded_cells_and_say_what_they_lack():
    table = activity([[[12, 30]], [[4, 33]]], areas=["1", "2"])
    result = totals(protect("out_activity", table), by=["attribute_value"])
    first = result.set_index("attribute_value")
    assert pd.isna(
        protect("out_activity", table).set_index(["area", "attribute_value"]).loc[("2", "v0"), "n"]
    )
    assert first["protected_cells"].sum() == 4  # 4 hidden, and what would give it away
    assert first["n"].sum() == 0


def test_a_combination_without_a_row_counts_as_zero_and_is_not_given_away_by_its_absence():
    table = activity([[[40, 25]], [[30, 0]]], areas=["1", "2"])
    without = table[table["n"] > 0]
    assert len(protect("out_activity", without)) == len(table)


def test_late_months_are_flagged_provisional():
    table = activity([[[40, 25]]], areas=["1"]).assign(is_provisional=True)
    result = protect("out_activity", table)
    assert set(result["n_flag"]) == {"provisional"}
    assert "is_provisional" not in result.columns


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"geography": "neighborhood"}, "finer than may be published"),
        ({"period_kind": "week"}, "finer than may be published"),
        ({"period": pd.Timestamp("2024-02-01")}, "first day"),
        ({"area": "all"}, "total row"),
        ({"worker": "w-17"}, "not on the list"),
        ({"attribute_value": "call 612-555-0147"}, "phone number"),
        ({"n": 2.5}, "whole numbers"),
        ({"n": -1}, "whole numbers"),
        ({"n": np.nan}, "whole numbers"),
    ],
)
def test_a_table_that_may_not_leave_is_refused_with_the_reason(change, reason):
    table = activity([[[40]]], areas=["1"]).assign(**change)
    with pytest.raises(DisclosureError, match=reason):
        protect("out_activity", table)


def test_an_unknown_table_is_refused():
    with pytest.raises(DisclosureError, match="no rule"):
        protect("out_diary", pd.DataFrame({"n": [1]}))


def test_two_rows_for_one_cell_are_refused():
    table = activity([[[40]]], areas=["1"])
    with pytest.raises(DisclosureError, match="two rows"):
        protect("out_activity", pd.concat([table, table]))


def test_police_counts_come_back_as_they_are():
    table = pd.DataFrame({"area": ["Phillips West"], "count": [3]})
    pd.testing.assert_frame_equal(protect("out_monthly", table), table)


def test_a_step_of_a_path_is_hidden_when_few_did_not_reach_it():
    """100 asked, 96 were answered: the 4 who were not would follow from the difference."""
    table = activity([[[100, 96, 60]]], areas=["city"]).assign(
        geography="city", attribute="step", measure="request"
    )
    table["attribute_value"] = ["asked", "answered", "arrived"]
    shown = protect("out_request", table).set_index("attribute_value")["n"]
    assert shown["asked"] == 100
    assert pd.isna(shown["answered"])
    assert shown["arrived"] == 60


def test_times_need_ten_records_and_are_whole_minutes():
    table = activity([[[40], [9]]], areas=["city"]).assign(
        geography="city", attribute="all", attribute_value="all", measure="request", period_kind="month"
    )
    table = table.assign(median_minutes=[12.6, 8.2], p90_minutes=[40.4, 9.0])
    result = protect("out_request_time", table)
    assert pd.isna(result["median_minutes"]).tolist() == result["n"].isna().tolist()
    alone = protect("out_request_time", table.head(1))
    assert alone["median_minutes"].tolist() == [13]
    assert alone["p90_minutes"].tolist() == [40]
    with pytest.raises(DisclosureError, match="not on the list"):
        protect("out_request_time", table.assign(max_minutes=90))


def test_every_rule_of_the_policy_names_its_source():
    for name, rule in load_policy().rules.items():
        assert rule["source"] and rule["says"].endswith("."), name


def test_the_rest_between_a_measure_and_its_part_is_not_given_away():
    """105 requests, 100 of them urgent: the 5 others would follow."""
    requests = activity([[[105], [60]]], areas=["simulated-city"], geography="city", attribute="all")
    both = pd.concat(
        [
            requests.assign(measure="requests"),
            requests.assign(measure="urgent_requests", n=[100, 40]),
        ]
    )
    shown = protect("out_request", both).set_index(["measure", "period"])["n"]
    urgent = shown["urgent_requests"]
    assert shown["requests"].tolist() == [105, 60]
    assert urgent.isna().all()  # 100 for its own sake, 40 so that a yearly total does not give 100 away


def test_figures_about_logs_are_rounded_to_ten_and_those_about_published_files_are_not():
    quality = pd.DataFrame(
        {
            "city": "x",
            "source": ["prog/requests", "prog/requests", "prog/requests", "minneapolis_police_incidents"],
            "figure": ["rows_read", "late_entry", "hour_24", "duplicate_row"],
            "value": [1816.0, 34.0, 4.0, 7.0],
            "base": pd.array([None, 1816.0, 1816.0, 40001.0], dtype="Float64"),
            "note": "…",
        }
    )
    shown = protect("out_quality", quality)
    assert shown["figure"].tolist() == ["rows_read", "late_entry", "duplicate_row"]
    assert shown["value"].tolist() == [1820.0, 30.0, 7.0]
    assert shown["base"].dropna().tolist() == [1820.0, 40001.0]
