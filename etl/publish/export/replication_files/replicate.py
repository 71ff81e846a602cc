"""Recompute the estimates of this data package from its files alone.

    python replicate.py [FOLDER]

Needs pandas, numpy, statsmodels and pyarrow (requirements.txt). Reads data/parquet and specs, fits each
estimate again with statsmodels and compares it with the published figure. Exit status 1 if one differs.

What is recomputed
  every estimate   the count observed in the phase
  single series    segmented quasi-Poisson regression, dispersion at least 1, t(n - p): the field's standard
  controlled       treated against treated + comparison: binomial regression with a step
  pooled           two-way Poisson regression (area and month effects), errors clustered by area
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

TOLERANCE = 1e-6
ROLES = ("headline", "companion", "standard")


def load(folder: str | Path) -> tuple[pd.DataFrame, pd.DataFrame, dict[tuple[str, str], Any]]:
    """Counts, estimates and specs of the package in `folder`."""
    folder = Path(folder)
    monthly = pd.read_parquet(folder / "data/parquet/out_monthly.parquet")
    monthly["month"] = pd.to_datetime(monthly["month"])
    estimates = pd.read_parquet(folder / "data/parquet/out_estimate.parquet")
    specs = {}
    for path in sorted((folder / "specs").glob("*.json")):
        spec = json.loads(path.read_text(encoding="utf-8"))
        specs[spec["program"], spec["analysis"]["id"]] = spec
    return monthly, estimates, specs


def panel(monthly: pd.DataFrame, row: pd.Series, card: dict, spec: dict, areas: list[str]) -> pd.DataFrame:
    """Counts of `areas`, one row an area and month, over the baseline and the phase."""
    analysis = spec["analysis"]
    chosen = monthly[
        (monthly["city"] == row["city"])
        & (monthly["geography"] == analysis["geography"])
        & (monthly["outcome"] == row["outcome"])
        & (monthly["unit"] == row["unit"])
        & (monthly["month_basis"] == analysis["month_basis"])
        & monthly["area"].isin(areas)
    ]
    chosen = chosen[["area", "month", "count"]].copy()
    first, last = pd.Timestamp(card["phase_first"]), pd.Timestamp(card["phase_last"])
    chosen["after"] = chosen["month"].between(first, last).astype(int)
    before = chosen["month"].between(
        pd.Timestamp(card["baseline_first"]), pd.Timestamp(card["baseline_last"])
    )
    return chosen[before | (chosen["after"] == 1)].sort_values(["area", "month"])


def standard_single(series: pd.DataFrame, analysis: dict) -> dict[str, float]:
    """Segmented quasi-Poisson regression of one monthly series; returns coefficient, ratio and interval."""
    month = series["month"]
    columns = {"level": series["after"], "constant": 1.0}
    if analysis.get("trend", True):
        columns["trend"] = (month.dt.year - month.dt.year.min()) * 12 + month.dt.month
    for k in range(1, analysis.get("harmonics", 0) + 1):
        angle = 2 * np.pi * k * month.dt.month / analysis.get("period", 12)
        columns[f"sin{k}"], columns[f"cos{k}"] = np.sin(angle), np.cos(angle)
    offset = np.log(month.dt.days_in_month) if analysis.get("days_offset", True) else None
    design = pd.DataFrame(columns).astype(float)
    model = sm.GLM(series["count"].astype(float), design, family=sm.families.Poisson(), offset=offset)
    plain = model.fit(tol=1e-12, maxiter=200)
    dispersion = max(1.0, plain.pearson_chi2 / plain.df_resid)
    return effect(model.fit(scale=dispersion, use_t=True, tol=1e-12, maxiter=200), "level")


def standard_controlled(series: pd.DataFrame) -> dict[str, float]:
    """Binomial regression of treated counts given treated and comparison counts, with a step."""
    wide = series.pivot_table(index=["month", "after"], columns="treated", values="count", aggfunc="sum")
    wide = wide[wide.sum(axis=1) > 0].reset_index()
    design = pd.DataFrame({"level": wide["after"], "constant": 1.0}).astype(float)
    counts = wide[[1, 0]].to_numpy(float)
    fit = sm.GLM(counts, design, family=sm.families.Binomial()).fit(tol=1e-12, maxiter=200)
    return effect(fit, "level")


def two_way_poisson(series: pd.DataFrame) -> dict[str, float]:
    """Poisson regression with area and month effects; errors clustered by area."""
    total = series.groupby("area")["count"].transform("sum") > 0
    total &= series.groupby("month")["count"].transform("sum") > 0
    series = series[total]
    dummies = [
        pd.get_dummies(series["area"], prefix="area"),
        pd.get_dummies(series["month"].dt.strftime("%Y-%m"), prefix="month", drop_first=True),
    ]
    design = pd.concat([series["did"].rename("did"), *dummies], axis=1).astype(float)
    model = sm.GLM(series["count"].astype(float), design, family=sm.families.Poisson())
    fit = model.fit(
        tol=1e-12,
        maxiter=200,
        cov_type="cluster",
        cov_kwds={"groups": pd.factorize(series["area"])[0], "use_correction": False},
    )
    return effect(fit, "did")


def effect(fit: Any, term: str) -> dict[str, float]:
    """Coefficient, error, ratio and 95 % interval of one term."""
    low, high = fit.conf_int(0.05).loc[term]
    return {
        "coefficient": float(fit.params[term]),
        "standard_error": float(fit.bse[term]),
        "rate_ratio": float(np.exp(fit.params[term])),
        "lower_95": float(np.exp(low)),
        "upper_95": float(np.exp(high)),
    }


def replicate_one(row: pd.Series, monthly: pd.DataFrame, specs: dict) -> list[tuple[str, float, float]]:
    """Compare one row of out_estimate: a list of (figure, published, recomputed)."""
    result = json.loads(row["result_json"])
    card, spec = result["card"], specs[row["program"], row["analysis"]]
    treated = panel(monthly, row, card, spec, card["areas"])
    after = treated[treated["after"] == 1]
    found = [("observed", row["observed"], float(after["count"].sum()))]
    name = "cluster" if row["design"] == "pooled" else "standard"
    published = result["intervals"].get(name)
    if published is None:
        return found
    if row["design"] == "single":
        monthly_sum = treated.groupby(["month", "after"])["count"].sum().reset_index()
        fitted = standard_single(monthly_sum, spec["analysis"])
    else:
        comparison = panel(monthly, row, card, spec, card["comparison_areas"])
        both = pd.concat([treated.assign(treated=1), comparison.assign(treated=0)])
        both["did"] = both["treated"] * both["after"]
        fitted = standard_controlled(both) if row["design"] == "controlled" else two_way_poisson(both)
    for figure in ("coefficient", "standard_error", "lower_95", "upper_95"):
        found.append((f"{name}: {figure}", published[figure], fitted[figure]))
    return found


def replicate_all(folder: str | Path = ".", roles: tuple[str, ...] = ROLES) -> pd.DataFrame:
    """Every estimate of the given roles: one row a figure, published beside recomputed."""
    monthly, estimates, specs = load(folder)
    rows = []
    wanted = estimates[(estimates["status"] == "estimated") & estimates["role"].isin(roles)]
    for _, row in wanted.iterrows():
        for figure, published, recomputed in replicate_one(row, monthly, specs):
            rows.append(
                {
                    "estimate_id": row["estimate_id"],
                    "figure": figure,
                    "published": published,
                    "recomputed": recomputed,
                    "agrees": bool(np.isclose(published, recomputed, rtol=TOLERANCE, atol=TOLERANCE)),
                }
            )
    return pd.DataFrame(rows, columns=["estimate_id", "figure", "published", "recomputed", "agrees"])


def report(table: pd.DataFrame) -> int:
    """Print the comparison; returns the number of figures that differ."""
    with pd.option_context("display.width", 160, "display.max_rows", None, "display.max_colwidth", 60):
        print(table.to_string(index=False))
    wrong = int((~table["agrees"]).sum())
    print(f"{len(table)} figures recomputed, {wrong} differ by more than {TOLERANCE:g}.")
    return wrong


if __name__ == "__main__":
    comparison = replicate_all(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent)
    sys.exit(1 if report(comparison) or comparison.empty else 0)
