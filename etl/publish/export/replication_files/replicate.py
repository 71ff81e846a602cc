"""Recompute the estimates of this data package from its files alone.

    python replicate.py [FOLDER]

Needs pandas, numpy, statsmodels and pyarrow (requirements.txt). Every estimate is made twice more and
compared with the published figure; exit status 1 if one differs.

By another route, from data/parquet/out_monthly with statsmodels:
  observed         events in the treated areas over the phase
  two by two       (treated after / before) / (comparison after / before)
  standard         single series: segmented quasi-Poisson regression, t(n - p); controlled: quasi-binomial
                   regression of treated given treated and comparison, t(n - p); dispersion at least 1
  cluster, hc1     pooled: two-way Poisson regression (area and month effects)

By the same route, with the evaluation's own source in engine/ and the specs in specs/run:
  engine           headline rate ratio and its intervals (integrated, EWC, CR3)
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

TOLERANCE = 1e-6
ROLES = ("headline", "companion", "standard")


def load(folder: str | Path) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Counts, estimates, and {estimate id: (spec, its path, whether it is exact)} of the package in `folder`."""
    folder = Path(folder)
    monthly = pd.read_parquet(folder / "data/parquet/out_monthly.parquet")
    monthly["month"] = pd.to_datetime(monthly["month"])
    estimates = pd.read_parquet(folder / "data/parquet/out_estimate.parquet")
    specs = {}
    for _, plan in pd.read_csv(folder / "specs/run/published.csv").iterrows():
        path = folder / "specs/run" / plan["rows"].replace(".csv.gz", ".toml")
        spec = tomllib.loads(path.read_text(encoding="utf-8"))
        specs[plan["estimate_id"]] = (spec, path, bool(plan["spec_is_exact"]))
    return monthly, estimates, specs


def counts_of(monthly: pd.DataFrame, row: pd.Series, spec: dict, path: Path) -> pd.DataFrame:
    """Counts of the estimate's areas and months from out_monthly, with cluster and segment of each."""
    names = {"area": str, "cluster": str, "segment": str}
    own = pd.read_csv(path.parent / spec["data"]["file"], dtype=names, keep_default_na=False)
    own["month"] = pd.to_datetime(own["month"])
    chosen = monthly[
        (monthly["city"] == row["city"])
        & (monthly["outcome"] == row["outcome"])
        & (monthly["unit"] == row["unit"])
        & monthly["area"].isin(own["area"].unique())
    ]
    columns = ["area", "month", "cluster", "segment", "is_treated"]
    keys = ["geography", "month_basis"]
    for _, part in chosen.groupby(keys):
        both = own.merge(part, on=["area", "month"], suffixes=("_spec", ""), how="left")
        if (both["count"] == both["count_spec"]).all():
            return both.loc[both["segment"] != "", [*columns, "count"]]
    raise SystemExit(f"{path.name}: its rows are not those of out_monthly")


def standard_single(series: pd.DataFrame, run: dict) -> dict[str, float]:
    """Segmented quasi-Poisson regression of one monthly series."""
    month = series["month"]
    columns: dict[str, Any] = {"constant": 1.0, "phase": series["segment"] == "phase"}
    for name in series["segment"].unique():
        if name not in ("baseline", "phase"):
            columns[name] = series["segment"] == name
    if run.get("trend", True):
        columns["trend"] = (month.dt.year - month.dt.year.min()) * 12 + month.dt.month
    for k in range(1, run.get("harmonics", 0) + 1):
        angle = 2 * np.pi * k * month.dt.month / run.get("period", 12)
        columns[f"sin{k}"], columns[f"cos{k}"] = np.sin(angle), np.cos(angle)
    offset = np.log(month.dt.days_in_month) if run.get("days_offset", False) else None
    design = pd.DataFrame(columns).astype(float)
    model = sm.GLM(series["count"].astype(float), design, sm.families.Poisson(), offset=offset)
    return quasi(model, "phase", design.shape[1])


