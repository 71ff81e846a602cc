"""Whatever is sent as a log, the answer is a finding: one clear line, never a trace, never a row lost."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from etl.logs import reading
from etl.logs.load import LoadedLogs, load_logs

KEY = b"0" * 32
AREAS = pd.DataFrame(
    [
        ("neighborhood", "Elm Grove", "Elm Grove"),
        ("neighborhood", "Oak - Hill", "Oak - Hill"),
        ("ward", "3", "Ward 3"),
        ("precinct", "3", "Precinct 3"),
    ],
    columns=["geography", "area", "name"],
)
PROGRAM = {
    "program": "somewhere",
    "city": "somewhere",
    "simulated": False,
    "logs": {"time_zone": "America/Chicago", "exported_on": date(2024, 12, 31)},
    "phase": [{"kind": "contracted", "first_month": "2023-01"}],
}
HEADER = "record,provider,worker,area,started_at,ended_at,funder,logged_at"
GOOD = "1,north,W1,Elm Grove,2024-05-31 16:00,2024-05-31 22:00,city,2024-05-31 22:30"


def load(*places, **changes) -> LoadedLogs:
    return load_logs(places, {**PROGRAM, **changes}, AREAS, [("north", "North Team")], key=KEY)


def shifts(folder, *rows: str, header: str = HEADER) -> LoadedLogs:
    path = folder / "shifts.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return load(path)


def reasons(logs: LoadedLogs) -> list[str]:
    return [finding.reason for finding in logs.findings]


def test_a_good_row_is_accepted_without_a_word(tmp_path):
    logs = shifts(tmp_path, GOOD)
    assert (logs.accepted, logs.quarantined, logs.findings) == (1, 0, [])
    row = logs.frames["core_shift"].iloc[0]
    assert (row["geography"], row["area"], row["hours"]) == ("neighborhood", "Elm Grove", 6.0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"   \n \n", "empty_file"),
        (HEADER.encode() + b"\n", "empty_file"),
        (b"record,provider\n1,north\n", "missing_column"),
        ((HEADER + ",area\n" + GOOD + ",x\n").encode(), "repeated_column"),
        ((HEADER + "\n" + GOOD + "\n").encode()[:-20] + b"\x00\x00\n", "not_text"),
        ((HEADER + '\n1,"north,W1\n').encode(), "broken_csv"),
        (b"PK\x03\x04 not really a workbook", "not_a_workbook"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(tmp_path, content, reason):
    path = tmp_path / "shifts.csv"
    path.write_bytes(content)
    logs = load(path)
    assert set(reasons(logs)) == {reason}
    assert logs.findings[0].severity == "refused" and logs.rows == 0
    assert "\n" not in logs.findings[0].line()


def test_each_missing_column_is_named(tmp_path):
    logs = shifts(tmp_path, "1,north", header="record,provider")
    assert [finding.column for finding in logs.findings] == [
        "worker",
        "area",
        "started_at",
        "ended_at",
        "funder",
    ]


def test_an_unknown_name_is_refused_and_the_rest_is_loaded(tmp_path):
    (tmp_path / "holiday pictures.csv").write_text("a,b\n1,2\n")
    logs = shifts(tmp_path, GOOD)
    both = load(tmp_path)
    assert logs.accepted == both.accepted == 1
    assert reasons(both) == ["unknown_form"]


def test_sizes_are_capped(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_FILE", 50)
    assert reasons(shifts(tmp_path, GOOD)) == ["file_too_large"]
    monkeypatch.setattr(reading, "LARGEST_FILE", 10_000)
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    assert reasons(shifts(tmp_path, GOOD, GOOD, GOOD)) == ["too_many_rows"]
    monkeypatch.setattr(reading, "MOST_ROWS", 10)
    monkeypatch.setattr(reading, "MOST_COLUMNS", 5)
    assert reasons(shifts(tmp_path, GOOD)) == ["too_many_columns"]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", []), ("utf-8-sig", []), ("utf-16", []), ("cp1252", ["read_as_cp1252"])],
)
def test_any_encoding_is_read(tmp_path, encoding, note):
    path = tmp_path / "activities_2024.csv"
    header = "record,provider,worker,kind,area,occurred_at,note"
    path.write_bytes(f"{header}\n1,north,W1,contact,Elm Grove,2024-05-31 16:00,a café\n".encode(encoding))
    logs = load(path)
    assert reasons(logs) == note
    assert logs.frames["core_activity"]["note"].tolist() == ["a café"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_do_not_matter(tmp_path, delimiter, line_end):
    text = line_end.join([HEADER, GOOD, ""]).replace(",", delimiter)
    (tmp_path / "shifts.csv").write_bytes(text.encode())
    assert load(tmp_path).accepted == 1


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("area", "12 Main Street", "unknown_area"),
        ("area", "3", "unknown_area"),
        ("provider", "south", "unknown_provider"),
        ("started_at", "31.5.2024", "unreadable_time"),
        ("started_at", "2024-02-30 16:00", "unreadable_time"),
        ("ended_at", "2024-05-31 24:00", "hour_24"),
        ("started_at", "2024-03-10 02:30", "time_does_not_exist"),
        ("started_at", "2124-05-31 16:00", "time_in_future"),
        ("ended_at", "2024-05-31 15:00", "times_out_of_order"),
        ("worker", "", "missing_value"),
        ("worker", "612-555-0142", "personal_detail"),
        ("worker", "somebody@example.org", "personal_detail"),
        ("area", "=HYPERLINK(1)", "formula_cell"),
        ("funder", "x" * 5_000, "cell_too_long"),
    ],
)
def test_a_bad_cell_sets_its_row_aside(tmp_path, column, cell, reason):
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {column: cell}
    second = GOOD.replace("1,north,W1", "2,north,W2")
    logs = shifts(tmp_path, ",".join(cells.values()), second)
    assert reasons(logs) == [reason]
    finding = logs.findings[0]
    assert (finding.row, finding.column, finding.severity) == (2, column, "quarantined")
    assert (logs.rows, logs.accepted, logs.quarantined) == (2, 1, 1)
    assert not cell or cell not in finding.line()


def test_a_row_with_a_cell_too_many_is_set_aside(tmp_path):
    logs = shifts(tmp_path, GOOD + ",extra", GOOD.replace("1,", "2,", 1))
    assert reasons(logs) == ["row_length"] and logs.accepted == 1


@pytest.mark.parametrize(
    "spelling", ["elm grove", " ELM  GROVE ", "Elm-Grove", "Oak Hill", "Ward 3", "precinct 3"]
)
def test_an_area_is_known_by_any_way_of_writing_it(tmp_path, spelling):
    logs = shifts(tmp_path, GOOD.replace("Elm Grove", spelling))
    assert logs.findings == []


def test_a_near_miss_is_hinted_at(tmp_path):
    logs = shifts(tmp_path, GOOD.replace("Elm Grove", "Elm Grov"))
    assert logs.findings[0].what_to_do.endswith("Did you mean Elm Grove?")


def test_a_night_shift_over_the_clock_change_has_an_hour_less(tmp_path):
    row = "1,north,W1,Elm Grove,2024-03-09 22:00,2024-03-10 06:00,city,2024-03-10 07:00"
    assert shifts(tmp_path, row).frames["core_shift"]["hours"].tolist() == [7.0]


@pytest.mark.parametrize(
    ("times", "late"), [("2024-06-03 22:00", False), ("2024-06-03 22:01", True), ("", False)]
)
def test_late_means_more_than_three_days(tmp_path, times, late):
    logs = shifts(tmp_path, GOOD.rsplit(",", 1)[0] + "," + times)
    assert reasons(logs) == (["late_entry"] if late else []) and logs.accepted == 1


def test_overlaps_are_told_apart_from_hours_billed_twice(tmp_path):
    logs = shifts(
        tmp_path,
        GOOD,
        "2,north,W1,Elm Grove,2024-05-31 21:00,2024-05-31 23:00,city,",
        "3,north,W1,Elm Grove,2024-05-31 16:00,2024-05-31 20:00,county,",
        "4,north,W2,Elm Grove,2024-05-31 16:00,2024-05-31 22:00,county,",
        "5,north,W1,Elm Grove,2024-05-31 23:00,2024-05-31 23:30,county,",
    )
    assert [(finding.row, finding.reason) for finding in logs.findings] == [
        (3, "overlapping_shifts"),
        (4, "hours_billed_twice"),
    ]


def test_workers_of_two_providers_may_share_a_number(tmp_path):
    path = tmp_path / "shifts.csv"
    other = GOOD.replace("1,north", "2,south")
    path.write_text("\n".join([HEADER, GOOD, other]) + "\n")
    logs = load_logs(path, PROGRAM, AREAS, [("north", "North"), ("south", "South")], key=KEY)
    assert logs.findings == [] and logs.frames["core_shift"]["worker"].nunique() == 2


def test_simulated_rows_never_join_a_real_program(tmp_path):
    logs = shifts(tmp_path, GOOD + ",true", header=HEADER + ",simulated")
    assert reasons(logs) == ["simulated_rows"] and logs.rows == 0


def test_real_rows_never_join_the_invented_city(tmp_path):
    path = tmp_path / "shifts.csv"
    for text in (f"{HEADER}\n{GOOD}\n", f"{HEADER},simulated\n{GOOD},true\n{GOOD},\n"):
        path.write_text(text)
        assert reasons(load(path, simulated=True)) == ["not_marked_simulated"]


def _workbook(path, rows, title="shifts", **more) -> None:
    workbook = Workbook()
    workbook.active.title = title
    for row in rows:
        workbook.active.append(row)
    for name, sheet_rows in more.items():
        sheet = workbook.create_sheet(name)
        for row in sheet_rows:
            sheet.append(row)
    workbook.save(path)


def test_a_workbook_is_read_with_its_own_dates_and_empty_cells(tmp_path):
    row = [1, "north", "W1", "Elm Grove", datetime(2024, 5, 31, 16), datetime(2024, 5, 31, 22), "city", None]
    _workbook(tmp_path / "shifts may.xlsx", [HEADER.split(","), row], Notes=[["anything"]])
    logs = load(tmp_path)
    assert logs.findings == [] and logs.frames["core_shift"]["hours"].tolist() == [6.0]


def test_formulas_in_a_workbook_are_not_read(tmp_path):
    row = ["1", "north", "=A1", "Elm Grove", "2024-05-31 16:00", "2024-05-31 22:00", "city", None]
    _workbook(tmp_path / "shifts.xlsx", [HEADER.split(","), row])
    assert reasons(load(tmp_path)) == ["formula_cell"]


def test_two_logs_in_one_workbook_are_both_read(tmp_path):
    requests = [["record", "source", "purpose", "area", "received_at", "outcome"]]
    requests.append(["9", "resident", "mediation", "Elm Grove", "2024-05-31 16:00", "open"])
    _workbook(tmp_path / "may.xlsx", [HEADER.split(","), GOOD.split(",")], requests=requests)
    logs = load(tmp_path)
    assert [(count.form, count.file, count.accepted) for count in logs.counts] == [
        ("shifts", "may.xlsx/shifts", 1),
        ("requests", "may.xlsx/requests", 1),
    ]


def test_macros_and_bombs_are_refused(tmp_path, monkeypatch):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    (tmp_path / "shifts.xlsm").write_bytes(packed.getvalue())
    assert reasons(load(tmp_path)) == ["macro_workbook"]
    (tmp_path / "shifts.xlsm").unlink()
    monkeypatch.setattr(reading, "LARGEST_UNPACKED", 1_000)
    _workbook(tmp_path / "shifts.xlsx", [HEADER.split(","), GOOD.split(",")])
    assert reasons(load(tmp_path)) == ["file_too_large"]


def test_a_workbook_cut_short_is_refused(tmp_path):
    _workbook(tmp_path / "shifts.xlsx", [HEADER.split(","), GOOD.split(",")])
    whole = (tmp_path / "shifts.xlsx").read_bytes()
    for length in (10, len(whole) // 3, len(whole) - 30):
        (tmp_path / "shifts.xlsx").write_bytes(whole[:length])
        assert [finding.severity for finding in load(tmp_path).findings] == ["refused"]


CELL = st.one_of(
    st.sampled_from(
        ["1", "north", "W1", "Elm Grove", "2024-05-31 16:00", "2024-05-31 24:00", "city", "", "=1+1", "24:00"]
    ),
    st.text(max_size=12),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=7, max_size=9), max_size=6))
def test_whatever_the_cells_hold_every_row_is_accounted_for(tmp_path, rows):
    import csv

    path = tmp_path / "shifts.csv"
    with path.open("w", newline="", encoding="utf-8", errors="replace") as opened:
        writer = csv.writer(opened)
        writer.writerow(HEADER.split(","))
        writer.writerows(rows)
    logs = load(path)
    assert logs.rows == logs.accepted + logs.quarantined
    aside = {finding.row for finding in logs.findings if finding.severity == "quarantined"}
    assert len(aside) == logs.quarantined
    assert len(logs.frames["core_shift"]) == logs.accepted


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.sampled_from(["shifts.csv", "requests.xlsx", "funding.csv", "x.csv"]))
def test_any_bytes_give_findings_and_no_error(tmp_path, content, name):
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / name).write_bytes(content)
    logs = load(tmp_path)
    assert logs.accepted == 0 and logs.findings
