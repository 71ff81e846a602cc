"""The private store: every column described, an older one taken over, a build that dies in it without a trace."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from etl.dictionary import load_dictionary
from etl.load import revisions
from etl.load.revisions import counts_as_of
from etl.load.store import CELLS, SUMS, TABLES, attached
from tests.data.conftest import load_and_remember
from tests.data.test_changes_by_chance import COUNTS, changed, drawn, settings, versions, written

SOURCE = "generated"
AS_AN_OLDER_VERSION_LEFT_IT = """
CREATE TABLE month_cell AS SELECT *, 1 AS load_number FROM (
  SELECT * EXCLUDE (load_number) FROM month_cell_change);
CREATE TABLE hour_cell AS SELECT *, 1 AS load_number FROM (SELECT * EXCLUDE (load_number) FROM hour_cell_change);
DROP TABLE month_cell_change;
DROP TABLE hour_cell_change;
DROP TABLE outcome_sum;
ALTER TABLE load_history DROP COLUMN counted;
"""


class Feed:
    """A home with one load, and a file of changes to load onto it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        chance = random.Random(20)
        cases = {f"A{number}": drawn(chance) for number in range(200)}
        self.folder = folder
        self.options = {
            "programs": programs,
            "sources": settings(folder / "sources", "changes"),
            "take_smaller": True,
        }
        self.home = folder / "home"
        load_and_remember(self.home, "2026.1.0", data=[written(folder / "first", cases)], **self.options)
        self.changes = written(folder / "changes", changed(cases, chance, 8))
        self.loaded = self.load(self.copy("loaded"))

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.home, self.folder / name))

    def load(self, home: Path) -> dict[str, pd.DataFrame]:
        return load_and_remember(home, "2026.1.1", data=[self.changes], **self.options)

    def load_the_same(self, home: Path) -> None:
        """Fail unless the changes loaded into `home` give what they gave into a copy of the first load."""
        found = self.load(home)
        for table in (*COUNTS, "out_revision", "out_quality", "meta_load"):
            pd.testing.assert_frame_equal(found[table], self.loaded[table])
        pd.testing.assert_frame_equal(versions(home), versions(self.folder / "loaded"))


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory, no_programs: Path) -> Feed:
    return Feed(tmp_path_factory.mktemp("private_store"), no_programs)


@contextmanager
def store(home: Path, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(home / "private" / "store.duckdb"), read_only=read_only) as connection:
        yield connection


def described(home: Path) -> None:
    """Fail on a column of the store that the dictionary does not describe, or describes otherwise."""
    with store(home) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    tables = load_dictionary().tables
    assert {table for table, _, _ in found} == set(TABLES)
    for table, column, kind in found:
        meaning = {item.name: item for item in tables[table].columns}.get(column)
        assert meaning is not None, f"{table}.{column} is not in data/dictionary.toml"
        assert meaning.type == kind, f"{table}.{column}"
        assert meaning.sensitivity == "never-exported", f"{table}.{column}"
    for table in TABLES:
        assert tables[table].store == "private"
        assert {column for name, column, _ in found if name == table} == set(tables[table].column_names)


def test_every_column_of_the_store_is_in_the_dictionary(feed: Feed) -> None:
    described(feed.home)
    described(feed.folder / "loaded")
    with store(feed.home) as connection:
        silent = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
        ).fetchall()
    assert silent == []


def test_a_store_of_an_older_version_is_taken_over(feed: Feed) -> None:
    home = feed.copy("older")
    with store(home, read_only=False) as connection:
        connection.execute(AS_AN_OLDER_VERSION_LEFT_IT)
    feed.load_the_same(home)
    described(home)


def test_the_cells_of_the_store_add_up_to_its_cases(feed: Feed) -> None:
    with store(feed.folder / "loaded") as connection:
        assert connection.execute("SELECT count(DISTINCT load_number) FROM month_cell_change").fetchone() == (
            2,
        )
        for cells in CELLS:
            differing = connection.execute(
                f"""
                SELECT * FROM (
                  SELECT outcome, occurred_month, sum(incidents) AS incidents, sum(victims) AS victims
                  FROM {cells}_change WHERE occurred_month IS NOT NULL GROUP BY ALL HAVING sum(incidents) <> 0
                ) AS cell
                FULL JOIN (
                  SELECT outcome, date_trunc('month', occurred_at)::DATE AS occurred_month, count(*) AS incidents,
                         sum(victims) AS victims
                  FROM incident_version WHERE valid_to_load IS NULL AND occurred_at IS NOT NULL GROUP BY ALL
                ) AS counted USING (outcome, occurred_month)
                WHERE cell.incidents IS DISTINCT FROM counted.incidents
                   OR cell.victims IS DISTINCT FROM counted.victims
                """
            ).fetchall()
            assert differing == []
        summed = connection.execute(
            f"SELECT outcome, cases, victims, no_ward FROM {SUMS} ORDER BY outcome"
        ).fetchall()
        counted = connection.execute(
            "SELECT outcome, count(*), sum(victims), count(*) FILTER (WHERE ward IS NULL) FROM incident_version "
            "WHERE valid_to_load IS NULL GROUP BY outcome ORDER BY outcome"
        ).fetchall()
        assert len(summed) == 4
        assert summed == counted


@pytest.mark.slow
def test_changes_are_put_together_before_they_outgrow_the_cells(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = feed.copy("together")
    monkeypatch.setattr(revisions, "ROWS_A_CELL", -1)
    feed.load_the_same(home)
    with store(home) as connection:
        assert connection.execute("SELECT DISTINCT load_number FROM month_cell_change").fetchall() == [(2,)]
        assert connection.execute(
            "SELECT count(*) FROM month_cell_change WHERE incidents < 1"
        ).fetchone() == (0,)
    monkeypatch.undo()
    assert feed.load(home)["out_monthly"].equals(feed.loaded["out_monthly"])


def test_a_build_that_dies_while_it_remembers_leaves_the_store_as_it_was(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dead = feed.copy("dying"), feed.folder / "dead"
    remember_counts = revisions._remember_counts

    def photographed(*given: object) -> None:
        remember_counts(*given)  # type: ignore[arg-type]
        shutil.copytree(home, dead)  # what lies on the disk when the process is killed here

    monkeypatch.setattr(revisions, "_remember_counts", photographed)
    feed.load(home)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(versions(dead), versions(feed.home))
    feed.load_the_same(dead)


@pytest.mark.slow
def test_a_build_that_dies_after_it_remembered_has_remembered(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, dead = feed.copy("done"), feed.folder / "dead_after"

    @contextmanager
    def photographed(
        connection: duckdb.DuckDBPyConnection, home: Path, writing: bool = False
    ) -> Iterator[None]:
        with attached(connection, home, writing):
            yield
            if writing:
                shutil.copytree(home, dead)

    monkeypatch.setattr(revisions, "attached", photographed)
    feed.load(home)
    monkeypatch.undo()
    assert (dead / "private" / "store.duckdb.wal").is_file()
    pd.testing.assert_frame_equal(versions(dead), versions(feed.folder / "loaded"))
    assert counts_as_of(dead, SOURCE, "2026.1.1") == counts_as_of(feed.folder / "loaded", SOURCE, "2026.1.1")
    again = feed.load(dead)
    pd.testing.assert_frame_equal(again["out_monthly"], feed.loaded["out_monthly"])
