"""The specs of a release as files: what was registered, and what can be run again.

`specs/registered/*.json` holds each fixed analysis as canonical JSON: its SHA-256 is the `spec_sha256` of
its estimates. `specs/run/*.toml` holds each published estimate as a spec that `python -m evaluation run`
takes, with the rows it was made from beside it and, for other languages, `published.csv`: what each spec
should give.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evaluation.canonical import canonical_json
from evaluation.cube import calendar_months, segment_codes
from evaluation.program import Analysis, Program, parse_program

BASELINE, PHASE = "baseline", "phase"
EARLIER_MONTHS = (
    "# In the release, months before the baseline, or a phase that came twice, have terms that a spec cannot\n"
    "# give them: the interval comes out a little different here.\n"
)
RUN_ROLES = ("headline", "companion", "standard")

Counts = Callable[[dict[str, str]], pd.DataFrame]


@dataclass(frozen=True)
class RegisteredSpec:
    """One fixed analysis; `text` is canonical JSON without a newline, so that its hash is the spec's."""

    name: str
    text: str


@dataclass(frozen=True)
class RunnableSpec:
    """One estimate as a spec file and its rows.

    rows: area, month, count, cluster, segment (baseline, phase or another), is_treated, and in staggered
    designs start. `published` holds the figures of the release by name.
    """

    name: str
    text: str
    rows: pd.DataFrame
    published: dict[str, Any]

    @property
    def rows_name(self) -> str:
        return self.name.removesuffix(".toml") + ".csv.gz"

    @property
    def rows_bytes(self) -> bytes:
        """The rows as gzipped CSV, always the same bytes."""
        text = self.rows.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
        return gzip.compress(text.encode("utf-8"), 9, mtime=0)


def registered_specs(programs: Sequence[Mapping[str, Any]]) -> list[RegisteredSpec]:
    """Spec files of the rows of core_program."""
    files = []
    for row in sorted(programs, key=lambda item: str(item["program"])):
        program = parse_program(json.loads(row["program_json"]))
        for analysis in program.analyses:
            name = file_name(program.id, analysis.id) + ".json"
            files.append(RegisteredSpec(name, canonical_json(program.spec_object(analysis))))
    return files


def runnable_specs(
    programs: Sequence[Mapping[str, Any]],
    estimates: Sequence[Mapping[str, Any]],
    counts: Counts,
    links: pd.DataFrame,
) -> list[RunnableSpec]:
    """Specs of the estimates that were made, of the roles RUN_ROLES.

    programs, estimates: rows of core_program and out_estimate; counts: gives the rows of out_monthly that
    match a set of filters; links: core_area_link.
    """
    parsed = {str(row["program"]): parse_program(json.loads(row["program_json"])) for row in programs}
    found = []
    for row in estimates:
        if row["status"] != "estimated" or row["role"] not in RUN_ROLES or row["program"] not in parsed:
            continue
        program = parsed[str(row["program"])]
        analysis = next((item for item in program.analyses if item.id == row["analysis"]), None)
        card = json.loads(row["result_json"])["card"]
        if analysis is not None and card["areas"] and card["phase_first"] and card["baseline_first"]:
            found.append(_runnable(row, program, analysis, card, counts, links))
    return found


