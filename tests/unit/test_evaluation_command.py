"""`python -m evaluation run SPEC.toml`: one JSON object or a summary; one line and status 2 for a fault."""

import gzip
import json
from pathlib import Path

import pytest

from evaluation.__main__ import main
from tests.unit.single_series_data import monthly_counts

SPEC = """
[data]
file = "counts.csv"
date = "month"
outcome = "victims"
unit = "victims"

[analysis]
start = "2021-01"
harmonics = 1
days_offset = true
"""

PROMISED = {
    "estimate", "terms", "intervals", "dispersion", "n", "checks", "gates", "verdict", "sentence",
    "spec_sha256", "data_sha256",
}  # fmt: skip


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    monthly_counts(effect=-0.2).to_csv(tmp_path / "counts.csv", index=False)
    path = tmp_path / "spec.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["run", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_json_holds_what_is_promised(spec, capsys):
    status, out, err = run(capsys, str(spec), "--json")
    found = json.loads(out)
    assert status == 0 and err == ""
    assert set(found) >= PROMISED
    estimate = found["estimate"]
    assert estimate["interval_method"] == "integrated"
    assert found["intervals"]["integrated"]["lower_95"] == estimate["interval_95"][0]
    assert estimate["interval_95"][0] < estimate["interval_80"][0] < estimate["rate_ratio"]
    assert estimate["averted"] == pytest.approx(estimate["expected"] - estimate["observed"])
    assert estimate["expected"] == pytest.approx(estimate["observed"] / estimate["rate_ratio"])
    assert found["verdict"] == "cannot_tell"
    assert len(found["gates"]) == 5
    assert len(found["series"]) == 60
    assert found["prior"]["nodes"] > 0 and found["prior"]["rho_beta_a"] == 2


def test_summary_is_readable(spec, capsys):
    status, out, _ = run(capsys, str(spec))
    assert status == 0
    for wanted in ("integrated", "ewc", "standard", "95 %", "averted", "gate 4", "verdict", "level", "prior"):
        assert wanted in out


def test_the_same_rows_in_another_order_or_format_have_the_same_hash(spec, capsys):
    first = json.loads(run(capsys, str(spec), "--json")[1])
    counts = monthly_counts(effect=-0.2).iloc[::-1]
    counts.to_parquet(spec.parent / "counts.parquet")
    spec.write_text(SPEC.replace("counts.csv", "counts.parquet"), encoding="utf-8")
    second = json.loads(run(capsys, str(spec), "--json")[1])
    assert first["data_sha256"] == second["data_sha256"]
    assert first["spec_sha256"] == second["spec_sha256"]
    assert first["estimate"] == second["estimate"]


def test_one_other_count_changes_the_data_hash(spec, capsys):
    first = json.loads(run(capsys, str(spec), "--json")[1])
    counts = monthly_counts(effect=-0.2)
    counts.loc[0, "victims"] += 1
    counts.to_csv(spec.parent / "counts.csv", index=False)
    second = json.loads(run(capsys, str(spec), "--json")[1])
    assert first["data_sha256"] != second["data_sha256"]
    assert first["spec_sha256"] == second["spec_sha256"]


def test_not_estimable_is_an_answer_and_not_an_error(spec, capsys):
    spec.write_text(SPEC.replace("2021-01", "2030-01"), encoding="utf-8")
    status, out, err = run(capsys, str(spec), "--json")
    found = json.loads(out)
    assert status == 0 and err == ""
    assert (found["status"], found["reason"], found["estimate"]) == (
        "not_estimable",
        "start_outside_data",
        None,
    )
    assert run(capsys, str(spec))[0] == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"month,victims\n", "no rows below the header"),
        (b"month,count\n2020-01,3\n", "no column 'victims'"),
        (b"month,victims\n2020-01,3\n2020-02\n", "row 3: 1 cells where the header has 2"),
        (b"month,victims\n2020-01,many\n", "row 2, column 'victims': 'many' is no number"),
        (b"month,victims\nlast week,3\n", "row 2, column 'month': 'last week' is no date"),
        (b"victims,victims\n1,2\n", "two columns are called 'victims'"),
        (b'month,victims\n"2020-01,3\n', "cannot be read"),
    ],
)
def test_a_malformed_file_is_one_line_and_status_2(spec, capsys, content, told):
    (spec.parent / "counts.csv").write_bytes(content)
    status, out, err = run(capsys, str(spec))
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert told in err


def test_a_missing_file_or_a_bad_spec_is_one_line_and_status_2(spec, capsys):
    (spec.parent / "counts.csv").unlink()
    status, _, err = run(capsys, str(spec))
    assert status == 2 and "there is no such file" in err and err.count("\n") == 1
    spec.write_text(SPEC + "harmonic = 2\n", encoding="utf-8")
    status, _, err = run(capsys, str(spec))
    assert status == 2 and "harmonic" in err and err.count("\n") == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-8"])
def test_encodings(spec, capsys, encoding):
    counts = monthly_counts().assign(note="Güte")
    counts.to_csv(spec.parent / "counts.csv", index=False, encoding=encoding)
    assert run(capsys, str(spec))[0] == 0


def test_semicolons_stata_and_excel(spec, capsys):
    counts = monthly_counts()
    counts.to_csv(spec.parent / "counts.csv", index=False, sep=";")
    hashes = {json.loads(run(capsys, str(spec), "--json")[1])["data_sha256"]}
    for name in ("counts.dta", "counts.xlsx"):
        if name.endswith("dta"):
            counts.to_stata(spec.parent / name, write_index=False)
        else:
            counts.to_excel(spec.parent / name, index=False)
        spec.write_text(SPEC.replace("counts.csv", name), encoding="utf-8")
        hashes.add(json.loads(run(capsys, str(spec), "--json")[1])["data_sha256"])
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "name", ["counts.csv", "counts.csv.gz", "counts.parquet", "counts.dta", "counts.xlsx", "counts.xls"]
)
@pytest.mark.parametrize(
    "content", [b"\x00\x01garbage\xff" * 50, b"PK\x03\x04" + b"x" * 99, b"PAR1" + b"\x00" * 64]
)
def test_a_damaged_file_of_any_kind_is_one_line_and_status_2(spec, capsys, name, content):
    (spec.parent / name).write_bytes(content)
    spec.write_text(SPEC.replace("counts.csv", name), encoding="utf-8")
    status, out, err = run(capsys, str(spec))
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1


def test_a_truncated_archive_is_one_line_and_status_2(spec, capsys):
    whole = gzip.compress((spec.parent / "counts.csv").read_bytes())
    spec.write_text(SPEC.replace("counts.csv", "counts.csv.gz"), encoding="utf-8")
    (spec.parent / "counts.csv.gz").write_bytes(whole)
    assert run(capsys, str(spec))[0] == 0
    (spec.parent / "counts.csv.gz").write_bytes(whole[:-20])
    status, _, err = run(capsys, str(spec))
    assert status == 2 and err.count("\n") == 1
