"""New York, Cure Violence precincts: the two-way Poisson figures of the published replication.

Avram et al. (2024) report a log rate of −0.142 (0.042) for 2006–19; the city has since revised its data, and
the revised series gives −0.1397 (0.0424), clustered by precinct 0.0506.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.designs.cluster_errors import clustered, hc1
from evaluation.designs.panel import NEVER, Panel
from evaluation.designs.pooled import fit_pooled
from evaluation.designs.two_way_poisson import fit_two_way_poisson
from evaluation.spec import parse_spec

NYC = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "nyc"
needs_nyc = pytest.mark.skipif(not NYC.exists(), reason="needs the New York files in ../shared/data/nyc")


def precinct_years(last_year: int, adopters_before: int) -> Panel:
    months = pd.read_csv(NYC / "nyc_precinct_month_2006_2022.csv", parse_dates=["month"])
    program = pd.read_csv(NYC / "programMerge.csv").set_index("precinct")["yearCure"]
    months["year"] = months["month"].dt.year
    years = months[months["year"] <= last_year].pivot_table(
        index="precinct", columns="year", values="victims", aggfunc="sum"
    )
    start = program.reindex(years.index)
    years = years[~(start >= adopters_before)]
    start = start.reindex(years.index)
    first = int(years.columns[0])
    starts = np.where(start.isna(), NEVER, start.fillna(0) - first).astype(np.int64)
    labels = tuple(str(area) for area in years.index)
    periods = tuple(str(year) for year in years.columns)
    return Panel(labels, periods, years.to_numpy(float), starts, labels)


@needs_nyc
@pytest.mark.parametrize(
    ("last_year", "adopters_before", "cells", "coefficient", "robust", "by_precinct"),
    [(2019, 2019, 910, -0.1397, 0.0424, 0.0506), (2022, 9999, 1292, -0.1440, 0.0344, 0.0421)],
)
def test_victims_by_precinct_and_year_give_the_replicated_figures(
    last_year: int,
    adopters_before: int,
    cells: int,
    coefficient: float,
    robust: float,
    by_precinct: float,
) -> None:
    panel = precinct_years(last_year, adopters_before)
    fit = fit_two_way_poisson(panel.counts, panel.treatment)
    error, n, _ = hc1(fit, panel.counts)
    cluster_error, groups = clustered(fit, panel.counts, panel.clusters)
    assert n == cells
    assert groups == len(panel.areas)
    assert fit.coefficient[0] == pytest.approx(coefficient, abs=5e-5)
    assert error == pytest.approx(robust, abs=5e-5)
    assert cluster_error == pytest.approx(by_precinct, abs=5e-5)


@needs_nyc
def test_rows_with_a_start_column_give_the_same_as_the_panel_and_an_honest_interval() -> None:
    panel = precinct_years(2019, 2019)
    areas, years = panel.counts.shape
    first = int(panel.periods[0])
    frame = pd.DataFrame(
        {
            "precinct": np.repeat(panel.areas, years),
            "year": np.tile([int(period) for period in panel.periods], areas),
            "victims": panel.counts.ravel().astype(int),
            "start": np.repeat([np.nan if s >= NEVER else first + s for s in panel.starts], years),
        }
    )
    spec = parse_spec(
        {
            "data": {"outcome": "victims", "year": "year", "area": "precinct", "treated_from": "start"},
            "analysis": {"design": "pooled", "start": "2012"},
        }
    )
    result = fit_pooled(spec, frame)
    assert result.effect is not None
    assert result.effect.coefficient == pytest.approx(-0.1397, abs=5e-5)
    assert result.intervals["hc1"].standard_error == pytest.approx(0.0424, abs=5e-5)
    assert result.intervals["cluster"].standard_error == pytest.approx(0.0506, abs=5e-5)
    # The interval of the effect is by randomization, and wider than the clustered one.
    assert result.effect.interval_method == "randomization"
    clustered_width = result.intervals["cluster"].upper_95 - result.intervals["cluster"].lower_95
    low, high = result.effect.interval_95
    assert high - low > clustered_width
    assert result.verdict == "cannot_tell"
    assert next(c for c in result.checks if c.name == "own_line_of_evidence").status == "passed"
