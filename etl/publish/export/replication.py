"""The files that recompute the estimates from the package alone, copied in as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from etl.publish.export.notebook import notebook

FOLDER = Path(__file__).resolve().parent / "replication_files"


def files(meta: dict[str, Any]) -> dict[str, str]:
    """{path in the package: text}: scripts for Python and R, their requirements, a notebook."""
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir()) if path.is_file()
    }
    texts["replicate.ipynb"] = notebook(str(meta["release_id"]))
    return texts
