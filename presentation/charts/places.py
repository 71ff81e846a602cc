"""Maps of areas and the months of one area, as chart descriptions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.charts.counterfactual import note, phase_spans
from presentation.charts.description import Axis, Bars, ChartDescription, Shape, Tile
from presentation.language import enumerate_words, say, sentence_case
from presentation.outlines import Polygon, middle, proportions
from presentation.places import change_class
from presentation.program import Program

Plain = dict[str, Any]
CLASSES = 5
SYMBOLS = {
    "fewer_than_expected": "▼",
    "more_than_expected": "▲",
    "little_or_no_change": "=",
    "cannot_tell": "?",
    "too_few": "·",
}


def tile_map(
    frame: pd.DataFrame, measure: str, outcome: str, unit: str, months: str, release: str = ""
) -> ChartDescription:
    """One tile an area, laid out to resemble the city. `measure`: count, rate or change.

    Color shows the class, the number or symbol in the tile says it again. Areas without a place on the
    tile map are in the table only.
    """
    placed = frame[frame["tile_row"].notna() & frame["tile_column"].notna()]
    rows = placed.to_dict("records")
    limits = [] if measure == "change" else class_limits([_value(row, measure) for row in rows])
    tiles = tuple(_tile(row, measure, limits, outcome, unit, months) for row in rows)
    return ChartDescription(
        id=numbers.file_part(f"map {outcome} {unit} {measure}"),
        title=_map_title(rows, measure, words.things(outcome, unit)),
        subtitle=sentence_case(
            say(f"places.map.{measure}", things=words.things(outcome, unit), months=months)
        ),
        alt=say(
            "places.map_alt",
            count=numbers.count(placed["area"].nunique()),
            subtitle=say(f"places.map.{measure}", things=words.things(outcome, unit), months=months),
        ),
        note=note(outcome, unit, release),
        x=Axis("", "category"),
        y=Axis("", "category"),
        tiles=tiles,
        classes=_classes(measure, limits, any(tile.value == 0 for tile in tiles)),
    )


SHAPES_WIDTH = 480


def shape_map(
    frame: pd.DataFrame,
    outlines: dict[str, list[Polygon]],
    measure: str,
    outcome: str,
    unit: str,
    months: str,
    release: str = "",
) -> ChartDescription:
    """The same map with the outlines of the areas on a plane; areas without one are in the table only."""
    rows = [row for row in frame.drop_duplicates("area").to_dict("records") if row["area"] in outlines]
    limits = [] if measure == "change" else class_limits([_value(row, measure) for row in rows])
    shapes = []
    for row in rows:
        code, shown, text, _ = _said(row, measure, limits, outcome, unit, months)
        polygons = outlines[row["area"]]
        shapes.append(
            Shape(str(row["area"]), str(row["name"]), polygons, middle(polygons), code, shown, text)
        )
    return ChartDescription(
        id=numbers.file_part(f"map {outcome} {unit} {measure}"),
        title=_map_title(rows, measure, words.things(outcome, unit)),
        subtitle=sentence_case(
            say(f"places.map.{measure}", things=words.things(outcome, unit), months=months)
        ),
        alt=say(
            "places.shapes_alt",
            count=numbers.count(len(rows)),
            subtitle=say(f"places.map.{measure}", things=words.things(outcome, unit), months=months),
        ),
        note=note(outcome, unit, release),
        x=Axis("", "category"),
        y=Axis("", "category"),
        shapes=tuple(shapes),
        classes=_classes(
            measure, limits, measure != "change" and any(_value(row, measure) == 0 for row in rows)
        ),
        height=round(min(640, SHAPES_WIDTH * proportions(outlines))),
    )


def _map_title(rows: list[Plain], measure: str, things: str) -> str:
    """The finding of a map: the area with most, or that of change."""
    if measure == "change":
        found = Counter(change_class(row) for row in {row["area"]: row for row in rows}.values())
        return say(
            "places.map_title.change",
            classes=enumerate_words(
                [
                    say(
                        "places.map_title.change_class",
                        verdict=_change_words(code).lower(),
                        count=numbers.count(found[code]),
                    )
                    for code in SYMBOLS
                    if found[code]
                ]
            ),
        )
    top = max(rows, key=lambda row: _value(row, measure) or 0, default=None)
    if top is None or not _value(top, measure):
        return say("places.map_title.none", things=things)
    named = say("checks.figure", name=top["name"], value=f"({numbers.count(_value(top, measure))})")
    return say(f"places.map_title.{measure}", things=things, top=named)


def _value(row: Plain, measure: str) -> float | None:
    value = row["count"] if measure == "count" else row["rate_per_100k"]
    return float(value) if numbers.is_known(value) else None


def class_limits(values: list[float | None]) -> list[float]:
    """Upper limits of up to five classes with about as many areas each, none twice; zero is its own class."""
    known = sorted(value for value in values if value is not None and value > 0)
    if not known:
        return []
    limits = [known[min(len(known) - 1, round(len(known) * (i + 1) / CLASSES) - 1)] for i in range(CLASSES)]
    return sorted(set(limits))


def _class_of(value: float | None, limits: list[float]) -> str:
    if value is None:
        return "too_few"
    if value == 0:
        return "step_0"
    return f"step_{next((i for i, limit in enumerate(limits, 1) if value <= limit), len(limits))}"


def _classes(measure: str, limits: list[float], has_zero: bool) -> tuple[tuple[str, str], ...]:
    """The key: class and its words, in order."""
    if measure == "change":
        return tuple((code, f"{SYMBOLS[code]} {_change_words(code)}") for code in SYMBOLS)
    names = [("step_0", numbers.count(0))] if has_zero or measure == "rate" else []
    lower = 0.0
    for i, limit in enumerate(limits, start=1):
        first = numbers.count(int(lower) + 1)
        last = numbers.count(limit)
        names.append((f"step_{i}", last if first == last else say("places.class", first=first, last=last)))
        lower = limit
    if measure == "rate":
        names[0] = ("too_few", say("places.too_few_short"))
    return tuple(names)


def _change_words(code: str) -> str:
    return say("places.too_few_short") if code == "too_few" else words.word("verdict", code)


def _said(
    row: Plain, measure: str, limits: list[float], outcome: str, unit: str, months: str
) -> tuple[str, str, str, float | None]:
    """Class of an area, its symbol or number, its words, its value."""
    if measure == "change":
        code = change_class(row)
        return code, SYMBOLS[code], _change_words(code), None
    value = _value(row, measure)
    shown = "·" if value is None else numbers.count(value)
    text = (
        say("places.too_few_short")
        if value is None
        else say(
            f"places.tile.{measure}", value=shown, things=words.things(outcome, unit, value), months=months
        )
    )
    return _class_of(value, limits), shown, text, value


def _tile(row: Plain, measure: str, limits: list[float], outcome: str, unit: str, months: str) -> Tile:
    code, shown, text, value = _said(row, measure, limits, outcome, unit, months)
    return Tile(
        area=str(row["area"]),
        name=str(row["name"]),
        row=int(row["tile_row"]),
        column=int(row["tile_column"]),
        value=value,
        place=code,
        symbol=shown if "tile_name" not in row else "",
        text=text if "tile_name" not in row else say("places.tile_of", name=row["tile_name"], text=text),
    )


def area_months(
    monthly: pd.DataFrame, name: str, outcome: str, unit: str, program: Program, release: str = ""
) -> ChartDescription:
    """Counts of one area by month, with the program's phases behind. `monthly`: month and count, zeros kept."""
    months = tuple(numbers.as_date(month).isoformat() for month in monthly["month"])  # type: ignore[union-attr]
    counts = tuple(int(value) for value in monthly["count"])
    counted = words.things(outcome, unit)
    parts = {
        "name": name,
        "things": counted,
        "total": numbers.count(sum(counts)),
        "first": numbers.month(months[0]),
        "last": numbers.month(months[-1]),
        "zero": numbers.count(counts.count(0)),
        "months": numbers.count(len(counts)),
        "peak": numbers.count(max(counts)),
        "peak_month": numbers.month(months[counts.index(max(counts))]),
    }
    return ChartDescription(
        id=numbers.file_part(f"{name} {outcome} {unit} months"),
        title=say("places.months.title", **parts),
        subtitle=sentence_case(say("places.months.subtitle", **parts)),
        alt=say("places.months.alt", **parts),
        note=note(outcome, unit, release),
        x=Axis("", "month"),
        y=Axis(sentence_case(say("axis.per_month", things=counted)), lowest=0),
        bars=(Bars(counted, months, tuple(float(value) for value in counts), "expected"),),
        spans=phase_spans(program, months),
        height=300,
        table=tuple({"month": m[:7], "count": c} for m, c in zip(months, counts, strict=True)),
    )
