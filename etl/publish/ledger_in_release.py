"""The evidence ledger inside a release: every line up to and with those that the release itself brings.

Pages and downloads read it there. Each release is thereby a witness of the ledger: who rewrites the chain beside the
releases contradicts every release that holds an older one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from etl.load.records import insert_records
from etl.publish.evidence_ledger import FIRST, Entry, LedgerError
from etl.publish.ledger_entries import ledger_of, news_of
from etl.statements import load_statements
from presentation.record import DAMAGED


@dataclass(frozen=True)
class ReleaseToBe:
    """The tables of a build, asked as the release that they are about to become."""

    id: str
    meta: dict[str, Any]
    connection: duckdb.DuckDBPyConnection

    def query(self, name: str, **params: object) -> pd.DataFrame:
        statement = load_statements("read")[name]
        return self.connection.execute(statement.text, statement.bind(params)).df()


def write_ledger(
    connection: duckdb.DuckDBPyConnection, home: Path, release_id: str, snapshot: str
) -> list[Entry]:
    """Fill `out_ledger`; gives back the lines that the ledger beside the releases does not hold yet.

    Raises LedgerError, naming the line, for a damaged ledger; `out_ledger` then holds that sentence alone.
    """
    ledger = ledger_of(home)
    try:
        known = ledger.entries()
    except LedgerError as error:
        insert_records(
            connection,
            "out_ledger",
            [(0, "", DAMAGED, None, None, json.dumps({"fault": str(error)}), FIRST, "")],
        )
        raise
    release = ReleaseToBe(release_id, {"snapshot_id": snapshot}, connection)
    made = ledger.following(known, news_of(release, known))
    insert_records(connection, "out_ledger", [_row(entry) for entry in [*known, *made]])
    return made


def _row(entry: Entry) -> tuple[Any, ...]:
    about = entry.about
    return (
        entry.number,
        entry.at,
        entry.event,
        about.get("program"),
        about.get("analysis"),
        json.dumps(about, sort_keys=True, ensure_ascii=True, separators=(",", ":")),
        entry.previous,
        entry.sha256,
    )
