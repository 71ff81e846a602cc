"""A first notebook: open the tables, draw the series, recompute the headline estimates."""

from __future__ import annotations

import json

MARKDOWN, CODE = "markdown", "code"

CELLS = [
    (MARKDOWN, "# Release {release}\n\nEverything here reads the files beside this notebook, nothing else."),
    (
        CODE,
        "import pandas as pd\n\n"
        'monthly = pd.read_parquet("data/parquet/out_monthly.parquet")\n'
        'estimates = pd.read_parquet("data/parquet/out_estimate.parquet")\n'
        'print(f"{{len(monthly):,}} counts, {{len(estimates):,}} estimates")',
    ),
    (
        MARKDOWN,
        "The dictionary travels inside each Parquet file.",
    ),
    (
        CODE,
        "import json\n\nimport pyarrow.parquet as pq\n\n"
        'schema = pq.read_schema("data/parquet/out_monthly.parquet")\n'
        'dictionary = json.loads(schema.metadata[b"dictionary"])\n'
        'pd.DataFrame(dictionary["columns"])[["name", "type", "meaning"]]',
    ),
    (MARKDOWN, "Monthly counts of each city."),
    (
        CODE,
        "city = monthly.query(\"geography == 'city' and month_basis == 'occurred'\")\n"
        'city.pivot_table(index="month", columns=["city", "outcome", "unit"], values="count").tail(12)',
    ),
    (
        MARKDOWN,
        "The headline estimates. A rate ratio of 1 is no change; an interval that holds 1 cannot tell a fall\n"
        "from a rise.",
    ),
    (
        CODE,
        'columns = ["estimate_id", "rate_ratio", "lower_95", "upper_95", "interval_method", "verdict"]\n'
        "estimates.query(\"role == 'headline'\")[columns]",
    ),
    (MARKDOWN, "Recompute them from the counts and compare."),
    (CODE, "import replicate\n\nreplicate.report(replicate.replicate_all('.'))"),
]


def notebook(release_id: str) -> str:
    """Jupyter notebook (nbformat 4.5) as JSON, cells not run."""
    cells = []
    for number, (kind, source) in enumerate(CELLS):
        text = source.format(release=release_id)
        cell: dict[str, object] = {
            "cell_type": kind,
            "id": f"cell-{number:02d}",
            "metadata": {},
            "source": text.splitlines(keepends=True),
        }
        if kind == CODE:
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    content = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
