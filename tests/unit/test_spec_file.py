"""A spec file says what it means, has one hash, and its mistakes are told in one line."""

import re
from pathlib import Path

import pytest

from evaluation.spec import ANALYSIS_KEYS, DEFAULT_INTERVALS, SpecError, load_spec, parse_spec

DATA = {"file": "counts.csv", "date": "month", "outcome": "victims"}
METHOD = Path(__file__).resolve().parents[2].parent / "shared" / "design" / "method.md"


def spec(data: dict | None = None, **analysis: object):
    return parse_spec({"data": DATA | (data or {}), "analysis": {"start": "2021-06"} | analysis})


def message(mapping: dict) -> str:
    with pytest.raises(SpecError) as caught:
        parse_spec(mapping)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_defaults():
    made = spec()
    assert (made.design, made.family, made.trend, made.level, made.slope) == (
        "single",
        "poisson",
        True,
        True,
        False,
    )
    assert (made.slope_origin, made.harmonics, made.period, made.days_offset) == (1, 0, 12, False)
    assert made.intervals[0] == "integrated"
    assert made.margin == 0.10
    assert made.shock is None and made.end is None


def test_writing_out_a_default_or_moving_the_file_keeps_the_hash():
    plain = spec()
    written = spec(trend=True, harmonics=0, intervals=list(DEFAULT_INTERVALS["single", "poisson"]))
    moved = spec({"file": "elsewhere/other.csv", "unit": "victims"})
    assert plain.sha256 == written.sha256 == moved.sha256
    assert re.fullmatch(r"[0-9a-f]{64}", plain.sha256)


@pytest.mark.parametrize(
    "change",
    [
        {"start": "2021-07"},
        {"end": "2024-12"},
        {"harmonics": 2},
        {"shock": "2020-06"},
        {"margin": 0.2},
        {"intervals": ["standard"]},
        {"phases": [{"name": "withdrawn", "start": "2025-04"}]},
    ],
)
def test_another_analysis_has_another_hash(change):
    assert spec(**change).sha256 != spec().sha256


def test_another_role_of_a_column_has_another_hash():
    assert spec({"outcome": "incidents"}).sha256 != spec().sha256
    assert spec({"exclude": ["2020-06"]}).sha256 != spec().sha256


def test_a_whole_number_is_the_same_with_or_without_a_point():
    index = {"file": "x.csv", "time": "t", "outcome": "y"}
    first = parse_spec({"data": index, "analysis": {"start": 1989}})
    second = parse_spec({"data": index, "analysis": {"start": 1989.0}})
    assert first.sha256 == second.sha256


@pytest.mark.parametrize(
    ("analysis", "told"),
    [
        ({"start": "June 2021"}, "analysis.start: must be a month"),
        ({"start": True}, "analysis.start"),
        ({"harmonics": "two"}, "analysis.harmonics: must be a whole number"),
        ({"harmonics": 7}, "analysis.harmonics: at most 6"),
        ({"design": "its"}, "analysis.design: must be one of single, controlled, pooled"),
        ({"family": "normal"}, "analysis.family: must be one of poisson"),
        ({"slope_origin": 2}, "analysis.slope_origin"),
        ({"trend": "yes"}, "analysis.trend: must be true or false"),
        ({"intervals": ["hac"]}, "analysis.intervals: unknown interval 'hac'; known are"),
        ({"intervals": "ewc"}, "analysis.intervals: must be a list"),
        ({"level": False}, "analysis.level"),
        ({"margin": 10}, "analysis.margin"),
        ({"order": [1, 2]}, "analysis.order"),
        ({"phases": [{"name": "pilot"}]}, "analysis.phases: each phase has name, start"),
        ({"slop": True}, "analysis.slop: unknown key"),
        ({"design": "controlled"}, "data.area"),
    ],
)
def test_a_mistake_names_its_key_and_what_to_do(analysis, told):
    assert message({"data": DATA, "analysis": {"start": "2021-06"} | analysis}).startswith(told)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"date": "month"}, "data.outcome: missing"),
        ({"outcome": "y"}, "data.date: give exactly one of"),
        ({"outcome": "y", "date": "d", "time": "t"}, "data.date: give exactly one of"),
        ({"outcome": "y", "date": "d", "month": "m"}, "data.year: month is given without year"),
        ({"outcome": "y", "date": "d", "treated": ["1"]}, "data.area"),
        (
            {"outcome": "y", "date": "d", "area": "a", "treated": ["1"], "comparison": ["1"]},
            "data.comparison: area '1' is also treated",
        ),
        ({"outcome": "y", "date": "d", "column": "a"}, "data.column: unknown key"),
    ],
)
def test_a_mistake_in_the_data_table(data, told):
    text = message({"data": data, "analysis": {"start": "2021-06"}})
    assert text.replace("data.time", "data.date").startswith(told)


def test_a_missing_start_or_table():
    assert message({"data": DATA, "analysis": {}}).startswith("analysis.start: missing")
    assert message({"data": DATA}).startswith("[analysis]: missing")
    assert message({"data": DATA, "analysis": {"start": 1}, "extra": {}}).startswith("[extra]: unknown")


def test_files_are_relative_to_the_spec(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[data]\nfile = "counts.csv"\ndate = "month"\noutcome = "victims"\n[analysis]\nstart = 2021-06-01\n',
        encoding="utf-8",
    )
    made = load_spec(path)
    assert made.data.file == tmp_path / "counts.csv"
    assert made.start == "2021-06-01"


def test_a_file_that_is_missing_or_no_toml(tmp_path):
    with pytest.raises(SpecError, match="there is no such spec file"):
        load_spec(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[data\n", encoding="utf-8")
    with pytest.raises(SpecError, match="not valid TOML"):
        load_spec(broken)


@pytest.mark.skipif(not METHOD.exists(), reason="needs the method text beside the project")
def test_every_key_of_the_documented_format_is_known():
    block = METHOD.read_text(encoding="utf-8").split("```toml")[1].split("```")[0]
    analysis = block.split("[analysis]")[1]
    documented = {line.split("=")[0].strip() for line in analysis.splitlines() if "=" in line.split("#")[0]}
    assert documented <= set(ANALYSIS_KEYS)
