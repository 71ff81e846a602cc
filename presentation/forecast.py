"""Next month by area, and where teams worked month by month: for the staff page only."""

from __future__ import annotations

import pandas as pd

from evaluation.route_accuracy import accuracy, top_tenth
from presentation import numbers, words
from presentation.language import say


def answer(rows: pd.DataFrame) -> str:
    """What is expected in the whole city, and how much of it in the top tenth of areas."""
    ordered = rows.sort_values("expected", ascending=False)
    top = top_tenth(len(rows))
    return say(
        "staff.forecast.answer",
        month=numbers.month(rows["month"].iloc[0]),
        expected=numbers.count(rows["expected"].sum()),
        top=numbers.count(top),
        plural=words.plural_area(rows["geography"].iloc[0]),
        share=numbers.percent(100 * ordered["expected"].head(top).sum() / rows["expected"].sum()),
    )


def limits(rows: pd.DataFrame) -> str:
    """What the forecast is not, with the chance of none where most is expected."""
    return say("staff.forecast.limits", none=numbers.percent(100 * (1 - float(rows["chance_of_any"].max()))))


def table(rows: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """One row an area, most expected first. `names`: area → name."""
    return pd.DataFrame(
        {
            say("staff.forecast.rank"): rows["rank"].astype(int),
            say("staff.forecast.area"): [names.get(area, area) for area in rows["area"]],
            say("staff.forecast.expected"): rows["expected"].astype(float).round(2),
            say("staff.forecast.low"): rows["lower_80"].astype(int),
            say("staff.forecast.high"): rows["upper_80"].astype(int),
            say("staff.forecast.any"): (100 * rows["chance_of_any"].astype(float)).round(0),
        }
    )


def hours_by_month(hours: pd.DataFrame, monthly: pd.DataFrame, geography: str) -> pd.DataFrame:
    """Share of hours in the areas with most shootings in the twelve months before, newest month first.

    hours: month, geography, area, hours. monthly: month, area, count of the same kind of area, zeros kept.
    """
    here = hours[hours["geography"] == geography]
    counts = monthly.pivot_table(index="month", columns="area", values="count", aggfunc="sum").sort_index()
    before = counts.rolling(12).sum().shift(1)
    top = top_tenth(counts.shape[1])
    rows = []
    for month, part in here.groupby("month"):
        at = pd.Timestamp(str(month))
        if at not in counts.index or before.loc[at].isna().any() or counts.loc[at].sum() <= 0:
            continue
        worked = part.groupby("area")["hours"].sum().reindex(counts.columns).fillna(0.0).to_numpy(dtype=float)
        score = before.loc[at].to_numpy(dtype=float)
        found = accuracy(score, counts.loc[at].to_numpy(dtype=float), top)
        spent = accuracy(score, worked, top).share if worked.sum() > 0 else float("nan")
        rows.append(
            {
                say("staff.forecast.month"): numbers.month(at),
                say("staff.forecast.hours_all"): round(float(worked.sum())),
                say("staff.forecast.hours_in_top"): round(100 * spent, 0),
                say("staff.forecast.incidents_in_top"): round(100 * found.share, 0),
                say("staff.forecast.best"): round(100 * found.best, 0),
                say("staff.forecast.index"): round(found.index, 1),
            }
        )
    return pd.DataFrame(rows[::-1])
