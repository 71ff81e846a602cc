"""Activities and participants, counted at the grains that disclosure allows. Exact counts: not yet protected."""

from __future__ import annotations

from datetime import date

import pandas as pd

from etl.logs.hours import parents
from etl.logs.periods import FREQUENCY, covered, first_day, is_provisional

ALL = "all"
NOT_RECORDED = "not_recorded"


def activity_counts(
    activities: pd.DataFrame,
    city: str,
    areas: pd.DataFrame,
    links: pd.DataFrame,
    first: date,
    exported_on: date,
) -> pd.DataFrame:
    """Rows of out_activity with exact n and `is_provisional`, zeros written out.

    city × month × kind, ward × quarter, neighborhood × year, and outcomes of mediations by city × quarter. Kinds
    by ward and quarter are mostly under 10: nearly all would be hidden.
    """
    at = activities["occurred_at"]
    here = activities.assign(outcome=activities["outcome"].fillna(NOT_RECORDED))
    inside = here.loc[here["geography"] == "neighborhood"]
    wards = inside.assign(area=inside["area"].map(parents(links, "ward")))
    kinds = sorted(here["kind"].unique())
    mediations = here.loc[here["kind"] == "mediation"]
    outcomes = sorted(mediations["outcome"].unique())
    parts = [
        counted(
            here.assign(area=city),
            "city",
            [city],
            "month",
            at,
            "activities",
            "kind",
            kinds,
            first,
            exported_on,
        ),
        counted(
            wards, "ward", names(areas, "ward"), "quarter", at, "activities", ALL, [ALL], first, exported_on
        ),
        counted(
            inside,
            "neighborhood",
            names(areas, "neighborhood"),
            "year",
            at,
            "activities",
            ALL,
            [ALL],
            first,
            exported_on,
        ),
        counted(
            mediations.assign(area=city),
            "city",
            [city],
            "quarter",
            at,
            "mediations",
            "outcome",
            outcomes,
            first,
            exported_on,
        ),
    ]
    return pd.concat([part for part in parts if not part.empty], ignore_index=True)


def participant_counts(activities: pd.DataFrame, city: str, first: date, exported_on: date) -> pd.DataFrame:
    """Rows of out_participant: different participants by quarter, exact."""
    known = activities.loc[activities["participant"].notna()]
    known = known.assign(quarter=known["occurred_at"].dt.to_period("Q")).drop_duplicates(
        ["quarter", "participant"]
    )
    return counted(
        known.assign(area=city),
        "city",
        [city],
        "quarter",
        known["occurred_at"],
        "participants",
        ALL,
        [ALL],
        first,
        exported_on,
    )


def counted(
    entries: pd.DataFrame,
    geography: str,
    places: list[str],
    period_kind: str,
    at: pd.Series,
    measure: str,
    attribute: str,
    values: list[str],
    first: date,
    exported_on: date,
) -> pd.DataFrame:
    """Entries counted over every place, period and value; those outside the three lists are left out.

    `at` holds the time of each entry, by the index of `entries`; attribute `all` counts without a split.
    Periods without any entry have no rows: that nothing was logged then is known anyhow (no team, no hours), and
    lines of known zeros would force `disclosure` to hide all that adds up with them.
    """
    periods = covered(first, exported_on, period_kind)
    period = at.reindex(entries.index).dt.to_period(FREQUENCY[period_kind]).rename("period")
    split = pd.Series(ALL, index=entries.index) if attribute == ALL else entries[attribute]
    grid = pd.MultiIndex.from_product([places, periods, values], names=["area", "period", "attribute_value"])
    found = entries.groupby([entries["area"], period, split.rename("attribute_value")]).size()
    table = found.reindex(grid, fill_value=0).rename("n").reset_index()
    table = table.loc[table.groupby("period")["n"].transform("sum") > 0]
    table["is_provisional"] = [is_provisional(period, exported_on) for period in table["period"]]
    table["period"] = [first_day(period) for period in table["period"]]
    return table.assign(geography=geography, period_kind=period_kind, measure=measure, attribute=attribute)


def names(areas: pd.DataFrame, geography: str) -> list[str]:
    return areas.loc[areas["geography"] == geography, "area"].astype(str).tolist()
