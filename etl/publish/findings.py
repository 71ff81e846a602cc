"""Everything that is made after the estimates: facts, schedules, evidence, routes, funding, claims."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from etl.publish.claims import write_claims
from etl.publish.evidence import write_evidence
from etl.publish.facts import write_facts
from etl.publish.funding import write_funding
from etl.publish.replication import write_replication
from etl.publish.routes import write_routes
from etl.publish.schedules import write_schedules


def write_findings(connection: duckdb.DuckDBPyConnection, progress: Callable[[str], None]) -> None:
    """Run in this order: claims read what the others write. The open build is left uncommitted."""
    write_facts(connection)
    write_schedules(connection)
    write_evidence(connection)
    write_replication(connection)
    write_routes(connection)
    write_funding(connection)
    write_claims(connection)
    counts = [
        f"{connection.execute(f'SELECT count(*) FROM {table}').fetchall()[0][0]} {what}"
        for table, what in (
            ("out_claim_verdict", "claims judged"),
            ("out_published_result", "published results"),
            ("out_funding_review", "figures of the funding review"),
        )
    ]
    progress(", ".join(counts))
