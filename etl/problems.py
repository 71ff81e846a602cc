"""What is wrong with an input, said in one line: file, row, column, reason, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SAMPLE_TIME = datetime(2024, 3, 28, 18, 5)
"""Shows a person how a date should look: its day cannot be taken for a month."""


@dataclass(frozen=True)
class Problem:
    """One fault of one file. `row` is as a spreadsheet numbers it: the header is row 1."""

    file: str
    reason: str
    what_to_do: str
    row: int | None = None
    column: str | None = None

    def line(self) -> str:
        where = [self.file]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column is not None:
            where.append(f"column {self.column}")
        return " ".join(f"{', '.join(where)}: {self.reason}. {self.what_to_do}".split())


class BadInput(Exception):
    """A load that cannot go on. Its message is the problems, a line each; `exit_status` is 2."""

    exit_status = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(problem.line() for problem in problems))
        self.problems = problems


class SettingsError(BadInput):
    """A file of settings (source, program) that says something impossible."""

    def __init__(self, file: str, reason: str, what_to_do: str, key: str | None = None) -> None:
        super().__init__(Problem(file, reason, what_to_do, column=key))


def shown(value: object, longest: int = 60) -> str:
    """A value from a file, quoted, cut and made harmless for a terminal line."""
    text = repr(str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…'"
