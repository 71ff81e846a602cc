"""The numbers of the outreach tables, recomputed by another route from the files or by brute force."""

from __future__ import annotations

from collections import Counter
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from etl.dictionary import load_dictionary
from etl.logs.hours import on_the_street, route_coverage
from etl.logs.load import LoadedLogs
from etl.logs.publish import City, tables_from
from etl.logs.request_tables import waiting_quantile
from tests.data.simulated_city import areas, loaded, program, shootings_by_month, table

EXPORTED = date(2026, 1, 31)


@pytest.fixture(scope="module")
def logs() -> LoadedLogs:
    return loaded()


@pytest.fixture(scope="module")
def tables(logs) -> dict[str, pd.DataFrame]:
    links = table("links.csv")
    wards = links.loc[(links["link"] == "member") & (links["to_geography"] == "ward")].set_index("from_area")[
        "to_area"
    ]
    counts = shootings_by_month()
    long = (
        counts.stack()
        .rename_axis(["area", "month"])
        .rename("count")
        .reset_index()
        .assign(geography="neighborhood")
    )
    ward = (
        counts.groupby(wards).sum().rename_axis("area").stack().rename_axis(["area", "month"]).rename("count")
    )
    monthly = pd.concat([long, ward.reset_index().assign(geography="ward")])
    monthly["month"] = pd.to_datetime(monthly["month"])
    return tables_from(logs, program(), City(areas(), links, monthly), EXPORTED)


