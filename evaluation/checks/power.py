"""What this series could have shown: smallest detectable change, power, exaggeration (shown before the result)."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evaluation.checks.headline import Figures, outcome_of
from evaluation.result import Check

TRUE_CHANGE = np.log(0.8)  # the effect that evaluations of outreach elsewhere would lead one to hope for
POWER_ERRORS = 1.96 + 0.8416
USEFUL = 0.20


def minimum_detectable_effect(error: float) -> Check:
    """Smallest fall and rise seen with 80 % power, power against a true −20 %, exaggeration and wrong signs.

    error: standard error on the log scale as the default interval has it. Exaggeration (type M) and
    wrong-sign (type S) as in Gelman and Carlin (2014), for an estimate whose 95 % interval excludes none.
    Fails when the smallest fall is over 20 %.
    """
    fall = 100 * (1 - np.exp(-POWER_ERRORS * error))
    power, exaggeration, wrong = type_m_and_s(TRUE_CHANGE, error)
    figures: Figures = {
        "standard_error": error,
        "smallest_fall_percent": float(fall),
        "smallest_rise_percent": float(100 * (np.exp(POWER_ERRORS * error) - 1)),
        "power_at_minus_20_percent": power,
        "exaggeration_at_minus_20_percent": exaggeration,
        "wrong_sign_at_minus_20_percent": wrong,
    }
    return outcome_of("minimum_detectable_effect", fall > 100 * USEFUL, "cannot_see_twenty_percent", figures)


def type_m_and_s(true: float, error: float) -> tuple[float, float, float]:
    """Power of a two-sided 5 % test, mean exaggeration and share of wrong signs among what it rejects.

    Closed form for a normal estimate around `true` (Lu, Qiu and Deng 2019).
    """
    z, critical = true / error, 1.959964
    lower, upper = stats.norm.cdf(-critical - z), stats.norm.sf(critical - z)
    power = lower + upper
    wrong = (upper if true < 0 else lower) / power
    size = stats.norm.pdf(critical - z) + stats.norm.pdf(critical + z) + z * (upper - lower)
    return float(power), float(size / (abs(z) * power)), float(wrong)


def confounder_tipping_point(rate_ratio: float, interval_95: tuple[float, float]) -> Check:
    """E-values: how strongly an unseen cause would have to be tied to both groups and outcome (VanderWeele
    and Ding 2017), for the estimate and for the end of the interval nearest to no change.

    Fails when the interval already includes no change: then nothing unseen is needed.
    """
    lower, upper = interval_95
    near = upper if rate_ratio < 1 else lower
    includes = lower <= 1 <= upper
    figures: Figures = {
        "e_value": _e_value(rate_ratio),
        "e_value_of_interval": 1.0 if includes else _e_value(near),
        "differential_shock_percent": 100 * (1 / rate_ratio - 1),
    }
    return outcome_of("confounder_tipping_point", includes, "interval_includes_none", figures)


def _e_value(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))
