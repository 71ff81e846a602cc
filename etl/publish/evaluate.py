"""Estimates of the fixed analyses into the release (filled in when the evaluation package has them)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb


def evaluate_programs(
    connection: duckdb.DuckDBPyConnection,
    programs: list[dict[str, Any]],
    progress: Callable[[str], None],
    quick: bool,
) -> None:
    """Write out_estimate and its companions. Without `evaluation.readings` the release has none."""
    progress("no estimates: evaluation.readings is not there yet")
