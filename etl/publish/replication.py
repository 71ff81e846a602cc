"""New York as a public replication: the published panel on the precincts' counts, beside our own estimate on the same data.

The published analysis (Avram and others 2024) is a Poisson regression of shooting victims by precinct and year with
precinct and year effects; precincts that start in 2019 or later are left out of the years to 2019.
"""

from __future__ import annotations

import json
import math
from typing import Any

import duckdb
import numpy as np

from etl.publish.rows import insert_rows
from etl.statements import load_statements
from evaluation.designs.cluster_errors import clustered, hc1
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.two_way_poisson import fit_two_way_poisson

PROGRAM = "cure-violence-new-york"
PUBLISHED_RESULT = "avram-2024.before-covid"
# The errors of the publication are not clustered; those of the evidence library are.
PUBLISHED_ERROR = 0.042
LAST_YEAR = 2019
READINGS = ("published_starts", "early_75_77", "without_75_77")
Z = 1.959963984540054


def write_replication(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill out_replication. Reads out_monthly, out_published_result, out_estimate and core_program; nothing without them."""
    loaded = connection.execute(
        "SELECT city, program_json FROM core_program WHERE program = ?", [PROGRAM]
    ).fetchone()
    if loaded is None:
        return
    city, program = str(loaded[0]), json.loads(loaded[1])
    rows: list[dict[str, Any]] = []
    published = connection.execute(
        "SELECT log_rate_ratio FROM out_published_result WHERE result = ?", [PUBLISHED_RESULT]
    ).fetchone()
    if published:
        rows.append(_row("published", float(published[0]), PUBLISHED_ERROR))
    counts = yearly_counts(connection, city)
    if counts[0]:
        for entry in program.get("catchment", []):
            if entry["id"] not in READINGS:
                continue
            coefficient, robust, by_precinct, cells = same_method(counts, entry)
            prefix = "" if entry.get("headline") else f"/{entry['id']}"
            if not prefix:
                rows.append(_row("same_method", coefficient, robust, cells))
            rows.append(_row(f"same_method_clustered{prefix}", coefficient, by_precinct, cells))
    base = f"{PROGRAM}/gunshot_victims_2006_2019"
    found = connection.execute(
        load_statements("publish")["replication_estimates"].text, {"base": base}
    ).fetchall()
    for catchment, headline, ratio, lower, upper in found:
        step = "own_estimate" if headline else f"own_estimate/{catchment}"
        rows.append(
            {
                "step": step,
                "log_rate_ratio": math.log(ratio),
                "rate_ratio": ratio,
                "lower_95": lower,
                "upper_95": upper,
            }
        )
    insert_rows(
        connection,
        "out_replication",
        [{"program": PROGRAM, "city": city, "position": place, **row} for place, row in enumerate(rows, 1)],
    )


def yearly_counts(
    connection: duckdb.DuckDBPyConnection, city: str
) -> tuple[list[str], list[int], np.ndarray]:
    """Precincts, years to LAST_YEAR, and shooting victims by precinct and year."""
    found = connection.execute(
        load_statements("publish")["replication_counts"].text, {"city": city, "last": LAST_YEAR}
    )
    rows = found.fetchall()
    areas, years = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    table = np.zeros((len(areas), len(years)))
    for area, year, count in rows:
        table[areas.index(area), years.index(year)] = count
    return areas, years, table


def same_method(
    counts: tuple[list[str], list[int], np.ndarray], catchment: dict[str, Any]
) -> tuple[float, float, float, int]:
    """Log rate, error as published (HC1), error clustered by precinct, cells. An area is treated from its start year on."""
    areas, years, table = counts
    starts = {area: int(month[:4]) for area, month in catchment["starts"].items()}
    kept = [
        place
        for place, area in enumerate(areas)
        if starts.get(area, 0) < LAST_YEAR and area not in catchment.get("leave_out", [])
    ]
    names = tuple(areas[place] for place in kept)
    first = np.array([starts[name] - years[0] if name in starts else NEVER for name in names], dtype=np.int64)
    panel = Panel(names, tuple(str(year) for year in years), table[kept], first, names)
    fit = fit_two_way_poisson(panel.counts, panel.treatment)
    robust, cells, _ = hc1(fit, panel.counts)
    by_precinct, _ = clustered(fit, panel.counts, panel.clusters)
    return float(fit.coefficient[0]), float(robust), float(by_precinct), int(cells)


def _row(step: str, coefficient: float, error: float, cells: int | None = None) -> dict[str, Any]:
    return {
        "step": step,
        "log_rate_ratio": coefficient,
        "standard_error": error,
        "rate_ratio": math.exp(coefficient),
        "lower_95": math.exp(coefficient - Z * error),
        "upper_95": math.exp(coefficient + Z * error),
        "cells": cells,
    }
