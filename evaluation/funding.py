"""What money bought, as far as it can be said: cost for each unit, break-even, the next review.

Amounts are US dollars as published, not adjusted for prices. Where an interval of shootings averted
includes none, no cost for each one averted is stated: dividing by it would have no bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from scipy import optimize, stats

Status = Literal["stated", "cannot_be_stated", "no_data"]


@dataclass(frozen=True)
class Figure:
    """One figure of a funding review. `reason` is a code: why not stated, or the caveat."""

    status: Status
    reason: str
    value: float | None = None
    lower_95: float | None = None
    upper_95: float | None = None
    inputs: dict[str, float | None] = field(default_factory=dict)


def cost_per_unit(amount_usd: float, units: float | None, reason: str = "simple_division") -> Figure:
    """Dollars for each unit of work (shift hour, mediation, call)."""
    if units is None:
        return Figure("no_data", "units_not_published", inputs={"amount_usd": amount_usd})
    inputs: dict[str, float | None] = {"amount_usd": amount_usd, "units": units}
    if units <= 0:
        return Figure("cannot_be_stated", "no_units", inputs=inputs)
    return Figure("stated", reason, amount_usd / units, inputs=inputs)


def cost_per_averted(amount_usd: float, averted: float, interval_95: tuple[float, float]) -> Figure:
    """Dollars for each shooting averted, the whole interval carried through.

    `averted` and `interval_95` are counts; negative means more than expected. Stated only when the
    whole interval lies above none: amount / upper to amount / lower.
    """
    lower, upper = interval_95
    inputs: dict[str, float | None] = {
        "amount_usd": amount_usd,
        "averted": averted,
        "averted_lower_95": lower,
        "averted_upper_95": upper,
        # The cheapest the data allow; there is no dearest when the interval reaches none.
        "at_least_usd": amount_usd / upper if upper > 0 else None,
    }
    if not all(math.isfinite(value) for value in (amount_usd, averted, lower, upper)):
        raise ValueError("cost per averted needs finite numbers")
    if upper <= 0:
        return Figure("cannot_be_stated", "more_than_expected", inputs=inputs)
    if lower <= 0 or not math.isfinite(amount_usd / lower):
        return Figure("cannot_be_stated", "interval_includes_none", inputs=inputs)
    return Figure(
        "stated", "interval_carried", amount_usd / averted, amount_usd / upper, amount_usd / lower, inputs
    )


def break_even(amount_usd: float, cost_of_a_shooting_usd: float, expected: float | None) -> Figure:
    """Shootings that must be averted for the money to equal the cost of the shootings averted.

    The value is in shootings. `inputs["percent_of_expected"]` is the fall that takes, against
    `expected` shootings in the period that the money pays for; over 100 it cannot be reached.
    """
    if amount_usd <= 0 or cost_of_a_shooting_usd <= 0:
        raise ValueError("break-even needs a positive amount and a positive cost of a shooting")
    averted = amount_usd / cost_of_a_shooting_usd
    inputs: dict[str, float | None] = {
        "amount_usd": amount_usd,
        "cost_of_a_shooting_usd": cost_of_a_shooting_usd,
        "expected": expected,
        "percent_of_expected": 100 * averted / expected if expected else None,
    }
    reason = "cannot_be_reached" if expected and averted > expected else "assumed_cost_of_a_shooting"
    return Figure("stated", reason, averted, inputs=inputs)


@dataclass(frozen=True)
class TwoPeriods:
    """What a comparison of two periods has to go on.

    `monthly`: events a month to be expected. `dispersion`: variance over that of pure chance.
    `autocorrelation`: of neighboring months. `comparison_monthly`: events a month in comparison
    areas, None without any. A best case: it takes the expectation as known but for chance.
    """

    monthly: float
    months_before: int
    months_after: int
    dispersion: float = 1.0
    autocorrelation: float = 0.0
    comparison_monthly: float | None = None

    def __post_init__(self) -> None:
        if self.monthly <= 0 or self.months_before < 1 or self.months_after < 1:
            raise ValueError("needs events and at least one month on each side")
        if self.dispersion <= 0 or not -1 < self.autocorrelation < 1:
            raise ValueError("needs dispersion > 0 and autocorrelation between -1 and 1")
        if self.comparison_monthly is not None and self.comparison_monthly <= 0:
            raise ValueError("comparison areas need events")

    def error(self, log_ratio: float) -> float:
        """Standard error of the log rate ratio when the true one is `log_ratio` (delta method)."""
        inverse = 1 / (self.monthly * self.months_before)
        inverse += math.exp(-log_ratio) / (self.monthly * self.months_after)
        if self.comparison_monthly is not None:
            inverse += 1 / (self.comparison_monthly * self.months_before)
            inverse += 1 / (self.comparison_monthly * self.months_after)
        repeat = (1 + self.autocorrelation) / (1 - self.autocorrelation)
        return math.sqrt(self.dispersion * repeat * inverse)


def smallest_visible_change(periods: TwoPeriods, power: float = 0.80) -> float | None:
    """Smallest fall, in percent below expected, that a two-sided 5 % test sees with `power`.

    None when not even a fall to nearly nothing would be seen.
    """
    reach = float(stats.norm.ppf(0.975) + stats.norm.ppf(power))

    def shortfall(log_ratio: float) -> float:
        return log_ratio + reach * periods.error(log_ratio)

    # Convex in log_ratio, positive at 0: where it first falls under 0 a change becomes visible.
    deepest = float(optimize.minimize_scalar(shortfall, bounds=(-12.0, 0.0), method="bounded").x)
    if shortfall(deepest) >= 0:
        return None
    return 100 * (1 - math.exp(float(optimize.brentq(shortfall, deepest, 0.0))))


def power_to_see(periods: TwoPeriods, percent_fall: float) -> float:
    """Chance that a two-sided 5 % test sees a true fall of `percent_fall` percent."""
    if not 0 < percent_fall < 100:
        raise ValueError("a fall lies between 0 and 100 percent")
    log_ratio = math.log1p(-percent_fall / 100)
    return float(stats.norm.cdf(-log_ratio / periods.error(log_ratio) - stats.norm.ppf(0.975)))
