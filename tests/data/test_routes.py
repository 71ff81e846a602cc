"""Routes of a release: recomputed from the shipped counts by another way, past and late, and never a forecast."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from etl.dictionary import load_dictionary
from etl.publish.forecast import forecast_rows, keep_forecast
from tests.findings_release import findings_database


@pytest.fixture(scope="module")
def release() -> Iterator[duckdb.DuckDBPyConnection]:
    with findings_database() as connection:
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
    release: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert load_dictionary()["core_route_forecast"].store == "private"
    path = keep_forecast(release, tmp_path, "2026.1.0")
    assert path.parent.name == "private"
    assert path.stat().st_mode & 0o077 == 0
    with duckdb.connect(str(path), read_only=True) as store:
        kept = store.execute(
            "SELECT count(*), sum(expected), any_value(month) FROM core_route_forecast WHERE city = 'minneapolis'"
        ).fetchone()
    assert kept[0] == 87 and kept[2] == date(2026, 3, 1)
    recent = release.execute(
        "SELECT sum(count) / 12 FROM out_monthly WHERE city = 'minneapolis' AND geography = 'neighborhood' "
        "AND outcome = 'gunshot' AND unit = 'incidents' AND month_basis = 'occurred' AND month >= DATE '2025-03-01'"
    ).fetchone()
    assert 0.4 * recent[0] < kept[1] < 2 * recent[0]
    assert {row["city"] for row in forecast_rows(release, "x")} == {"minneapolis", "new-york"}
