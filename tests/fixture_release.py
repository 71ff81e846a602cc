"""A small release with planted values, for tests of pages: two invented programs in two invented cities.

Made from the dictionary, so it breaks when a table changes. Nothing in it comes from a real city.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pandas as pd

from etl.dictionary import SCHEMA_VERSION, create_table_sql, load_dictionary
from evaluation.result import Card, Check, Effect, Gate, Interval, Reading, Result, SeriesPoint

RELEASE_ID = "2026.1.0"
OLDER_ID = "2025.12.0"
CITY, PROGRAM = "rivertown", "river-teams"
SIMULATED_CITY, SIMULATED_PROGRAM = "simulated-city", "simulated-outreach"
AREAS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir")
WARDS = ("1", "2", "3")
MONTHS = [date(2019 + m // 12, m % 12 + 1, 1) for m in range(60)]  # 2019-01 to 2023-12
OBSERVED_IN_PHASE = 1203


def program_file(program: str, city: str, simulated: bool) -> dict[str, Any]:
    return {
        "program": program,
        "city": city,
        "name": "Simulated outreach teams" if simulated else "River Teams",
        "summary": "Teams walk and mediate conflicts.",
        "simulated": simulated,
        "phase": [
            {"id": "before", "name": "Before the program", "kind": "before", "role": "phase",
             "first_month": "2019-01", "last_month": "2020-12", "source": "City news", "certainty": "certain"},
            {"id": "contracted", "name": "Contracted teams", "kind": "contracted", "role": "phase",
             "first_month": "2021-01", "last_month": "2022-12", "source": "City news", "certainty": "likely"},
            {"id": "withdrawn", "name": "No contracts", "kind": "withdrawn", "role": "phase",
             "first_month": "2023-01", "source": "City news", "certainty": "uncertain"},
        ],
        "catchment": [
            {"id": "core", "name": "Core streets", "geography": "neighborhood", "areas": ["Alder", "Birch"],
             "source": "City news", "certainty": "likely", "headline": True},
            {"id": "wide", "name": "Core and next door", "geography": "neighborhood",
             "areas": ["Alder", "Birch", "Cedar"], "source": "City news", "certainty": "uncertain",
             "headline": False},
        ],
        "baseline": [{"id": "to_2020", "first_month": "2019-01", "last_month": "2020-12", "headline": True}],
        "event": [{"id": "flood", "date": "2020-03-13", "name": "Flood", "description": "A flood.",
                   "source": "City news"}],
        "schedule": [
            {"id": "evenings", "first_month": "2021-01", "weekdays": [4, 5, 6], "start_hour": 16,
             "end_hour": 24, "source": "City news", "certainty": "likely"}],
        "fact": [
            {"id": "contacts", "page": "outreach", "date": "2021-12-31", "text": "More than 8,900 contacts.",
             "value": 8900, "unit": "contacts, at least", "source": "City news", "certainty": "likely"}],
        "analysis": [
            {"id": "gunshot_incidents_contracted", "listed": "primary", "role": "headline",
             "question": "While contracted teams worked, how did shooting incidents change?"},
            {"id": "gunshot_victims_contracted", "listed": "main", "role": "headline",
             "question": "While contracted teams worked, how did gunshot-wound victims change?"},
        ],
    }  # fmt: skip


def result(unit: str = "incidents") -> Result:
    """A result that cannot tell: readings from 38 % fewer to 21 % more, two gates passed of five."""
    ratios = (0.62, 0.84, 0.95, 1.21)
    readings = tuple(
        Reading(c, p, "to_2020", r, r * 0.6, r * 1.6, r * 0.75, r * 1.3)
        for (c, p), r in zip(
            (("core", "a"), ("core", "b"), ("wide", "a"), ("wide", "c")), ratios, strict=True
        )
    )
    series = tuple(
        SeriesPoint(m.strftime("%Y-%m"), 40.0 + (i * 7) % 20, 50.0, 30.0, 72.0, side)
        for side in ("treated", "comparison")
        for i, m in enumerate(MONTHS)
    )
    return Result(
        design="controlled",
        family="poisson",
        status="estimated",
        card=Card("gunshot", unit, ("Alder", "Birch"), "core", "contracted", "2021-01", "2022-12",
                  "2019-01", "2020-12", "a", ("Dogwood", "Elm", "Fir")),
        n=60,
        effect=Effect(-0.174, 0.25, 0.84, (0.5, 1.4), (0.6, 1.2), "integrated", OBSERVED_IN_PHASE, 1432.0,
                      229.0, (-344.0, 1203.0)),
        sides={"treated": Interval("poisson", -0.35, 0.1, 0.58, 0.86, 0.62, 0.8),
               "comparison": Interval("poisson", -0.18, 0.1, 0.7, 1.02, 0.75, 0.95)},
        additive={"per_month": -9.5, "lower_95": -50.1, "upper_95": 14.3},
        series=series,
        checks=(
            Check("placebo_outcomes", "deciding", "passed", None, {"powered": 3, "moved_the_same_way": 0, "robbery_log_rate_ratio": 0.02}),
            Check("placebo_dates", "informing", "failed", "other_dates_as_large", {"dates": 40, "share_as_large": 0.3}),
            Check("minimum_detectable_effect", "informing", "failed", "cannot_see_twenty_percent",
                  {"smallest_fall_percent": 45.0, "smallest_rise_percent": 82.0,
                   "power_at_minus_20_percent": 0.25, "exaggeration_at_minus_20_percent": 2.0}),
            Check("simulated_twin", "informing", "cannot_run", "not_evaluated"),
        ),
        gates=(
            Gate(1, "failed", "unpowered", {"p": 0.4, "power": 0.2}),
            Gate(2, "passed"),
            Gate(3, "passed"),
            Gate(4, "failed", "no_like_for_like_pool", {"areas_alike": 1, "areas_wanted": 6}),
            Gate(5, "cannot_run", "too_few_readings"),
        ),
        readings=readings,
        verdict="cannot_tell",
        spec_sha256="ab" * 32,
        data_sha256="cd" * 32,
    )  # fmt: skip


def write_release(
    home: Path, release_id: str = RELEASE_ID, is_empty: bool = False, has_logs: bool = False
) -> Path:
    """Write a release under `home` and point to it.

    `is_empty` leaves out programs and counts; `has_logs` adds outreach logs of both programs.
    """
    folder = home / "releases"
    folder.mkdir(parents=True, exist_ok=True)
    content = _release_bytes(release_id, is_empty, has_logs)
    path = folder / f"{release_id}-{hashlib.sha256(content).hexdigest()[:12]}.duckdb"
    path.write_bytes(content)
    (folder / "CURRENT").write_text(path.name + "\n", encoding="utf-8")
    return path


@cache
def _release_bytes(release_id: str, is_empty: bool, has_logs: bool) -> bytes:
    """The file, made once for all tests of a run."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "release.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("BEGIN")
            for table in load_dictionary().tables.values():
                if table.store == "release":
                    for statement in create_table_sql(table):
                        connection.execute(statement)
            _insert(connection, "meta_release", [
                {"release_id": release_id, "built_at": "2026-01-05 10:00:00", "snapshot_id": "ef" * 32,
                 "code_version": "0.1.0", "schema_version": SCHEMA_VERSION}])  # fmt: skip
            if not is_empty:
                _fill(connection, CITY, PROGRAM, simulated=False)
                _fill(connection, SIMULATED_CITY, SIMULATED_PROGRAM, simulated=True)
            if has_logs:
                _logs(connection, CITY, PROGRAM, simulated=False)
                _logs(connection, SIMULATED_CITY, SIMULATED_PROGRAM, simulated=True)
            connection.execute("COMMIT")
        return path.read_bytes()


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(rows)  # one statement for all rows: row by row takes a minute
    names = ", ".join(f'"{name}"' for name in frame.columns)
    connection.register("new_rows", frame)
    connection.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM new_rows')
    connection.unregister("new_rows")


