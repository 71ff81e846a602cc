"""The controlled design: agrees with a plain regression where it should, and refuses what it cannot answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from evaluation.designs.controlled import fit_controlled
from evaluation.designs.pooled import fit_pooled
from evaluation.designs.two_groups import BASELINE, PHASE, TwoGroups, estimate_two_groups
from evaluation.numerics.binomial import fit_binomial
from evaluation.result import Result
from evaluation.spec import DataSource, Phase, Spec

MONTHS = [str(month) for month in pd.period_range("2015-01", "2020-12", freq="M")]


def rows(counts: dict[str, np.ndarray]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"date": [f"{month}-01" for month in MONTHS], "area": area, "shootings": values})
        for area, values in counts.items()
    ]
    return pd.concat(parts, ignore_index=True)


def city(seed: int = 1, effect: float = 0.0, mean: float = 10.0, surge_at: int = 30) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = np.arange(72)
    surge = 0.6 * (time >= surge_at) * 0.5 ** (np.maximum(time - surge_at, 0) / 12)
    after = np.arange(72) >= 36
    found = {"served": rng.poisson(mean * np.exp(surge + effect * after)).astype(float)}
    for name in ("b", "c", "d"):
        found[name] = rng.poisson(mean * np.exp(surge)).astype(float)
    return found


def spec(**changes: object) -> Spec:
    data = DataSource(outcome="shootings", date="date", area="area", treated=("served",), unit="incidents")
    given: dict[str, object] = {
        "data": data,
        "design": "controlled",
        "start": "2018-01",
        "intervals": ("integrated", "ewc", "standard"),
    }
    return Spec(**(given | changes))  # type: ignore[arg-type]


def test_the_plain_fit_is_binomial_regression_of_treated_out_of_both() -> None:
    counts = city(2, np.log(0.7))
    result = fit_controlled(spec(), rows(counts))
    treated = counts["served"]
    both = treated + counts["b"] + counts["c"] + counts["d"]
    after = (np.arange(72) >= 36).astype(float)
    reference = sm.GLM(
        np.column_stack([treated, both - treated]),
        sm.add_constant(after),
        family=sm.families.Binomial(),
    ).fit(tol=1e-12)
    assert result.intervals["ewc"].coefficient == pytest.approx(reference.params[1], abs=1e-6)
    dispersion = max(1.0, reference.pearson_chi2 / reference.df_resid)
    assert result.intervals["standard"].standard_error == pytest.approx(
        reference.bse[1] * np.sqrt(dispersion), rel=1e-6
    )


def test_batched_binomial_fits_agree_with_statsmodels() -> None:
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(50), rng.normal(size=50), rng.normal(size=50)])
    n = rng.integers(0, 15, (5, 50)).astype(float)
    y = rng.binomial(n.astype(int), 1 / (1 + np.exp(-(X @ [0.2, 0.5, -0.4])))).astype(float)
    fit = fit_binomial(y, n, X)
    for row in range(5):
        seen = n[row] > 0
        reference = sm.GLM(
            np.column_stack([y[row], n[row] - y[row]])[seen], X[seen], family=sm.families.Binomial()
        ).fit(tol=1e-12)
        assert fit.beta[row] == pytest.approx(reference.params, abs=1e-6)
        assert np.sqrt(np.diag(fit.bread[row])) == pytest.approx(reference.bse, rel=1e-6)


def test_a_surge_that_hits_both_sides_alike_does_not_move_the_ratio_but_moves_each_side() -> None:
    result = fit_controlled(spec(), rows(city(4, 0.0, mean=60.0, surge_at=36)))
    assert result.effect is not None
    low, high = result.effect.interval_95
    assert low < 1 < high
    assert set(result.sides) == {"treated", "comparison"}
    assert result.sides["treated"].coefficient == pytest.approx(
        result.sides["comparison"].coefficient, abs=0.1
    )
    assert result.sides["comparison"].coefficient > 0.1


def test_a_planted_effect_is_found_with_counts_that_add_up() -> None:
    result = fit_controlled(spec(), rows(city(5, np.log(0.5), mean=60.0)))
    effect = result.effect
    assert effect is not None
    assert effect.rate_ratio == pytest.approx(0.5, abs=0.06)
    assert effect.interval_95[1] < 1
    assert effect.expected == pytest.approx(effect.observed / effect.rate_ratio)
    assert effect.averted == pytest.approx(effect.expected - effect.observed)
    assert effect.averted_interval_95 is not None
    assert effect.averted_interval_95[0] < effect.averted < effect.averted_interval_95[1]
    phase = [point for point in result.series if point.side == "treated" and point.time >= "2018-01"]
    assert sum(point.observed or 0 for point in phase) == effect.observed
    assert sum(point.expected or 0 for point in phase) == pytest.approx(effect.expected)
    assert result.additive["per_month"] == pytest.approx(-0.5 * 60, rel=0.35)
    # One reading, no placebo outcome, no level: the gates that cannot be run cap the verdict.
    assert result.verdict == "cannot_tell"


def test_months_without_an_event_in_either_group_carry_nothing() -> None:
    counts = {name: values.copy() for name, values in city(6).items()}
    with_months = fit_controlled(spec(), rows(counts))
    padded = {name: np.where(np.isin(np.arange(72), [5, 40]), 0, values) for name, values in counts.items()}
    empty = fit_controlled(spec(), rows(padded))
    dropped = fit_controlled(
        spec(
            data=DataSource(
                "shootings", date="date", area="area", treated=("served",), exclude=("2015-06", "2018-05")
            )
        ),
        rows(padded),
    )
    assert empty.intervals["ewc"].coefficient == pytest.approx(dropped.intervals["ewc"].coefficient, abs=1e-9)
    assert empty.effect is not None and dropped.effect is not None
    assert empty.effect.interval_95 == pytest.approx(dropped.effect.interval_95, abs=1e-6)
    assert with_months.effect is not None
    assert with_months.effect.coefficient != pytest.approx(empty.effect.coefficient, abs=1e-6)


def test_phases_that_stop_and_start_again_have_terms_of_their_own() -> None:
    phases = (Phase("paused", "2019-01", "2019-06"), Phase("resumed", "2019-07", "2020-12"))
    result = fit_controlled(spec(end="2018-12", phases=phases), rows(city(7, np.log(0.6), mean=40)))
    assert result.card.phase_last == "2018-12"
    assert {"paused", "resumed"} <= set(result.terms)


def test_many_pairs_at_once_are_the_same_as_one_by_one() -> None:
    cities = [city(seed) for seed in range(6)]
    treated = np.stack([one["served"] for one in cities])
    comparison = np.stack([one["b"] + one["c"] for one in cities])
    codes = tuple(BASELINE if month < 36 else PHASE for month in range(72))
    together = estimate_two_groups(TwoGroups(treated, comparison, (codes,) * 6))
    for row in range(6):
        alone = estimate_two_groups(TwoGroups(treated[row : row + 1], comparison[row : row + 1], (codes,)))
        assert together.coefficient[row] == pytest.approx(alone.coefficient[0], abs=1e-5)
        assert together.integrated_95[row] == pytest.approx(alone.integrated_95[0], abs=1e-4)


def refused(result: Result) -> str | None:
    assert result.status == "not_estimable"
    assert result.effect is None
    assert result.verdict == "cannot_tell"
    assert result.as_dict()["estimate"] is None
    return result.reason


def with_value(value: float) -> dict[str, np.ndarray]:
    counts = city(8)
    counts["b"] = counts["b"].copy()
    counts["b"][10] = value
    return counts


@pytest.mark.parametrize("design", ["controlled", "pooled"])
@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({name: values * 0 for name, values in city(8).items()}, "no_events"),
        (with_value(-1), "negative_counts"),
        (with_value(2.5), "counts_not_whole"),
        (with_value(np.nan), "missing_counts"),
        ({"served": city(8)["served"]}, "no_comparison_area"),
        ({**city(8), "served": np.where(np.arange(72) >= 36, 0, city(8)["served"])}, "perfect_separation"),
    ],
)
def test_counts_that_cannot_answer_are_refused_with_a_code(
    design: str, counts: dict[str, np.ndarray], reason: str
) -> None:
    fit = fit_controlled if design == "controlled" else fit_pooled
    chosen = spec(design=design, intervals=("cr3",) if design == "pooled" else ("integrated",))
    assert refused(fit(chosen, rows(counts))) == reason


def test_too_few_months_on_one_side_and_a_start_outside_the_data_are_refused() -> None:
    frame = rows(city(9))
    assert refused(fit_controlled(spec(start="2015-03"), frame)) == "too_few_periods_before"
    assert refused(fit_controlled(spec(start="2020-11"), frame)) == "too_few_periods_after"
    assert refused(fit_controlled(spec(start="2031-01"), frame)) == "start_outside_data"


def test_a_table_that_lost_its_zeros_is_refused_and_not_filled_in() -> None:
    frame = rows(city(10, mean=1.0))
    assert refused(fit_controlled(spec(), frame[frame["shootings"] > 0])) == "missing_cells"


def test_one_comparison_area_is_enough_for_a_ratio_but_never_for_a_finding() -> None:
    counts = city(11, np.log(0.4), mean=60)
    result = fit_controlled(spec(), rows({"served": counts["served"], "b": counts["b"]}))
    assert result.status == "estimated"
    assert result.verdict == "cannot_tell"
