"""The spec of each analysis as a file of its own: canonical JSON, one analysis a file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from etl.publish.export.provenance import canonical_json

SHARED_BLOCKS = ("phase", "catchment", "baseline")


@dataclass(frozen=True)
class SpecFile:
    """One analysis of one program. `text` is canonical JSON with a newline at its end."""

    program: str
    analysis: str
    text: str

    @property
    def name(self) -> str:
        safe = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{self.program}--{self.analysis}")
        return f"{safe}.json"


def specification_files(programs: list[dict[str, Any]]) -> list[SpecFile]:
    """Spec files of the rows of core_program: the analysis with what it refers to."""
    files = []
    for row in sorted(programs, key=lambda item: str(item["program"])):
        program = json.loads(row["program_json"])
        for analysis in program.get("analysis", []):
            content = {
                "program": row["program"],
                "city": row["city"],
                "simulated": bool(row["simulated"]),
                "analysis": analysis,
                **{block: program.get(block, []) for block in SHARED_BLOCKS},
            }
            files.append(SpecFile(str(row["program"]), str(analysis["id"]), canonical_json(content) + "\n"))
    return files
