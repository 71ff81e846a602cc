"""The invented city is what its README says: invented, marked, reproducible, with the planted truth in it."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from etl.simulate import rates
from etl.simulate.__main__ import write
from etl.simulate.paperwork import APPROPRIATIONS_USD, contracts
from etl.simulate.places import QUIET, neighbor_pairs, neighborhoods, treated_from
from etl.simulate.streams import SEED, stream
from tests.data.simulated_city import CITY, ROOT, areas, program, shootings_by_month, table, truth

SHARED = ROOT.parent / "shared"
FILES = sorted(path.relative_to(CITY).as_posix() for path in CITY.rglob("*.csv"))


@pytest.mark.slow
def test_the_seed_gives_the_same_bytes(tmp_path):
    write(tmp_path)
    made = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*")}
    shipped = {name: (CITY / name).read_bytes() for name in made}
    assert made.keys() >= {*FILES, "truth.toml"}
    assert [name for name in made if made[name] != shipped[name]] == []


def test_another_seed_gives_another_city():
    one, other = (rates.area_levels(stream(seed, "levels")) for seed in (SEED, 7))
    again = rates.area_levels(stream(SEED, "levels"))
    assert (one == again).all() and not np.isclose(one, other).all()


@pytest.mark.parametrize("name", FILES)
def test_every_row_says_simulated(name):
    assert set(table(name)["simulated"]) == {"true"}


def test_the_files_stay_under_six_megabytes():
    assert sum(path.stat().st_size for path in CITY.rglob("*") if path.is_file()) < 6_000_000


def _invented_words() -> str:
    names = [*areas()["name"], *table("logs/providers.csv")["name"], *table("logs/providers.csv")["provider"]]
    notes = [*table("logs/activities.csv")["note"].unique(), *table("logs/requests.csv")["note"].unique()]
    money = [*table("logs/funding.csv")["description"], *table("logs/funding.csv")["source"]]
    return "\n".join(map(str, [*names, *notes, *money])).casefold()


def _stands_in(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text) is not None


def test_no_area_of_a_real_city_stands_in_the_invented_one():
    words = _invented_words()
    real = pd.read_csv(ROOT / "data/minneapolis/areas.csv", dtype=str, keep_default_na=False)
    names = {name for name in real["name"] if not re.fullmatch(r"(Ward|Precinct) \d+", name)}
    assert len(names) > 90
    assert sorted(name for name in names if _stands_in(name, words)) == []


def test_no_name_of_the_fact_files_stands_in_the_invented_city():
    facts = SHARED / "facts"
    if not facts.is_dir():
        pytest.skip("the fact files are not here (../shared/facts)")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(facts.glob("*.md")))
    names = set(re.findall(r"\b[A-Z][\w.'’]+(?: (?:for |of |the )?[A-Z][\w.'’]+)+", text))
    names |= set(
        re.findall(r"\b(?:MAD DADS|T\.O\.U\.C\.H\.|READI|Sabathani|Agape|Phillips|Powderhorn|Camden)\b", text)
    )
    assert {"We Push for Peace", "Metro Youth Diversion", "George Floyd"} <= names
    words = _invented_words()
    assert sorted(name for name in names if _stands_in(name, words)) == []


def test_no_invented_name_stands_in_the_files_of_real_programs():
    invented = [place.name for place in neighborhoods()] + list(
        table("logs/providers.csv")["provider"].unique()
    )
    for path in sorted((ROOT / "data" / "programs").glob("*.toml")):
        if path.stem != "simulated-outreach":
            text = path.read_text(encoding="utf-8").casefold()
            assert [name for name in invented if _stands_in(name, text)] == []


def test_places_make_a_city():
    frame = areas()
    counts = frame["geography"].value_counts().to_dict()
    assert counts == {"neighborhood": 72, "community": 36, "ward": 9, "precinct": 4}
    pairs = {(a, b) for a, b in neighbor_pairs()}
    assert pairs == {(b, a) for a, b in pairs}
    links = table("links.csv")
    member = links.loc[links["link"] == "member"]
    assert (member.groupby("from_area").size() == 3).all()
    residents = table("population.csv").assign(residents=lambda rows: rows["residents"].astype(int))
    assert residents.groupby("geography")["residents"].sum().nunique() == 1


def test_police_records_are_as_the_answer_key_says():
    rows, key = table("incidents/shootings.csv"), truth()["records"]
    cases = rows.drop_duplicates()
    assert len(rows) - len(cases) == key["duplicate_rows"]
    assert cases["case_number"].is_unique and len(cases) == key["shootings"]
    assert cases["victims"].astype(int).sum() == key["victims"]
    assert (cases["neighborhood"] == "").sum() == key["blank_neighborhoods"]
    years = cases["occurred_at"].str[:4].value_counts()
    assert {year: years[year] for year in key["shootings_by_occurred_year"]} == key[
        "shootings_by_occurred_year"
    ]
    assert (cases["reported_at"] >= cases["occurred_at"]).all()
    homicides = table("incidents/homicides.csv")
    fatal = cases.loc[cases["fatal_victims"].astype(int) > 0, "case_number"]
    assert set(homicides.loc[homicides["weapon"] == "firearm", "case_number"]) == set(fatal)


def _two_way(counts: pd.DataFrame, last: str) -> tuple[float, float]:
    """Log ratio and its standard error from a Poisson with area and month effects (statsmodels, scaled by X2)."""
    window = counts.loc[:, :last]
    starts = treated_from()
    long = window.stack().rename_axis(["area", "month"]).rename("count").reset_index()
    long["served"] = [
        float(area in starts and month >= starts[area])
        for area, month in zip(long["area"], long["month"], strict=True)
    ]
    design = pd.concat(
        [pd.get_dummies(long["area"]), pd.get_dummies(long["month"], drop_first=True), long[["served"]]],
        axis=1,
    ).astype(float)
    fit = sm.GLM(long["count"], design, family=sm.families.Poisson()).fit(scale="X2")
    return float(fit.params["served"]), float(fit.bse["served"])


def test_the_planted_effect_is_in_the_shootings_and_not_in_the_placebo_outcomes():
    key = truth()["effect"]
    estimate, error = _two_way(shootings_by_month(), rates.CONTRACTED[1])
    assert abs(estimate - np.log(key["contracted"]["rate_ratio"])) < 2.5 * error
    assert estimate < -4 * error
    monthly = table("counts/area_month.csv").query("geography == 'neighborhood'")
    for outcome in ("robbery", "domestic_aggravated_assault"):
        counts = monthly.assign(count=monthly[outcome].astype(int)).pivot(
            index="area", columns="month", values="count"
        )
        estimate, error = _two_way(counts, rates.CONTRACTED[1])
        assert abs(estimate) < 2.5 * error, outcome


def test_the_ratio_that_was_drawn_from_is_the_planted_one():
    key = truth()["effect"]
    assert key["realized_contracted"] == pytest.approx(key["contracted"]["rate_ratio"], abs=1e-9)
    ratio = rates.effect_ratio()
    starts = treated_from()
    untreated = [name for name in ratio.columns if name not in starts]
    assert (ratio[untreated] == 1).all().all()
    for area, start in starts.items():
        before = ratio.loc[: pd.Period(start, "M") - 1, area]
        assert set(before) <= {1.0, key["pilot"]["rate_ratio"]}
        assert set(ratio.loc[start : rates.CONTRACTED[1], area]) == {0.65}


def test_a_common_shock_comes_in_june_2020_and_fades():
    counts = shootings_by_month().drop(index=list(treated_from())).sum()
    summer = {year: counts[f"{year}-06" : f"{year}-08"].sum() for year in (2019, 2020, 2025)}
    assert 1.3 < summer[2020] / summer[2019] < 2.0
    assert summer[2025] < summer[2020]


def test_a_like_for_like_pool_exists():
    """At least three times as many untreated neighborhoods, none adjacent, between half and twice the treated level."""
    robbery = table("counts/area_month.csv").query("geography == 'neighborhood' and month < '2020'")
    level = robbery.assign(robbery=robbery["robbery"].astype(int)).groupby("area")["robbery"].sum()
    treated = set(treated_from())
    beside = {b for a, b in neighbor_pairs() if a in treated}
    mean = level[sorted(treated)].mean()
    alike = [a for a in level.index if a not in treated | beside and mean / 2 <= level[a] <= 2 * mean]
    assert len(treated) == 12 and len(alike) >= 36
    assert not set(QUIET) & set(alike)


def test_program_file_and_generator_tell_the_same_story():
    settings = program()
    assert settings["simulated"] is True
    phases = {phase["id"]: (phase["first_month"], phase.get("last_month")) for phase in settings["phase"]}
    assert phases["pilot"] == rates.PILOT[:2]
    assert phases["contracted"] == rates.CONTRACTED[:2]
    assert phases["payment_gap"] == rates.PAYMENT_GAP[:2]
    assert phases["withdrawn"] == rates.WITHDRAWN[:2]
    assert phases["partial_return"] == (rates.PARTIAL_RETURN[0], None)
    bands = sorted(phase["first_month"] for phase in settings["phase"] if phase["role"] == "phase")
    assert all(one < other for one, other in pairwise(bands))
    headline = next(reading for reading in settings["catchment"] if reading["headline"])
    assert headline["starts"] == treated_from() and sorted(headline["areas"]) == sorted(treated_from())
    money = {
        (entry["kind"], entry.get("provider", ""), entry["date"].year): entry for entry in settings["funding"]
    }
    for year, amount in APPROPRIATIONS_USD.items():
        assert money["appropriation", "", year - 1]["amount_usd"] == amount
    signed = sorted(
        (entry["provider"], entry["period_start"], entry["amount_usd"])
        for entry in settings["funding"]
        if entry["kind"] == "contract"
    )
    assert signed == sorted((one.provider, one.start, one.amount_usd) for one in contracts())
    assert settings["logs"]["exported_on"] == rates.EXPORTED_AT.date()


def test_dispatch_mostly_reaches_nobody_when_no_team_is_on_shift():
    asked = table("logs/requests.csv").query("source == 'police_scene'")
    hour = pd.to_datetime(asked["received_at"], format="%Y-%m-%d %H:%M", errors="coerce").dt.hour
    night = asked.loc[hour < 12]
    assert len(night) > 200
    assert (night["outcome"] == "unreached").mean() > 0.95
    assert ((night["outcome"] == "unreached") & (night["relayed_at"] == "")).sum() > 100
    assert (table("logs/requests.csv")["outcome"] == "open").sum() > 20
