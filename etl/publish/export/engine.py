"""The evaluation's own source, shipped with the data: the intervals that no other library has."""

from __future__ import annotations

from pathlib import Path

import evaluation

FOLDER = Path(evaluation.__file__).resolve().parent


def files() -> dict[str, str]:
    """{path in the package: text} of every module of `evaluation`, and the licence of the code."""
    texts = {
        f"engine/evaluation/{path.relative_to(FOLDER).as_posix()}": path.read_text(encoding="utf-8")
        for path in sorted(FOLDER.rglob("*.py"))
    }
    texts["engine/LICENSE"] = (FOLDER.parent / "LICENSE").read_text(encoding="utf-8")
    return texts
