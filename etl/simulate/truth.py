"""Writes down what was planted: `truth.toml`, the answer key of the invented city."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from etl.simulate import incidents, rates
from etl.simulate.places import CITY, CITY_NAME, QUIET, TREATED, treated_from


def planted_ratio(expected: pd.DataFrame, first: str, last: str) -> float:
    """Ratio of expected counts with the program to those without, summed over treated area-months.

    `expected` has the effect inside; a neighborhood counts from its own first month on. Nine decimals.
    """
    ratio = rates.effect_ratio()
    starts = treated_from()
    with_program = without = 0.0
    for area, start in starts.items():
        window = slice(max(first, start), last)
        with_program += float(expected.loc[window, area].sum())
        without += float((expected.loc[window, area] / ratio.loc[window, area]).sum())
    return round(with_program / without, 9)


def truth_text(
    seed: int, expected: pd.DataFrame, cases: pd.DataFrame, faults: list[tuple[str, str, str]], canaries: int
) -> str:
    """The whole file as TOML text. `cases` are the shootings before faults were planted."""
    lines = [
        "# What was planted in the invented city, written by `python -m etl.simulate`. Do not edit.",
        "simulated = true",
        f'city = "{CITY}"',
        f'city_name = "{CITY_NAME}"',
        f"seed = {seed}",
        f'first_month = "{rates.FIRST_MONTH}"',
        f'last_month = "{rates.LAST_MONTH}"',
        "",
        "# Ratio of expected gunshot incidents to what would have come without the program, in treated areas.",
        "[effect]",
    ]
    for name, period in _periods().items():
        lines.append(
            f'{name} = {{ first_month = "{period[0]}", last_month = "{period[1]}", rate_ratio = {period[2]} }}'
        )
    lines += [
        f'pilot_in = ["{rates.PILOT_COMMUNITY}"]',
        f"partial_return_in = {_list(rates.RETURNED_COMMUNITIES)}",
        f"realized_contracted = {planted_ratio(expected, rates.CONTRACTED[0], rates.CONTRACTED[1])}",
        f"shots_fired_call_contracted = {round(rates.CONTRACTED[2] ** rates.SHOTS_FIRED.effect_power, 6)}",
        "robbery = 1.0",
        "domestic_aggravated_assault = 1.0",
        "",
        "# First contracted month by community; all three neighborhoods of each start together.",
        "[waves]",
        *[f'{community} = "{start}"' for community, start in TREATED],
        "",
        "[places]",
        f"quiet_neighborhoods = {_list(QUIET)}",
        "",
        "[shock]",
        f'first_month = "{rates.SHOCK_MONTH}"',
        f"rate_ratio_at_start = {1 + rates.SHOCK_SIZE}",
        f"half_life_months = {rates.SHOCK_HALF_LIFE_MONTHS}",
        "",
        "# Autocorrelation and stationary standard deviation (log scale) of the AR(1) shocks.",
        "[noise]",
    ]
    noise = rates.Noise()
    for name in ("city", "community", "neighborhood"):
        lines.append(f"{name} = {list(getattr(noise, name))}")
    lines += [
        f"gamma_variance = {noise.gamma_variance}",
        "",
        "# Police records as they should come out.",
        "[records]",
    ]
    year = cases["occurred_at"].str[:4]
    lines += [
        "# In the file, which ends with eight days of January 2026; the years below are whole.",
        f"shootings = {len(cases)}",
        f"victims = {int(cases['victims'].sum())}",
        f"duplicate_rows = {incidents.DUPLICATED_ROWS}",
        f"blank_neighborhoods = {incidents.BLANK_NEIGHBORHOODS}",
        "",
        "[records.shootings_by_occurred_year]",
        *[
            f'"{at}" = {count}'
            for at, count in sorted((str(at), int(count)) for at, count in year.value_counts().items())
            if at < "2026"
        ],
        "",
        "# Rows of `planted_faults.csv` by file and reason.",
    ]
    counts = Counter((file, reason) for file, _, reason in faults)
    for file in sorted({file for file, _ in counts}):
        lines.append(f'[faults."{file}"]')
        lines += [f"{reason} = {number}" for (at, reason), number in sorted(counts.items()) if at == file]
        lines.append("")
    lines += [
        "[canaries]",
        "# Notes that carry a word which must never leave the private store.",
        f"notes = {canaries}",
    ]
    return "\n".join(lines) + "\n"


def _periods() -> dict[str, tuple[str, str, float]]:
    return {
        "pilot": rates.PILOT,
        "contracted": rates.CONTRACTED,
        "payment_gap": rates.PAYMENT_GAP,
        "withdrawn": rates.WITHDRAWN,
        "partial_return": rates.PARTIAL_RETURN,
    }


def _list(values: tuple[str, ...] | np.ndarray) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"