def _sql(statement: str, **frames: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        for name, frame in frames.items():
            connection.register(name, frame)
        return connection.execute(statement).df()


def test_tables_have_the_columns_of_the_dictionary(tables):
    for name, frame in tables.items():
        wanted = [column for column in load_dictionary()[name].column_names if column != "n_flag"]
        assert [column for column in frame.columns if column != "is_provisional"] == wanted, name
        if "simulated" in frame.columns:
            assert frame["simulated"].all(), name
        if name.startswith("out_"):
            assert not frame.duplicated(list(load_dictionary()[name].key)).any(), name


def test_activities_by_month_and_kind_are_those_that_sql_counts(logs, tables):
    counted = _sql(
        "SELECT date_trunc('month', occurred_at)::DATE AS period, kind AS value, count(*) AS n FROM log GROUP BY ALL",
        log=logs.frames["core_activity"],
    )
    ours = tables["out_activity"].query("geography == 'city' and attribute == 'kind' and n > 0")
    expected = {(str(row.period)[:10], row.value): row.n for row in counted.itertuples()}
    assert {(str(row.period)[:10], row.attribute_value): row.n for row in ours.itertuples()} == expected


def test_the_same_activities_are_in_wards_neighborhoods_and_city(logs, tables):
    totals = tables["out_activity"].query("measure == 'activities'").groupby("geography")["n"].sum()
    assert set(totals) == {len(logs.frames["core_activity"])}
    mediations = logs.frames["core_activity"]["kind"].eq("mediation").sum()
    assert tables["out_activity"].query("measure == 'mediations'")["n"].sum() == mediations


def test_months_without_teams_have_no_activity_rows_and_zero_hours(tables):
    away = [pd.Timestamp(2025, month, 1) for month in range(1, 7)]
    assert not tables["out_activity"].query("period_kind == 'month'")["period"].isin(away).any()
    hours = tables["out_shift"].set_index("month")
    assert list(hours.index) == list(pd.date_range("2021-04-01", "2025-12-01", freq="MS"))
    assert (hours.loc[away, ["shifts", "hours"]] == 0).all().all()


def test_late_periods_are_provisional(tables):
    months = tables["out_activity"].query("period_kind == 'month'")
    provisional = set(months.loc[months["is_provisional"], "period"])
    assert provisional == {pd.Timestamp("2025-12-01")}


def test_participants_are_counted_once_a_quarter(logs, tables):
    counted = _sql(
        "SELECT date_trunc('quarter', occurred_at)::DATE AS q, count(DISTINCT participant) AS n FROM log "
        "GROUP BY q HAVING n > 0 ORDER BY q",
        log=logs.frames["core_activity"],
    )
    assert tables["out_participant"]["n"].tolist() == counted["n"].tolist()


def test_requests_by_every_attribute_are_those_that_sql_counts(logs, tables):
    log = logs.frames["core_request"]
    ours = tables["out_request"]
    for attribute, column in (("source", "source"), ("outcome", "coalesce(outcome, 'not_recorded')")):
        counted = _sql(
            f"SELECT date_trunc('quarter', received_at)::DATE AS q, {column} AS v, count(*) AS n FROM log GROUP BY ALL",
            log=log,
        )
        expected = {(str(row.q)[:10], row.v): row.n for row in counted.itertuples()}
        found = ours.loc[(ours["attribute"] == attribute) & (ours["measure"] == "requests") & (ours["n"] > 0)]
        assert {(str(row.period)[:10], row.attribute_value): row.n for row in found.itertuples()} == expected
    steps = ours.loc[ours["attribute"] == "step"].groupby("attribute_value")["n"].sum().to_dict()
    assert steps == {
        "asked": len(log),
        "relayed": log["relayed_at"].notna().sum(),
        "answered": log["answered_at"].notna().sum(),
        "arrived": log["arrived_at"].notna().sum(),
    }
    urgent = log.loc[log["purpose"].isin(["scene_response", "call_response"])]
    bands = ours.loc[ours["attribute"] == "hour_band"].groupby(["measure", "attribute_value"])["n"].sum()
    late = urgent["received_at"].dt.hour >= 18
    assert bands["urgent_requests", "18-23"] == late.sum()
    assert bands["answered_urgent_requests", "18-23"] == (late & urgent["answered_at"].notna()).sum()


def test_911_calls_and_requests_to_add_areas_are_those_that_sql_counts(logs, tables):
    log = logs.frames["core_request"]
    ours = tables["out_request"].loc[tables["out_request"]["n"] > 0]
    calls = "source = 'co_response_911' AND purpose IN ('scene_response', 'call_response')"
    for measure, attribute, value, condition in (
        ("calls_911", "hour_band", "printf('%02d-%02d', h, h + 5)", calls),
        (
            "answered_calls_911",
            "hour_band",
            "printf('%02d-%02d', h, h + 5)",
            f"{calls} AND answered_at IS NOT NULL",
        ),
        ("calls_911", "outcome", "coalesce(outcome, 'not_recorded')", calls),
        ("add_area_requests", "all", "area", "purpose = 'add_area' AND geography = 'neighborhood'"),
    ):
        counted = _sql(
            f"SELECT year(received_at) AS y, {value} AS v, count(*) AS n FROM "
            f"(SELECT *, hour(received_at) // 6 * 6 AS h FROM log) WHERE {condition} GROUP BY ALL",
            log=log,
        )
        expected = {(int(row.y), row.v): int(row.n) for row in counted.itertuples()}
        found = ours.loc[(ours["attribute"] == attribute) & (ours["measure"] == measure)]
        found = found.loc[found["geography"] != "precinct"]
        key = "area" if attribute == "all" else "attribute_value"
        assert {(row.period.year, getattr(row, key)): row.n for row in found.itertuples()} == expected, (
            measure
        )
    by_district = ours.loc[(ours["geography"] == "precinct") & (ours["measure"] == "calls_911")]
    placed = log.loc[(log["source"] == "co_response_911") & (log["geography"] == "neighborhood")]
    assert by_district["n"].sum() == placed["purpose"].isin(["scene_response", "call_response"]).sum()


def test_median_times_agree_with_a_survival_library(logs, tables):
    log = logs.frames["core_request"]
    quarter = log["received_at"].dt.to_period("Q")
    here = log.loc[(log["source"] == "community_group") & (quarter == "2023Q2")]
    end = pd.Timestamp("2026-02-01")
    answered = here["answered_at"].notna()
    minutes = (here["answered_at"].fillna(end) - here["received_at"]).dt.total_seconds() / 60
    # A request settled without an answer never gets one: beyond the last time that anybody waited.
    minutes[~answered & (here["outcome"] != "open")] = 1e9
    curve = SurvfuncRight(minutes.astype(float), answered.astype(int))
    row = (
        tables["out_request_time"]
        .query("attribute_value == 'community_group' and measure == 'received_to_answered'")
        .loc[lambda rows: rows["period"] == pd.Timestamp(2023, 4, 1)]
        .iloc[0]
    )
    assert row["n"] == len(here)
    assert row["median_minutes"] == curve.surv_times[curve.surv_prob <= 0.5][0]
    assert (here["outcome"] == "open").any()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=30),
    st.sampled_from([0.5, 0.9]),
)
def test_waiting_quantiles_are_those_of_the_product_limit(waits, share):
    minutes = np.array([float(minute) for minute, _ in waits])
    reached = np.array([arrived for _, arrived in waits])
    ours = waiting_quantile(minutes, reached, share)
    curve = SurvfuncRight(minutes, reached.astype(int))
    done = curve.surv_times[1 - curve.surv_prob >= share - 1e-9]
    assert ours == (done[0] if len(done) else None)


