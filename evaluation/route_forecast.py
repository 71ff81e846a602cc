"""Next month's shootings by small area, and how well that would have gone in months held back.

Never for a person: only counts of areas go in, only expected counts of areas come out. The model is as simple as the
record allows: the level of the whole city (recent months weigh most) times its season times the share of each area
(discounted counts drawn toward the mean of all areas). Two settings, how fast level and shares are forgotten, are chosen
on months before those held back. Every forecast uses earlier months only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.hot_spots import spread_between_areas
from evaluation.route_accuracy import expected_inside, top_tenth

Floats = NDArray[np.float64]
Method = Literal["model", "last_year", "last_quarter", "same_everywhere"]

METHODS: tuple[Method, ...] = ("model", "last_year", "last_quarter", "same_everywhere")
HELD_BACK = 36
TUNING = 18
FIRST_USED = 18  # months needed before the first forecast
LEVEL_HALF_LIVES = (3.0, 6.0, 12.0)
SHARE_HALF_LIVES = (6.0, 12.0, 24.0, 48.0, math.inf)
BINS = 8
_MOST_PARTS = 1e6


@dataclass(frozen=True)
class Settings:
    """Half-lives in months of the city's level and of the areas' shares; `noise` of the level (squared, relative)."""

    level_half_life: float
    share_half_life: float
    noise: float = 0.0


@dataclass(frozen=True)
class Forecast:
    """Expected counts of one month by area, and the shape of their negative binomial distribution."""

    expected: Floats
    shape: Floats

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Interval of the count itself; whole numbers, so it holds at least `level`."""
        chance = self.shape / (self.shape + self.expected)
        tail = (1 - level) / 2
        return (
            np.asarray(stats.nbinom.ppf(tail, self.shape, chance)),
            np.asarray(stats.nbinom.ppf(1 - tail, self.shape, chance)),
        )

    def chance_of_any(self) -> Floats:
        """Probability of at least one event."""
        return np.asarray(1 - (self.shape / (self.shape + self.expected)) ** self.shape)


@dataclass(frozen=True)
class Score:
    """How a method did over the months held back.

    in_top            share of the events that fell in the tenth of areas it expected most in
    deviance          Poisson deviance a month: lower is better
    worse_by          mean of its monthly deviance minus the model's, with 95 % interval (t, months as units)
    observed_over_expected   events counted over events expected
    slope             calibration slope: 1 is right, under 1 says high areas are expected too high
    coverage_80       share of area-months inside the 80 % interval; model only
    """

    method: Method
    in_top: float
    deviance: float
    worse_by: float
    worse_by_95: tuple[float, float]
    observed_over_expected: float
    slope: float
    coverage_80: float | None = None


@dataclass(frozen=True)
class Bin:
    """Area-months with alike expectation, about as many expected events in each bin."""

    area_months: int
    expected: float
    observed: int
    lower_95: float
    upper_95: float


@dataclass(frozen=True)
class Validation:
    """Months held back, what each method made of them, calibration of the model."""

    first: int
    months: int
    events: int
    areas: int
    top: int
    settings: Settings
    scores: tuple[Score, ...]
    bins: tuple[Bin, ...]


def forecast(counts: Floats, month_of_year: NDArray[np.int64], settings: Settings) -> Forecast:
    """Forecast of the month that follows the last row of `counts` (months × areas).

    `month_of_year` (1..12) has one entry more than `counts`: the last is the month forecast.
    Raises ValueError with under a year and a half of months, or no event.
    """
    y = np.asarray(counts, dtype=float)
    months, areas = y.shape
    if months < FIRST_USED or len(month_of_year) != months + 1:
        raise ValueError(f"a forecast needs at least {FIRST_USED} months and the month to forecast")
    totals = y.sum(axis=1)
    if totals.sum() <= 0:
        raise ValueError("a forecast needs an event")
    season = _season(totals, np.asarray(month_of_year))
    age = np.arange(months - 1, -1, -1, dtype=float)
    recent = 0.5 ** (age / settings.level_half_life)
    level = float((recent * totals).sum() / (recent * season[:-1]).sum())
    remembered = (
        0.5 ** (age / settings.share_half_life) if math.isfinite(settings.share_half_life) else age * 0 + 1
    )
    discounted = remembered @ y
    alike = np.full(areas, discounted.sum() / areas)
    shape = min(spread_between_areas(discounted, alike), _MOST_PARTS)
    relative = (shape + discounted) / (shape + alike)
    own_shape = shape + discounted
    expected = level * season[-1] * relative / relative.sum()
    return Forecast(expected, 1 / (1 / own_shape + settings.noise))


def baseline(counts: Floats, method: Method) -> Floats:
    """Expected counts of next month by a plain rule: the monthly mean of the last year or quarter, or the same everywhere.

    Half an event is added to every area and the city's total kept, so that no area is expected to have none at all.
    """
    y = np.asarray(counts, dtype=float)
    window = {"last_year": 12, "last_quarter": 3, "same_everywhere": 12}[method]
    recent = y[-window:].sum(axis=0)
    if method == "same_everywhere":
        return np.full(y.shape[1], max(recent.sum(), 0.5) / window / y.shape[1])
    return np.asarray((recent + 0.5) * (max(recent.sum(), 0.5) / (recent + 0.5).sum()) / window)


