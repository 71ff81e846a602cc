"""The scheduled build: tries again when the machine was at fault, says so when it gives up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from etl.schedule import Plan, run


def command(folder: Path, codes: list[int]) -> tuple[str, ...]:
    """A program that ends with the next of these codes each time it is run."""
    script = folder / "build.py"
    script.write_text(
        "import sys, pathlib\n"
        f"seen = pathlib.Path({str(folder / 'seen')!r})\n"
        "number = len(seen.read_text()) if seen.exists() else 0\n"
        "seen.write_text('x' * (number + 1))\n"
        f"code = {codes!r}[number]\n"
        "print('shifts.csv, row 7: no area has this name. Correct it.' if code == 2 else 'the disk is full', file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    return (sys.executable, str(script))


def notifier(folder: Path) -> str:
    script = folder / "notify"
    script.write_text(f"#!/bin/sh\nprintf '%s' \"$1\" > {folder / 'message'}\n")
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize(
    ("codes", "tried", "status", "waits"),
    [
        ([0], 1, 0, []),
        ([1, 0], 2, 0, [60]),
        ([1, 1, 1], 3, 1, [60, 120]),
        ([2], 1, 2, []),
        ([1, 2], 2, 2, [60]),
    ],
)
def test_it_tries_again_unless_the_input_is_at_fault(tmp_path, codes, tried, status, waits):
    waited: list[float] = []
    assert run(Plan(command(tmp_path, codes)), sleep=waited.append) == status
    assert (tmp_path / "seen").read_text() == "x" * tried
    assert waited == waits


def test_somebody_is_told_what_is_wrong_in_one_line(tmp_path):
    run(Plan(command(tmp_path, [2]), notify=notifier(tmp_path)))
    message = (tmp_path / "message").read_text()
    assert message == "The release was not built: shifts.csv, row 7: no area has this name. Correct it."


def test_nobody_is_told_when_all_is_well(tmp_path):
    run(Plan(command(tmp_path, [0]), notify=notifier(tmp_path)))
    assert not (tmp_path / "message").exists()


def test_a_message_is_an_argument_never_a_command(tmp_path):
    from etl.schedule import tell

    tell(notifier(tmp_path), f"$(touch {tmp_path / 'owned'}); `id`")
    assert not (tmp_path / "owned").exists()
    assert (tmp_path / "message").read_text().startswith("$(touch")


def test_a_notifier_that_is_not_there_is_said_and_not_raised(tmp_path, capsys):
    from etl.schedule import tell

    tell(str(tmp_path / "nobody"), "x")
    assert "could not be passed on" in capsys.readouterr().err
