"""What fuzzing once found stays mended, and a minute of every CI run looks for more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trust import fuzz

DOORS = {"upload": fuzz.upload, "log_rows": fuzz.log_rows, "socket_message": fuzz.socket_message}
FOUND = sorted(path for path in fuzz.FOUND.glob("*.bin") if path.name.split("-")[0] in DOORS)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_once_broke_a_door_no_longer_does(path: Path):
    DOORS[path.name.split("-")[0]](path.read_bytes())


@pytest.mark.slow
def test_a_minute_of_changed_inputs_breaks_no_door(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "FOUND", tmp_path / "found")
    assert fuzz.main(["--minutes", "1", "--seed", "1"]) == 0