def standard_controlled(rows: pd.DataFrame, run: dict) -> dict[str, float]:
    """Binomial regression of treated events given treated and comparison events."""
    side = rows["treated"].map({True: "inside", False: "outside"})
    wide = rows.pivot_table(index=["month", "segment"], columns=side, values="count", aggfunc="sum")
    wide = wide.reset_index().sort_values("month")
    position = (wide["month"].dt.year * 12 + wide["month"].dt.month).to_numpy(float)
    wide["years"] = (position - position.mean()) / 12
    # A further phase in which one side has no event has a ratio of 0 or infinity: it is left out.
    sums = wide.groupby("segment")[["inside", "outside"]].transform("sum")
    wide = wide[wide["segment"].isin(["baseline", "phase"]) | (sums > 0).all(axis=1)]
    wide = wide[wide["inside"] + wide["outside"] > 0].reset_index(drop=True)
    columns: dict[str, Any] = {"constant": 1.0}
    for name in wide["segment"].unique():
        if name != "baseline":
            columns[name] = wide["segment"] == name
    if run.get("differential_trend", False):
        columns["differential_trend"] = wide["years"]
    design = pd.DataFrame(columns, index=wide.index).astype(float)
    model = sm.GLM(wide[["inside", "outside"]].to_numpy(float), design, sm.families.Binomial())
    return quasi(model, "phase", design.shape[1])


def quasi(model: Any, term: str, parameters: int) -> dict[str, float]:
    """Fit with the Pearson dispersion, at least 1, and t on n less the parameters."""
    fit = model.fit(tol=1e-13, maxiter=300)
    df = len(model.endog) - parameters
    error = float(fit.bse[term]) * max(1.0, fit.pearson_chi2 / df) ** 0.5
    coefficient, half = float(fit.params[term]), stats.t.ppf(0.975, df) * error
    return {
        "coefficient": coefficient,
        "standard_error": error,
        "lower_95": float(np.exp(coefficient - half)),
        "upper_95": float(np.exp(coefficient + half)),
    }


