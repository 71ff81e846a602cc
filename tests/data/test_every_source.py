"""Every file that the publishers' folder names loads by settings alone, with its known figures."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter

import pandas as pd
import pytest
from shapely.ops import unary_union

from etl.load.tables import PROJECT
from etl.settings import load_sources
from etl.sources.boundaries import read_layer
from etl.warehouse import Release
from tests.data.conftest import MINNEAPOLIS, NEW_YORK, SHARED, needs


@pytest.fixture(scope="module")
def everything(real: Release) -> Release:
    """A release of all folders together."""
    return real


@pytest.fixture(scope="module")
def figures(everything: Release) -> dict[tuple[str, str], float]:
    rows = everything.query("quality")
    return dict(zip(zip(rows["source"], rows["figure"], strict=True), rows["value"], strict=True))


@pytest.fixture(scope="module")
def sources(everything: Release) -> pd.DataFrame:
    return everything.query("sources").set_index("source")


def test_every_source_with_settings_is_loaded(sources: pd.DataFrame) -> None:
    wanted = {
        source.id
        for source in load_sources()
        if source.kind != "boundaries" and (source.files or source.parts)
    }
    # Rows and series of the folders supply all outcomes of the counts that ship.
    shipped = {"minneapolis_counts", "new_york_counts"}
    assert wanted - shipped <= set(sources.index)


def test_rows_are_accounted_for(everything: Release) -> None:
    loads = everything.query("loads")
    assert (
        loads["rows_read"] == loads["rows_accepted"] + loads["rows_duplicate"] + loads["rows_rejected"]
    ).all()


def test_madison_is_described_and_never_counted(
    everything: Release, sources: pd.DataFrame, figures: dict[tuple[str, str], float]
) -> None:
    row = sources.loc["madison_incident_reports"]
    assert (row["rows_read"], row["rows_duplicate"]) == (2870, 48)
    assert ("madison_incident_reports", "not_a_count") in figures
    assert everything.query("monthly_span", city="madison").empty


def test_the_two_exports_of_2021_are_compared(
    everything: Release, figures: dict[tuple[str, str], float]
) -> None:
    rows = everything.query("revisions", city="minneapolis", source="minneapolis_police_incidents_2021")
    cases = rows.set_index("change")["cases"]
    assert (cases["in_both"], cases["reclassified"], cases["withdrawn"]) == (3227, 2, 7)
    assert cases["added"] == 6305 - 3227
    assert figures["minneapolis_police_incidents_2021", "listed_at_zero_zero"] == 1
    base = 3234 + 6305
    assert figures["minneapolis_police_incidents_2021", "no_address"] / base == pytest.approx(0.13, abs=0.01)


def test_police_calls(figures: dict[tuple[str, str], float], sources: pd.DataFrame) -> None:
    assert sources.loc["minneapolis_police_calls", "rows_read"] == 63_347
    assert figures["minneapolis_police_calls", "shotspotter_activations"] == 932
    assert figures["minneapolis_police_calls", "sound_of_shots_calls"] == 813
    assert figures["minneapolis_police_calls", "behavioral_crisis_calls"] == 1808


def test_shots_fired_calls_begin_in_august_2020(everything: Release) -> None:
    rows = everything.query(
        "monthly",
        city="minneapolis",
        geography="neighborhood",
        outcome="shots_fired_call",
        unit="calls",
        month_basis="occurred",
    )
    assert len(rows) == 5829  # 87 neighborhoods x 67 months
    assert rows["month"].min() == pd.Timestamp(2020, 8, 1)
    with (MINNEAPOLIS / "series" / "city_month_series.csv").open(newline="") as opened:
        published = {row["month"]: row["shots_fired_calls"] for row in csv.DictReader(opened)}
    city = everything.query(
        "monthly",
        city="minneapolis",
        geography="city",
        outcome="shots_fired_call",
        unit="calls",
        month_basis="occurred",
    )
    for month, count in zip(city["month"], city["count"], strict=True):
        text = published.get(f"{month:%Y-%m}", "")
        if text:
            assert count == float(text)


def test_neighborhood_statistics_of_2017_to_2023(
    everything: Release, figures: dict[tuple[str, str], float]
) -> None:
    rows = everything.query("series_counts", city="minneapolis", source="minneapolis_neighborhood_stats")
    areas = rows[rows["geography"] == "neighborhood"]
    assert areas["area"].nunique() == 87
    assert rows["month"].nunique() == 74
    raw = pd.read_csv(MINNEAPOLIS / "series" / "neighborhood_crime_stats_2017_2023.csv", encoding="utf-8-sig")
    robbery = raw[raw["ucrDescription"] == "Robbery"]["number"].sum()
    city = rows[(rows["geography"] == "city") & (rows["measure"] == "Robbery (UCR)")]["count"].sum()
    assert city == robbery
    assert figures["minneapolis_neighborhood_stats", "rows_without_area"] == 592


def test_the_spreadsheets_give_what_was_parsed_from_them(everything: Release) -> None:
    """The workbooks read here against an independent parse of them, month by month."""
    asked = {"city": "minneapolis"}
    sheets = everything.query("series_counts", source="minneapolis_monthly_sheets", **asked)
    parsed = everything.query("series_counts", source="minneapolis_monthly_2006_2016", **asked)
    keys = ["geography", "area", "month", "measure"]
    both = sheets.merge(parsed, on=keys, suffixes=("_sheet", "_parsed"))
    months = set(both["month"].dt.strftime("%Y-%m"))
    assert months == {
        "2006-01",
        "2008-02",
        "2009-06",
        "2009-07",
        "2011-03",
        "2012-07",
        "2013-05",
        "2015-09",
        "2015-10",
        "2016-07",
    }
    differing = both[both["count_sheet"] != both["count_parsed"]]
    # Two sheets of June 2009 were published a month apart; all others are the same.
    assert set(differing["month"].dt.strftime("%Y-%m")) <= {"2009-06"}


def test_months_that_were_never_published_are_missing_not_zero(everything: Release) -> None:
    rows = everything.query("series_counts", city="minneapolis", source="minneapolis_monthly_2006_2016")
    months = set(rows["month"].dt.strftime("%Y-%m"))
    assert not {"2008-09", "2014-11", "2006-12"} & months
    assert {"2011-05", "2016-10", "2015-09"} <= months  # titles left over from copied sheets


def test_a_bare_spreadsheet_number_is_a_date(
    everything: Release, figures: dict[tuple[str, str], float]
) -> None:
    assert figures["minneapolis_police_activity", "dates_as_numbers"] == 1
    rows = everything.query("covariates", city="minneapolis", measure="calls_to_911")
    assert rows["date"].max() == pd.Timestamp(2024, 6, 12)


def test_deaths_that_are_not_counted_as_homicide(
    figures: dict[tuple[str, str], float], sources: pd.DataFrame
) -> None:
    files = [MINNEAPOLIS / "incidents" / name for name in ("manslaughter.csv", "justified.csv")]
    negligent, justified = (len(path.read_text().splitlines()) - 1 for path in files)
    source = "minneapolis_other_homicides"
    assert sources.loc[source, "rows_read"] == negligent + justified == 45
    assert figures[source, "negligent_manslaughter"] == negligent
    assert figures[source, "justifiable_homicide"] == justified


def test_how_the_citys_total_was_restated(everything: Release) -> None:
    def value(measure: str, day: str) -> float:
        rows = everything.query("covariates", city="minneapolis", measure=measure).set_index("date")["value"]
        return float(rows[pd.Timestamp(day)])

    assert value("exported_victims", "2024-04-25") == 2525
    assert value("exported_duplicate_rows", "2024-10-09") == 144
    assert value("exported_rows", "2024-10-09") - value("exported_cases", "2024-10-09") == 144
    assert (value("exported_rows", "2026-03-12"), value("exported_victims", "2026-03-12")) == (2568, 3144)


def test_counts_by_group_of_offense_are_those_of_the_timeline(everything: Release) -> None:
    """The table of groups against a second publication of the same records, cell by cell."""
    path = MINNEAPOLIS / "crime_cartography" / "timeline.json"
    timeline = json.loads(path.read_text(encoding="utf-8"))
    groups = {
        "persons": "Crimes against persons",
        "society": "Crimes against society",
        "other": "Other records",
    }
    rows = everything.query("series_counts", city="minneapolis", source="minneapolis_offense_groups")
    rows = rows[rows["geography"] == "neighborhood"]
    found = {
        (row.area, f"{row.month:%Y-%m}", row.measure): int(row.count)
        for row in rows.itertuples(index=False, name="Row")
    }
    assert len(timeline["cells"]) == 87
    assert len(timeline["months"]) == 90
    property_crime = everything.query(
        "monthly", city="minneapolis", geography="neighborhood", outcome="property_crime", unit="incidents",
        month_basis="reported",
    )  # fmt: skip
    found |= {
        (row.area, f"{row.month:%Y-%m}", "property"): int(row.count)
        for row in property_crime.itertuples(index=False, name="Row")
    }
    for area, months in timeline["cells"].items():
        for month, cell in zip(timeline["months"], months, strict=True):
            for group in ("persons", "property", "society", "other"):
                assert found[area, month, groups.get(group, group)] == cell[group], (area, month, group)


def test_new_yorks_precinct_months_load_from_the_file_itself(sources: pd.DataFrame) -> None:
    assert sources.loc["new_york_precinct_months", "rows_read"] == 76 * 204


def test_new_yorks_program_sites_and_the_published_starts(
    sources: pd.DataFrame, figures: dict[tuple[str, str], float]
) -> None:
    site, start = "new_york_program_sites", "new_york_program_starts"
    assert (sources.loc[site, "rows_read"], sources.loc[start, "rows_read"]) == (35, 28)
    assert (figures[site, "sites_fully_operational"], figures[site, "sites_not_operational"]) == (26, 2)
    assert {(site, "not_a_count"), (start, "not_a_count"), (start, "starts_in_doubt")} <= set(figures)
    # The first site of each precinct in the list is the start that was published and that ships.
    first: dict[str, str] = {}
    with (NEW_YORK / "nyc_cms_sites_35.csv").open(newline="", encoding="utf-8-sig") as opened:
        for row in csv.DictReader(opened):
            if not row["start_decoded"].startswith("Expected"):
                at = first.get(row["Precinct"], row["start_decoded"])
                first[row["Precinct"]] = min(at, row["start_decoded"])
    with (PROJECT / "data/nyc/cure_violence_starts.csv").open(newline="") as opened:
        shipped = {row["precinct"]: row["first_month"] for row in csv.DictReader(opened)}
    assert first == {precinct: month for precinct, month in shipped.items() if month}
    assert len(first) == 28


@pytest.mark.parametrize(
    ("source", "folder", "areas"),
    [
        (
            "minneapolis_boundaries",
            "minneapolis",
            {"neighborhood": 87, "community": 11, "ward": 13, "precinct": 5},
        ),
        ("minneapolis_city_limit", "minneapolis", {"city": 1}),
        ("madison_boundaries", "madison", {"neighborhood": 141}),
    ],
)
def test_boundaries_are_read_in_degrees(source: str, folder: str, areas: dict[str, int]) -> None:
    needs(SHARED / folder)
    layers = {item.id: item for item in load_sources()}[source].layers
    west, east, south, north = (-94, -92, 44, 46) if folder == "minneapolis" else (-90, -89, 42, 44)
    found = {}
    for layer in layers:
        polygons = read_layer(SHARED / folder / layer.file, layer, {"Calhoun Isle": "Calhoun Isles"})
        found[layer.geography] = len(polygons)
        for polygon in polygons:
            low_x, low_y, high_x, high_y = polygon.shape.bounds
            assert west < low_x < high_x < east
            assert south < low_y < high_y < north
    assert found == areas


def test_the_citys_areas_fill_its_outline() -> None:
    """Neighborhoods, wards and reprojected precincts each cover the city limit, to half a percent of its land."""
    needs(MINNEAPOLIS)
    every = {item.id: item for item in load_sources()}
    (limit,) = every["minneapolis_city_limit"].layers
    (city,) = read_layer(MINNEAPOLIS / limit.file, limit, {})
    for layer in every["minneapolis_boundaries"].layers:
        areas = read_layer(MINNEAPOLIS / layer.file, layer, {})
        together = unary_union([area.shape for area in areas])
        assert together.symmetric_difference(city.shape).area < 0.005 * city.shape.area, layer.geography


def test_residents_are_those_of_the_census_and_the_survey(everything: Release) -> None:
    census = pd.read_csv(
        MINNEAPOLIS / "population" / "minnpost_mpls-neighborhood-population-2010-2000.csv", thousands=","
    ).set_index("Neighborhood")
    rows = everything.query("population", city="minneapolis")
    found = rows.set_index(["area", "year"])["residents"]
    for area in ("Armatage", "Audubon Park", "Phillips West", "Jordan"):
        for year in (2000, 2010):
            assert found[area, year] == int(census.loc[area, f"{year} Population"]), (area, year)
    survey = pd.read_excel(
        MINNEAPOLIS / "population" / "mncompass_neighborhoods_msp_2019_with_suppression.xlsx", nrows=400
    )
    survey = survey.set_index(survey.columns[0])["Total population"]
    for area, name in (("Near - North", "Near North"), ("Jordan", "Jordan"), ("East Bde Maka Ska", "ECCO")):
        assert found[area, 2019] == int(survey[name]), area


def test_officers_on_payroll(everything: Release) -> None:
    rows = everything.query("covariates", city="minneapolis", measure="officers_on_payroll").set_index(
        "date"
    )["value"]
    assert rows.iloc[0] == 912
    assert rows[pd.Timestamp(2024, 12, 31)] == 577


def test_new_york_joins_by_settings_alone(everything: Release) -> None:
    """The rows of 2021 give, precinct by precinct and month by month, the counts that ship."""
    with (NEW_YORK / "nyc_precinct_month_2006_2022.csv").open(newline="") as opened:
        published = {(row["precinct"], row["month"][:7]): row for row in csv.DictReader(opened)}
    for outcome, unit, column in (
        ("gunshot", "victims", "victims"),
        ("gunshot", "incidents", "incidents"),
        ("homicide", "victims", "murders"),
    ):
        rows = everything.query(
            "monthly",
            city="new-york",
            geography="precinct",
            outcome=outcome,
            unit=unit,
            month_basis="occurred",
        )
        assert len(rows) == 76 * 204
        for row in rows.itertuples():
            assert row.count == int(published[row.area, f"{row.month:%Y-%m}"][column]), (row, column)
    hours = everything.query("weekday_hour", city="new-york", outcome="gunshot", unit="victims")
    assert hours["count"].sum() == 2011


def test_times_of_the_weekday_hour_table_name_their_months(everything: Release) -> None:
    rows = everything.query("weekday_hour", city="new-york", outcome="gunshot", unit="victims")
    assert set(rows["first_month"]) == {pd.Timestamp(2021, 1, 1)}
    assert set(rows["last_month"]) == {pd.Timestamp(2021, 12, 1)}


def test_volume_of_police_calls_by_precinct_is_that_of_the_file(everything: Release) -> None:
    """The fourth quarter of 2022, counted again with the standard library."""
    with gzip.open(MINNEAPOLIS / "calls/police_calls_2022_q4.csv.gz", "rt", encoding="utf-8") as opened:
        rows = {row["Master_Incident_Number"]: row["Division"] for row in csv.DictReader(opened)}
    wanted = Counter(
        name.split()[1]
        for name in rows.values()
        if name.startswith("Precinct ") and name.split()[1] in "12345"
    )
    found = everything.query("hot_spots", city="minneapolis", outcome="call_for_service").set_index("area")
    assert set(found["geography"]) == {"precinct"}
    assert {area: int(n) for area, n in found["count"].items()} == dict(wanted)
    assert found["months"].unique().tolist() == [3]
    # With thousands of calls each, ranks are certain but for ties.
    assert (found["rank_lower_95"] <= found["rank"]).all() and (found["rank"] <= found["rank_upper_95"]).all()
