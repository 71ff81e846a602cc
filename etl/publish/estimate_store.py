"""Estimates that need not be made again: kept by the hash of everything they depend on.

The key is the SHA-256 of the program file, the counts, the areas, the neighbor pairs and the source
text of `evaluation/`. Change one of them and the key, and so the estimates, are new. The estimates of
the shipped counts are kept in `data/estimates` (`python -m etl ship --estimates`), all others beside
the releases.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = PROJECT / "data" / "estimates"

Rows = dict[str, list[dict[str, Any]]]


class EstimateStore:
    """Looks in `folders` in order; keeps new estimates in the first."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self.used: list[Path] = []

    def key(
        self,
        program: Mapping[str, Any],
        panel: pd.DataFrame,
        areas: Mapping[str, pd.DataFrame],
        neighbors: Sequence[tuple[str, str]],
        extent: object,
    ) -> str:
        """SHA-256 of all that the estimates depend on; `extent`: which analyses, in which depth."""
        digest = hashlib.sha256(code_sha256().encode())
        digest.update(json.dumps([program, extent, neighbors], sort_keys=True, default=str).encode())
        for frame in (panel, *(areas[name] for name in sorted(areas))):
            digest.update(frame.to_csv(index=False).encode())
        return digest.hexdigest()

    def find(self, program: str, key: str) -> Rows | None:
        """Rows by table, or None when they have to be made."""
        for folder in self.folders:
            path = folder / f"{program}-{key[:16]}.json.gz"
            if path.is_file():
                kept = json.loads(gzip.decompress(path.read_bytes()))
                if kept["key"] == key:
                    self.used.append(path)
                    rows: Rows = kept["rows"]
                    return rows
        return None

    def keep(self, program: str, key: str, rows: Rows) -> None:
        """Keep rows under their key; earlier ones of the same program stay for older releases' sake."""
        folder = self.folders[0]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{program}-{key[:16]}.json.gz"
        aside = path.with_suffix(".part")
        text = json.dumps({"key": key, "rows": rows}, ensure_ascii=False, allow_nan=False)
        aside.write_bytes(gzip.compress(text.encode(), mtime=0))
        aside.replace(path)
        self.used.append(path)


@cache
def code_sha256() -> str:
    """SHA-256 over the Python files of `evaluation/` and of the step that stores its results."""
    digest = hashlib.sha256()
    files = sorted((PROJECT / "evaluation").rglob("*.py"))
    for path in [*files, Path(__file__).with_name("evaluate.py")]:
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
