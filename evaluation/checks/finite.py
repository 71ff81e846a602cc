"""Figures of a check as plain numbers: JSON has no NaN, no infinity and none of NumPy's types."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from evaluation.result import Check


def finite(check: Check) -> Check:
    """The check with plain whole and decimal numbers; None where a figure is not finite."""
    figures: dict[str, float | int | None] = {}
    for name, value in check.figures.items():
        number = value.item() if isinstance(value, np.generic) else value
        if isinstance(number, float) and not math.isfinite(number):
            number = None
        figures[name] = number
    return replace(check, figures=figures)
