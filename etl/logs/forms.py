"""The logs that teams and offices fill in. Columns, types and allowed values come from the dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

from etl.dictionary import Column, Table, load_dictionary

DERIVED = frozenset({"city", "program", "geography", "hours", "source_file", "source_row"})
"""Columns of the core tables that the loader fills in, not a person."""


@dataclass(frozen=True)
class Form:
    """One kind of log.

    name        also the beginning of the file name and the name of the sheet
    table       core table the rows go to
    number      column that must not repeat
    in_order    columns of times that may not go backwards
    at          the time the entry is about, from which lateness and months are counted
    until       when it was over, where that is another column
    clock       columns read on the local clock; a time the clock skips is an error there
    """

    name: str
    table: str
    number: str
    at: str
    until: str
    in_order: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()

    @property
    def definition(self) -> Table:
        return load_dictionary()[self.table]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Columns a person fills in, in the order of the template; `simulated` only for invented logs."""
        return tuple(
            column for column in self.definition.columns if column.name not in DERIVED | {"simulated"}
        )

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if not column.null)


FORMS: tuple[Form, ...] = (
    Form("providers", "core_provider", "", "first_month", "first_month", ("first_month", "last_month")),
    Form(
        "shifts",
        "core_shift",
        "record",
        "started_at",
        "ended_at",
        ("started_at", "ended_at"),
        ("started_at", "ended_at"),
    ),
    Form("activities", "core_activity", "record", "occurred_at", "occurred_at", clock=("occurred_at",)),
    Form(
        "requests",
        "core_request",
        "record",
        "received_at",
        "received_at",
        ("received_at", "relayed_at", "answered_at", "arrived_at"),
        ("received_at", "relayed_at", "answered_at", "arrived_at"),
    ),
    Form(
        "conduct_reports",
        "core_conduct_report",
        "record",
        "reported_on",
        "reported_on",
        ("reported_on", "closed_on"),
    ),
    Form("required_records", "core_required_record", "record", "month", "month", ("month", "due_on")),
    Form("funding", "core_funding", "funding", "date", "date", ("period_start", "period_end")),
)


@cache
def forms_by_name() -> dict[str, Form]:
    return {form.name: form for form in FORMS}


def form_of(name: str) -> Form | None:
    """The form that a file or sheet name begins with: `Shifts 2024-05.xlsx` is a shifts log."""
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    for form in FORMS:
        if plain == form.name or plain.startswith((form.name + "_", form.name + ".")):
            return form
    return None
