"""What a release says about claims, evidence, money and hours, recomputed by another route."""

from __future__ import annotations

import csv
import json
import math
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from etl.dictionary import create_table_sql, load_dictionary
from etl.publish.claims import judge
from etl.publish.funding import read_costs, write_funding
from etl.statements import load_statements
from tests.findings_release import PLANTED, findings_database

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of real records is not here")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with findings_database(tmp_path_factory) as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, statement: str, *values: Any) -> list[dict[str, Any]]:
    found = connection.execute(statement, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def verdict(connection: duckdb.DuckDBPyConnection, claim: str) -> dict[str, Any]:
    (row,) = rows(connection, "SELECT * FROM out_claim_verdict WHERE claim = ?", claim)
    return row | {"figures": json.loads(row["figures_json"])}


def victims_and_incidents(first: str, last: str, column: str = "reported") -> tuple[int, int]:
    """Straight from the City's rows, without any of the project's code."""
    seen: set[str] = set()
    victims = incidents = 0
    path = SHARED / "minneapolis/incidents/gunshot_wound_victims.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            day = row["Date"] if column == "reported" else row["Occurred_Date"][:10].replace("/", "-")
            if first <= day <= last and row["Case_NumberAlt"] not in seen:
                seen.add(row["Case_NumberAlt"])
                incidents += 1
                victims += int(float(row["Crime_Count"]))
    return victims, incidents


# --- claims ----------------------------------------------------------------------------------------------------------


def test_at_least_a_dozen_claims_from_every_side_are_judged(built: duckdb.DuckDBPyConnection) -> None:
    claims = rows(built, "SELECT * FROM out_claim JOIN out_claim_verdict USING (claim)")
    assert len(claims) >= 12
    assert {row["speaker"] for row in claims} == {"official", "program", "critic", "press", "researcher"}


def test_no_verdict_or_computed_number_is_typed_in_the_claims_file() -> None:
    content = tomllib.loads((ROOT / "data/claims.toml").read_text(encoding="utf-8"))
    allowed = {
        *(
            "id",
            "program",
            "city",
            "words",
            "who",
            "speaker",
            "said",
            "source",
            "would_test",
            "test",
            "needs",
        ),
        "figures",
    }
    for claim in content["claim"]:
        assert set(claim) <= allowed, claim["id"]
        assert claim["test"] in content["rules"]
        for key in ("words", "who", "said", "source", "would_test", "needs"):
            assert claim[key].strip(), (claim["id"], key)


def test_operation_endeavor_counted_incidents_and_called_them_victims(
    built: duckdb.DuckDBPyConnection,
) -> None:
    # The City's records give 114 and 80 incidents, 139 and 87 victims (both days included).
    found = verdict(built, "endeavor_victims_2022")
    assert found["verdict"] == "unit_mixed_up"
    assert (found["figures"]["victims_first"], found["figures"]["victims_second"]) == (139, 87)
    assert (found["figures"]["incidents_first"], found["figures"]["incidents_second"]) == (114, 80)


def test_the_first_20_weeks_rose_as_claimed_but_not_by_161_percent(built: duckdb.DuckDBPyConnection) -> None:
    counts, percent = verdict(built, "victims_20_weeks_2021"), verdict(built, "percent_20_weeks_2021")
    assert counts["verdict"] == "supported"
    assert (counts["figures"]["victims_first"], counts["figures"]["victims_second"]) == (76, 188)
    assert percent["verdict"] == "not_supported"
    assert percent["computed"] == pytest.approx(100 * (188 - 76) / 76)
    assert percent["figures"]["percent_from_the_claims_own_figures"] == pytest.approx(100 * (187 - 74) / 74)


def test_may_through_december_is_eight_months(built: duckdb.DuckDBPyConnection) -> None:
    found = verdict(built, "first_six_months")
    assert (found["verdict"], found["computed"], found["claimed"]) == ("not_supported", 8, 6)


def test_the_published_yearly_victims_are_supported(built: duckdb.DuckDBPyConnection) -> None:
    found = verdict(built, "yearly_victims_2019_2023")
    assert found["verdict"] == "supported"
    assert [found["figures"][f"victims_{year}"] for year in range(2019, 2024)] == [266, 550, 658, 544, 414]


def test_shown_to_work_elsewhere_cannot_be_told_from_results_that_include_no_change(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = verdict(built, "shown_to_work_elsewhere")
    assert found["lower_95"] < 1 < found["upper_95"]
    assert found["verdict"] == "cannot_tell"


def test_a_claim_without_public_data_gets_no_verdict_and_says_what_it_takes(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(built, "SELECT * FROM out_claim JOIN out_claim_verdict USING (claim) WHERE test = 'none'")
    assert found
    for row in found:
        assert row["verdict"] == "no_data"
        assert row["computed"] is None
        assert row["needs"]


@needs_shared
@pytest.mark.parametrize(
    ("claim", "windows"),
    [
        ("endeavor_victims_2022", [("2021-09-27", "2021-12-17"), ("2022-09-27", "2022-12-17")]),
        ("victims_20_weeks_2021", [("2020-01-01", "2020-05-19"), ("2021-01-01", "2021-05-19")]),
    ],
)
def test_counts_between_days_are_those_of_the_citys_rows(
    built: duckdb.DuckDBPyConnection, claim: str, windows: list[tuple[str, str]]
) -> None:
    figures = verdict(built, claim)["figures"]
    for name, (first, last) in zip(("first", "second"), windows, strict=True):
        victims, incidents = victims_and_incidents(first, last)
        assert (figures[f"victims_{name}"], figures[f"incidents_{name}"]) == (victims, incidents)


@needs_shared
def test_days_that_ship_are_those_of_the_citys_rows(built: duckdb.DuckDBPyConnection) -> None:
    for basis in ("occurred", "reported"):
        for first, last in (
            ("2019-01-01", "2019-12-31"),
            ("2021-06-01", "2021-06-15"),
            ("2025-08-27", "2025-08-27"),
        ):
            found = {
                row["unit"]: row["total"]
                for row in rows(
                    built,
                    "SELECT unit, sum(count) AS total FROM out_daily WHERE city = 'minneapolis' AND geography = 'city' "
                    "AND outcome = 'gunshot' AND date_basis = ? AND date BETWEEN ? AND ? GROUP BY unit",
                    basis,
                    date.fromisoformat(first),
                    date.fromisoformat(last),
                )
            }
            assert (found["victims"], found["incidents"]) == victims_and_incidents(first, last, basis)


# --- one rule for all, on planted counts -------------------------------------------------------------------------------


def planted_counts(victims: tuple[int, int], incidents: tuple[int, int]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE out_daily (city VARCHAR, geography VARCHAR, date DATE, date_basis VARCHAR, outcome VARCHAR, "
        "unit VARCHAR, count INTEGER)"
    )
    for unit, counts in (("victims", victims), ("incidents", incidents)):
        for day, count in zip(("2020-01-01", "2021-01-01"), counts, strict=True):
            connection.execute(
                "INSERT INTO out_daily VALUES ('c', 'city', ?, 'reported', 'gunshot', ?, ?)",
                [day, unit, count],
            )
    return connection


def count_claim(unit: str, claimed: list[int], **figures: Any) -> dict[str, Any]:
    windows = [[date(2020, 1, 1)] * 2, [date(2021, 1, 1)] * 2]
    asked = {
        "outcome": "gunshot",
        "unit": unit,
        "date_basis": "reported",
        "windows": windows,
        "claimed": claimed,
    }
    return {"city": "c", "test": "window_counts", "figures": asked | figures}


@pytest.mark.parametrize(
    ("unit", "claimed", "expected"),
    [
        ("victims", [140, 90], "supported"),
        ("victims", [143, 93], "supported"),
        ("victims", [144, 90], "not_supported"),
        ("victims", [110, 70], "unit_mixed_up"),
        ("incidents", [140, 90], "unit_mixed_up"),
        ("incidents", [110, 70], "supported"),
        ("incidents", [110, 90], "not_supported"),
    ],
)
def test_each_claim_about_counts_meets_the_same_rule(unit: str, claimed: list[int], expected: str) -> None:
    connection = planted_counts(victims=(140, 90), incidents=(110, 70))
    assert judge(connection, count_claim(unit, claimed)).verdict == expected


def test_a_window_with_a_missing_day_is_not_judged() -> None:
    claim = count_claim("victims", [140, 90])
    claim["figures"]["windows"][1] = [date(2021, 1, 1), date(2021, 1, 2)]
    found = judge(planted_counts((140, 90), (110, 70)), claim)
    assert (found.verdict, found.reason) == ("cannot_tell", "days_missing")


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        ("fewer_than_expected", "supported"),
        ("more_than_expected", "not_supported"),
        ("little_or_no_change", "not_supported"),
        ("cannot_tell", "cannot_tell"),
    ],
)
def test_a_claim_of_an_effect_says_no_more_than_its_estimate(estimate: str, expected: str) -> None:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE out_estimate AS SELECT 'p/a' AS estimate_id, ? AS verdict, 0.8 AS rate_ratio, 0.6 AS lower_95, "
        "0.9 AS upper_95, 'estimated' AS status",
        [estimate],
    )
    assert judge(connection, {"test": "estimate", "figures": {"estimate": "p/a"}}).verdict == expected
    assert judge(connection, {"test": "estimate", "figures": {"estimate": "p/b"}}).verdict == "cannot_tell"


@pytest.mark.parametrize(
    ("mean", "prediction", "expected"),
    [
        ((0.7, 0.6, 0.8), (0.5, 0.95), "supported"),
        ((0.7, 0.6, 0.8), (0.5, 1.2), "cannot_tell"),
        ((0.7, 0.6, 0.8), (None, None), "cannot_tell"),
        ((0.9, 0.7, 1.2), (0.5, 1.9), "cannot_tell"),
        ((1.0, 0.95, 1.05), (0.9, 1.1), "not_supported"),
        ((1.4, 1.1, 1.8), (0.9, 2.1), "not_supported"),
    ],
)
def test_shown_to_work_needs_the_next_place_too(
    mean: tuple[float, float, float], prediction: tuple[float | None, float | None], expected: str
) -> None:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE out_evidence_summary AS SELECT 's' AS summary, 'summarized' AS status, 9 AS results, "
        "?::DOUBLE AS rate_ratio, ?::DOUBLE AS lower_95, ?::DOUBLE AS upper_95, "
        "?::DOUBLE AS prediction_lower_95, ?::DOUBLE AS prediction_upper_95",
        [*mean, *prediction],
    )
    assert judge(connection, {"test": "evidence_summary", "figures": {"summary": "s"}}).verdict == expected


