"""Ward brief: one ward's counts, what can be said of them, and the same in every ward."""

from __future__ import annotations

import pandas as pd

from presentation import numbers, sentences, words
from presentation.charts.counterfactual import note, phase_spans
from presentation.charts.description import Axis, ChartDescription, Estimate, Line
from presentation.charts.estimates import ratio_axis
from presentation.language import say, sentence_case
from reports import parts
from reports.content import Content, ReportError
from reports.document import Block, Document, Figure, PageBreak, Paragraph, Table

OUTCOME = "gunshot"


def wards(content: Content) -> list[str]:
    """Ward ids of the program's city, in order of number or name."""
    frame = content.read("areas", city=content.program.city, geography="ward")
    return sorted(
        frame["area"], key=lambda area: (not area.isdigit(), int(area) if area.isdigit() else 0, area)
    )


def build(content: Content, ward: str) -> Document:
    """The brief of one ward, 1 to 2 pages. Raises ReportError(unknown_ward)."""
    areas = content.read("areas", city=content.program.city, geography="ward")
    mine = areas[areas["area"] == ward].to_dict("records")
    if not mine:
        known = ", ".join(wards(content)) or "none"
        raise ReportError(
            "unknown_ward", f"ward {ward}: no such ward in {content.program.city}; there is {known}."
        )
    name = mine[0]["name"]
    things = words.things(OUTCOME, "incidents")
    blocks: list[Block] = [
        *_answer(content, ward, things),
        *_chart(content, ward, name, things),
        parts.heading("counts"),
        _years(content, ward, name),
        # Front and back of one sheet: this ward, then all of them.
        PageBreak(),
        parts.heading("ward_context"),
        Paragraph(say("report.text.small_counts")),
        *_ward_estimates(content, areas, ward, things),
        *_all_wards(content, areas, things),
    ]
    if content.primary is not None:
        finding = sentences.finding(content.primary)
        blocks.append(Paragraph(say("report.text.ward_city", finding=finding), "caution"))
    if mine[0]["valid_years"]:
        blocks.append(Paragraph(say("report.text.ward_boundaries", years=mine[0]["valid_years"]), "note"))
    blocks += [*parts.limits(), Paragraph(content.provenance.cite, "note")]
    return Document(
        kind="ward",
        title=say("report.title.ward", ward=name),
        subtitle=content.subtitle,
        program=content.program.id,
        blocks=tuple(blocks),
        provenance=content.provenance,
        simulated=content.program.is_simulated,
        file_stem=f"{content.program.id}-ward-{numbers.file_part(ward)}",
        keywords=(content.program.id, f"ward {ward}", content.release.id),
    )


def _effects(content: Content) -> pd.DataFrame:
    """Ward rows of the phase that the program's main question is about."""
    frame = content.read(
        "area_effects", program=content.program.id, geography="ward", outcome=OUTCOME, unit="incidents"
    )
    phase = (content.primary or {}).get("card", {}).get("phase")
    return frame[frame["phase"] == phase] if phase in set(frame["phase"]) else frame.head(0)


def _answer(content: Content, ward: str, things: str) -> list[Block]:
    frame = _effects(content)
    rows = frame[frame["area"] == ward].to_dict("records")
    if not rows:
        return [Paragraph(say("report.text.ward_no_effect", things=things), "lead")]
    row = rows[0]
    key = "ward_lead" if row["verdict"] == "cannot_tell" else "ward_lead_verdict"
    lead = say(
        f"report.text.{key}",
        verdict=words.word("verdict", row["verdict"]),
        before=numbers.count(row["baseline_count"]),
        after=numbers.count(row["phase_count"]),
        before_months=row["baseline_months"],
        after_months=row["phase_months"],
        things=things,
        phase=content.program.phase_name(row["phase"]),
    )
    blocks: list[Block] = [Paragraph(lead, "lead")]
    if numbers.is_known(row["smallest_detectable_percent"]):
        percent = numbers.percent(abs(row["smallest_detectable_percent"]))
        blocks.append(Paragraph(say("report.text.ward_detectable", percent=percent)))
    if numbers.is_known(row["rate_ratio_raw"]) and numbers.is_known(row["rate_ratio_pooled"]):
        text = say(
            "report.text.ward_estimate",
            raw=numbers.change(row["rate_ratio_raw"]),
            raw_interval=numbers.change_range(row["raw_lower_95"], row["raw_upper_95"]),
            pooled=numbers.change(row["rate_ratio_pooled"]),
            pooled_interval=numbers.change_range(row["pooled_lower_95"], row["pooled_upper_95"]),
        )
        blocks.append(Paragraph(text))
    return blocks


def _monthly(content: Content, unit: str, ward: str | None = None) -> pd.DataFrame:
    frame = content.read(
        "monthly",
        city=content.program.city,
        geography="ward",
        outcome=OUTCOME,
        unit=unit,
        month_basis="occurred",
    )
    mine = frame if ward is None else frame[frame["area"] == ward]
    return mine.assign(month=pd.to_datetime(mine["month"]))