def two_way_poisson(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Poisson regression with area and month effects: errors clustered (G / (G - 1)) and HC1 (n / (n - k))."""
    some = rows.groupby("area")["count"].transform("sum") > 0
    rows = rows[some]
    rows = rows[rows.groupby("month")["count"].transform("sum") > 0]
    dummies = [
        pd.get_dummies(rows["area"], prefix="area"),
        pd.get_dummies(rows["month"].dt.strftime("%Y-%m"), prefix="month", drop_first=True),
    ]
    design = pd.concat([rows["served"].rename("served"), *dummies], axis=1).astype(float)
    fit = sm.GLM(rows["count"].astype(float), design, family=sm.families.Poisson()).fit(
        tol=1e-13, maxiter=300
    )
    X, mean = design.to_numpy(), fit.mu
    bread = np.linalg.inv(X.T @ (X * mean[:, None]))
    # How much each row, and each cluster, moves the coefficient of `served`.
    moves = (X @ bread[:, 0]) * (rows["count"].to_numpy() - mean)
    clusters = pd.Series(moves).groupby(rows["cluster"].to_numpy()).sum()
    count, spare = len(clusters), len(rows) / (len(rows) - X.shape[1])
    coefficient = float(fit.params["served"])
    return {
        "cluster": {
            "coefficient": coefficient,
            "standard_error": float(np.sqrt((clusters**2).sum() * count / (count - 1))),
        },
        "hc1": {"coefficient": coefficient, "standard_error": float(np.sqrt((moves**2).sum() * spare))},
    }


def by_another_route(row: pd.Series, result: dict, rows: pd.DataFrame, spec: dict) -> list[tuple]:
    """(figure, published, recomputed) of one estimate, with statsmodels."""
    run = spec["analysis"]
    rows = rows.assign(treated=rows["is_treated"] == 1)
    rows["served"] = rows["treated"] & (rows["segment"] == "phase")
    found = [("observed", row["observed"], float(rows.loc[rows["served"], "count"].sum()))]
    intervals = result["intervals"]
    if row["design"] == "pooled":
        for name, fitted in two_way_poisson(rows).items():
            if name in intervals:
                found += [(f"{name}: {key}", intervals[name][key], fitted[key]) for key in fitted]
    elif "standard" in intervals and row["design"] == "single":
        if run.get("shock", "none") != "none":
            return found  # the half-life of a shock is chosen by the engine
        series = rows.groupby(["month", "segment"])["count"].sum().reset_index()
        fitted = standard_single(series, run)
        found += [(f"standard: {key}", intervals["standard"][key], fitted[key]) for key in fitted]
    elif "standard" in intervals:
        fitted = standard_controlled(rows, run)
        found += [(f"standard: {key}", intervals["standard"][key], fitted[key]) for key in fitted]
    if (
        row["design"] != "single"
        and "treated_from" not in spec["data"]
        and not run.get("differential_trend", False)
    ):
        sums = rows.groupby(["treated", "segment"])["count"].sum()
        ratio = sums[True, "phase"] / sums[True, "baseline"]
        ratio /= sums[False, "phase"] / sums[False, "baseline"]
        name = "standard" if "standard" in intervals else "cluster"
        if name in intervals:
            found.append(("two by two: log ratio", intervals[name]["coefficient"], float(np.log(ratio))))
    return found


def by_the_engine(result: dict, path: Path) -> list[tuple]:
    """(figure, published, recomputed) of one estimate, with the source in engine/."""
    engine = str(path.resolve().parents[2] / "engine")
    if engine not in sys.path:
        sys.path.insert(0, engine)
    from evaluation.data import read_frame
    from evaluation.run import evaluate
    from evaluation.spec import load_spec

    spec = load_spec(path)
    made = evaluate(spec, read_frame(spec)).as_dict()
    found = []
    for name in ("integrated", "ewc", "cr3"):
        if name in result["intervals"] and name in made["intervals"]:
            published, again = result["intervals"][name], made["intervals"][name]
            for key in ("coefficient", "lower_95", "upper_95"):
                found.append((f"engine, {name}: {key}", published[key], again[key]))
    return found


def replicate_all(folder: str | Path = ".", roles: tuple[str, ...] = ROLES) -> pd.DataFrame:
    """Every estimate of the given roles: one row a figure, published beside recomputed."""
    monthly, estimates, specs = load(folder)
    rows = []
    wanted = estimates[(estimates["status"] == "estimated") & estimates["role"].isin(roles)]
    for _, row in wanted.iterrows():
        if row["estimate_id"] not in specs:
            print(f"{row['estimate_id']}: no spec to run, not recomputed")
            continue
        spec, path, exact = specs[row["estimate_id"]]
        result = json.loads(row["result_json"])
        figures = by_another_route(row, result, counts_of(monthly, row, spec, path), spec)
        if exact:
            figures += by_the_engine(result, path)
        for figure, published, recomputed in figures:
            agrees = bool(np.isclose(published, recomputed, rtol=TOLERANCE, atol=TOLERANCE))
            rows.append((row["estimate_id"], figure, published, recomputed, agrees))
    return pd.DataFrame(rows, columns=["estimate_id", "figure", "published", "recomputed", "agrees"])


def report(table: pd.DataFrame) -> int:
    """Print the comparison; returns the number of figures that differ."""
    with pd.option_context("display.width", 160, "display.max_rows", None, "display.max_colwidth", 70):
        print(table.to_string(index=False))
    wrong = int((~table["agrees"]).sum())
    print(f"{len(table)} figures recomputed, {wrong} differ by more than {TOLERANCE:g}.")
    return wrong


if __name__ == "__main__":
    comparison = replicate_all(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent)
    sys.exit(1 if report(comparison) or comparison.empty else 0)
