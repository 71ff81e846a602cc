"""Every fault planted in the invented logs is found, nothing else is called one, and no row is lost."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from etl.logs.findings import REASONS
from etl.logs.load import LoadedLogs
from tests.data.simulated_city import LOGS, loaded, table, truth

FORM_OF_TABLE = {
    "core_shift": "shifts",
    "core_activity": "activities",
    "core_request": "requests",
    "core_conduct_report": "conduct_reports",
    "core_required_record": "required_records",
}


@pytest.fixture(scope="module")
def logs() -> LoadedLogs:
    return loaded()


def _found(logs: LoadedLogs) -> Counter[tuple[str, str, str]]:
    """Findings by file, record number (looked up in the file by its row) and reason."""
    files = {path.name: pd.read_csv(path, dtype=str, keep_default_na=False) for path in LOGS.glob("*.csv")}
    return Counter(
        (
            finding.file,
            str(finding.provider) if finding.row is None else files[finding.file].iloc[finding.row - 2, 0],
            finding.reason,
        )
        for finding in logs.findings
    )


def test_all_planted_faults_are_found_and_no_row_is_blamed_wrongly(logs):
    planted = Counter(
        map(tuple, table("planted_faults.csv")[["file", "record", "reason"]].to_numpy().tolist())
    )
    found = _found(logs)
    assert planted - found == Counter(), "not found"
    assert found - planted == Counter(), "blamed wrongly"


def test_the_answer_key_holds_at_least_twelve_kinds_and_its_counts_are_found(logs):
    key = truth()["faults"]
    kinds = {reason for counts in key.values() for reason in counts}
    assert len(kinds) >= 12 and kinds <= set(REASONS)
    found = Counter((finding.file, finding.reason) for finding in logs.findings)
    assert found == {
        (file, reason): number for file, counts in key.items() for reason, number in counts.items()
    }


def test_every_row_is_accepted_or_set_aside(logs):
    for count in logs.counts:
        assert count.rows == len(table(f"logs/{count.file}"))
        assert count.rows == count.accepted + count.quarantined
    assert logs.rows == logs.accepted + logs.quarantined
    assert sum(map(len, logs.frames.values())) == logs.accepted


def test_rows_set_aside_are_not_loaded_and_rows_with_warnings_are(logs):
    for name, form in FORM_OF_TABLE.items():
        rows = {finding.row: finding.severity for finding in logs.findings if finding.file == f"{form}.csv"}
        aside = {
            finding.row
            for finding in logs.findings
            if finding.file == f"{form}.csv" and finding.severity == "quarantined"
        }
        everything = set(range(2, len(table(f"logs/{form}.csv")) + 2))
        assert set(logs.frames[name]["source_row"]) == everything - aside, (name, len(rows))


def test_values_arrive_as_they_were_written(logs):
    shifts = logs.frames["core_shift"].set_index("record")
    raw = table("logs/shifts.csv").drop_duplicates("record").set_index("record").reindex(shifts.index)
    assert (shifts["started_at"].dt.strftime("%Y-%m-%d %H:%M") == raw["started_at"]).all()
    assert (shifts["area"] == raw["area"]).all() and (shifts["geography"] == "neighborhood").all()
    plain = (pd.to_datetime(raw["ended_at"]) - pd.to_datetime(raw["started_at"])).dt.total_seconds() / 3600
    crossing = (plain - shifts["hours"].astype(float)).abs() > 1e-9
    assert crossing.sum() == 0
    people = logs.frames["core_activity"].set_index("record")["people"]
    written = (
        table("logs/activities.csv")
        .drop_duplicates("record")
        .set_index("record")["people"]
        .reindex(people.index)
    )
    assert (people.astype(str) == written).all()


def test_findings_do_not_repeat_cells_of_the_log(logs):
    """A cell may name a person: a finding says where, why and what to do, not what stood there."""
    lines = "\n".join(finding.line() for finding in logs.findings)
    wrong = set(table("logs/shifts.csv")["area"]) | set(table("logs/activities.csv")["area"])
    for cell in ("Downtown-ish", "Copperlarch / Millwren", "Lantern block", "lantern row inc", "Mediaton"):
        assert cell in wrong | {"lantern row inc", "Mediaton"}
        assert cell not in lines
    assert "LARKCANARY" not in lines and "LR-0" not in lines


def test_each_line_says_file_row_column_reason_and_what_to_do(logs):
    late = next(finding for finding in logs.findings if finding.reason == "late_entry")
    assert late.line() == (
        f"shifts.csv, row {late.row}, column logged_at: entered more than 72 hours later. Enter logs within three days."
    )
    for finding in logs.findings:
        assert finding.line().startswith(finding.file) and finding.line().endswith((".", "?"))
