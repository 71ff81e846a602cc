"""Runs a spec of tests/published/specs through the command line, as a stranger would."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluation.__main__ import main

SPECS = Path(__file__).parent / "specs"


@pytest.fixture
def run_spec(capsys: pytest.CaptureFixture[str]) -> Callable[[str], dict[str, Any]]:
    """run_spec(name): the JSON that `python -m evaluation run NAME.toml --json` prints."""

    def run(name: str) -> dict[str, Any]:
        spec = SPECS / f"{name}.toml"
        file = spec.parent / tomllib.loads(spec.read_text(encoding="utf-8"))["data"]["file"]
        if not file.exists():
            pytest.skip(f"needs {file.name} in the folder of shared data beside the project")
        status = main(["run", str(spec), "--json"])
        printed = capsys.readouterr()
        assert status == 0, printed.err
        assert printed.err == ""
        found: dict[str, Any] = json.loads(printed.out)
        return found

    return run
