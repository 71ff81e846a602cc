"""What can be told from rows of one log together: repeated rows and numbers, one conflict twice, catch-all kinds."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from etl.logs.findings import CATCH_ALL_SHARE, CATCH_ALL_SMALLEST, SAME_CONFLICT_MINUTES, Finding
from etl.logs.row_checks import Entry


class Repeats:
    """Rows and record numbers seen so far in one kind of log, over all its files."""

    def __init__(self) -> None:
        self._rows: set[tuple[str, ...]] = set()
        self._numbers: set[str] = set()

    def check(self, entry: Entry) -> None:
        """Notes a row that came before, or a record number that another row has."""
        cells = tuple(entry.text.get(column.name, "") for column in entry.form.columns)
        if cells in self._rows:
            entry.note("duplicate_row")
            return
        self._rows.add(cells)
        number = entry.text.get(entry.form.number, "")
        if number and number in self._numbers:
            entry.note("record_number_used_twice", entry.form.number)
        self._numbers.add(number)


def check_mediations(entries: list[Entry]) -> None:
    """Notes a mediation that another worker logged for the same area within an hour."""
    by_area: dict[str, list[tuple[datetime, int, Entry]]] = defaultdict(list)
    for order, entry in enumerate(entries):
        moment = entry.values["occurred_at"]
        if entry.values["kind"] == "mediation" and isinstance(moment, datetime):
            by_area[str(entry.values["area"])].append((moment, order, entry))
    window = timedelta(minutes=SAME_CONFLICT_MINUTES)
    for mediations in by_area.values():
        mediations.sort(key=lambda mediation: mediation[:2])
        noted: set[int] = set()
        for index, (moment, order, entry) in enumerate(mediations):
            for later, other_order, other in mediations[index + 1 :]:
                if later - moment > window:
                    break
                if other.values["worker"] == entry.values["worker"]:
                    continue
                late_order, late = max((order, entry), (other_order, other), key=lambda item: item[0])
                if late_order not in noted:
                    late.note("conflict_logged_twice", "occurred_at")
                    noted.add(late_order)


def catch_all_findings(entries: list[Entry]) -> list[Finding]:
    """Providers whose entries are mostly of the kind `other`, by file."""
    counts: Counter[tuple[str, str]] = Counter()
    others: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        source = (entry.file, entry.provider or "")
        counts[source] += 1
        others[source] += entry.values["kind"] == "other"
    return [
        Finding(
            "activities",
            file,
            "catch_all_share",
            column="kind",
            provider=provider,
            detail=f"{provider}: {others[file, provider]} of {number} entries.",
        )
        for (file, provider), number in sorted(counts.items())
        if number >= CATCH_ALL_SMALLEST and others[file, provider] > CATCH_ALL_SHARE * number
    ]