def _fill(connection: duckdb.DuckDBPyConnection, city: str, program: str, simulated: bool) -> None:
    plain = program_file(program, city, simulated)
    _insert(connection, "core_program", [
        {"program": program, "city": city, "name": plain["name"], "summary": plain["summary"],
         "program_json": json.dumps(plain), "simulated": simulated}])  # fmt: skip
    _areas(connection, city, simulated)
    _counts(connection, city, simulated)
    for unit in ("incidents", "victims"):
        _estimate(connection, city, program, unit, simulated)
    _area_effects(connection, program, simulated)
    _insert(connection, "out_source", [
        {"source": f"{city}_shootings", "city": city, "title": "Shooting records", "publisher": "City police",
         "url": "https://example.org/data", "licence": "Public domain", "rows_read": 1300,
         "rows_accepted": 1290, "rows_duplicate": 7, "rows_rejected": 3, "first_date": "2019-01-01",
         "last_date": "2024-01-09", "last_complete_month": "2023-12-01", "content_sha256": "aa" * 32,
         "simulated": simulated}])  # fmt: skip
    _insert(connection, "out_quality", [
        {"city": city, "source": f"{city}_shootings", "figure": "duplicate_rows_dropped", "value": 7,
         "base": 1300, "note": "Dropped by case number."}])  # fmt: skip


