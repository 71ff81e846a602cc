"""`python -m etl explain`: where an estimate comes from, from the question down to the files."""

from __future__ import annotations

import json
from typing import Any

from etl import warehouse
from presentation import record


def list_estimates(release: warehouse.Release) -> list[str]:
    """Ids of the headline estimates of all programs."""
    found: list[str] = []
    for program in release.query("programs")["program"]:
        found += list(release.query("estimates", program=program, role="headline")["estimate_id"])
    return found


def explain(estimate_id: str, release_id: str | None) -> list[str]:
    """Lines for a person. Raises LookupError for an unknown estimate, ReleaseError for the release."""
    release = warehouse.open_release(release_id)
    rows = release.query("estimate", estimate_id=estimate_id)
    if rows.empty:
        names = "\n  ".join(list_estimates(release))
        raise LookupError(f"Release {release.id} has no estimate {estimate_id!r}. There are:\n  {names}")
    row: dict[str, Any] = {str(name): value for name, value in rows.iloc[0].items()}
    programs = release.query("program", program=row["program"])["program_json"]
    program = json.loads(str(programs.iloc[0]))
    analysis = next(item for item in program["analysis"] if item["id"] == row["analysis"])
    lines = [
        f"estimate     {estimate_id} ({row['role']}, {row['registration']})",
        f"question     {analysis.get('question', '')}",
        f"counts       {row['outcome']}, {row['unit']}, by {analysis['geography']} and month {analysis['month_basis']}",
        f"compared     phase {row['phase']}, catchment {row['catchment']}, pool {row['pool'] or 'none'}, baseline {row['baseline']}",
    ]
    if row["status"] == "estimated":
        lines.append(
            f"rate ratio   {row['rate_ratio']:.3f}, 95 % interval {row['lower_95']:.3f} to {row['upper_95']:.3f} "
            f"({row['interval_method']}); verdict {row['verdict']}"
        )
        lines.append(_counts(row))
    else:
        lines.append(f"not estimable: {json.loads(row['result_json']).get('reason')}")
    lines += [
        f"spec         sha256 {row['spec_sha256']}",
        f"data         sha256 {row['data_sha256']}",
        f"release      {release.id}, built {release.meta['built_at']:%Y-%m-%d %H:%M} UTC with {release.meta['code_version']}",
        f"snapshot     {release.meta['snapshot_id']}",
    ]
    for source in release.query("sources", city=row["city"]).to_dict("records"):
        lines.append(
            f"source       {source['source']}: {source['publisher']}; {source['rows_accepted']:,} of "
            f"{source['rows_read']:,} rows kept; sha256 {str(source['content_sha256'])[:12]}"
        )
    lines += _on_record(release, row)
    lines.append(f"check it     python -m etl verify {row['program']}/{row['analysis']}")
    return [line for line in lines if line]


def _on_record(release: warehouse.Release, row: dict[str, Any]) -> list[str]:
    """The result id and how often the question was asked, from the ledger that the release holds."""
    if "out_ledger" not in release.table_names():
        return []
    known = record.lines_of(release.query("record").to_dict("records"))
    found = record.last_answer(known, row["program"], row["analysis"])
    if found is None:
        return []
    history, result = found
    return [
        f"result       {result}",
        f"asked        {record.specifications_run(history)}; all: python -m etl ledger {row['program']}/{row['analysis']}",
    ]


def _counts(row: Any) -> str:
    if row["observed"] is None or row["observed"] != row["observed"]:
        return ""
    return f"observed     {row['observed']:,.0f} {row['unit']} over the phase; {row['expected']:,.1f} to be expected"
