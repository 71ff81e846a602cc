"""`python -m etl.simulate --out data/simulated-city`: write the invented city's files."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from etl.simulate import faults, incidents, paperwork, places, providers, rates, requests, truth, work
from etl.simulate.notes import CANARY
from etl.simulate.streams import SEED, stream


def build(seed: int = SEED) -> dict[str, pd.DataFrame | str]:
    """Every file of the city by its path: frames for CSV, text for `truth.toml`."""
    levels = rates.area_levels(stream(seed, "levels"))
    expected = rates.expected_counts(rates.GUNSHOT, levels, stream(seed, "expected shootings"))
    cases = incidents.shootings(expected, stream(seed, "shootings"))
    logs, planted = _logs(seed, expected)
    canaries = sum(CANARY in row["note"] for row in logs["logs/activities.csv"])
    return {
        "areas.csv": places.area_frame(),
        "links.csv": places.link_frame(),
        "population.csv": places.population_frame(stream(seed, "population")),
        "incidents/shootings.csv": incidents.plant_record_faults(cases, stream(seed, "record faults")),
        "incidents/homicides.csv": incidents.homicides(cases, stream(seed, "homicides")),
        "counts/area_month.csv": incidents.monthly_counts(levels, seed),
        "logs/providers.csv": providers.provider_frame(rates.months()),
        **{name: pd.DataFrame(rows) for name, rows in logs.items()},
        "planted_faults.csv": pd.DataFrame(planted, columns=["file", "record", "reason"]).assign(
            simulated="true"
        ),
        "truth.toml": truth.truth_text(seed, expected, cases, planted, canaries),
    }


def _logs(seed: int, expected: pd.DataFrame) -> tuple[dict[str, work.Log], faults.Planted]:
    """The teams' logs with faults planted in them, in the order of entry, and the list of faults."""
    worked = work.shifts(stream(seed, "shifts"))
    done = work.activities(worked, stream(seed, "activities"))
    asked = requests.requests(expected, stream(seed, "requests"))
    faulty = {
        "shifts": faults.plant_in_shifts(work.shift_log(worked), stream(seed, "shift faults")),
        "activities": faults.plant_in_activities(work.as_written(done, "A"), stream(seed, "activity faults")),
        "requests": faults.plant_in_requests(work.as_written(asked, "Q"), stream(seed, "request faults")),
        "conduct_reports": faults.plant_in_conduct_reports(
            paperwork.conduct_reports(stream(seed, "conduct")), stream(seed, "conduct faults")
        ),
        "required_records": (paperwork.required_records(stream(seed, "required records")), []),
        "funding": faults.plant_in_funding(paperwork.payments(), stream(seed, "funding faults")),
    }
    for name in ("shifts", "activities"):
        faulty[name][0].sort(key=lambda row: (row["logged_at"], row["record"]))
    logs = {f"logs/{name}.csv": rows for name, (rows, _) in faulty.items()}
    return logs, [fault for _, planted in faulty.values() for fault in planted]


def write(folder: Path, seed: int = SEED) -> dict[str, int]:
    """Write all files; returns bytes by path."""
    sizes = {}
    for name, content in build(seed).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        written = content if isinstance(content, str) else content.to_csv(index=False, lineterminator="\n")
        path.write_bytes(written.encode("utf-8"))
        sizes[name] = path.stat().st_size
    return sizes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m etl.simulate", description="Write the invented city.")
    parser.add_argument("--out", type=Path, default=Path("data/simulated-city"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed gives another city")
    arguments = parser.parse_args()
    sizes = write(arguments.out, arguments.seed)
    for name, size in sizes.items():
        print(f"{size:>10,} bytes  {name}")
    print(f"{sum(sizes.values()):>10,} bytes  in all, in {arguments.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
