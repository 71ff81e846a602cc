"""The British seat belt law and drivers killed or seriously injured (Harvey & Durbin 1986, JRSS A 149:187–227;
Commandeur & Koopman 2007, chapter 6)."""

import math


def percent(interval: dict) -> float:
    return round(100 * math.expm1(interval["coefficient"]), 1)


def test_deterministic_level_and_seasons(run_spec):
    assert percent(run_spec("seatbelts-deterministic")["intervals"]["standard"]) == -23.0


def test_local_level(run_spec):
    assert percent(run_spec("seatbelts-deterministic")["intervals"]["local-level"]) == -21.3


def test_naive_segmented_regression(run_spec):
    assert percent(run_spec("seatbelts-naive")["intervals"]["standard"]) == -15.1
