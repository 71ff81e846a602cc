"""New York as a public replication: the release holds the figures of the publication's re-analysis."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
import statsmodels.api as sm

from presentation import evidence
from tests.findings_release import findings_database


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with findings_database(tmp_path_factory) as connection:
        yield connection


def step(release: duckdb.DuckDBPyConnection, name: str) -> dict[str, float]:
    row = release.execute("SELECT * FROM out_replication WHERE step = ?", [name]).df().to_dict("records")
    assert len(row) == 1, name
    return row[0]


def test_the_published_figure_and_its_replication_stand_side_by_side(
    release: duckdb.DuckDBPyConnection,
) -> None:
    published, same = step(release, "published"), step(release, "same_method")
    assert (published["log_rate_ratio"], published["standard_error"]) == (-0.142, 0.042)
    # Figures of the re-analysis on the revised counts: -0.1397 (0.0424), clustered 0.0506, 910 precinct-years.
    assert same["log_rate_ratio"] == pytest.approx(-0.1397, abs=5e-5)
    assert same["standard_error"] == pytest.approx(0.0424, abs=5e-5)
    assert same["cells"] == 910
    assert step(release, "same_method_clustered")["standard_error"] == pytest.approx(0.0506, abs=5e-5)


@pytest.mark.slow
@pytest.mark.parametrize("reading", ["early_75_77", "without_75_77"])
def test_the_doubtful_starts_change_the_panel_as_dummies_in_statsmodels_do(
    release: duckdb.DuckDBPyConnection, reading: str
) -> None:
    rows = release.execute(
        "SELECT area, year(month) AS year, sum(count) AS n FROM out_monthly WHERE city = 'new-york' "
        "AND geography = 'precinct' AND outcome = 'gunshot' AND unit = 'victims' AND year(month) <= 2019 GROUP BY ALL"
    ).df()
    (text,) = release.execute(
        "SELECT program_json FROM core_program WHERE program = 'cure-violence-new-york'"
    ).fetchone()
    entry = next(item for item in json.loads(text)["catchment"] if item["id"] == reading)
    starts = {area: int(month[:4]) for area, month in entry["starts"].items()}
    rows = rows[~rows["area"].isin(entry.get("leave_out", []))]
    rows = rows[[starts.get(area, 0) < 2019 for area in rows["area"]]]
    treated = [
        float(year >= starts.get(area, 9999)) for area, year in zip(rows["area"], rows["year"], strict=True)
    ]
    effects = pd.get_dummies(rows[["area", "year"]].astype(str), drop_first=True, dtype=float)
    design = sm.add_constant(effects.assign(treated=treated))
    # A precinct without any victim says nothing and would send its dummy to minus infinity.
    fitted = sm.GLM(rows["n"].astype(float), design, family=sm.families.Poisson()).fit()
    found = step(release, f"same_method_clustered/{reading}")
    assert found["log_rate_ratio"] == pytest.approx(fitted.params["treated"], abs=1e-4)
    assert found["rate_ratio"] == pytest.approx(math.exp(found["log_rate_ratio"]))


def test_the_page_sets_the_published_figure_beside_ours_and_the_doubtful_starts() -> None:
    def row(
        step: str, ratio: float, low: float, high: float, error: float | None = None
    ) -> dict[str, object]:
        figures = {"rate_ratio": ratio, "lower_95": low, "upper_95": high, "standard_error": error}
        return {"step": step, "log_rate_ratio": math.log(ratio), **figures}

    rows = [
        row("published", 0.868, 0.799, 0.942, 0.042),
        row("same_method", 0.870, 0.800, 0.945, 0.0424),
        row("same_method_clustered", 0.870, 0.788, 0.960, 0.0506),
        row("own_estimate", 0.880, 0.776, 1.016),
        row("own_estimate/early_75_77", 0.921, 0.809, 1.057),
        row("own_estimate/without_75_77", 0.892, 0.770, 1.055),
    ]
    chart = evidence.replication(rows, "r")
    assert chart.title == (
        "New York: the published figure comes out again (13% fewer against 13% fewer), "
        "and the honest interval includes no change: from 22% fewer to 2% more"
    )
    assert chart.estimates[-1].label == "Our own estimate; without 75 and 77"
    text = " ".join(evidence.replication_text(rows))
    assert "clustered by precinct the error is 0.051" in text
    assert "With 2010 our own estimate is 8% fewer (95% interval from 19% fewer to 6% more)" in text
