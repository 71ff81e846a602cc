"""Logs on their way into a release: counted, protected, inserted, and never subtractable from the release before."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from etl.dictionary import create_table_sql, load_dictionary
from etl.logs.publish import TABLES
from etl.publish.outreach import publish_outreach
from etl.publish.release import BuildError
from etl.warehouse import POINTER
from tests.data.simulated_city import LOGS, areas, program, shootings_by_month, table

PROTECTED = ("out_activity", "out_participant", "out_request", "out_request_time")


def _work_database(path: Path) -> duckdb.DuckDBPyConnection:
    """Areas, links and counts of the invented city, as a build has them before the logs come."""
    connection = duckdb.connect(str(path))
    for described in load_dictionary().tables.values():
        for statement in create_table_sql(described):
            connection.execute(statement)
    places, links = areas(), table("links.csv")
    counts = shootings_by_month().stack().rename_axis(["area", "month"]).rename("count").reset_index()
    for name, frame in (("places", places), ("links", links), ("counts", counts)):
        connection.register(name, frame)
    connection.execute(
        "INSERT INTO core_area SELECT city, geography, area, name, NULL, NULL, NULL, true FROM places"
    )
    connection.execute(
        "INSERT INTO core_area_link SELECT city, link, from_geography, from_area, to_geography, to_area, share::DOUBLE "
        "FROM links"
    )
    connection.execute(
        "INSERT INTO out_monthly SELECT 'simulated-city', 'neighborhood', area, (month || '-01')::DATE, 'occurred', "
        "'gunshot', 'incidents', count, true FROM counts"
    )
    return connection


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home whose release in use holds the outreach tables of the invented city."""
    home = tmp_path_factory.mktemp("home")
    (home / "releases").mkdir()
    path = home / "releases" / "2026.1.0-000000000000.duckdb"
    with _work_database(path) as connection:
        publish_outreach(connection, home, [program()], lambda _: None)
    (home / "releases" / POINTER).write_text(path.name)
    return home


def _released(home: Path, name: str) -> pd.DataFrame:
    with duckdb.connect(
        str(home / "releases" / (home / "releases" / POINTER).read_text()), read_only=True
    ) as connection:
        return connection.execute(f"SELECT * FROM {name}").df()


def test_every_table_arrives_with_its_flags(home):
    for name in TABLES:
        frame = _released(home, name)
        assert len(frame) and frame["simulated"].all(), name
    for name in PROTECTED:
        frame = _released(home, name)
        assert (frame["n"].isna() == (frame["n_flag"] == "protected")).all(), name
        shown = frame["n"].dropna()
        assert len(shown) > 10 and ((shown == 0) | (shown >= 10)).all() and (shown % 5 == 0).all(), name


def test_payments_and_quality_join_their_tables(home):
    assert set(_released(home, "core_funding")["kind"]) == {"payment"}
    assert set(_released(home, "out_quality")["source"].str.split("/").str[0]) == {"simulated-outreach"}


def test_private_tables_stay_empty_where_a_release_is_made(home):
    for name, described in load_dictionary().tables.items():
        if described.store == "private":
            assert _released(home, name).empty, name


def test_a_program_without_logs_brings_nothing(tmp_path):
    real = {key: value for key, value in program().items() if key != "logs"}
    with _work_database(tmp_path / "work.duckdb") as connection:
        publish_outreach(connection, tmp_path, [real], lambda _: None)
        assert connection.execute("SELECT count(*) FROM out_activity").fetchone() == (0,)
    assert not (tmp_path / "private").exists()


def test_a_key_that_others_can_read_stops_the_build_with_one_line(tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_bytes(b"k" * 32)
    (tmp_path / "private" / "key").chmod(0o644)
    with (
        _work_database(tmp_path / "work.duckdb") as connection,
        pytest.raises(BuildError, match="chmod 600") as caught,
    ):
        publish_outreach(connection, tmp_path, [program()], lambda _: None)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_next_release_cannot_be_subtracted_from_the_one_before(home, tmp_path):
    """The last 30 activities are new: no cell may change by 1 to 9, and none that was protected may show."""
    folder = tmp_path / "given" / "logs" / "simulated-outreach"
    shutil.copytree(LOGS, folder)
    rows = (folder / "activities.csv").read_text(encoding="utf-8").splitlines()
    earlier = [line for line in rows[1:] if ",2024-08-" in line][:30]
    more = [line.replace("A", "B", 1).replace(",contact,", ",event,") for line in earlier]
    (folder / "activities.csv").write_text("\n".join(rows + more) + "\n", encoding="utf-8")
    with _work_database(tmp_path / "next.duckdb") as connection:
        publish_outreach(connection, home, [program()], lambda _: None, [tmp_path / "given"])
        after = connection.execute("SELECT * FROM out_activity").df()
    key = list(load_dictionary()["out_activity"].key)
    both = _released(home, "out_activity").merge(after, on=key, suffixes=("_before", "_after"))
    known = both.dropna(subset=["n_before", "n_after"])
    assert len(known) > 200
    assert ((known["n_after"] - known["n_before"]) % 10 == 0).all()
    assert (known["n_after"] != known["n_before"]).any()
    assert both.loc[both["n_before"].isna(), "n_after"].isna().all()
