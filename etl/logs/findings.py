"""What can be wrong with a log: one code each, how grave it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Severity = Literal["refused", "quarantined", "warning"]

LATE_AFTER_HOURS = 72
LONGEST_SHIFT_HOURS = 16
DAYS_WITHOUT_REST = 28
SAME_CONFLICT_MINUTES = 60
CATCH_ALL_SHARE = 0.25
CATCH_ALL_SMALLEST = 50


@dataclass(frozen=True)
class Reason:
    """refused: the file is not read. quarantined: the row is set aside. warning: the row is kept."""

    severity: Severity
    says: str
    what_to_do: str


REASONS: dict[str, Reason] = {
    # Files
    "unknown_form": Reason(
        "refused",
        "no log is known by this name",
        "Name the file or sheet after its template, e.g. shifts_2024-05.csv.",
    ),
    "file_too_large": Reason("refused", "the file is too large", "Split it by month."),
    "too_many_rows": Reason("refused", "the file has too many rows", "Split it by month."),
    "too_many_columns": Reason(
        "refused", "the file has too many columns", "Use the columns of the template."
    ),
    "not_a_workbook": Reason(
        "refused", "the file is not an XLSX workbook, whatever its name", "Save it as XLSX or CSV."
    ),
    "macro_workbook": Reason("refused", "the workbook holds macros", "Save it as XLSX without macros."),
    "not_text": Reason("refused", "the file is not text", "Save it as CSV in UTF-8."),
    "broken_csv": Reason(
        "refused", "the file cannot be read as CSV", "Look for a quotation mark that is never closed."
    ),
    "empty_file": Reason("refused", "the file has no rows", "Send the file with its rows, or leave it out."),
    "missing_column": Reason(
        "refused", "a column is missing", "Use the template; column names are in its first row."
    ),
    "repeated_column": Reason("refused", "two columns have this name", "Remove one of them."),
    "simulated_rows": Reason(
        "refused",
        "rows marked as simulated may not join a real program",
        "Load them for the invented city only.",
    ),
    "not_marked_simulated": Reason(
        "refused",
        "rows of the invented city must say simulated = true",
        "Load real logs for their own program.",
    ),
    "unknown_column": Reason(
        "warning", "the column is not in the template and is not read", "Remove it, or rename it."
    ),
    "read_as_cp1252": Reason("warning", "not UTF-8; read as Windows-1252", "Save the file as UTF-8."),
    # Cells
    "row_length": Reason(
        "quarantined", "the row has more or fewer cells than the header", "Put cells with commas in quotes."
    ),
    "missing_value": Reason("quarantined", "the cell is empty", "Fill it in."),
    "formula_cell": Reason("quarantined", "the cell holds a formula", "Replace the formula by its value."),
    "cell_too_long": Reason("quarantined", "the cell is too long", "Shorten it to 4,000 characters."),
    "personal_detail": Reason(
        "quarantined",
        "the id looks like a phone number or e-mail address",
        "Use an id of your own that names nobody.",
    ),
    "unknown_value": Reason("quarantined", "the value is not in the list", "Use a value of the notes sheet."),
    "unknown_area": Reason("quarantined", "no area has this name", "Use a name of the area list."),
    "unknown_provider": Reason(
        "quarantined", "no provider has this name", "Use the short name of the providers log."
    ),
    "unreadable_number": Reason("quarantined", "the number cannot be read", "Write digits only, 0 or more."),
    "unreadable_date": Reason("quarantined", "the date cannot be read", "Write it as 2024-05-31."),
    "unreadable_time": Reason("quarantined", "the time cannot be read", "Write it as 2024-05-31 22:15."),
    "hour_24": Reason("quarantined", "24:00 is not a time of that day", "Write 00:00 of the next day."),
    "time_does_not_exist": Reason(
        "quarantined",
        "the clock skipped this hour when summer time began",
        "Write the time the clock showed.",
    ),
    "time_in_future": Reason("quarantined", "the time lies after the log was exported", "Check the year."),
    "time_happens_twice": Reason(
        "warning",
        "the clock showed this hour twice; taken as the first",
        "Say in the note if it was the second.",
    ),
    # Rows
    "duplicate_row": Reason(
        "quarantined", "the row is alike in every cell to an earlier one", "Remove one of them."
    ),
    "record_number_used_twice": Reason(
        "quarantined", "the record number was used before", "Give each entry its own number."
    ),
    "times_out_of_order": Reason("quarantined", "an earlier step has a later time", "Correct the times."),
    "logged_before_it_happened": Reason(
        "warning", "entered before it happened", "Check the date of the entry."
    ),
    "late_entry": Reason(
        "warning", f"entered more than {LATE_AFTER_HOURS} hours later", "Enter logs within three days."
    ),
    "blank_outcome": Reason("warning", "the outcome is missing", "Add the outcome, or ongoing."),
    "before_the_program": Reason("warning", "the entry is from before the program began", "Check the year."),
    # Rows together
    "overlapping_shifts": Reason(
        "warning", "the worker is already on a shift then", "Correct the times of one shift."
    ),
    "hours_billed_twice": Reason(
        "warning", "the same hours are billed to another funder", "Bill each hour to one funder."
    ),
    "shift_too_long": Reason(
        "warning", f"the shift is longer than {LONGEST_SHIFT_HOURS} hours", "Check start and end."
    ),
    "no_day_off": Reason(
        "warning",
        f"the worker has a shift on {DAYS_WITHOUT_REST} days in a row or more",
        "Check the hours against time sheets.",
    ),
    "conflict_logged_twice": Reason(
        "warning",
        f"another worker logged a mediation in this area within {SAME_CONFLICT_MINUTES} minutes",
        "Keep one entry for each conflict.",
    ),
    "catch_all_share": Reason(
        "warning",
        f"more than {CATCH_ALL_SHARE:.0%} of the provider's entries are other",
        "Use the kinds of the notes sheet.",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. Cells of the log are not repeated in it: they may name people.

    `row` is as a spreadsheet numbers it (header: row 1); None is the whole file. `detail` completes
    `says` with what is safe to show, e.g. the name of the missing column or the nearest known area.
    """

    form: str
    file: str
    reason: str
    row: int | None = None
    column: str | None = None
    provider: str | None = None
    month: date | None = None
    detail: str = ""

    @property
    def severity(self) -> Severity:
        return REASONS[self.reason].severity

    @property
    def what_to_do(self) -> str:
        return " ".join([REASONS[self.reason].what_to_do, self.detail]).strip()

    def line(self) -> str:
        """`shifts.csv, row 17, column area: no area has this name. Use a name of the area list.`"""
        where = [self.file]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column is not None:
            where.append(f"column {self.column}")
        return f"{', '.join(where)}: {REASONS[self.reason].says}. {self.what_to_do}"
