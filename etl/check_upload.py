"""`python -m etl.check_upload FILE PROGRAM`: check one uploaded log and say what was found, as JSON.

Run by the inbox in a bounded child process. Reads the program's settings, the areas of the release in use and the
providers known so far; writes nothing. Cells of the log are not repeated in the answer.
"""

from __future__ import annotations

import json
import secrets
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etl import warehouse
from etl.inbox import ROOT, Inbox
from etl.logs.findings import REASONS, Finding
from etl.logs.load import load_logs
from etl.problems import BadInput, Problem
from etl.upload_content import kind_of

MOST_FINDINGS = 2000


def check(file: Path, program_id: str) -> dict[str, Any]:
    """Rows read, rows usable, findings and, where the whole file is refused, the reason. Raises BadInput."""
    kind_of(file, file.name)
    program = _program(program_id)
    areas = warehouse.open_release().query("areas", city=program["city"])
    # Ids are hashed with a key of this run only: nothing that the check makes is kept.
    key = secrets.token_bytes(32)
    known = load_logs(_provider_files(program), program, areas, key=key).frames["core_provider"]
    names = list(zip(known["provider"].astype(str), known["name"].astype(str), strict=True))
    loaded = load_logs(file, program, areas, names, key=key)
    refused = next((finding for finding in loaded.findings if finding.severity == "refused"), None)
    return {
        "rows_read": loaded.rows,
        "rows_usable": loaded.accepted,
        "findings": [_entry(finding) for finding in loaded.findings[:MOST_FINDINGS]],
        "left_out": max(0, len(loaded.findings) - MOST_FINDINGS),
        "reason": REASONS[refused.reason].says if refused else "",
    }


def _entry(finding: Finding) -> dict[str, Any]:
    return {
        "row": finding.row,
        "column": finding.column,
        "reason": REASONS[finding.reason].says,
        "what_to_do": finding.what_to_do,
        "is_rejected": finding.severity != "warning",
    }


def _program(program_id: str) -> Mapping[str, Any]:
    path = ROOT / "data" / "programs" / f"{program_id}.toml"
    if not path.is_file():
        raise BadInput(Problem(program_id, "there is no such program", "Choose one from the list."))
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _provider_files(program: Mapping[str, Any]) -> list[Path]:
    accepted = Inbox(warehouse.home()).accepted()
    files = [
        path
        for upload, path in accepted
        if upload.log == "providers" and upload.program == program["program"]
    ]
    folder = program.get("logs", {}).get("folder")
    shipped = ROOT / folder / "providers.csv" if folder else None
    return files + ([shipped] if shipped is not None and shipped.is_file() else [])


def main(arguments: list[str]) -> int:
    """Print the answer. Exit status 0; 1 where the file or the release could not be read."""
    file, program_id = arguments
    try:
        answer = check(Path(file), program_id)
    except BadInput as error:
        answer = {"rows_read": 0, "rows_usable": 0, "findings": [], "reason": error.problems[0].reason}
    except warehouse.ReleaseError:
        answer = {"rows_read": 0, "rows_usable": 0, "findings": []}
        answer["reason"] = "no release is there to check it against; build one first"
    print(json.dumps(answer))
    return 1 if answer["reason"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