# --- evidence ----------------------------------------------------------------------------------------------------------


def test_every_study_of_the_library_is_there_with_type_grade_and_source(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(built, "SELECT DISTINCT study, intervention FROM out_published_result")
    other = {row["study"] for row in found if row["intervention"] == "other"}
    assert other == {
        "bhatt-2024",
        "corsaro-2015",
        "braga-2019",
        "azrael-2013",
        "matthay-2019",
        "corburn-2022",
    }
    assert len(found) == 21


def test_published_figures_are_on_one_scale(built: duckdb.DuckDBPyConnection) -> None:
    ratio = {row["result"]: row for row in rows(built, "SELECT * FROM out_published_result")}
    assert ratio["buggs-2022.site-6-homicide"]["rate_ratio"] == pytest.approx(2.122)
    assert ratio["butts-2015.all"]["rate_ratio"] == pytest.approx(0.82 / 1.69)
    assert ratio["delgado-2017.south-bronx-shootings"]["rate_ratio"] == pytest.approx(0.37 / 0.83)
    assert ratio["avram-2024.before-covid"]["rate_ratio"] == pytest.approx(math.exp(-0.142))
    crown = ratio["picard-fritsche-2013.crown-heights"]
    # The interval's own ends come back but for the rounding of .77 in their middle.
    assert (crown["lower_95"], crown["upper_95"]) == pytest.approx((0.48, 1.24), abs=0.005)
    p_value = 2 * (
        1 - 0.5 * (1 + math.erf(math.log(1.07) / ratio["webster-2018.homicide"]["standard_error"] / 2**0.5))
    )
    assert p_value == pytest.approx(0.62)


def test_absolute_changes_are_shown_and_not_converted(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(built, "SELECT * FROM out_published_result WHERE scale = 'absolute'")
    assert {row["study"] for row in found} == {"henry-2014", "roman-2017", "fox-2014"}
    assert all(row["rate_ratio"] is None and row["absolute_change"] is not None for row in found)


def test_the_bad_sites_of_baltimore_are_in_every_summary_of_shootings(
    built: duckdb.DuckDBPyConnection,
) -> None:
    sites = rows(
        built,
        "SELECT rate_ratio FROM out_published_result WHERE study = 'buggs-2022' AND in_site_list AND outcome = ?",
        "shootings",
    )
    assert len(sites) == 7 and max(row["rate_ratio"] for row in sites) == pytest.approx(2.526)
    pool = rows(
        built,
        "SELECT place, maryland_scale FROM out_published_result WHERE in_pool AND outcome = 'shootings'",
    )
    assert {row["place"] for row in pool if row["maryland_scale"] >= 4} >= {"Baltimore"}


def test_the_summary_of_places_is_the_weighted_mean_of_its_members(built: duckdb.DuckDBPyConnection) -> None:
    (summary,) = rows(built, "SELECT * FROM out_evidence_summary WHERE summary = 'shootings.one_per_place'")
    pool = rows(built, "SELECT * FROM out_published_result WHERE in_pool AND outcome = 'shootings'")
    weights = [1 / (row["standard_error"] ** 2 + summary["tau"] ** 2) for row in pool]
    mean = np.average([row["log_rate_ratio"] for row in pool], weights=weights)
    assert summary["rate_ratio"] == pytest.approx(math.exp(mean))
    assert (
        summary["prediction_lower_95"]
        < summary["lower_95"]
        < summary["upper_95"]
        < summary["prediction_upper_95"]
    )


def test_a_local_estimate_with_a_wide_interval_is_drawn_further_than_a_narrow_one(
    built: duckdb.DuckDBPyConnection,
) -> None:
    local = {row["estimate_id"]: row for row in rows(built, "SELECT * FROM out_evidence_local")}
    wide, narrow = local[PLANTED[0][0]], local[PLANTED[1][0]]
    assert wide["weight_local"] < narrow["weight_local"]
    for row in (wide, narrow):
        width = math.log(row["upper_95"] / row["lower_95"])
        assert math.log(row["pooled_upper_95"] / row["pooled_lower_95"]) < width


# --- money and hours -----------------------------------------------------------------------------------------------------


def figure(connection: duckdb.DuckDBPyConnection, name: str, basis: str) -> dict[str, Any]:
    (row,) = rows(connection, "SELECT * FROM out_funding_review WHERE figure = ? AND basis = ?", name, basis)
    return row


def test_madisons_cost_of_a_call_is_1500_dollars_and_says_why_it_is_not_known(
    built: duckdb.DuckDBPyConnection,
) -> None:
    row = figure(built, "cost_per_answered_call", "approved_2021/calls_answered")
    assert row["value"] == 60_000 / 40
    assert row["reason"] == "not_known_if_the_money_paid_for_these_calls"


def test_no_cost_for_a_shooting_averted_where_the_interval_includes_none(
    built: duckdb.DuckDBPyConnection,
) -> None:
    row = figure(built, "cost_per_averted/committed_2022", "minneapolus/gunshot_victims_contracted")
    assert (row["status"], row["reason"], row["value"]) == (
        "cannot_be_stated",
        "interval_includes_none",
        None,
    )


def test_cost_for_a_shooting_averted_carries_the_whole_interval(built: duckdb.DuckDBPyConnection) -> None:
    row = figure(built, "cost_per_averted/pilot_2020", "minneapolus/gunshot_incidents_pilot")
    assert (row["lower_95"], row["value"], row["upper_95"]) == pytest.approx(
        (1.1e6 / 120, 1.1e6 / 90, 1.1e6 / 54)
    )


def test_break_even_is_money_over_the_published_cost(built: duckdb.DuckDBPyConnection) -> None:
    for cost in read_costs():
        row = figure(built, "break_even/committed_2022/contracted", cost["id"])
        assert row["value"] == pytest.approx(7_500_000 / cost["amount_usd"])
        assert json.loads(row["inputs_json"])["percent_of_expected"] == pytest.approx(
            row["value"] / 1000 * 100
        )
        assert cost["source"]


def test_two_workers_in_madison_could_have_shown_only_a_large_fall(built: duckdb.DuckDBPyConnection) -> None:
    row = figure(built, "chance_only", "pilot")
    inputs = json.loads(row["inputs_json"])
    assert inputs["events_a_month"] == pytest.approx((186 + 220 + 250) / 36)
    # About 18 incidents a month for nine months: a fall smaller than a fifth is out of reach.
    assert row["value"] > 20
    noisier = figure(built, "twice_as_noisy", "pilot")
    assert noisier["value"] > row["value"]
    averted = inputs["events_that_would_have_to_be_averted"]
    assert averted == pytest.approx(inputs["expected_events"] * row["value"] / 100)


def test_costs_from_logs_are_payments_over_what_was_logged() -> None:
    connection = duckdb.connect()
    for table in load_dictionary().tables.values():
        for statement in create_table_sql(table):
            connection.execute(statement)
    program = {
        "program": "p",
        "city": "c",
        "phase": [{"id": "contracted", "kind": "contracted"}],
        "simulated": True,
    }
    connection.execute("INSERT INTO core_program VALUES ('p', 'c', 'P', 's', ?, TRUE)", [json.dumps(program)])
    connection.execute(
        "INSERT INTO core_phase VALUES ('p', 'contracted', 'C', 'contracted', '2021-02-01', NULL, 's', 'certain')"
    )
    for month, hours, paid in (("2021-01-01", 100, 4000), ("2021-02-01", 300, 6000)):
        connection.execute("INSERT INTO out_shift VALUES ('p', 'c', ?, 9, ?, TRUE)", [month, hours])
        connection.execute(
            "INSERT INTO out_provider VALUES ('p', 'c', 'one', 'One', ?, NULL, 1, 0, 1, 0, 0, 0, ?, TRUE)",
            [month, paid],
        )
    for month, n in (("2021-01-01", None), ("2021-02-01", 20)):
        connection.execute(
            "INSERT INTO out_activity VALUES ('p', 'c', 'city', 'c', 'month', ?, 'activities', 'kind', 'mediation', ?, ?, TRUE)",
            [month, n, "published" if n else "protected"],
        )
    write_funding(connection)
    assert figure(connection, "cost_per_shift_hour", "payments/logs")["value"] == 10_000 / 400
    assert figure(connection, "cost_per_mediation", "payments/logs")["value"] == 10_000 / 20
    # Money of a phase: what was paid in its months.
    assert figure(connection, "break_even/payments/contracted", "murder")["amount_usd"] == 6000


def test_later_reviews_see_smaller_changes(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        "SELECT basis, value FROM out_funding_review WHERE program = 'minneapolus' AND kind = 'next_review' ORDER BY basis",
    )
    values = [row["value"] for row in found]
    assert len(values) == 4 and values == sorted(values, reverse=True)


def test_shift_hours_of_2025_are_held_against_the_hours_that_ship(built: duckdb.DuckDBPyConnection) -> None:
    (row,) = rows(
        built, "SELECT * FROM out_schedule_coverage WHERE program = 'minneapolus' AND unit = 'incidents'"
    )
    inside = total = 0
    with (ROOT / "data/minneapolis/weekday_hour.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if (line["outcome"], line["unit"]) == ("gunshot", "incidents"):
                weekday, hour, count = int(line["weekday"]), int(line["hour"]), int(line["count"])
                total += count
                inside += (
                    count
                    if (weekday in (2, 3) and 14 <= hour < 20) or (weekday in (4, 5, 6) and hour >= 16)
                    else 0
                )
    assert (row["covered"], row["total"], row["hours_a_week"]) == (inside, total, 36)


def test_facts_carry_their_sources_into_the_release(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(built, "SELECT * FROM out_fact")
    assert {"minneapolus", "focused-interruption", "cure-violence-new-york"} <= {
        row["program"] for row in found
    }
    assert all(row["source"] for row in found)


def test_the_data_tests_of_a_release_pass(built: duckdb.DuckDBPyConnection) -> None:
    for name, statement in load_statements("tests").items():
        assert built.execute(statement.text).fetchone() is None, name
