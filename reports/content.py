"""What a report reads from a release: one program with its estimates, money, phases and provenance."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from etl.warehouse import Release
from presentation import numbers
from presentation.language import say, sentence_case
from presentation.program import Program, read_program
from presentation.results import main_analysis
from presentation.sentences import data_extent
from reports.document import Provenance

Plain = dict[str, Any]


class ReportError(Exception):
    """A report that cannot be made, as one line for a person. `code`: unknown_program, unknown_ward, …"""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Content:
    """One program as a release holds it.

    `estimates` are rows of out_estimate without the readings; `results` maps an analysis id to the plain result of its headline.
    """

    release: Release
    program: Program
    estimates: pd.DataFrame
    results: dict[str, Plain]
    provenance: Provenance
    _frames: dict[tuple[str, tuple[tuple[str, Any], ...]], pd.DataFrame] = field(
        default_factory=dict, repr=False, compare=False
    )

    def read(self, name: str, **parameters: Any) -> pd.DataFrame:
        """A named statement of the release, read once a report batch. The frame must not be changed."""
        key = (name, tuple(sorted(parameters.items())))
        if key not in self._frames:
            self._frames[key] = self.release.query(name, **parameters)
        return self._frames[key]

    @cached_property
    def primary(self) -> Plain | None:
        """The result that answers the program's main question, or None if there is none."""
        return self.results[self.primary_analysis[0]] if self.primary_analysis else None

    @cached_property
    def primary_analysis(self) -> tuple[str, ...]:
        """Id of the analysis that answers the main question, as a tuple of one, or empty."""
        row = main_analysis(self.program, self.estimates[self.estimates["role"] == "headline"])
        return (row["analysis"],) if row is not None else ()

    @property
    def subtitle(self) -> str:
        return say(
            "report.subtitle",
            program=self.program.name,
            through=sentence_case(data_extent(self.provenance.data_through)),
            release=self.release.id,
            built=numbers.day(self.provenance.built[:10]),
        )

    def results_of(self, role: str, analysis: str) -> list[tuple[Plain, Plain]]:
        """(row, result) pairs of one role of an analysis, e.g. its companions."""
        rows = self.estimates[(self.estimates["role"] == role) & (self.estimates["analysis"] == analysis)]
        records = rows.to_dict("records")
        return [(row, json.loads(row["result_json"])) for row in records]


def read_content(release: Release, program_id: str) -> Content:
    """Read `program_id` from `release`. Raises ReportError(unknown_program)."""
    rows = release.query("program", program=program_id).to_dict("records")
    if not rows:
        known = ", ".join(release.query("programs")["program"])
        raise ReportError(
            "unknown_program", f"{program_id}: no such program in release {release.id}; there is {known}."
        )
    program = read_program(rows[0])
    estimates = release.query("estimates", program=program_id)
    # Readings are inside the results; as rows they are nine in ten and only cost time.
    estimates = estimates[estimates["role"] != "reading"]
    heads = estimates[estimates["role"] == "headline"]
    results = {row["analysis"]: json.loads(row["result_json"]) for row in heads.to_dict("records")}
    return Content(release, program, estimates, results, _provenance(release, program, heads))


def _provenance(release: Release, program: Program, heads: pd.DataFrame) -> Provenance:
    sources = release.query("sources", city=program.city)
    last = _last_month(release, program, heads, sources)
    through = numbers.month(last) if last is not None else ""
    publishers = "; ".join(dict.fromkeys(sources["publisher"])) or say("report.not_published")
    meta = release.meta
    return Provenance(
        release=release.id,
        built=pd.Timestamp(meta["built_at"]).isoformat(timespec="seconds"),
        data_through=through,
        snapshot=str(meta["snapshot_id"]),
        code_version=str(meta["code_version"]),
        specs=tuple((row["analysis"], row["spec_sha256"]) for row in heads.to_dict("records")),
        cite=say(
            "report.cite",
            program=program.name,
            release=release.id,
            through=data_extent(through),
            snapshot=str(meta["snapshot_id"])[:12],
            publisher=publishers,
        ),
    )


def _last_month(
    release: Release, program: Program, heads: pd.DataFrame, sources: pd.DataFrame
) -> object | None:
    """Last month of the outcome that the program's first question is about; of any source where it has none.

    A source may go on for another outcome: its newest month would promise data that the answer does not use.
    """
    for analysis in program.analyses()[:1]:
        asked = heads[heads["analysis"] == analysis["id"]]
        spans = release.query("monthly_span", city=program.city)
        spans = spans[spans["outcome"].isin(asked["outcome"]) & spans["unit"].isin(asked["unit"])]
        if len(spans):
            return spans["last_month"].max()
    dated = sources[sources["last_complete_month"].notna()]
    return dated["last_complete_month"].max() if len(dated) else None
