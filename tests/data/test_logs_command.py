"""`python -m etl.logs`: what a data steward sees."""

from __future__ import annotations

import pandas as pd
import pytest

from etl.logs import __main__ as command
from tests.data.simulated_city import LOGS, areas


@pytest.fixture(autouse=True)
def known_areas(monkeypatch) -> None:
    monkeypatch.setattr(
        command, "_areas", lambda city: areas() if city == "simulated-city" else pd.DataFrame()
    )


def test_check_counts_every_row_and_names_what_is_wrong(capsys, tmp_path):
    (tmp_path / "conduct_reports.csv").write_bytes((LOGS / "conduct_reports.csv").read_bytes())
    (tmp_path / "providers.csv").write_bytes((LOGS / "providers.csv").read_bytes())
    assert command.main(["check", str(tmp_path), "--program", "simulated-outreach"]) == 1
    shown = capsys.readouterr().out
    assert "conduct_reports.csv: 46 rows, 43 accepted, 3 set aside" in shown
    assert "column provider: no provider has this name. Use the short name of the providers log." in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["check", "nowhere.csv", "--program", "simulated-outreach"],
            "nowhere.csv: there is no such file or folder",
        ),
        (["check", str(LOGS), "--program", "nobody"], "There is no program nobody. Known are"),
    ],
)
def test_a_wrong_call_gets_one_line_and_exit_status_2(arguments, says, capsys):
    assert command.main(arguments) == 2
    said = capsys.readouterr()
    assert said.err.startswith(says) and said.err.count("\n") == 1 and said.out == ""


def test_templates_are_written_where_asked(tmp_path, capsys):
    assert command.main(["templates", "--out", str(tmp_path / "blank")]) == 0
    assert len(list((tmp_path / "blank").iterdir())) == 14
    assert capsys.readouterr().out.count("\n") == 14
