"""Whatever counts and dates come in, the single-series design answers with numbers or with a reason."""

import math
import warnings

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from evaluation.designs.single import fit_single
from evaluation.spec import SpecError, parse_spec

months = some.integers(1, 70)
counts = some.one_of(
    some.just([0]),
    some.lists(some.integers(0, 2), min_size=1, max_size=8),
    some.lists(some.integers(0, 4000), min_size=1, max_size=8),
    some.lists(some.sampled_from([0, 0, 0, 1, 900]), min_size=1, max_size=8),
)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    length=months,
    pattern=counts,
    start=some.integers(-3, 75),
    phase=some.integers(0, 60),
    shock=some.one_of(some.none(), some.integers(0, 60)),
    harmonics=some.integers(0, 3),
    trend=some.booleans(),
    slope=some.booleans(),
    dropped=some.sets(some.integers(0, 69), max_size=20),
    seed=some.integers(0, 5),
)
def test_an_answer_or_a_reason(length, pattern, start, phase, shock, harmonics, trend, slope, dropped, seed):
    random = np.random.default_rng(seed)
    dates = pd.period_range("2015-01", periods=80, freq="M").strftime("%Y-%m")
    values = random.choice(pattern, size=length)
    frame = pd.DataFrame({"month": dates[:length], "victims": values})
    frame = frame[[at not in dropped for at in range(length)]]
    if frame.empty:
        return
    analysis: dict[str, object] = {
        "start": dates[start] if start >= 0 else "2014-06",
        "harmonics": harmonics,
        "trend": trend,
        "slope": slope,
        "intervals": ["integrated", "ewc", "standard", "hac:2"],
        "phases": [{"name": "other", "start": dates[phase], "end": dates[phase + 6]}],
    }
    if shock is not None:
        analysis["shock"] = dates[shock]
    spec = parse_spec({"data": {"date": "month", "outcome": "victims"}, "analysis": analysis})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = fit_single(spec, frame)
        except SpecError:  # the further phase covers the whole headline phase
            return
    if result.status == "not_estimable":
        assert result.reason and result.effect is None and not result.intervals
        return
    for interval in result.intervals.values():
        ends = (interval.lower_95, interval.lower_80, interval.upper_80, interval.upper_95)
        assert all(0 <= end <= math.inf for end in ends)
        assert list(ends) == sorted(ends)
        assert math.isfinite(interval.coefficient)
    assert result.effect.rate_ratio > 0
    assert math.isfinite(result.effect.expected)
    assert len(result.series) <= length
