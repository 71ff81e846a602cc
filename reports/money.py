"""The money of a program and what the next review could see, in the sentences of the Funding page."""

from __future__ import annotations

from typing import Any

from presentation import funding, numbers
from presentation.language import say, sentence_case
from reports.content import Content
from reports.document import Block, Bullets, Heading, Paragraph, Table

Plain = dict[str, Any]
LISTED = 12  # amounts that a council reads one by one; more of them are summed by year and kind


def money(content: Content) -> list[Block]:
    """Published amounts, and what a shooting averted cost or why that cannot be stated."""
    program, review = content.program, _review(content)
    blocks: list[Block] = [Heading(say("report.heading.money"))]
    main, visible = funding.main_row(review, program), funding.of_kind(review, "smallest_visible_change")
    amounts = _amounts(content)
    if review:
        blocks.append(Paragraph(funding.title(review, program), "caution"))
    detail = funding.averted(main, program) if main else ""
    if not main and visible:
        detail = funding.too_few(visible, program.entries("fact"))
    if detail:
        blocks.append(Paragraph(detail))
    if not amounts:
        return [*blocks, Paragraph(say("funding.none"))]
    table = amounts_table(amounts) if len(amounts) <= LISTED else _by_year(amounts)
    return [*blocks, Paragraph(say("funding.money_note")), table]


def money_in_detail(content: Content) -> list[Block]:
    """Every published amount and what it would take to break even, for the technical appendix."""
    amounts = _amounts(content)
    if not amounts:
        return []
    blocks: list[Block] = [Heading(say("report.heading.money")), Paragraph(say("funding.money_note"))]
    blocks.append(amounts_table(amounts))
    even = tuple(funding.break_even_line(row) for row in funding.of_kind(_review(content), "break_even"))
    if even:
        blocks += [Heading(say("funding.even_title"), 3), Paragraph(say("funding.even_intro")), Bullets(even)]
    return blocks


def next_review(content: Content, months: int = 12) -> list[Block]:
    """The smallest change that later reviews could see, and what would help more than time."""
    blocks: list[Block] = [Heading(say("report.heading.next_review"))]
    rows = sorted(funding.of_kind(_review(content), "next_review"), key=lambda row: str(row["basis"]))
    if rows:
        blocks += [
            Paragraph(funding.review_intro(rows[0], _last_month(content))),
            Bullets(tuple(funding.review_line(row) for row in rows)),
        ]
    names = ("confirmatory", "areas", "logs") if rows else ("longer", "confirmatory", "areas", "logs")
    return [
        *blocks,
        Paragraph(say("report.text.next_review_intro", months=months)),
        Bullets(tuple(say(f"report.next.{name}", months=months) for name in names)),
    ]


def amounts_table(amounts: list[Plain]) -> Table:
    """Amounts as published, by date; what is known of a date is all that is shown of it."""
    rows = tuple(
        (row["when"], sentence_case(row["kind"]), numbers.dollars(row["amount"]), row["description"], row["source"])
        for row in funding.money_table(amounts)
    )  # fmt: skip
    head = tuple(say(f"report.table.{name}") for name in ("date", "kind", "amount", "what", "source"))
    return Table("Money", say("report.table.caption.money"), head, rows, "llrll", (1, 1.4, 1.3, 4.1, 2.3))


def _by_year(amounts: list[Plain]) -> Table:
    """Many amounts as their sum by year and kind; kinds are never added to each other."""
    sums: dict[tuple[str, str], list[float]] = {}
    for row in funding.money_table(amounts):
        year = row["when"][-4:]
        sums.setdefault((year, sentence_case(row["kind"])), []).append(row["amount"])
    rows = tuple(
        (year, kind, numbers.count(len(each)), numbers.dollars(sum(each)))
        for (year, kind), each in sorted(sums.items())
    )
    head = tuple(say(f"report.table.{name}") for name in ("year", "kind", "amounts", "sum"))
    caption = say("report.table.caption.money_by_year", count=numbers.count(len(amounts)))
    return Table("Money", caption, head, rows, "llrr", narrow=True)


def _review(content: Content) -> list[Plain]:
    rows = content.read("funding_review", program=content.program.id).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _amounts(content: Content) -> list[Plain]:
    rows = content.read("funding", program=content.program.id).to_dict("records")
    return [
        row | {"precision": content.program.entry("funding", row["funding"]).get("date_precision")}
        for row in rows
    ]


def _last_month(content: Content) -> object:
    frame = content.read(
        "monthly",
        city=content.program.city,
        geography="city",
        outcome="gunshot",
        unit="incidents",
        month_basis="occurred",
    )
    return max(frame["month"]) if len(frame) else None
