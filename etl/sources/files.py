"""Which files of the data folders belong to which source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from etl.problems import BadInput, Problem
from etl.source_settings import Source

READ_ENDINGS = (".csv", ".csv.gz", ".csv.zip", ".zip", ".gz", ".xls", ".xlsx", ".parquet")


def check_folders(folders: Sequence[Path]) -> None:
    """Raise BadInput for a folder that is not there or holds nothing."""
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(Problem(str(folder), "there is no such folder", "Check --data."))
        if not any(folder.iterdir()):
            raise BadInput(Problem(str(folder), "the folder is empty", "Put the exported files there."))


def files_of(source: Source, folder: Path) -> list[Path]:
    """Files of a source in one folder, in the order they are loaded.

    A pattern such as `incidents/murder*.csv` is looked for under the folder, and by its last part in
    the folder itself, so that a flat folder of exports works as well.
    """
    found: dict[Path, None] = {}
    for pattern in source.files:
        # What ships with the project goes by its whole path only: a bare areas.csv could be anyone's.
        shipped = pattern.startswith("data/")
        for variant in (pattern,) if shipped else dict.fromkeys((pattern, PurePosixPath(pattern).name)):
            for ending in ("", ".gz", ".zip"):
                for path in sorted(folder.glob(variant + ending)):
                    if path.is_file():
                        found[path] = None
    return list(found)


def unclaimed(folders: Sequence[Path], claimed: set[Path]) -> list[Path]:
    """Readable files directly in the folders that no source has claimed."""
    return [
        path
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name.lower().endswith(READ_ENDINGS) and path not in claimed
    ]
