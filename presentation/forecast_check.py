"""How well next month could have been told, in words and a chart: the forecast on months held back."""

from __future__ import annotations

from typing import Any

import pandas as pd

from presentation import numbers, words
from presentation.charts.description import Axis, ChartDescription, Estimate
from presentation.language import say, sentence_case

Plain = dict[str, Any]
WORTH_SAYING = 0.03  # of the incidents; a smaller gain in picking places is said to be hardly any


def check_sentences(check: pd.DataFrame) -> list[str]:
    """How well a forecast would have done in the months held back, beside plain rules."""
    by_method = {row["method"]: row for row in check.to_dict("records")}
    model, last_year = by_method["model"], by_method["last_year"]
    sentence = say(
        "routes.check.sentence",
        months=numbers.count(model["months"]),
        first=numbers.month(model["first_month"]),
        last=numbers.month(model["last_month"]),
        top=numbers.count(model["top_areas"]),
        plural=words.plural_area(model["geography"]),
        incidents=numbers.count(model["incidents"]),
        model=numbers.percent(100 * model["share_in_top"]),
        last_year=numbers.percent(100 * last_year["share_in_top"]),
        last_quarter=numbers.percent(100 * by_method["last_quarter"]["share_in_top"]),
        chance=numbers.percent(100 * model["top_areas"] / model["areas"]),
    )
    gain = model["share_in_top"] - last_year["share_in_top"]
    return [sentence, say("routes.check.better" if gain >= WORTH_SAYING else "routes.check.alike")]


def check_table(check: pd.DataFrame) -> list[Plain]:
    """One row a method."""
    return [
        {
            "method": say(f"routes.check.method.{row['method']}"),
            "share_in_top": numbers.percent(100 * row["share_in_top"]),
            "deviance": numbers.decimal(row["deviance"], 1),
            "worse_by": ""
            if row["method"] == "model"
            else say(
                "routes.check.worse",
                value=numbers.decimal(row["worse_by"], 1),
                lower=numbers.decimal(row["worse_by_lower_95"], 1),
                upper=numbers.decimal(row["worse_by_upper_95"], 1),
            ),
            "observed_over_expected": numbers.decimal(row["observed_over_expected"], 2),
            "slope": numbers.decimal(row["slope"], 2) if numbers.is_known(row["slope"]) else "",
            "coverage_80": numbers.percent(100 * row["coverage_80"]) if numbers.is_known(row["coverage_80"]) else "",
        }
        for row in check.to_dict("records")
    ]  # fmt: skip


def calibration(bins: pd.DataFrame, release: str) -> ChartDescription:
    """Counted against expected, by groups of area-months of alike expectation."""
    rows = bins.sort_values("bin").to_dict("records")
    estimates: list[Estimate] = []
    for row in rows:
        parts = {
            "bin": numbers.count(row["bin"]),
            "area_months": numbers.count(row["area_months"]),
            "expected": numbers.count(row["expected"]),
            "observed": numbers.count(row["observed"]),
            "lower": numbers.count(row["lower_95"]),
            "upper": numbers.count(row["upper_95"]),
        }
        hover = say("routes.check.bin_row", **parts)
        label = say("routes.check.bin", bin=parts["bin"])
        estimates.append(
            Estimate(
                label, float(row["observed"]), float(row["lower_95"]), float(row["upper_95"]), hover=hover
            )
        )
        estimates.append(Estimate(label, float(row["expected"]), None, None, role="headline", hover=hover))
    low, high = rows[0], rows[-1]
    return ChartDescription(
        id="routes-calibration",
        title=say(
            "routes.check.calibration_title",
            expected=numbers.count(low["expected"]),
            observed=numbers.count(low["observed"]),
            observed_top=numbers.count(high["observed"]),
            expected_top=numbers.count(high["expected"]),
        ),
        subtitle=say("routes.check.calibration_subtitle"),
        alt=say(
            "routes.check.calibration_alt",
            bins=numbers.count(len(rows)),
            rows="; ".join(item.hover for item in estimates[::2]),
        ),
        note=say("chart.release", release=release),
        x=Axis(sentence_case(words.things("gunshot", "incidents")), lowest=0,
               highest=1.05 * max(float(row["upper_95"]) for row in rows)),
        y=Axis("", "category", categories=tuple(dict.fromkeys(item.label for item in estimates))),
        estimates=tuple(estimates),
        height=360,
        table=tuple(
            {
                "bin": int(row["bin"]),
                "area_months": int(row["area_months"]),
                "expected": round(row["expected"], 1),
                "observed": int(row["observed"]),
                "lower_95": round(row["lower_95"], 1),
                "upper_95": round(row["upper_95"], 1),
            }
            for row in rows
        ),
    )  # fmt: skip