SHIFT = st.tuples(st.sampled_from(["W1", "W2"]), st.integers(0, 300), st.integers(1, 120))


@settings(max_examples=80, deadline=None)
@given(st.lists(SHIFT, min_size=1, max_size=12))
def test_hours_on_the_street_are_the_minutes_that_a_worker_was_there(entries):
    """Brute force: the set of minutes of each worker."""
    start = pd.Timestamp("2024-05-01")
    shifts = pd.DataFrame(
        {
            "provider": "north",
            "worker": [worker for worker, _, _ in entries],
            "started_at": [start + pd.Timedelta(minutes=at) for _, at, _ in entries],
            "ended_at": [start + pd.Timedelta(minutes=at + length) for _, at, length in entries],
            "area": [f"A{number % 3}" for number in range(len(entries))],
        }
    )
    minutes = {(worker, minute) for worker, at, length in entries for minute in range(at, at + length)}
    for by in ([], ["area"]):
        assert on_the_street(shifts, by)["hours"].sum() * 60 == pytest.approx(len(minutes))


def test_hours_billed_twice_count_once_and_are_named(logs, tables):
    shifts = logs.frames["core_shift"]
    provider = tables["out_provider"]
    assert provider["logged_hours"].sum() == pytest.approx(float(shifts["hours"].sum()), abs=1)
    billed = provider["logged_hours"].sum() - provider["overlapping_hours"].sum()
    assert tables["out_shift"]["hours"].sum() == pytest.approx(billed, abs=1)
    flagged = [
        finding.row
        for finding in logs.findings
        if finding.reason in ("hours_billed_twice", "overlapping_shifts")
    ]
    twice = shifts.loc[shifts["source_row"].isin(flagged), "hours"].astype(float).sum()
    assert provider["overlapping_hours"].sum() == pytest.approx(twice, abs=1)


def test_weekday_hours_are_those_of_an_hour_by_hour_count(logs, tables):
    seen: Counter[tuple[int, int]] = Counter()
    shifts = logs.frames["core_shift"].query("started_at >= '2023-01-01' and started_at < '2024-01-01'")
    minutes = {
        (row.worker, moment)
        for row in shifts.itertuples()
        for moment in pd.date_range(row.started_at, row.ended_at, freq="15min", inclusive="left")
    }
    for _, moment in minutes:
        seen[moment.isoweekday(), moment.hour] += 1
    ours = tables["out_hours_weekday_hour"].query("year == 2023").set_index(["weekday", "hour"])
    assert len(ours) == 168
    for key, hours in ours["hours"].items():
        assert hours == pytest.approx(seen[key] / 4, abs=0.01)
    assert (ours["team_hours"] <= 53 * 1.0 + 1e-9).all() and (
        ours["team_hours"] <= ours["hours"] + 1e-9
    ).all()


