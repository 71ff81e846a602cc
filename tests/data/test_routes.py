"""Routes of a release: recomputed from the shipped counts by another way, past and late, and never a forecast."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from etl import staff_door
from etl.dictionary import create_table_sql, load_dictionary
from etl.publish.forecast import forecast_rows, keep_forecast
from etl.publish.routes import write_routes
from etl.publish.ward_split import ward_rows
from tests.findings_release import findings_database


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with findings_database(tmp_path_factory) as connection:
        yield connection


def test_the_share_of_the_data_choice_is_that_of_plain_sql(release: duckdb.DuckDBPyConnection) -> None:
    """Ties at the edge are shared, so the share lies between the worst and the best way to break them."""
    low, high, events = release.execute(
        """
        WITH q AS (SELECT area, date_trunc('quarter', month) AS quarter, sum(count) AS n FROM out_monthly
                   WHERE city = 'minneapolis' AND geography = 'neighborhood' AND outcome = 'gunshot'
                     AND unit = 'incidents' AND month_basis = 'occurred' AND month < DATE '2025-10-01'
                   GROUP BY ALL),
        b AS (SELECT *, sum(n) OVER (PARTITION BY area ORDER BY quarter ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING) AS before
              FROM q),
        r AS (SELECT *, row_number() OVER (PARTITION BY quarter ORDER BY before DESC, n ASC) AS worst,
                     row_number() OVER (PARTITION BY quarter ORDER BY before DESC, n DESC) AS best
              FROM b WHERE quarter >= DATE '2020-01-01')
        SELECT sum(n) FILTER (worst <= 9), sum(n) FILTER (best <= 9), sum(n) FROM r
        """
    ).fetchone()
    inside, incidents, quarters = release.execute(
        "SELECT inside, incidents, quarters FROM out_route_accuracy "
        "WHERE program = 'minneapolus' AND period_kind = 'all' AND choice = 'past_year'"
    ).fetchone()
    assert incidents == events and quarters == 23
    assert low <= inside <= high
    assert high - low < 0.1 * events


def test_areas_served_downtown_and_uptown_are_sums_of_the_shipped_counts(
    release: duckdb.DuckDBPyConnection,
) -> None:
    groups = {
        "group/downtown": ["Downtown East", "Downtown West", "North Loop"],
        "group/uptown": ["East Bde Maka Ska", "East Isles", "Lowry Hill East", "South Uptown"],
    }
    for choice, areas in groups.items():
        (counted,) = release.execute(
            "SELECT sum(count) FROM out_monthly WHERE city = 'minneapolis' AND geography = 'neighborhood' "
            "AND outcome = 'gunshot' AND unit = 'incidents' AND month_basis = 'occurred' "
            "AND list_contains(?, area) AND month BETWEEN DATE '2020-01-01' AND DATE '2025-09-01'",
            [areas],
        ).fetchone()
        found = release.execute(
            "SELECT inside, chosen, accuracy_index, share, share_by_chance FROM out_route_accuracy "
            "WHERE program = 'minneapolus' AND period_kind = 'all' AND choice = ?",
            [choice],
        ).fetchone()
        assert found[:2] == (counted, len(areas))
        assert found[2] == pytest.approx(found[3] / (len(areas) / 87))


def test_nothing_by_area_is_later_than_a_quarter_ago(release: duckdb.DuckDBPyConnection) -> None:
    last = release.execute(
        "SELECT max(month) FROM out_monthly WHERE outcome = 'gunshot' AND city = 'minneapolis'"
    )
    assert last.fetchone() == (date(2026, 2, 1),)
    (shown,) = release.execute(
        "SELECT max(period) FROM out_route_accuracy WHERE city = 'minneapolis'"
    ).fetchone()
    (spots,) = release.execute(
        "SELECT max(last_month) FROM out_hot_spot WHERE city = 'minneapolis' AND outcome = 'gunshot'"
    ).fetchone()
    # The record ends in the first quarter of 2026: the fourth quarter of 2025 is not yet a quarter old.
    assert shown == date(2025, 7, 1)
    assert spots == date(2025, 9, 1)


def test_hot_spots_hold_every_area_and_the_counts_of_twelve_months(
    release: duckdb.DuckDBPyConnection,
) -> None:
    found = release.execute(
        "SELECT count(*), sum(count), sum(level), sum(chance_in_top), any_value(top_areas) FROM out_hot_spot "
        "WHERE city = 'minneapolis' AND outcome = 'gunshot'"
    ).fetchone()
    (counted,) = release.execute(
        "SELECT sum(count) FROM out_monthly WHERE city = 'minneapolis' AND geography = 'neighborhood' "
        "AND outcome = 'gunshot' AND unit = 'incidents' AND month_basis = 'occurred' "
        "AND month BETWEEN DATE '2024-10-01' AND DATE '2025-09-01'"
    ).fetchone()
    assert found[:2] == (87, counted)
    # Drawing toward the mean moves events between areas, it makes none; exactly nine areas are in the top nine.
    assert found[2] == pytest.approx(counted)
    assert found[3] == pytest.approx(found[4]) and found[4] == 9


def test_curves_end_at_all_incidents_and_agree_with_the_accuracy_table(
    release: duckdb.DuckDBPyConnection,
) -> None:
    rows = release.execute(
        "SELECT point.share_of_incidents, found.share FROM out_route_curve AS point JOIN out_route_accuracy AS found "
        "USING (program, geography, period_kind, period, choice) WHERE point.areas_in = found.chosen"
    ).fetchall()
    assert len(rows) >= 10
    assert np.allclose([one for one, _ in rows], [two for _, two in rows])
    (ends,) = release.execute(
        "SELECT count(*) FROM out_route_curve WHERE share_of_areas = 1 AND abs(share_of_incidents - 1) > 1e-12"
    ).fetchone()
    assert ends == 0


def test_the_baseline_of_last_year_is_recomputed_in_pandas(release: duckdb.DuckDBPyConnection) -> None:
    counts = release.execute(
        "SELECT month, area, count FROM out_monthly WHERE city = 'minneapolis' AND geography = 'neighborhood' "
        "AND outcome = 'gunshot' AND unit = 'incidents' AND month_basis = 'occurred'"
    ).df()
    table = counts.pivot(index="month", columns="area", values="count").sort_index()
    inside = 0.0
    for place in range(len(table) - 36, len(table)):
        score, now = table.iloc[place - 12 : place].sum(), table.iloc[place]
        edge = score.sort_values(ascending=False).iloc[8]
        sure, tied = score > edge, score == edge
        inside += now[sure].sum() + now[tied].mean() * (9 - sure.sum())
    found = release.execute(
        "SELECT share_in_top, incidents, months FROM out_forecast_check "
        "WHERE city = 'minneapolis' AND method = 'last_year'"
    ).fetchone()
    assert found[1] == table.iloc[-36:].to_numpy().sum()
    assert found[0] == pytest.approx(inside / found[1])


def test_the_forecast_is_kept_beside_the_private_store_and_in_no_release(
    release: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OVP_STAFF", raising=False)
    assert load_dictionary()["core_route_forecast"].store == "private"
    path = keep_forecast(release, tmp_path, "2026.1.0")
    assert path is not None and path.parent.name == "private"
    assert path.stat().st_mode & 0o077 == 0
    with duckdb.connect(str(path), read_only=True) as store:
        kept = store.execute(
            "SELECT count(*), sum(expected), any_value(month) FROM core_route_forecast WHERE city = 'minneapolis'"
        ).fetchone()
    assert kept[0] == 87 and kept[2] == date(2026, 3, 1)
    # The staff door reads it; a public process may not even ask.
    monkeypatch.setenv("OVP_HOME", str(tmp_path))
    with pytest.raises(staff_door.NotStaff):
        staff_door.ask("route_forecast", city="minneapolis")
    monkeypatch.setenv("OVP_STAFF", "1")
    asked = staff_door.ask("route_forecast", city="minneapolis")
    assert asked is not None and len(asked) == 87 and asked["expected"].is_monotonic_decreasing
    recent = release.execute(
        "SELECT sum(count) / 12 FROM out_monthly WHERE city = 'minneapolis' AND geography = 'neighborhood' "
        "AND outcome = 'gunshot' AND unit = 'incidents' AND month_basis = 'occurred' AND month >= DATE '2025-03-01'"
    ).fetchone()
    assert 0.4 * recent[0] < kept[1] < 2 * recent[0]
    assert {row["city"] for row in forecast_rows(release, "x")} == {"minneapolis", "new-york"}


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in load_dictionary().tables.values():
        for statement in create_table_sql(table):
            connection.execute(statement)
    return connection


def test_a_call_file_of_madison_becomes_a_ranking_of_neighborhoods() -> None:
    connection = empty_warehouse()
    places = {"Northside": 30, "Bayview": 12, "Quiet Oaks": 0}
    for geography, area in [("city", "madison"), *(("neighborhood", place) for place in places)]:
        connection.execute(
            "INSERT INTO core_area VALUES ('madison', ?, ?, ?, NULL, NULL, NULL, FALSE)",
            [geography, area, area],
        )
    for place, calls in places.items():
        for number in range(calls):
            connection.execute(
                "INSERT INTO core_call VALUES ('calls', 'madison', ?, ?, 'Disturbance', 'West', ?, FALSE)",
                [f"{place}{number}", f"2021-0{1 + number % 3}-05 21:00:00", place],
            )
    write_routes(connection)
    found = connection.execute(
        "SELECT area, count, rank, months, lower_95 < level AND level < upper_95 FROM out_hot_spot "
        "WHERE city = 'madison' AND outcome = 'call_for_service' ORDER BY rank"
    ).fetchall()
    assert found == [
        ("Northside", 30, 1, 3, True),
        ("Bayview", 12, 2, 3, True),
        ("Quiet Oaks", 0, 3, 3, True),
    ]


def test_a_call_file_without_neighborhoods_is_ranked_by_district() -> None:
    connection = empty_warehouse()
    connection.execute(
        "INSERT INTO core_area VALUES ('madison', 'city', 'madison', 'M', NULL, NULL, NULL, FALSE)"
    )
    for number in range(20):
        connection.execute(
            "INSERT INTO core_call VALUES ('calls', 'madison', ?, '2021-01-05 21:00:00', NULL, ?, NULL, FALSE)",
            [str(number), "West" if number < 15 else "East"],
        )
    write_routes(connection)
    found = connection.execute(
        "SELECT geography, area, count FROM out_hot_spot ORDER BY count DESC"
    ).fetchall()
    assert found == [("precinct", "West", 15), ("precinct", "East", 5)]


def test_ward_split_divides_payments_as_the_hours_were() -> None:
    connection = empty_warehouse()
    for ward, hours, incidents in (("1", 300.0, 2), ("2", 100.0, 6)):
        connection.execute(
            "INSERT INTO out_route_coverage VALUES ('p', 'c', '2021-01-01', 'ward', ?, ?, NULL, ?, NULL, NULL, TRUE)",
            [ward, hours, incidents],
        )
        for month in (1, 2, 3, 4):
            count = incidents // 2 if month < 3 else 0 if month == 3 else 50
            connection.execute(
                "INSERT INTO out_monthly VALUES ('c', 'ward', ?, ?, 'occurred', 'gunshot', 'incidents', ?, TRUE)",
                [ward, f"2021-0{month}-01", count],
            )
    for month, paid in ((2, 8000), (4, 999)):
        connection.execute(
            "INSERT INTO out_provider VALUES ('p', 'c', 'one', 'One', ?, NULL, 1, 0, 1, 0, 0, 0, ?, TRUE)",
            [f"2021-0{month}-01", paid],
        )
    rows = {row["figure"]: row for row in ward_rows(connection, {"program": "p", "city": "c"})}
    # April lies outside the quarter whose hours may be shown: neither its shootings nor its payment counts.
    assert rows["ward/1"]["value"] == 25 and rows["ward/2"]["value"] == 75
    assert (rows["ward/1"]["amount_usd"], rows["ward/2"]["amount_usd"]) == (6000, 2000)


def test_without_a_log_wards_show_shootings_only(release: duckdb.DuckDBPyConnection) -> None:
    rows = list(ward_rows(release, {"program": "minneapolus", "city": "minneapolis"}))
    assert len(rows) == 13
    assert sum(row["value"] for row in rows) == pytest.approx(100)
    assert {row["reason"] for row in rows} == {"hours_not_published"}
    assert all(row["amount_usd"] is None for row in rows)
