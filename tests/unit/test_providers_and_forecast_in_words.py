"""Providers and routes with a log, in words and tables: totals by another way, nothing of a worker."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from presentation import forecast, hot_spots, providers, routes
from presentation.program import Program

LOGS = Path(__file__).resolve().parents[2] / "data/simulated-city/logs"


def months() -> pd.DataFrame:
    """Payments and records of the invented city's own files, by provider and month."""
    paid = pd.read_csv(LOGS / "funding.csv").query("kind == 'payment'")
    # One amount is planted with the letter O in it: no number, so set aside.
    paid = paid.assign(amount_usd=pd.to_numeric(paid["amount_usd"], errors="coerce"))
    records = pd.read_csv(LOGS / "required_records.csv")
    names = pd.read_csv(LOGS / "providers.csv").drop_duplicates("provider").set_index("provider")["name"]
    rows = []
    for provider, name in names.items():
        own = records[records["provider"] == provider]
        rows.append(
            {
                "provider": provider,
                "name": name,
                "month": pd.Timestamp("2021-04-01"),
                "contracted_hours": 100.0,
                "logged_hours": 80.0,
                "overlapping_hours": 5.0,
                "records_due": len(own),
                "records_on_time": int((own["produced_on"] <= own["due_on"]).sum()),
                "records_late": int((own["produced_on"] > own["due_on"]).sum()),
                "paid_usd": float(paid.loc[paid["provider"] == provider, "amount_usd"].sum()),
            }
        )
    return pd.DataFrame(rows)


def test_the_public_summary_adds_up_to_the_files_line_by_line() -> None:
    frame = months()
    lines = (LOGS / "funding.csv").read_text(encoding="utf-8").splitlines()[1:]
    amounts = [line.split(",")[5] for line in lines if line.split(",")[1] == "payment"]
    paid = sum(int(amount) for amount in amounts if amount.isdigit())
    sentence = providers.public_sentence(frame)
    assert f"${paid:,.0f}" in sentence
    records = (LOGS / "required_records.csv").read_text(encoding="utf-8").splitlines()[1:]
    produced = sum(bool(line.split(",")[5]) for line in records)
    assert f"produced {produced} of {len(records)} required records" in sentence
    assert sum(row["produced"] for row in providers.public_table(frame)) == produced


def test_paid_an_hour_counts_an_hour_logged_twice_once() -> None:
    row = providers.public_table(months().assign(paid_usd=7500.0))[0]
    assert row["paid_an_hour"] == "$100"
    assert not {"worker", "reports", "open_reports"} & set(row)


def test_records_that_never_came_say_so() -> None:
    records = pd.DataFrame(
        {
            "provider": ["one", "one"],
            "kind": ["monthly_report", "time_sheets"],
            "month": ["2024-01-01"] * 2,
            "due_on": ["2024-02-10"] * 2,
            "produced_on": [None, "2024-02-24"],
        }
    )
    table = providers.record_table(records, {"one": "Group One"})
    assert table["Days late"].tolist() == ["not produced", "14"]
    assert table["Provider"].tolist() == ["Group One"] * 2


def accuracy_rows(hours: float | None) -> pd.DataFrame:
    rows = []
    for kind, start in (("all", "2021-04-01"), ("year", "2021-01-01"), ("quarter", "2021-04-01")):
        for choice, share in (("past_year", 0.3), ("foresight", 0.5)):
            rows.append(
                {
                    "geography": "neighborhood", "period_kind": kind, "period": pd.Timestamp(start), "quarters": 1,
                    "choice": choice, "chosen": 2, "areas": 20, "inside": 100 * share, "incidents": 100, "share": share,
                    "lower_95": share - 0.1, "upper_95": share + 0.1, "share_by_chance": 0.1, "best_share": 0.5,
                    "accuracy_index": share / 0.1, "efficiency": share / 0.5, "hours_share": hours,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def program() -> Program:
    return Program("p", "c", "Teams", "s", False)


def test_with_a_log_the_first_sentence_is_about_hours_and_without_one_it_says_so() -> None:
    assert routes.title(accuracy_rows(0.64), program()) == (
        "64% of the hours worked went to the 2 of 20 neighborhoods with most shootings in the year before, "
        "which then held 30% of shootings."
    )
    assert "by chance it would be 10%. Where teams walked is not public" in routes.title(
        accuracy_rows(None), program()
    )
    assert routes.hours_by_quarter(accuracy_rows(None), "r") is None
    chart = routes.hours_by_quarter(accuracy_rows(0.64), "r")
    assert chart is not None and chart.table[0]["hours_in_top"] == 64.0
    assert "cannot be told" in routes.title(accuracy_rows(None).iloc[:0], program())


def test_requests_to_add_areas_stand_beside_their_rank_and_hidden_ones_are_not_counted() -> None:
    requests = pd.DataFrame(
        {"area": ["A", "A", "B"], "n": [20, 25, None], "period": pd.to_datetime(["2022-01-01", "2023-01-01"] * 1 + ["2022-01-01"])}
    )  # fmt: skip
    spots = pd.DataFrame(
        {
            "area": ["A", "B"],
            "name": ["Alder", "Birch"],
            "rank": [2, 1],
            "rank_lower_95": [1, 1],
            "rank_upper_95": [2, 2],
        }
    )
    lines = hot_spots.asked_for(requests, spots)
    assert lines == [
        "**Alder**: at least 45 requests (2022 to 2023); rank 2 of 2 by shootings, its true rank lies between 1 and 2."
    ]


def test_hours_by_month_uses_only_the_year_before() -> None:
    index = pd.date_range("2023-01-01", periods=14, freq="MS")
    monthly = pd.DataFrame(
        [
            {"month": month, "area": area, "count": 5 if (area == "a0") == (place < 12) else 0}
            for place, month in enumerate(index)
            for area in (f"a{i}" for i in range(10))
        ]
    )
    hours = pd.DataFrame(
        [{"month": index[12], "geography": "neighborhood", "area": area, "hours": n} for area, n in (("a0", 30.0), ("a1", 10.0))]
    )  # fmt: skip
    table = forecast.hours_by_month(hours, monthly, "neighborhood")
    # a0 led the twelve months before; in the month itself nothing happened there.
    assert table["In the top areas (%)"].tolist() == [75]
    assert table["Shooting incidents there (%)"].tolist() == [0]


def test_the_staff_sentence_adds_up_the_areas() -> None:
    rows = pd.DataFrame(
        {
            "geography": "neighborhood", "area": [f"a{i}" for i in range(20)], "month": pd.Timestamp("2026-03-01"),
            "expected": [2.0, 1.0] + [0.5] * 18, "chance_of_any": [0.8] + [0.3] * 19,
        }
    )  # fmt: skip
    assert forecast.answer(rows) == (
        "In March 2026, 12 shooting incidents are to be expected in the city. "
        "The 2 neighborhoods where most is expected hold 25% of them."
    )
    assert "the chance of no incident at all is 20%" in forecast.limits(rows)


@pytest.mark.parametrize("word", ["person", "block"])
def test_the_forecast_says_that_it_is_for_areas_only(word: str) -> None:
    from presentation.language import say

    assert word in say("staff.forecast.limits", none="20%") + say("routes.check.limits")
