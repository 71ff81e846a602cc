"""Sicily's smoking ban and acute coronary events (Bernal, Cummins & Gasparrini 2017, IJE 46:348–355).

The paper's code uses normal quantiles for the quasi-Poisson interval, so the interval is formed here from the
estimate and its error.
"""

import math

import pytest


def rate_ratio(term: dict) -> list[float]:
    """Estimate and normal 95 % interval on the ratio scale, to four digits."""
    beta, error = term["coefficient"], term["standard_error"]
    return [round(math.exp(beta + z * error), 4) for z in (0, -1.959964, 1.959964)]


def test_poisson_model_without_seasons(run_spec):
    result = run_spec("sicily-poisson")
    assert result["n"] == 59
    assert rate_ratio(result["estimate"]) == [0.8944, 0.8647, 0.9251]
    assert [round(end, 4) for end in result["estimate"]["interval_95"]] == [0.8647, 0.9251]


def test_overdispersion_widens_the_interval(run_spec):
    result = run_spec("sicily-quasi")
    assert rate_ratio(result["estimate"]) == [0.8944, 0.8392, 0.9532]
    assert round(result["dispersion"], 4) == 3.5592


def test_two_harmonics_take_up_the_seasons(run_spec):
    result = run_spec("sicily-harmonics")
    assert rate_ratio(result["estimate"]) == [0.8851, 0.8394, 0.9332]
    assert round(result["dispersion"], 4) == 2.2622


def test_level_and_slope_after_the_ban(run_spec):
    terms = run_spec("sicily-slope")["terms"]
    assert rate_ratio(terms["level"]) == [0.8765, 0.8268, 0.9292]
    assert rate_ratio(terms["slope"]) == [1.0015, 0.9978, 1.0051]


def test_headline_with_a_slope_is_the_average_and_not_the_first_month(run_spec):
    result = run_spec("sicily-slope")
    level, slope = (result["terms"][name]["coefficient"] for name in ("level", "slope"))
    assert math.exp(level + slope) < result["estimate"]["rate_ratio"] < math.exp(level + 23 * slope)
    assert result["estimate"]["expected"] == pytest.approx(
        result["estimate"]["observed"] / result["estimate"]["rate_ratio"]
    )
