"""`python -m etl.simulate --out data/simulated-city`: write the invented city's files."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from etl.simulate import faults, incidents, paperwork, places, providers, rates, requests, truth, work
from etl.simulate.notes import CANARY
from etl.simulate.streams import SEED, stream

LOG_COLUMNS_LAST = ["simulated"]


def build(seed: int = SEED) -> dict[str, pd.DataFrame | str]:
    """Every file of the city by its path: frames for CSV, text for `truth.toml`."""
    levels = rates.area_levels(stream(seed, "levels"))
    expected = rates.expected_counts(rates.GUNSHOT, levels, stream(seed, "expected shootings"))
    cases = incidents.shootings(expected, stream(seed, "shootings"))
    worked = work.shifts(stream(seed, "shifts"))
    done = work.as_written(work.activities(worked, stream(seed, "activities")))
    asked = work.as_written(requests.requests(expected, stream(seed, "requests")))

    shift_log, shift_faults = faults.plant_in_shifts(work.as_written(worked), stream(seed, "shift faults"))
    activity_log, activity_faults = faults.plant_in_activities(done, stream(seed, "activity faults"))
    request_log, request_faults = faults.plant_in_requests(asked, stream(seed, "request faults"))
    conduct_log, funding_log, paper_faults = faults.plant_in_paperwork(
        paperwork.conduct_reports(stream(seed, "conduct")), paperwork.funding(), stream(seed, "paper faults")
    )
    planted = shift_faults + activity_faults + request_faults + paper_faults
    canaries = int(activity_log["note"].str.contains(CANARY).sum())
    return {
        "areas.csv": places.area_frame(),
        "links.csv": places.link_frame(),
        "population.csv": places.population_frame(stream(seed, "population")),
        "incidents/shootings.csv": incidents.plant_record_faults(cases, stream(seed, "record faults")),
        "incidents/homicides.csv": incidents.homicides(cases, stream(seed, "homicides")),
        "counts/neighborhood_month.csv": incidents.monthly_counts(levels, seed),
        "logs/providers.csv": providers.provider_frame(rates.months()),
        "logs/shifts.csv": _by_entry(shift_log),
        "logs/activities.csv": _by_entry(activity_log),
        "logs/requests.csv": request_log,
        "logs/conduct_reports.csv": conduct_log,
        "logs/required_records.csv": paperwork.required_records(stream(seed, "required records")),
        "logs/funding.csv": funding_log,
        "planted_faults.csv": pd.DataFrame(planted, columns=["file", "record", "reason"]).assign(simulated="true"),
        "truth.toml": truth.truth_text(seed, expected, cases, planted, canaries),
    }


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


def _by_entry(log: pd.DataFrame) -> pd.DataFrame:
    """In the order in which entries were typed in, as an export of a log would have them."""
    ordered = log.sort_values(["logged_at", "record"], kind="stable", ignore_index=True)
    return ordered[[*[name for name in ordered if name not in LOG_COLUMNS_LAST], *LOG_COLUMNS_LAST]]


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
