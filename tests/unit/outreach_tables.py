"""Random and hand-made tables of exact outreach counts, in the shape that `disclosure.protect` takes."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import strategies as st


def activity(
    counts: object,
    areas: list[str] | None = None,
    geography: str = "ward",
    period_kind: str = "quarter",
    attribute: str = "outcome",
    start: str = "2024-01-01",
    measure: str = "mediation",
) -> pd.DataFrame:
    """Rows of an array area × period × attribute value."""
    array = np.asarray(counts)
    areas = areas or [str(number + 1) for number in range(array.shape[0])]
    step = {"month": "MS", "quarter": "QS", "year": "YS"}[period_kind]
    periods = pd.date_range(start, periods=array.shape[1], freq=step)
    values = [f"v{number}" for number in range(array.shape[2])] if attribute != "all" else ["all"]
    rows = [
        (areas[i], periods[j], values[k], array[i, j, k])
        for i, j, k in itertools.product(*(range(size) for size in array.shape))
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "attribute_value", "n"])
    return frame.assign(
        city="simulated-city",
        program="simulated-outreach",
        geography=geography,
        period_kind=period_kind,
        measure=measure,
        attribute=attribute,
        simulated=True,
    )


def counts_of(draw: st.DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    """Small counts are the rule in outreach logs: most draws are under 15, some are large."""
    cell = st.one_of(st.integers(0, 3), st.integers(0, 15), st.integers(10, 60))
    size = int(np.prod(shape))
    return np.array(draw(st.lists(cell, min_size=size, max_size=size))).reshape(shape)


@st.composite
def activity_tables(draw: st.DrawFn) -> pd.DataFrame:
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    return activity(counts_of(draw, shape))
