"""Rows of a benchmark beside a peer or a limit: `ratio` = ours / peer, below 1 we win."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ratio:
    """One measurement; `limit` is the ratio aimed for, None where the row only informs."""

    name: str
    ours: float
    peer: float
    ratio: float
    limit: float | None
    unit: str


def ratio(name: str, ours: float, peer: float, limit: float | None, unit: str) -> Ratio:
    return Ratio(name, round(ours, 4), round(peer, 4), round(ours / peer, 4), limit, unit)


def median_seconds(work: Callable[[], object], runs: int = 5, warm: int = 1) -> float:
    """Median wall time of `work` after `warm` runs that are not counted."""
    for _ in range(warm):
        work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def report(rows: list[Ratio], target: Path | None, details: object = None) -> None:
    """Print the table and, with `target`, write it as JSON; `details` are the raw figures behind the rows."""
    print(f"{'name':<52}{'ours':>10}{'peer':>10}{'ratio':>9}{'limit':>8}  unit")
    for row in rows:
        limit = "" if row.limit is None else f"{row.limit:g}"
        print(f"{row.name:<52}{row.ours:>10.4g}{row.peer:>10.4g}{row.ratio:>9.3g}{limit:>8}  {row.unit}")
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        written: dict[str, object] = {"rows": [asdict(row) for row in rows]}
        if details is not None:
            written["details"] = details
        target.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
