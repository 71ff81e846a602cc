"""`python -m benchmarks.etl [--quick] [--rows N ...] [--json FILE]`: loading incidents beside two peers.

Each run makes a file of invented incidents and measures, on that same file, in processes of their own:

- `raw read`: DuckDB's own `CREATE TABLE AS SELECT * FROM read_csv(...)`, which types but does not check;
- `etl`: the build of incidents (landing, text to types, faults, de-duplication, outcomes, places,
  counts by area and month with zeros, weekday and hour); `days_beside`: seconds for counts by day and
  neighborhood, which the peers do not make;
- `pandas`: the same work in pandas;
- `incremental` (up to a million rows): 1 % new rows, as a feed of changes, onto a full load that is remembered; both
  from the file to counts, comparison, quality figures and memory, with the seconds of each stage (`full_…` of the
  full load). Of each the fastest run counts.

Rows: `etl vs raw read` (limit 3), `etl vs pandas` (limit 0.5), `1 % new rows vs full build` (limit 0.25), `etl memory`
(limit 2 GB) and `etl growth with rows` (time beside the raw read, many rows over few), with seconds and peak memory.
What limits it: reading and typing text (two thirds of the time; every value is trimmed, compared with the words for
missing, cast and checked), on as many cores as there are. An incremental load costs what its rows cost and a part that
does not grow with the cases remembered: a release is whole, so the table of counts is written anew (146,400 rows here).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
SETTINGS = """
city = "simulated-city"
kind = "rows"
title = "Generated incidents"
publisher = "Invented"
url = "none"
licence = "CC0"
simulated = true
files = ["incidents.csv"]

[rows]
row_is = "case"
case = "case_number"
victims = "victims"
first_month = "2015-01"
longitude = "longitude"
latitude = "latitude"

[time]
zone = "America/Chicago"
clock = "local"
occurred = [{ columns = ["occurred_at"], format = "%Y/%m/%d %H:%M:%S+00" }]
reported = [{ columns = ["reported_at"], format = "%Y/%m/%d %H:%M:%S+00" }]

[areas]
list = "known"
neighborhood = "neighborhood"
ward = "ward"
precinct = "precinct"
derived = { community = "neighborhood" }

[[outcome]]
outcome = "gunshot"
units = ["incidents", "victims"]
column = "offense"
values = ["Gunshot Wound Victims"]

[[outcome]]
outcome = "robbery"
units = ["incidents"]
column = "offense"
values = ["Robbery"]

