"""Invented police records: shootings and homicides as rows, the other outcomes as counts by month."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from etl.simulate.clock import is_clock_gap, moment_in_month, text
from etl.simulate.places import CITY, neighborhoods
from etl.simulate.rates import DOMESTIC, ROBBERY, SHOTS_FIRED, expected_counts
from etl.simulate.streams import stream

# Of the incidents of a neighborhood and month after its first, the share that follow another within
# 14 days on purpose (retaliation); the rest fall anywhere in the month.
RETALIATION_SHARE = 0.15
EXTRA_VICTIM = 0.17
FATAL_SHARE = 0.16
OTHER_HOMICIDE_PER_MONTH = 0.9
# Like a real export, the files end in a month under way: it has eight days of January.
LAST_REPORT = dt.datetime(2026, 1, 8, 23, 59)
DAYS_UNDER_WAY = 8

# Faults planted in the shootings file, with their counts.
DUPLICATED_ROWS = 24
BLANK_NEIGHBORHOODS = 18

COLUMNS = [
    "case_number",
    "occurred_at",
    "reported_at",
    "neighborhood",
    "ward",
    "precinct",
    "victims",
    "fatal_victims",
    "simulated",
]


def shootings(expected: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row a case, in the order of reporting, before any fault is planted."""
    places = {place.name: place for place in neighborhoods()}
    counts = rng.poisson(expected.to_numpy())
    under_way = rng.poisson(expected.to_numpy()[-1] * DAYS_UNDER_WAY / 31)
    rows = []
    for month, by_area in [*zip(expected.index, counts, strict=True), (expected.index[-1] + 1, under_way)]:
        for name, count in zip(expected.columns, by_area, strict=True):
            place = places[name]
            for occurred in _moments(rng, month.year, month.month, count):
                if occurred > LAST_REPORT:
                    occurred = occurred.replace(day=1 + occurred.day % DAYS_UNDER_WAY)
                victims = int(rng.geometric(1 - EXTRA_VICTIM))
                fatal = int(rng.binomial(victims, FATAL_SHARE / (1 + EXTRA_VICTIM)))
                reported = min(occurred + _report_delay(rng), LAST_REPORT)
                rows.append((occurred, reported, name, place.ward, place.precinct, victims, fatal))
    frame = pd.DataFrame(rows, columns=COLUMNS[1:-1])
    frame = frame.sort_values(["reported_at", "neighborhood"], kind="stable", ignore_index=True)
    running = frame.groupby(frame["reported_at"].dt.year).cumcount() + 1
    year = frame["reported_at"].dt.strftime("%y")
    frame.insert(0, "case_number", "LK" + year + "-" + running.astype(str).str.zfill(5))
    for column in ("occurred_at", "reported_at"):
        frame[column] = frame[column].map(text)
    return frame.assign(simulated="true")


def homicides(cases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Cases with a death: those of the shootings, and a few without a firearm (no effect on these)."""
    shot = cases.loc[cases["fatal_victims"] > 0].drop(columns=["victims"])
    shot = shot.rename(columns={"fatal_victims": "victims"}).assign(weapon="firearm")
    places = neighborhoods()
    rows: list[dict[str, object]] = []
    for month in pd.period_range(cases["occurred_at"].min()[:7], cases["occurred_at"].max()[:7], freq="M"):
        for _ in range(int(rng.poisson(OTHER_HOMICIDE_PER_MONTH))):
            place = places[int(rng.integers(len(places)))]
            occurred = moment_in_month(rng, month.year, month.month)
            if occurred > LAST_REPORT - dt.timedelta(hours=5):
                continue
            rows.append(
                {
                    "case_number": f"LK{month.year % 100}-9{len(rows):04d}",
                    "occurred_at": text(occurred),
                    "reported_at": text(occurred + dt.timedelta(minutes=int(rng.integers(5, 300)))),
                    "neighborhood": place.name,
                    "ward": place.ward,
                    "precinct": place.precinct,
                    "victims": 1,
                    "simulated": "true",
                    "weapon": "other",
                }
            )
    frame = pd.concat([shot, pd.DataFrame(rows)], ignore_index=True)
    frame = frame.sort_values(["reported_at", "case_number"], kind="stable", ignore_index=True)
    return frame[[*COLUMNS[:6], "victims", "weapon", "simulated"]]


def monthly_counts(levels: np.ndarray, seed: int) -> pd.DataFrame:
    """Robbery and domestic aggravated assault (placebo outcomes: the program does nothing to them) and shots-fired calls.

    One row a month and area of each geography, one column an outcome, zeros written out.
    """
    series = {}
    for outcome in (ROBBERY, DOMESTIC, SHOTS_FIRED):
        rng = stream(seed, outcome.name)
        expected = expected_counts(outcome, levels, rng)
        drawn = pd.DataFrame(rng.poisson(expected.to_numpy()), expected.index, expected.columns)
        series[outcome.name] = drawn.stack()
    frame = pd.DataFrame(series).rename_axis(["month", "neighborhood"]).reset_index()
    frame["month"] = frame["month"].astype(str)
    place = pd.DataFrame([vars(entry) for entry in neighborhoods()]).rename(columns={"name": "neighborhood"})
    frame = frame.merge(place, on="neighborhood", validate="many_to_one").assign(city=CITY)
    parts = []
    for geography in ("city", "precinct", "ward", "community", "neighborhood"):
        summed = frame.groupby(["month", geography], sort=True)[list(series)].sum().reset_index()
        parts.append(summed.rename(columns={geography: "area"}).assign(geography=geography))
    columns = ["month", "geography", "area", *series]
    return pd.concat(parts, ignore_index=True)[columns].assign(simulated="true")


def plant_record_faults(cases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The shootings file as it is published: some cases twice, some without a neighborhood."""
    chosen = rng.choice(len(cases), size=DUPLICATED_ROWS + BLANK_NEIGHBORHOODS, replace=False)
    twice, blank = chosen[:DUPLICATED_ROWS], chosen[DUPLICATED_ROWS:]
    faulty = cases.copy()
    faulty.loc[blank, ["neighborhood", "ward", "precinct"]] = ""
    faulty = pd.concat([faulty, faulty.loc[np.sort(twice)]])
    return faulty.sort_values(["reported_at", "case_number"], kind="stable", ignore_index=True)


def _moments(rng: np.random.Generator, year: int, month: int, count: int) -> list[dt.datetime]:
    moments: list[dt.datetime] = []
    for index in range(count):
        if index and rng.random() < RETALIATION_SHARE:
            later = moments[-1] + dt.timedelta(minutes=int(rng.integers(600, 13 * 1440)))
            if later.month == month and not is_clock_gap(later):
                moments.append(later)
                continue
        moments.append(moment_in_month(rng, year, month))
    return moments


def _report_delay(rng: np.random.Generator) -> dt.timedelta:
    draw = rng.random()
    if draw < 0.95:
        return dt.timedelta(minutes=int(rng.integers(1, 90)))
    if draw < 0.99:
        return dt.timedelta(minutes=int(rng.integers(90, 2_880)))
    return dt.timedelta(days=int(rng.integers(3, 40)))