def choose_settings(counts: Floats, month_of_year: NDArray[np.int64], months: int = TUNING) -> Settings:
    """Half-lives with the lowest deviance over the last `months` months of `counts`, and the noise of the level there."""
    y = np.asarray(counts, dtype=float)
    first = max(FIRST_USED, len(y) - months)
    if first >= len(y):
        raise ValueError("too few months to choose settings on")
    found: list[tuple[float, Settings, Floats]] = []
    for level in LEVEL_HALF_LIVES:
        for share in SHARE_HALF_LIVES:
            settings = Settings(level, share)
            made = np.array(
                [forecast(y[:at], month_of_year[: at + 1], settings).expected for at in range(first, len(y))]
            )
            found.append((float(deviance(y[first:], made).sum()), settings, made))
    _, best, made = min(found, key=lambda item: item[0])
    totals, expected = y[first:].sum(axis=1), made.sum(axis=1)
    noise = float((((totals - expected) ** 2 - expected) / expected**2).mean())
    return Settings(best.level_half_life, best.share_half_life, max(0.0, noise))


def validate(counts: Floats, month_of_year: NDArray[np.int64], held_back: int = HELD_BACK) -> Validation:
    """Forecast each of the last `held_back` months from the months before it, and compare with the plain rules.

    `month_of_year` has one entry for each row of `counts`. Raises ValueError when too few months are left to learn from.
    """
    y = np.asarray(counts, dtype=float)
    first = len(y) - held_back
    if first < FIRST_USED + TUNING:
        raise ValueError(f"validation needs {FIRST_USED + TUNING} months before the {held_back} held back")
    settings = choose_settings(y[:first], month_of_year[: first + 1])
    model = [forecast(y[:at], month_of_year[: at + 1], settings) for at in range(first, len(y))]
    made: dict[Method, Floats] = {"model": np.array([item.expected for item in model])}
    for method in METHODS[1:]:
        made[method] = np.array([baseline(y[:at], method) for at in range(first, len(y))])
    held = y[first:]
    top = top_tenth(y.shape[1])
    of_model = deviance(held, made["model"]).sum(axis=1)
    bounds = [item.interval(0.80) for item in model]
    inside = np.mean([(low <= row) & (row <= high) for (low, high), row in zip(bounds, held, strict=True)])
    scores = []
    for method in METHODS:
        monthly = deviance(held, made[method]).sum(axis=1)
        difference = monthly - of_model
        half = float(stats.t.ppf(0.975, held_back - 1) * difference.std(ddof=1) / math.sqrt(held_back))
        mean = float(difference.mean())
        scores.append(
            Score(
                method=method,
                in_top=_in_top(made[method], held, top),
                deviance=float(monthly.mean()),
                worse_by=mean,
                worse_by_95=(mean - half, mean + half),
                observed_over_expected=float(held.sum() / made[method].sum()),
                slope=calibration_slope(held.ravel(), made[method].ravel()),
                coverage_80=float(inside) if method == "model" else None,
            )
        )
    return Validation(
        first=first,
        months=held_back,
        events=int(held.sum()),
        areas=y.shape[1],
        top=top,
        settings=settings,
        scores=tuple(scores),
        bins=calibration(held.ravel(), made["model"].ravel()),
    )


def deviance(counts: Floats, expected: Floats) -> Floats:
    """Poisson deviance of each cell."""
    logarithm = np.where(counts > 0, counts * np.log(np.where(counts > 0, counts, 1.0) / expected), 0.0)
    return np.asarray(2 * (logarithm - (counts - expected)))


def calibration(counts: Floats, expected: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """Counted against expected in bins of alike expectation; interval of the count by Garwood (1936)."""
    order = np.argsort(expected, kind="stable")
    reached = np.cumsum(expected[order]) / expected.sum()
    number = np.minimum((reached * bins - 1e-9).astype(int), bins - 1)
    found = []
    for place in range(bins):
        cells = order[number == place]
        if len(cells) == 0:
            continue
        observed = int(counts[cells].sum())
        lower = float(stats.chi2.ppf(0.025, 2 * observed) / 2) if observed else 0.0
        upper = float(stats.chi2.ppf(0.975, 2 * observed + 2) / 2)
        found.append(Bin(len(cells), float(expected[cells].sum()), observed, lower, upper))
    return tuple(found)


def calibration_slope(counts: Floats, expected: Floats) -> float:
    """Slope of log expected in a Poisson regression of the counts (Newton steps)."""
    x = np.column_stack([np.ones(len(expected)), np.log(expected)])
    if np.ptp(x[:, 1]) < 1e-9:
        return math.nan
    weights = np.array([0.0, 1.0])
    for _ in range(50):
        mean = np.exp(np.clip(x @ weights, -30, 30))
        step = np.linalg.solve(x.T @ (x * mean[:, None]), x.T @ (counts - mean))
        weights = weights + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-10:
            break
    return float(weights[1])


def _season(totals: Floats, month_of_year: NDArray[np.int64]) -> Floats:
    """Season of every month, mean about 1: one yearly wave fitted to counts over their own twelve-month mean.

    Without two whole years there is no season to tell from a trend, and it is 1.
    """
    months = len(totals)
    if months < 24:
        return np.ones(months + 1)
    kernel = np.r_[0.5, np.ones(11), 0.5] / 12
    middle = np.convolve(totals, kernel, mode="valid")  # centered on months 6 .. months-7
    ratio = totals[6 : months - 6] / np.maximum(middle, 1e-9) - 1
    angle = 2 * np.pi * month_of_year / 12
    waves = np.column_stack([np.sin(angle), np.cos(angle)])
    weights, *_ = np.linalg.lstsq(waves[6 : months - 6], ratio, rcond=None)
    return np.asarray(np.clip(1 + waves @ weights, 0.3, 3.0))


def _in_top(expected: Floats, held: Floats, top: int) -> float:
    inside = sum(expected_inside(one, two)[top - 1] for one, two in zip(expected, held, strict=True))
    total = held.sum()
    return float(inside / total) if total > 0 else float("nan")