[[outcome]]
outcome = "domestic_aggravated_assault"
units = ["incidents"]
column = "offense"
values = ["Domestic Aggravated Assault"]
"""
OFFENSES = ("Gunshot Wound Victims", "Robbery", "Domestic Aggravated Assault", "Theft", "Burglary")
SEED = 20260101
MEMORY_LIMIT_MB = 2048
GROWTH = "etl growth with rows"
_PART = 1_000_000


def generate(path: Path, rows: int, first_case: int = 0) -> None:
    """A CSV of `rows` incidents over ten years, 1 % of them standing twice, 1 % without a place."""
    areas = [
        line.split(",") for line in (PROJECT / "data/simulated-city/links.csv").read_text().splitlines()[1:]
    ]
    header = (PROJECT / "data/simulated-city/links.csv").read_text().splitlines()[0].split(",")
    column = {name: position for position, name in enumerate(header)}
    ward_of, precinct_of = {}, {}
    for line in areas:
        if line[column["link"]] == "member" and line[column["from_geography"]] == "neighborhood":
            into = {"ward": ward_of, "precinct": precinct_of}.get(line[column["to_geography"]])
            if into is not None:
                into[line[column["from_area"]]] = line[column["to_area"]]
    names = np.array(sorted(ward_of))
    wards = np.array([ward_of[name] for name in names])
    precincts = np.array([precinct_of.get(name, "1") for name in names])
    random = np.random.default_rng(SEED)
    start = np.datetime64("2015-01-01T00:00:00")
    with path.open("w", encoding="utf-8") as out:
        out.write(
            "objectid,case_number,offense,occurred_at,reported_at,address,neighborhood,ward,precinct,longitude,latitude,victims\n"
        )
        for first in range(0, rows, _PART):
            size = min(_PART, rows - first)
            case = np.arange(first, first + size)
            case = np.where(random.random(size) < 0.01, np.maximum(case - 1, 0), case)
            # To the last evening of 2024, so that its December is complete and every row is counted by all.
            seconds = random.integers(0, 3653 * 86400 - 7200, size)
            seconds[case < np.arange(first, first + size)] = 0
            occurred = start + seconds.astype("timedelta64[s]")
            reported = occurred + random.integers(0, 7200, size).astype("timedelta64[s]")
            place = random.integers(0, len(names), size)
            lost = random.random(size) < 0.01
            frame = duckdb.connect()
            frame.register(
                "part",
                {
                    "objectid": np.arange(first, first + size), "case_number": case + first_case, "offense": random.integers(0, len(OFFENSES), size),
                    "occurred": occurred, "reported": reported, "block": random.integers(1, 60, size),
                    "place": place, "lost": lost, "longitude": -93.2 + random.random(size) / 10,
                    "latitude": 44.9 + random.random(size) / 10, "victims": 1 + (random.random(size) < 0.15),
                },
            )  # fmt: skip
            frame.execute(
                "CREATE TABLE offense AS SELECT unnest(range(?)) AS n, unnest(?) AS name",
                [len(OFFENSES), list(OFFENSES)],
            )
            frame.execute(
                "CREATE TABLE area AS SELECT unnest(range(?)) AS n, unnest(?) AS name, unnest(?) AS ward, unnest(?) AS precinct",
                [len(names), names.tolist(), wards.tolist(), precincts.tolist()],
            )
            target = path.with_suffix(".part")
            frame.execute(
                f"""
                COPY (
                  SELECT objectid, 'LK-' || lpad(case_number::VARCHAR, 9, '0'), offense.name,
                         strftime(occurred, '%Y/%m/%d %H:%M:%S') || '+00', strftime(reported, '%Y/%m/%d %H:%M:%S') || '+00',
                         lpad(block::VARCHAR, 4, '0') || 'XX STREET N',
                         CASE WHEN lost THEN NULL ELSE area.name END, CASE WHEN lost THEN NULL ELSE area.ward END,
                         CASE WHEN lost THEN NULL ELSE area.precinct END, round(longitude, 7), round(latitude, 7), victims
                  FROM part JOIN offense ON offense.n = part.offense JOIN area ON area.n = part.place
                ) TO '{target}' (HEADER false)
                """
            )
            out.write(target.read_text(encoding="utf-8"))
            target.unlink()
            frame.close()


def run_raw(path: Path) -> dict[str, float]:
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        duckdb.connect(f"{folder}/raw.duckdb") as connection,
    ):
        connection.execute("SET memory_limit = '1500MB'")
        started = time.perf_counter()
        connection.execute(f"CREATE TABLE raw AS SELECT * FROM read_csv('{path}')")
        return {"seconds": time.perf_counter() - started}


def count(connection: Any, loaded: Any) -> None:
    """From incidents to counts by month, weekday and hour, as a build does it."""
    from etl.load.cells import sum_outcomes
    from etl.load.near_repeats import add_near_repeats
    from etl.publish.build import insert_counts
    from etl.statements import load_statements

    add_near_repeats(connection, loaded)
    sum_outcomes(connection, loaded)
    insert_counts(connection, loaded)
    for name in ("number_series", "number_counts", "make_out_monthly", "make_out_weekday_hour"):
        connection.execute(load_statements("core")[name].text)


def count_days(connection: Any, loaded: Any) -> float:
    """Seconds for the counts by day and neighborhood, which no peer here makes."""
    from etl.load.rows_source import insert_days
    from etl.statements import load_statements

    started = time.perf_counter()
    insert_days(connection, loaded)
    for name in ("make_out_daily", "make_out_daily_neighborhoods"):
        connection.execute(load_statements("core")[name].text)
    return time.perf_counter() - started


def run_etl(path: Path) -> dict[str, float]:
    from etl.load.incidents import load_rows
    from etl.load.tables import load_areas
    from etl.publish.build import work_database
    from etl.settings import load_sources, read_source
    from etl.sources.landing import land_text

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        workplace = Path(folder)
        settings = workplace / "generated.toml"
        settings.write_text(SETTINGS)
        source = read_source(settings)
        with work_database(workplace) as connection:
            for areas in load_sources():
                if areas.id == "simulated_city_areas":
                    load_areas(connection, areas, workplace, [])
            stages = {}
            started = time.perf_counter()
            landed = land_text(path, workplace)
            stages["landing"] = time.perf_counter() - started
            loaded = load_rows(connection, source, [landed], 1)
            stages["rows"] = time.perf_counter() - started
            count(connection, loaded)
            seconds = time.perf_counter() - started
            total = connection.execute(
                "SELECT sum(count) FROM out_monthly WHERE geography = 'city' AND month_basis = 'occurred' AND unit = 'incidents' AND outcome <> 'near_repeat_shooting'"
            ).fetchone()
            duplicates = loaded.ledger[0].rows_duplicate
            days = count_days(connection, loaded)
    return {
        "seconds": seconds,
        "total": float(total[0]),
        "duplicates": duplicates,
        "days_beside": days,
        **{f"stage_{k}": v for k, v in stages.items()},
    }


def run_incremental(path: Path) -> dict[str, float]:
    """A full load is counted and remembered; then 1 % new rows are loaded onto it. Each from file to memory."""
    from functools import partial

    from etl.load.changes import take_remembered
    from etl.load.incidents import load_rows
    from etl.load.quality import quality_of_rows
    from etl.load.revisions import compare_with_memory, remember
    from etl.load.tables import load_areas
    from etl.publish.build import work_database
    from etl.settings import load_sources, read_source
    from etl.sources.landing import land_text

    rows = int(path.stem.rpartition("-")[2])
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        workplace, home = Path(folder), Path(folder) / "home"
        (home / "private").mkdir(parents=True)
        settings = workplace / "generated.toml"
        settings.write_text(SETTINGS.replace('row_is = "case"', 'row_is = "case"\nexports = "changes"'))
        source = read_source(settings)
        areas = next(item for item in load_sources() if item.id == "simulated_city_areas")
        changes = workplace / "changes.csv"
        generate(changes, rows // 100, first_case=rows)
        runs: list[dict[str, float]] = []
        cases = []
        for number, file in enumerate((path, changes)):
            with work_database(workplace) as connection:
                load_areas(connection, areas, workplace, [])
                marks = [time.perf_counter()]
                onto = partial(take_remembered, connection, home)
                loaded = load_rows(connection, source, [land_text(file, workplace)], 1, 0.0, onto)
                marks.append(time.perf_counter())
                count(connection, loaded)
                marks.append(time.perf_counter())
                compare_with_memory(connection, home, loaded)
                quality_of_rows(connection, loaded)
                marks.append(time.perf_counter())
                found = connection.execute(
                    "SELECT sum(cases) FROM outcome_sum WHERE outcome <> 'near_repeat_shooting'"
                ).fetchone()
                cases.append(int(found[0]) if found else 0)
                days = count_days(connection, loaded)
                marks.append(time.perf_counter())
                remember(connection, home, [loaded], f"2026.1.{number}")
                marks.append(time.perf_counter())
            stages = [after - before for before, after in itertools.pairwise(marks)]
            named = zip(("rows", "counts", "compared", "days", "remembered"), stages, strict=True)
            runs.append({**dict(named), "days": days, "all": sum(stages) - stages[3]})
    if not cases[0] < cases[1] < cases[0] * 1.02:
        raise SystemExit(f"the incremental load went from {cases[0]} to {cases[1]} cases")
    full, changed = runs
    return {
        "seconds": changed.pop("all"),
        "full": full.pop("all"),
        "days_beside": changed.pop("days"),
        "full_days_beside": full.pop("days"),
        **{f"stage_{name}": value for name, value in changed.items()},
        **{f"full_{name}": value for name, value in full.items()},
    }


def run_pandas(path: Path) -> dict[str, float]:
    import pandas as pd

    from etl.load.tables import PROJECT as project

    links = pd.read_csv(project / "data/simulated-city/links.csv", dtype=str)
    member = links[(links["link"] == "member") & (links["to_geography"] == "community")]
    started = time.perf_counter()
    frame = pd.read_csv(path, dtype=str)
    for name in ("occurred_at", "reported_at"):
        frame[name] = pd.to_datetime(frame[name].str[:19], format="%Y/%m/%d %H:%M:%S", errors="coerce")
    frame["victims"] = pd.to_numeric(frame["victims"], errors="coerce")
    frame["longitude"] = pd.to_numeric(frame["longitude"], errors="coerce")
    frame["latitude"] = pd.to_numeric(frame["latitude"], errors="coerce")
    outcome = {
        "Gunshot Wound Victims": "gunshot",
        "Robbery": "robbery",
        "Domestic Aggravated Assault": "domestic_aggravated_assault",
    }
    frame["outcome"] = frame["offense"].map(outcome)
    frame["community"] = frame["neighborhood"].map(
        dict(zip(member["from_area"], member["to_area"], strict=True))
    )
    good = frame[frame["case_number"].notna() & frame["occurred_at"].notna() & frame["victims"].ge(0)]
    good = good[good["outcome"].notna()]
    kept = good.drop_duplicates(["outcome", "case_number"], keep="last").copy()
    shot = kept[(kept["outcome"] == "gunshot") & kept["neighborhood"].notna()].sort_values(
        ["neighborhood", "occurred_at"]
    )
    gap = shot.groupby("neighborhood")["occurred_at"].diff()
    near = shot[gap <= pd.Timedelta(days=14)].assign(outcome="near_repeat_shooting", victims=1)
    kept = pd.concat([kept, near], ignore_index=True)
    kept["city"] = "simulated-city"
    pieces = []
    for basis in ("occurred", "reported"):
        kept["month"] = kept[f"{basis}_at"].dt.to_period("M")
        calendar = pd.period_range("2015-01", kept["month"].max(), freq="M")
        for kind in ("city", "precinct", "ward", "community", "neighborhood"):
            grouped = kept.groupby(["outcome", kind, "month"])["victims"].agg(["size", "sum"])
            every = pd.MultiIndex.from_product(
                [kept["outcome"].unique(), kept[kind].dropna().unique(), calendar]
            )
            pieces.append(grouped.reindex(every, fill_value=0))
    hours = kept.groupby(["outcome", kept["occurred_at"].dt.dayofweek, kept["occurred_at"].dt.hour]).size()
    seconds = time.perf_counter() - started
    city = pieces[0]
    total = int(city.loc[list(outcome.values()), "size"].sum())
    return {
        "seconds": seconds,
        "total": float(total),
        "duplicates": float(len(good) - len(kept) + len(near)),
        "cells": float(len(hours)),
    }


RUNS = {"raw read": run_raw, "etl": run_etl, "pandas": run_pandas, "incremental": run_incremental}
INCREMENTAL_UP_TO = 1_000_000  # the full load that goes before it is not worth the wait for more


def measure(name: str, path: Path) -> dict[str, float]:
    """Run one contestant in a process of its own; seconds and peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.etl", "--one", name, str(path)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1,000,000 rows, one run of each")
    parser.add_argument("--rows", type=int, nargs="*", help="rows (default 1,000,000 and 10,000,000)")
    parser.add_argument("--repeat", type=int, help="runs of each; the fastest counts (default 3, quick 1)")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        found = RUNS[given.one[0]](Path(given.one[1]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**found, "peak_mb": peak}))
        return
    results: list[dict[str, object]] = []
    for rows in given.rows or ([1_000_000] if given.quick else [1_000_000, 10_000_000]):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"incidents-{rows}.csv"
            generate(path, rows)
            best: dict[str, dict[str, float]] = {}
            for _ in range(given.repeat or (1 if given.quick else 3)):
                for name in RUNS:
                    if name == "incremental" and rows > INCREMENTAL_UP_TO:
                        continue
                    found = measure(name, path)
                    before = best.get(name, found)
                    if found["seconds"] <= before["seconds"]:
                        best[name] = found
                    if "full" in found:
                        best[name]["full"] = min(found["full"], before["full"])
            size = path.stat().st_size / 1e6
        if best["etl"]["total"] != best["pandas"]["total"]:
            raise SystemExit(f"etl counts {best['etl']['total']}, pandas {best['pandas']['total']}")
        for peer, aim in (("raw read", 3.0), ("pandas", 0.5)):
            row: dict[str, object] = {
                "name": f"etl vs {peer}",
                "rows": rows,
                "file_mb": round(size),
                "ours": round(best["etl"]["seconds"], 2),
                "peer": round(best[peer]["seconds"], 2),
                "ratio": round(best["etl"]["seconds"] / best[peer]["seconds"], 2),
                "limit": aim,
                "unit": "s",
                "etl_peak_mb": round(best["etl"]["peak_mb"]),
                "peer_peak_mb": round(best[peer]["peak_mb"]),
                **{key: round(best["etl"][key], 2) for key in ("stage_landing", "stage_rows", "days_beside")},
            }
            results.append(row)
            print(row, flush=True)
        if "incremental" in best:
            row = {
                "name": "1 % new rows vs full build",
                "rows": rows,
                "ours": round(best["incremental"]["seconds"], 2),
                "peer": round(best["incremental"]["full"], 2),
                "ratio": round(best["incremental"]["seconds"] / best["incremental"]["full"], 2),
                "limit": 0.25,
                "unit": "s",
                **{
                    key: round(value, 2)
                    for key, value in best["incremental"].items()
                    if key.startswith(("stage_", "full_")) or key == "days_beside"
                },
            }
            results.append(row)
            print(row, flush=True)
        memory: dict[str, object] = {
            "name": "etl memory",
            "rows": rows,
            "ours": round(best["etl"]["peak_mb"]),
            "peer": MEMORY_LIMIT_MB,
            "ratio": round(best["etl"]["peak_mb"] / MEMORY_LIMIT_MB, 2),
            "limit": 1.0,
            "unit": "MB",
            "note": f"peak of the process, limit {MEMORY_LIMIT_MB:,} MB",
        }
        results.append(memory)
        print(memory, flush=True)
    if given.json:
        write(given.json, results)


def write(target: Path, results: list[dict[str, object]]) -> None:
    """Write the rows, keeping what the file holds of other sizes; with two sizes, how the time grows with rows."""
    kept: list[dict[str, object]] = []
    if target.is_file():
        sizes = {row["rows"] for row in results}
        found = json.loads(target.read_text(encoding="utf-8"))["rows"]
        kept = [row for row in found if row["rows"] not in sizes and row["name"] != GROWTH]
    rows = sorted(kept + results, key=lambda row: (int(str(row["rows"])), str(row["name"])))
    timed = [row for row in rows if row["name"] == "etl vs raw read"]
    if len(timed) > 1:
        few, many = timed[0], timed[-1]
        beside_raw = [float(str(row["ratio"])) for row in (few, many)]
        rows.append(
            {
                "name": GROWTH,
                "rows": many["rows"],
                "ours": beside_raw[1],
                "peer": beside_raw[0],
                "ratio": round(beside_raw[1] / beside_raw[0], 2),
                "limit": 1.25,
                "unit": "times the raw read",
                "note": f"time beside the raw read at {many['rows']:,} rows over that at {few['rows']:,}: "
                "1 is as linear as reading",
            }
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