def test_whereabouts_are_shown_a_quarter_late(tables):
    assert tables["out_route_coverage"]["quarter"].max() == pd.Timestamp("2025-07-01")
    assert tables["out_hours_weekday_hour"]["last_month"].max() == pd.Timestamp("2025-09-01")


def test_route_coverage_stands_beside_the_shootings(tables):
    routes = tables["out_route_coverage"]
    neighborhoods = routes.query("geography == 'neighborhood'")
    counts = shootings_by_month()
    one = neighborhoods.loc[neighborhoods["quarter"] == pd.Timestamp(2023, 4, 1)].set_index("area")
    assert len(one) == 72
    assert one["incidents"].astype(int).to_dict() == counts.loc[:, "2023-04":"2023-06"].sum(axis=1).to_dict()
    before = counts.loc[:, "2022-04":"2023-03"].sum(axis=1)
    assert one["incidents_year_before"].astype(int).to_dict() == before.to_dict()
    assert (
        one["risk_rank"].astype(int).to_dict()
        == before.rank(method="min", ascending=False).astype(int).to_dict()
    )
    assert one["hours_share"].sum() == pytest.approx(1.0)
    both = routes.groupby(["quarter", "geography"])["hours"].sum().unstack()
    assert np.allclose(both["ward"], both["neighborhood"])


def test_a_quarter_that_is_not_wholly_counted_is_empty_and_not_low(logs):
    counts = shootings_by_month().loc[:, :"2023-05"].stack().rename_axis(["area", "month"]).rename("count")
    monthly = counts.reset_index().assign(geography="neighborhood")
    routes = route_coverage(
        logs.frames["core_shift"],
        areas(),
        table("links.csv"),
        monthly.assign(month=pd.to_datetime(monthly["month"])),
        date(2023, 1, 1),
        EXPORTED,
    )
    known = routes.groupby(["geography", "quarter"])["incidents"].apply(lambda column: column.notna().all())
    assert known["neighborhood", pd.Timestamp(2023, 1, 1)]
    assert (
        not known["neighborhood", pd.Timestamp(2023, 4, 1)]
        and not known["neighborhood", pd.Timestamp(2023, 7, 1)]
    )
    assert not known["ward"].any()
    assert routes.query("geography == 'ward'")["hours"].sum() > 0


def test_records_due_are_on_time_late_or_missing(logs, tables):
    raw = table("logs/required_records.csv")
    provider = tables["out_provider"].set_index(["provider", "month"])
    for (name, month), group in raw.groupby(["provider", "month"]):
        row = provider.loc[(name, pd.Timestamp(month))]
        produced = group.loc[group["produced_on"] != ""]
        assert row["records_due"] == len(group)
        assert row["records_on_time"] == (produced["produced_on"] <= produced["due_on"]).sum()
        assert row["records_late"] == (produced["produced_on"] > produced["due_on"]).sum()
    assert len(logs.frames["core_required_record"]) == len(raw)


def test_payments_and_contract_hours_are_in_their_month(logs, tables):
    provider = tables["out_provider"]
    paid = logs.frames["core_funding"].query("date < '2026'")["amount_usd"]
    assert provider["paid_usd"].sum() == pytest.approx(float(paid.sum())) and len(paid) > 50
    gap = provider.loc[provider["month"].between("2025-01-01", "2025-03-31")]
    assert gap["paid_usd"].sum() == 0
    lantern = provider.query("provider == 'lantern-row'").set_index("month")["contracted_hours"]
    assert (lantern["2021-05-01"], lantern["2022-05-01"]) == (198, 330)
    assert pd.isna(lantern["2025-03-01"]) and lantern["2025-08-01"] == 198


def test_quality_rows_count_every_finding(logs, tables):
    quality = tables["out_quality"]
    rows = quality.set_index(["source", "figure"])["value"]
    assert rows["simulated-outreach/shifts", "hour_24"] == 15
    assert rows["simulated-outreach/activities", "rows_read"] == len(table("logs/activities.csv"))
    assert quality.loc[~quality["figure"].isin(["rows_read", "rows_quarantined"]), "value"].sum() == len(
        logs.findings
    )
