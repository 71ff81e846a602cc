"""Made-up monthly counts for the tests of single-series designs."""

import numpy as np
import pandas as pd

from evaluation.spec import Spec, parse_spec


def monthly_counts(
    months: int = 60, mean: float = 20.0, start: str = "2018-01", effect: float = 0.0, seed: int = 7
) -> pd.DataFrame:
    """Independent Poisson counts with a trend and seasons; `effect` (log) over the last two fifths."""
    random = np.random.default_rng(seed)
    position = np.arange(months)
    after = position >= round(0.6 * months)
    log_mean = np.log(mean) - 0.004 * position + 0.25 * np.sin(2 * np.pi * position / 12) + effect * after
    dates = pd.period_range(start, periods=months, freq="M")
    return pd.DataFrame({"month": dates.strftime("%Y-%m"), "victims": random.poisson(np.exp(log_mean))})


def spec(start: str = "2021-01", data: dict | None = None, **analysis: object) -> Spec:
    """A spec for `monthly_counts`; further keys of either table by name."""
    return parse_spec(
        {
            "data": {"date": "month", "outcome": "victims", **(data or {})},
            "analysis": {"start": start, "harmonics": 1, **analysis},
        }
    )
