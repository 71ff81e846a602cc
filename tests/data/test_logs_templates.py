"""The templates that ship are made from the dictionary, explain every column, and load when filled in."""

from __future__ import annotations

import csv
from datetime import date

import pandas as pd
import pytest
from openpyxl import load_workbook

from etl.logs.forms import DERIVED, FORMS, form_of
from etl.logs.load import load_logs
from etl.logs.templates import write_templates
from tests.data.simulated_city import ROOT

SHIPPED = ROOT / "data" / "templates"
FILLED = {
    "VARCHAR": "text",
    "TIMESTAMP": "2024-05-31 16:00",
    "DATE": "2024-05-31",
    "INTEGER": "3",
    "DOUBLE": "12.5",
    "BOOLEAN": "yes",
}
AREAS = pd.DataFrame([("neighborhood", "Elm Grove", "Elm Grove")], columns=["geography", "area", "name"])
PROGRAM = {"program": "p", "city": "c", "simulated": False, "logs": {"exported_on": date(2024, 12, 31)}}


def test_the_templates_that_ship_are_those_of_the_dictionary(tmp_path):
    made = {path.name: path.read_bytes() for path in write_templates(tmp_path)}
    shipped = {path.name: path.read_bytes() for path in SHIPPED.iterdir()}
    assert sorted(made) == sorted(shipped)
    assert [name for name in made if made[name] != shipped[name]] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_template_holds_every_column_a_person_fills_in(form):
    with (SHIPPED / f"{form.name}.csv").open(newline="") as opened:
        header = next(csv.reader(opened))
    assert header == [
        column for column in form.definition.column_names if column not in DERIVED | {"simulated"}
    ]
    sheet = load_workbook(SHIPPED / f"{form.name}.xlsx")
    assert [cell.value for cell in sheet[form.name][1]] == header
    notes = [[cell.value for cell in row] for row in sheet["Notes"].iter_rows(min_row=6)]
    assert [row[0] for row in notes] == header
    by_name = {column.name: column for column in form.columns}
    for name, must, meaning, how in notes:
        assert meaning == by_name[name].meaning and how
        assert (must == "yes") is (not by_name[name].null)
        assert all(value in how for value in by_name[name].allowed)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_filled_template_loads_without_a_finding(form, tmp_path):
    workbook = load_workbook(SHIPPED / f"{form.name}.xlsx")
    for number, column in enumerate(form.columns, start=1):
        value = column.allowed[0] if column.allowed else FILLED[column.type]
        value = {"area": "Elm Grove", "provider": "north", "ended_at": "2024-05-31 22:00"}.get(
            column.name, value
        )
        if column.name == "logged_at":
            value = "2024-05-31 23:00"
        workbook[form.name].cell(row=2, column=number, value=value)
    workbook.save(tmp_path / f"{form.name}.xlsx")
    logs = load_logs(tmp_path, PROGRAM, AREAS, [("north", "North")], key=b"0" * 32)
    assert [finding.line() for finding in logs.findings] == []
    assert logs.accepted == 1 and len(logs.frames[form.table]) == 1


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_an_empty_template_says_that_it_has_no_rows(form):
    logs = load_logs(SHIPPED / f"{form.name}.xlsx", PROGRAM, AREAS, key=b"0" * 32)
    assert [finding.reason for finding in logs.findings] == ["empty_file"]


def test_a_log_is_known_by_the_beginning_of_its_name():
    assert form_of("Shifts May 2024").name == "shifts"
    assert form_of("conduct-reports").name == "conduct_reports"
    assert form_of("shiftwork") is None and form_of("Notes") is None
