"""Published evaluations in words and as forest plots, with the local estimate among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from presentation import numbers, words
from presentation.charts.description import Axis, ChartDescription, Estimate, Role
from presentation.charts.estimates import ratio_axis
from presentation.language import say
from presentation.program import Program

Plain = dict[str, Any]
SELECTIONS = ("one_per_place", "with_single_sites", "maryland_4_or_more", "every_site_equal_weight")


def things(outcome: str) -> str:
    return words.word("evidence_outcome", outcome)


def title(summary: Plain) -> str:
    """The finding in one sentence: the average, and what a next place may expect."""
    parts = {
        "things": things(summary["outcome"]),
        "places": numbers.count(summary["places"]),
        "results": numbers.count(summary["results"]),
    }
    if summary["status"] != "summarized":
        return say("evidence.title.too_few", **parts)
    parts["change"] = numbers.change(summary["rate_ratio"])
    if not numbers.is_known(summary["prediction_lower_95"]):
        return say("evidence.title.no_prediction", **parts)
    return say("evidence.title.summarized", prediction=_prediction(summary), **parts)


def intro(summary: Plain) -> str:
    if summary["status"] != "summarized":
        return ""
    return say("evidence.intro", range=numbers.change_range(summary["lower_95"], summary["upper_95"]))


def heterogeneity(summary: Plain) -> str:
    """How far places differ, and whether small studies find more."""
    if summary["status"] != "summarized":
        return ""
    lines = []
    if numbers.is_known(summary["i_squared"]):
        lines.append(
            say(
                "evidence.spread",
                tau=numbers.decimal(summary["tau"], 2),
                i2=numbers.percent(summary["i_squared"]),
            )
        )
    if numbers.is_known(summary["egger_intercept"]):
        lines.append(
            say(
                "evidence.small",
                intercept=numbers.decimal(summary["egger_intercept"], 1),
                p=numbers.decimal(summary["egger_p"], 2),
            )
        )
    else:
        lines.append(say("evidence.no_small"))
    return " ".join(lines)


def members(results: Sequence[Plain], summary: Plain) -> list[Plain]:
    """The results that a summary was made from."""
    ids = set(str(summary["members"]).split())
    return [row for row in results if row["result"] in ids]


def forest(
    rows: Sequence[Plain],
    summary: Plain,
    local: Sequence[Plain],
    programs: Sequence[Program],
    release: str = "",
) -> ChartDescription:
    """Members of a summary, their average and prediction, then local estimates as they are and pooled."""
    names = {program.id: program.name for program in programs}
    estimates = [_estimate(row, label(row)) for row in rows]
    if summary["status"] == "summarized":
        average = say("evidence.forest.average", results=numbers.count(summary["results"]))
        estimates.append(_estimate(summary, average, role="headline"))
        if numbers.is_known(summary["prediction_lower_95"]):
            estimates.append(
                Estimate(
                    say("evidence.forest.prediction"),
                    summary["rate_ratio"],
                    summary["prediction_lower_95"],
                    summary["prediction_upper_95"],
                    role="neutral",
                    hover=_prediction(summary),
                )
            )
    for row in local:
        program = names.get(row["program"], row["program"])
        here, toward = (
            say(f"evidence.forest.{key}")
            if len(local) == 1
            else say("evidence.forest.several", name=say(f"evidence.forest.{key}"), program=program)
            for key in ("local", "pooled")
        )
        estimates.append(_estimate(row, here, role="observed"))
        drawn = {"rate_ratio": row["pooled_rate_ratio"], "lower_95": row["pooled_lower_95"]}
        drawn["upper_95"] = row["pooled_upper_95"]
        estimates.append(_estimate(drawn, toward, role="comparison"))
    return _chart(
        f"evidence {summary['summary']}",
        say("evidence.forest.title", things=things(summary["outcome"])),
        say("evidence.forest.subtitle"),
        estimates,
        release,
    )


def sites(rows: Sequence[Plain], outcome: str, release: str = "") -> ChartDescription:
    """Every site of street outreach with a figure, each once, in order."""
    ordered = sorted(rows, key=lambda row: row["rate_ratio"])
    ratios = [row["rate_ratio"] for row in ordered]
    return _chart(
        f"evidence {outcome} sites",
        say(
            "evidence.sites.title", things=things(outcome), range=numbers.change_range(ratios[0], ratios[-1])
        ),
        say("evidence.sites.subtitle"),
        [_estimate(row, _with_site(row), role=_side(row["rate_ratio"])) for row in ordered],
        release,
    )


def other(rows: Sequence[Plain], outcome: str, release: str = "") -> ChartDescription:
    """Other interventions, never averaged with street outreach."""
    ordered = sorted(rows, key=lambda row: row["rate_ratio"])
    return _chart(
        f"evidence {outcome} other",
        say("evidence.other.title", things=things(outcome)),
        say("evidence.other.subtitle"),
        [_estimate(row, _with_site(row)) for row in ordered],
        release,
    )


def replication(rows: Sequence[Plain], release: str = "") -> ChartDescription:
    """The published panel, the same on these counts, and our own estimate with the doubtful starts moved."""
    by_step = {row["step"]: row for row in rows}
    own = by_step.get("own_estimate")
    excludes = own is not None and not own["lower_95"] <= 1 <= own["upper_95"]
    return _chart(
        "replication new york",
        say(
            "replication.title_excludes" if excludes else "replication.title",
            again=numbers.change(by_step["same_method"]["rate_ratio"]),
            published=numbers.change(by_step["published"]["rate_ratio"]),
            range=numbers.change_range(own["lower_95"], own["upper_95"]) if own else "",
        ),
        say("replication.subtitle"),
        [
            _estimate(
                row, _step(row["step"]), role="headline" if row["step"] == "own_estimate" else "estimate"
            )
            for row in rows
        ],
        release,
    )


def replication_text(rows: Sequence[Plain]) -> list[str]:
    """The figures of the publication beside ours, then the start dates in doubt."""
    by_step = {row["step"]: row for row in rows}
    published, same = by_step["published"], by_step["same_method"]
    lines = [
        say(
            "replication.text",
            published_log=numbers.decimal(published["log_rate_ratio"], 3),
            published_error=numbers.decimal(published["standard_error"], 3),
            log=numbers.decimal(same["log_rate_ratio"], 3),
            error=numbers.decimal(same["standard_error"], 3),
            clustered=numbers.decimal(by_step["same_method_clustered"]["standard_error"], 3),
        )
    ]
    early, without = (by_step.get(f"own_estimate/{name}") for name in ("early_75_77", "without_75_77"))
    if early and without:
        lines.append(
            say(
                "replication.doubt",
                **{
                    name: say(
                        "replication.with_interval",
                        change=numbers.change(row["rate_ratio"]),
                        interval=numbers.change_range(row["lower_95"], row["upper_95"]),
                    )
                    for name, row in (("early", early), ("without", without))
                },
            )
        )
    return lines


def _step(step: str) -> str:
    name, _, reading = step.partition("/")
    text = say(f"replication.step.{name}")
    return say(f"replication.reading.{reading}", step=text) if reading else text


def label(row: Plain) -> str:
    if row["is_single_site"]:
        return _with_site(row)
    return say("evidence.row_short", study=_short(row), place=row["place"])


def local_line(row: Plain, question: str) -> str:
    """A local estimate as it is, and drawn toward the published results."""
    return say(
        "evidence.local",
        question=question,
        change=numbers.change(row["rate_ratio"]),
        range=numbers.change_range(row["lower_95"], row["upper_95"]),
        pooled=numbers.change(row["pooled_rate_ratio"]),
        pooled_range=numbers.change_range(row["pooled_lower_95"], row["pooled_upper_95"]),
        weight=numbers.percent(100 * row["weight_local"]),
    )


def table(rows: Sequence[Plain]) -> list[Plain]:
    """All results with source, grade and what reviewers hold against them."""
    return [
        {
            "study": row["authors"],
            "place": row["place"],
            "site": row["site"],
            "intervention": words.word("intervention", row["intervention"]),
            "measure": row["measure"],
            "published": row["published"],
            "rate_ratio": round(row["rate_ratio"], 3) if numbers.is_known(row["rate_ratio"]) else None,
            "lower_95": round(row["lower_95"], 3) if numbers.is_known(row["lower_95"]) else None,
            "upper_95": round(row["upper_95"], 3) if numbers.is_known(row["upper_95"]) else None,
            "error_from": words.word("error_from", row["error_from"]),
            "design": row["design"],
            "maryland_scale": int(row["maryland_scale"]),
            "risk_of_bias": row["risk_of_bias"],
            "overlaps": row["overlaps"],
            "source": row["source"],
        }
        for row in rows
    ]


def absolute_line(row: Plain) -> str:
    return f"{row['authors']}, {row['place']}: {row['measure']}, {row['published']}."


def _prediction(summary: Plain) -> str:
    return numbers.change_range(summary["prediction_lower_95"], summary["prediction_upper_95"])


def _short(row: Plain) -> str:
    """First author and year, for a label."""
    first = str(row["authors"]).removesuffix(f" {row['year']}").split(",")[0].split(" and ")[0]
    return f"{first} {row['year']}"


def _with_site(row: Plain) -> str:
    site = row["site"] if row["is_single_site"] else row["place"]
    return say("evidence.row", study=_short(row), site=site)


def _side(ratio: float) -> Role:
    return "fewer" if ratio < 1 else "more" if ratio > 1 else "neutral"


def _estimate(row: Plain, label: str, role: Role = "estimate") -> Estimate:
    lower = row["lower_95"] if numbers.is_known(row["lower_95"]) else None
    upper = row["upper_95"] if numbers.is_known(row["upper_95"]) else None
    hover = f"{label}: {numbers.change(row['rate_ratio'])}"
    if lower is not None:
        hover = say(
            "estimates.hover",
            label=label,
            change=numbers.change(row["rate_ratio"]),
            interval=numbers.change_range(lower, upper),
        )
    return Estimate(label, row["rate_ratio"], lower, upper, role=role, hover=hover)


def _chart(name: str, title: str, subtitle: str, estimates: list[Estimate], release: str) -> ChartDescription:
    ends: list[float | None] = [item.value for item in estimates]
    ends += [end for item in estimates for end in (item.lower_95, item.upper_95)]
    return ChartDescription(
        id=numbers.file_part(name),
        title=title,
        subtitle=subtitle,
        alt=say(
            "evidence.forest.alt", count=len(estimates), rows="; ".join(item.hover for item in estimates)
        ),
        note=say("chart.release", release=release) if release else "",
        x=ratio_axis(ends),
        y=Axis("", "category", categories=tuple(item.label for item in estimates)),
        estimates=tuple(estimates),
        reference=1.0,
        height=100 + 34 * max(2, len(estimates)),
        table=tuple(
            {
                "name": item.label,
                "change": numbers.change(item.value),
                "rate_ratio": item.value and round(item.value, 3),
                "lower_95": item.lower_95 and round(item.lower_95, 3),
                "upper_95": item.upper_95 and round(item.upper_95, 3),
            }
            for item in estimates
        ),
    )
