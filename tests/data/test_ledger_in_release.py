"""The evidence ledger inside a release: the whole chain, checkable by anyone who has the release alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from etl.dictionary import create_table_sql, load_dictionary
from etl.publish.evidence_ledger import EvidenceLedger, LedgerError
from etl.publish.ledger_in_release import write_ledger
from tests.fixture_release import CITY, PROGRAM, _fill


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of a build that has its counts and estimates."""
    with duckdb.connect() as connection:
        for table in load_dictionary().tables.values():
            connection.execute(create_table_sql(table)[0])
        _fill(connection, CITY, PROGRAM, simulated=False)
        yield connection


def lines(tables: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    return tables.execute("SELECT * FROM out_ledger ORDER BY number").df().to_dict("records")


def test_each_line_of_a_release_carries_the_sha256_of_the_one_before(
    tables: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    made = write_ledger(tables, tmp_path, "2026.1.0", "snapshot")
    EvidenceLedger(tmp_path / "ledger").write(made)
    rows = lines(tables)
    assert {"data_loaded", "spec_registered", "run"} == {row["event"] for row in rows}
    before = "0" * 64
    for number, row in enumerate(rows, start=1):
        # The recipe of the dictionary, by hand: whoever has the release can repeat it.
        line = {"number": row["number"], "at": row["written_at"], "event": row["event"],
                "about": json.loads(str(row["about_json"])), "previous": row["previous"], "sha256": ""}  # fmt: skip
        canonical = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
        assert row["number"] == number and row["previous"] == before
        assert row["sha256"] == hashlib.sha256(canonical).hexdigest()
        before = str(row["sha256"])
    beside = (tmp_path / "ledger" / "evidence.jsonl").read_text().splitlines()
    assert [json.loads(line)["sha256"] for line in beside] == [row["sha256"] for row in rows]


def test_a_changed_answer_stands_beside_the_one_that_it_replaced(
    tables: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ledger = EvidenceLedger(tmp_path / "ledger")
    ledger.write(write_ledger(tables, tmp_path, "2026.1.0", "first"))
    first = len(ledger.entries())
    tables.execute("DELETE FROM out_ledger")
    tables.execute("UPDATE out_estimate SET rate_ratio = 0.5, data_sha256 = 'new' WHERE role = 'headline'")
    ledger.write(write_ledger(tables, tmp_path, "2026.2.0", "second"))
    rows = lines(tables)
    assert len(rows) == len(ledger.entries()) > first
    replaced = [json.loads(str(row["about_json"])) for row in rows if row["event"] == "superseded"]
    assert replaced and all(about["now"]["rate_ratio"] == 0.5 for about in replaced)
    assert all(about["was"]["rate_ratio"] != 0.5 and about["changed"] == ["data"] for about in replaced)


def test_a_tampered_ledger_is_named_in_the_release_and_gets_no_line(
    tables: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ledger = EvidenceLedger(tmp_path / "ledger")
    ledger.write(write_ledger(tables, tmp_path, "2026.1.0", "first"))
    tables.execute("DELETE FROM out_ledger")
    tampered = ledger.path.read_text().replace("retrospective", "confirmatory", 1)
    ledger.path.write_text(tampered)
    with pytest.raises(LedgerError, match=r"line 2 of .* was changed"):
        write_ledger(tables, tmp_path, "2026.2.0", "second")
    (row,) = lines(tables)
    assert row["event"] == "damaged" and "line 2 of evidence.jsonl" in str(row["about_json"])
    assert ledger.path.read_text() == tampered