def file_name(*parts: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", "--".join(parts))


def _runnable(
    row: Mapping[str, Any],
    program: Program,
    analysis: Analysis,
    card: dict[str, Any],
    counts: Counts,
    links: pd.DataFrame,
) -> RunnableSpec:
    rows = _rows(row, analysis, card, counts)
    rows["cluster"] = _clusters(rows["area"], str(row["city"]), analysis, links)
    starts = program.catchments[card["catchment"]].starts if card["catchment"] in program.catchments else {}
    # A pooled companion of a controlled analysis has one start, whatever the catchment's own starts are.
    staggered = analysis.design == "pooled" and bool(starts)
    exact = True
    rows["is_treated"] = rows["area"].isin(card["areas"]).astype(int)
    months = calendar_months(rows["month"].min().isoformat()[:7], rows["month"].max().isoformat()[:7])
    data: dict[str, Any] = {
        "file": file_name(*str(row["estimate_id"]).split("/")) + ".csv.gz",
        "date": "month",
        "outcome": "count",
        "unit": str(row["unit"]),
    }
    run: dict[str, Any] = {"design": row["design"], "family": "poisson"}
    if row["design"] != "single" or len(card["areas"]) > 1:
        data["area"] = "area"
    if staggered:
        first = {area: starts.get(area, card["phase_first"]) for area in card["areas"]}
        rows["start"] = rows["area"].map(first).map(lambda month: f"{month}-01", na_action="ignore")
        data |= {"treated_from": "start", "cluster": "cluster"}
        run |= {"start": min(first.values()), "end": card["phase_last"]}
        # As the evaluation has it: from the baseline to the end of the phase, without the months between
        # the end of the baseline and the earliest start.
        month = rows["month"].map(lambda day: day.isoformat()[:7])
        gap = (month > card["baseline_last"]) & (month < card["phase_first"])
        in_use = (month >= card["baseline_first"]) & (month <= card["phase_last"]) & ~gap
        served = in_use & rows["start"].notna() & (rows["month"].map(str) >= rows["start"].fillna("9"))
        rows["segment"] = served.map({True: PHASE, False: BASELINE}).where(in_use, "")
        left_out = sorted(set(month[~in_use & (month <= card["phase_last"])]))
        if left_out:
            data["exclude"] = left_out
    else:
        codes = _codes(program, analysis, card, months)
        if row["design"] == "pooled":
            data["cluster"] = "cluster"
            codes = tuple(code if code in (BASELINE, PHASE) else "" for code in codes)
        elif row["design"] == "single":
            codes = _codes_of_one_side(codes)
            months, codes = months[codes.index(BASELINE) :], codes[codes.index(BASELINE) :]
            rows = rows[rows["month"].map(lambda day: day.isoformat()[:7]) >= months[0]].copy()
        segment = dict(zip(months, codes, strict=True))
        rows["segment"] = rows["month"].map(lambda day: segment[day.isoformat()[:7]])
        phases, excluded = _other_phases(codes, months)
        data |= {"treated": list(card["areas"]), "comparison": list(card["comparison_areas"])}
        twice = len({item["name"] for item in phases} & set(codes)) < len(phases)
        exact = not any(segment[month] for month in excluded) and (row["design"] == "single" or not twice)
        if excluded:
            data["exclude"] = excluded
        run |= {"start": card["phase_first"], "end": card["phase_last"]}
        if phases:
            run["phases"] = phases
    run |= _options(row, analysis)
    stem = data["file"].removesuffix(".csv.gz")
    heading = (
        f"# {row['estimate_id']}: {row['role']} estimate of a release, as a spec that runs again.\n"
        f"# python -m evaluation run {stem}.toml\n"
    )
    if not exact:
        heading += EARLIER_MONTHS
    text = heading + "\n[data]\n" + _toml(data) + "\n[analysis]\n" + _toml(run)
    return RunnableSpec(f"{stem}.toml", text, rows, _published(row, run, exact))


def published_csv(specs: Sequence[RunnableSpec]) -> str:
    """One line a spec: what it was made with and the figures of the release, for other languages."""
    return pd.DataFrame([spec.published | {"rows": spec.rows_name} for spec in specs]).to_csv(
        index=False, lineterminator="\n", float_format="%.17g"
    )


def _published(row: Mapping[str, Any], run: Mapping[str, Any], exact: bool) -> dict[str, Any]:
    intervals = json.loads(row["result_json"])["intervals"]
    found: dict[str, Any] = {
        "estimate_id": row["estimate_id"],
        "design": row["design"],
        "observed": row["observed"],
        "spec_is_exact": int(exact),
        "trend": int(run.get("trend", True)),
        "harmonics": run.get("harmonics", 0),
        "days_offset": int(run.get("days_offset", False)),
        "shock": int(run.get("shock", "none") != "none"),
        "differential_trend": int(run.get("differential_trend", False)),
    }
    for name in ("standard", "cluster", "hc1"):
        for key in ("coefficient", "standard_error", "lower_95", "upper_95"):
            found[f"{name}_{key}"] = intervals.get(name, {}).get(key)
    return found


def _rows(row: Mapping[str, Any], analysis: Analysis, card: dict[str, Any], counts: Counts) -> pd.DataFrame:
    chosen = counts(
        {
            "city": str(row["city"]),
            "geography": analysis.geography,
            "outcome": str(row["outcome"]),
            "unit": str(row["unit"]),
            "month_basis": analysis.month_basis,
        }
    )
    chosen = chosen[chosen["area"].isin([*card["areas"], *card["comparison_areas"]])]
    if analysis.first_month is not None:
        chosen = chosen[chosen["month"].map(lambda day: day.isoformat()[:7]) >= analysis.first_month]
    return chosen[["area", "month", "count"]].sort_values(["area", "month"]).reset_index(drop=True)


def _clusters(areas: pd.Series, city: str, analysis: Analysis, links: pd.DataFrame) -> pd.Series:
    """The community each area lies in, or the area itself."""
    if analysis.raw.get("cluster") == analysis.geography or links.empty:
        return areas
    members = links[
        (links["city"] == city)
        & (links["link"] == "member")
        & (links["from_geography"] == analysis.geography)
        & (links["to_geography"] == "community")
    ].sort_values("share")
    # The last one wins: the community that holds most of the area.
    community = dict(zip(members["from_area"], members["to_area"], strict=True))
    return areas.map(lambda area: community.get(area, area))


def _codes(
    program: Program, analysis: Analysis, card: dict[str, Any], months: Sequence[str]
) -> tuple[str, ...]:
    """The segment of each month, by the rule of the evaluation."""
    others = [
        (item.id, item.first, item.last)
        for item in program.phases.values()
        if item.role == "phase" and item.id != analysis.phase
    ]
    codes = segment_codes(
        months,
        (card["baseline_first"], card["baseline_last"]),
        (card["phase_first"], card["phase_last"]),
        others,
        BASELINE,
        PHASE,
    )
    end = analysis.end
    return tuple("" if end and month > end else code for code, month in zip(codes, months, strict=True))


def _other_phases(codes: Sequence[str], months: Sequence[str]) -> tuple[list[dict[str, str]], list[str]]:
    """Runs of months outside baseline and phase as phases of their own, and months to leave out.

    In a spec file everything before the first phase is baseline, so earlier months must be left out.
    """
    phases: list[dict[str, str]] = []
    excluded = []
    began, previous = False, ""
    for code, month in zip(codes, months, strict=True):
        began = began or code == BASELINE
        if code in (BASELINE, PHASE):
            pass
        elif not code or not began:
            excluded.append(month)
        elif code == previous:
            phases[-1]["end"] = month
        else:
            name = code if code not in {item["name"] for item in phases} else f"{code}_{len(phases)}"
            phases.append({"name": name, "start": month, "end": month})
        previous = code
    return phases, excluded


def _codes_of_one_side(codes: Sequence[str]) -> tuple[str, ...]:
    """Segments as the single-series companions have them: a phase that comes back has a term of its own.

    Months before the baseline and months of no phase are missing.
    """
    found: list[str] = []
    seen: dict[str, int] = {}
    for index, code in enumerate(codes):
        if BASELINE not in codes[: index + 1] or code.startswith("between_"):
            code = ""
        if code and code not in (BASELINE, PHASE) and (index == 0 or codes[index - 1] != code):
            seen[code] = seen.get(code, 0) + 1
        found.append(f"{code}_{seen[code]}" if seen.get(code, 0) > 1 else code)
    return tuple(found)


def _options(row: Mapping[str, Any], analysis: Analysis) -> dict[str, Any]:
    """The keys of `[analysis]` that the estimate was made with."""
    options: dict[str, Any] = {}
    if row["design"] == "controlled":
        options["differential_trend"] = analysis.differential_trend
        options["intervals"] = ["integrated", "ewc", "standard"]
    elif row["design"] == "pooled":
        options["intervals"] = ["cr3", "cluster", "hc1"]
    else:
        raw = analysis.raw
        options["trend"] = bool(raw.get("trend", True))
        options["harmonics"] = int(raw.get("harmonics", 0))
        options["days_offset"] = bool(raw.get("days_offset", True))
        options["shock"] = raw.get("shock", "none")
        options["intervals"] = ["integrated", "ewc", "standard"]
    if analysis.margin is not None:
        options["margin"] = analysis.margin
    return options


def _toml(entries: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in entries.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # JSON's escapes are those of a TOML basic string.
    return json.dumps(str(value), ensure_ascii=False)