def _areas(connection: duckdb.DuckDBPyConnection, city: str, simulated: bool) -> None:
    rows: list[dict[str, Any]] = [{"geography": "city", "area": city, "name": "Rivertown"}]
    rows += [{"geography": "ward", "area": ward, "name": f"Ward {ward}"} for ward in WARDS]
    rows += [
        {"geography": "neighborhood", "area": area, "name": area, "tile_row": i // 3, "tile_column": i % 3}
        for i, area in enumerate(AREAS)
    ]
    _insert(connection, "core_area", [{"city": city, "simulated": simulated, **row} for row in rows])
    _insert(connection, "core_area_link", [
        {"city": city, "link": "member", "from_geography": "neighborhood", "from_area": area,
         "to_geography": "ward", "to_area": WARDS[i // 2], "share": 1.0} for i, area in enumerate(AREAS)])  # fmt: skip
    _insert(connection, "core_population", [
        {"city": city, "geography": geography, "area": area, "year": 2019, "residents": 10000.0,
         "margin_of_error": 500.0, "source": "Census"}
        for geography, names in (("neighborhood", AREAS), ("ward", WARDS)) for area in names])  # fmt: skip


def _counts(connection: duckdb.DuckDBPyConnection, city: str, simulated: bool) -> None:
    rows = []
    for geography, names in (("city", (city,)), ("ward", WARDS), ("neighborhood", AREAS)):
        for k, area in enumerate(names):
            for i, month in enumerate(MONTHS):
                # The last neighborhood never has a shooting: the empty area of the tests.
                incidents = 0 if area == AREAS[-1] else (i + k) % 5 + (20 if geography == "city" else 0)
                for unit, count in (("incidents", incidents), ("victims", incidents + incidents // 3)):
                    for basis in ("occurred", "reported"):
                        rows.append(
                            {"city": city, "geography": geography, "area": area, "month": month,
                             "month_basis": basis, "outcome": "gunshot", "unit": unit, "count": count,
                             "simulated": simulated})  # fmt: skip
    _insert(connection, "out_monthly", rows)
    hours = [
        {"city": city, "outcome": "gunshot", "unit": unit, "weekday": day, "hour": hour,
         "count": 12 if hour >= 20 else 2, "first_month": MONTHS[0], "last_month": MONTHS[-1],
         "simulated": simulated}
        for unit in ("incidents", "victims") for day in range(1, 8) for hour in range(24)
    ]  # fmt: skip
    _insert(connection, "out_weekday_hour", hours)


def _estimate(
    connection: duckdb.DuckDBPyConnection, city: str, program: str, unit: str, simulated: bool
) -> None:
    analysis = f"gunshot_{unit}_contracted"
    main = result(unit)
    companion = replace(main, design="single", readings=(), gates=(), card=replace(main.card, pool=None))
    for role, name, made in (("headline", "", main), ("companion", "/single", companion)):
        effect = made.effect
        assert effect is not None and effect.averted_interval_95 is not None
        _insert(connection, "out_estimate", [
            {"estimate_id": f"{program}/{analysis}{name}", "city": city, "program": program,
             "analysis": analysis, "role": role, "design": made.design, "phase": "contracted",
             "outcome": "gunshot", "unit": unit, "catchment": "core", "pool": made.card.pool,
             "baseline": "to_2020", "status": "estimated", "rate_ratio": effect.rate_ratio,
             "lower_95": effect.interval_95[0], "upper_95": effect.interval_95[1],
             "lower_80": effect.interval_80[0], "upper_80": effect.interval_80[1],
             "interval_method": effect.interval_method, "observed": effect.observed,
             "expected": effect.expected, "averted": effect.averted,
             "averted_lower_95": effect.averted_interval_95[0],
             "averted_upper_95": effect.averted_interval_95[1], "verdict": made.verdict,
             "registration": made.registration, "result_json": json.dumps(made.as_dict()),
             "spec_sha256": made.spec_sha256, "data_sha256": made.data_sha256, "simulated": simulated}])  # fmt: skip
    _insert(connection, "out_specification", [
        {"program": program, "analysis": analysis, "specification": f"core | pool a | {k} harmonics",
         "rate_ratio": 0.7 + 0.1 * k, "lower_95": 0.5, "upper_95": 1.5} for k in range(5)])  # fmt: skip
    _insert(connection, "out_placebo", [
        {"program": program, "analysis": analysis, "kind": "date", "placebo": f"2019-{m:02d}",
         "rate_ratio": 0.8 + 0.04 * m, "lower_95": 0.5, "upper_95": 1.7} for m in range(3, 11)])  # fmt: skip


def _area_effects(connection: duckdb.DuckDBPyConnection, program: str, simulated: bool) -> None:
    for geography, names in (("neighborhood", AREAS), ("ward", WARDS)):
        for unit in ("incidents", "victims"):
            for k, area in enumerate(names):
                is_empty = area == AREAS[-1]
                _insert(connection, "out_area_effect", [
                    {"program": program, "phase": "contracted", "geography": geography, "area": area,
                     "outcome": "gunshot", "unit": unit, "baseline_count": 0 if is_empty else 48 + k,
                     "phase_count": 0 if is_empty else 40 + k, "baseline_months": 24, "phase_months": 24,
                     "rate_ratio_raw": None if is_empty else 0.83, "raw_lower_95": None if is_empty else 0.5,
                     "raw_upper_95": None if is_empty else 1.4,
                     "rate_ratio_pooled": None if is_empty else 0.9,
                     "pooled_lower_95": None if is_empty else 0.7,
                     "pooled_upper_95": None if is_empty else 1.15,
                     "smallest_detectable_percent": None if is_empty else 45.0, "verdict": "cannot_tell",
                     "is_treated": area in ("Alder", "Birch"), "simulated": simulated}])  # fmt: skip


def _logs(connection: duckdb.DuckDBPyConnection, city: str, program: str, simulated: bool) -> None:
    """Routes, and twelve months of 100 worker hours but for two without any; 20 mediations a month, one month protected."""
    common = {"program": program, "city": city, "simulated": simulated}
    months = MONTHS[24:36]
    _insert(connection, "out_shift", [
        {**common, "month": month, "shifts": 0 if i in (3, 4) else 20, "hours": 0.0 if i in (3, 4) else 100.0}
        for i, month in enumerate(months)])  # fmt: skip
    _insert(connection, "out_activity", [
        {**common, "geography": "city", "area": city, "period_kind": "month", "period": month,
         "measure": "activities", "attribute": "kind", "attribute_value": kind,
         "n": None if i == 5 else n, "n_flag": "protected" if i == 5 else "published"}
        for i, month in enumerate(months) for kind, n in (("mediation", 20), ("contact", 50))])  # fmt: skip
    _insert(connection, "out_hours_weekday_hour", [
        {**common, "year": 2021, "weekday": day, "hour": hour,
         "hours": 80.0 if hour >= 20 else 0.0, "team_hours": 40.0 if hour >= 20 else 0.0,
         "first_month": months[0], "last_month": months[-1]}
        for day in range(1, 8) for hour in range(24)])  # fmt: skip
    _insert(connection, "out_quality", [
        {"city": city, "source": f"{program}/shifts", "figure": "late_entry", "value": 60, "base": 240,
         "note": "Entered more than 72 hours later. The rows were kept"}])  # fmt: skip
    _routes(connection, common)


def _routes(connection: duckdb.DuckDBPyConnection, common: dict[str, Any]) -> None:
    """Four quarters of 200 incidents in six areas. The area with most the year before holds 60 of them and 25 % of
    the hours, that with most hours worked 40, the best 80; Alder was asked for 20 times."""
    quarters = [date(2021, month, 1) for month in (1, 4, 7, 10)]
    periods = [("quarter", day, 50) for day in quarters] + [
        ("year", quarters[0], 200),
        ("all", quarters[0], 200),
    ]
    shares = {"past_year": 0.3, "hours": 0.2, "foresight": 0.4}
    common = {**common, "geography": "neighborhood"}
    _insert(connection, "out_route_accuracy", [
        {**common, "period_kind": kind, "period": day, "quarters": incidents // 50, "choice": choice, "chosen": 1,
         "areas": len(AREAS), "inside": share * incidents, "incidents": incidents, "share": share,
         "lower_95": share - 0.06, "upper_95": share + 0.07, "share_by_chance": 1 / len(AREAS), "best_share": 0.4,
         "accuracy_index": share * len(AREAS), "efficiency": share / 0.4, "hours_share": 0.25}
        for kind, day, incidents in periods for choice, share in shares.items()])  # fmt: skip
    _insert(connection, "out_route_curve", [
        {**common, "period_kind": kind, "period": quarters[0], "choice": choice, "areas_in": taken,
         "share_of_areas": taken / len(AREAS), "share_of_incidents": share if taken == 1 else taken / len(AREAS)}
        for kind in ("year", "all") for choice, share in shares.items() for taken in range(len(AREAS) + 1)])  # fmt: skip
    _insert(connection, "out_hot_spot", [
        {"city": common["city"], "geography": "neighborhood", "area": area, "outcome": "gunshot", "unit": "incidents",
         "first_month": quarters[0], "last_month": date(2021, 12, 1), "months": 12, "count": 60 - 8 * place,
         "level": 58.0 - 8 * place, "lower_95": 48.0 - 8 * place, "upper_95": 68.0 - 8 * place, "weight_own": 0.9,
         "rank": place + 1, "rank_lower_95": max(1, place), "rank_upper_95": place + 2, "top_areas": 1,
         "chance_in_top": 0.95 if place == 0 else 0.02, "simulated": common["simulated"]}
        for place, area in enumerate(reversed(AREAS))])  # fmt: skip
    _insert(connection, "out_request", [
        {**common, "area": "Alder", "period_kind": "year", "period": date(2021, 1, 1),
         "measure": "add_area_requests", "attribute": "all", "attribute_value": "all", "n": 20,
         "n_flag": "published"}])  # fmt: skip