def _chart(content: Content, ward: str, name: str, things: str) -> list[Block]:
    frame = _monthly(content, "incidents", ward)
    if frame.empty:
        return []
    quarters = frame.groupby(pd.PeriodIndex(frame["month"], freq="Q"))["count"].agg(["sum", "size"])
    full = quarters[quarters["size"] == 3]
    starts = tuple(period.start_time.date().isoformat() for period in full.index)
    counts = tuple(float(value) for value in full["sum"])
    peak = max(counts)
    card = (content.primary or {}).get("card", {})
    chart = ChartDescription(
        id=f"ward-{numbers.file_part(ward)}",
        title=f"{name}: {things} by quarter",
        alt=f"Line chart of {things} by quarter in {name}, {starts[0][:4]} to {starts[-1][:4]}. "
        f"The highest quarter has {numbers.count(peak)}, the last {numbers.count(counts[-1])}.",
        x=Axis("", "month"),
        y=Axis(f"{things} a quarter", lowest=0, highest=max(peak * 1.1, 1)),
        lines=(Line(say("counterfactual.observed", things=things), starts, counts, "observed"),),
        spans=phase_spans(content.program, starts, card.get("phase_first"), card.get("phase_last")),
        note=note(OUTCOME, "incidents", content.release.id),
    )
    return [Figure("quarters", chart, chart.alt, f"{chart.title}, by the month they occurred", height=7)]


def _years(content: Content, ward: str, name: str) -> Table:
    parts_by_unit = {}
    last = None
    for unit in ("incidents", "victims"):
        frame = _monthly(content, unit, ward)
        parts_by_unit[unit] = frame.groupby(frame["month"].dt.year)["count"].sum()
        last = frame["month"].max()
    rows = []
    for year in parts_by_unit["incidents"].index:
        partial = last is not None and year == last.year and last.month < 12
        label = str(year)
        if partial:
            label = say("report.table.year_to", year=year, month=numbers.month(last))
        rows.append((label, *(numbers.count(parts_by_unit[unit].get(year)) for unit in parts_by_unit)))
    caption = say("report.table.caption.ward_years", things=words.outcome_name(OUTCOME), ward=name)
    head = tuple(parts.column(n) for n in ("year", "incidents", "victims"))
    return Table("Years", caption, head, tuple(rows), "lrr", narrow=True)


def _ward_estimates(content: Content, areas: pd.DataFrame, ward: str, things: str) -> list[Block]:
    """Every ward's change beside the others, the ward of the brief marked."""
    frame = _effects(content)
    names = dict(zip(areas["area"], areas["name"], strict=True))
    order = wards(content)
    known = frame[frame["rate_ratio_pooled"].notna() & frame["area"].isin(order)]
    rows = sorted(known.to_dict("records"), key=lambda row: order.index(row["area"]))
    if len(rows) < 2:
        return []
    estimates = tuple(
        Estimate(
            names[row["area"]],
            row["rate_ratio_pooled"],
            row["pooled_lower_95"],
            row["pooled_upper_95"],
            role="headline" if row["area"] == ward else "estimate",
        )
        for row in rows
    )
    without = sum(row["pooled_lower_95"] <= 1 <= row["pooled_upper_95"] for row in rows)
    parts_of_title = {"things": things, "without": numbers.count(without), "wards": numbers.count(len(rows))}
    chart = ChartDescription(
        id=f"wards-{numbers.file_part(ward)}",
        title=say("report.text.wards_title", **parts_of_title),
        alt=say(
            "report.text.wards_alt",
            rows="; ".join(
                f"{item.label} {numbers.change(item.value)} ({numbers.change_range(item.lower_95, item.upper_95)})"
                for item in estimates
            ),
            **parts_of_title,
        ),
        x=ratio_axis([end for item in estimates for end in (item.lower_95, item.upper_95)]),
        y=Axis("", "category", categories=tuple(item.label for item in estimates)),
        estimates=estimates,
        reference=1.0,
        note=note(OUTCOME, "incidents", content.release.id),
    )
    return [Figure("wards", chart, chart.alt, chart.title, height=1.4 + 0.28 * len(rows))]


def _all_wards(content: Content, areas: pd.DataFrame, things: str) -> list[Block]:
    frame = _effects(content)
    names = dict(zip(areas["area"], areas["name"], strict=True))
    order = {area: place for place, area in enumerate(wards(content))}
    rows = []
    for row in sorted(frame.to_dict("records"), key=lambda item: order.get(item["area"], 99)):
        rows.append(
            (
                names.get(row["area"], row["area"]),
                numbers.decimal(row["baseline_count"] / max(row["baseline_months"], 1), 1),
                numbers.decimal(row["phase_count"] / max(row["phase_months"], 1), 1),
                numbers.signed_percent(row["rate_ratio_pooled"]),
                parts.interval_words(row["pooled_lower_95"], row["pooled_upper_95"]),
                words.word("verdict", row["verdict"]),
            )
        )
    if not rows:
        return []
    head = tuple(parts.column(n) for n in ("ward", "before", "after", "estimate", "interval", "verdict"))
    caption = say("report.table.caption.wards", things=sentence_case(things))
    return [Table("Wards", caption, head, tuple(rows), "lrrrrl", (1.6, 1.3, 1.3, 1, 1.6, 1.4))]
