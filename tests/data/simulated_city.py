"""The invented city as the tests read it: straight from its files, by other means than the product's."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from etl.logs.load import LoadedLogs, load_logs

ROOT = Path(__file__).resolve().parent.parent.parent
CITY = ROOT / "data" / "simulated-city"
LOGS = CITY / "logs"
KEY = b"a key for tests, never used elsewhere"


def program() -> dict[str, Any]:
    return tomllib.loads((ROOT / "data/programs/simulated-outreach.toml").read_text(encoding="utf-8"))


def truth() -> dict[str, Any]:
    return tomllib.loads((CITY / "truth.toml").read_text(encoding="utf-8"))


def table(name: str) -> pd.DataFrame:
    """A CSV of the city as text, empty cells as empty text."""
    return pd.read_csv(CITY / name, dtype=str, keep_default_na=False)


def areas() -> pd.DataFrame:
    return table("areas.csv")


def loaded() -> LoadedLogs:
    return load_logs(LOGS, program(), areas(), key=KEY)


def shootings_by_month() -> pd.DataFrame:
    """Cases of the shootings file, each once, by neighborhood and month of the 84 whole months (zeros kept)."""
    cases = table("incidents/shootings.csv").drop_duplicates("case_number")
    cases = cases.loc[(cases["neighborhood"] != "") & (cases["occurred_at"] < "2026")]
    counted = cases.groupby([cases["neighborhood"], cases["occurred_at"].str[:7]]).size()
    names = areas().query("geography == 'neighborhood'")["area"]
    months = [f"{year}-{month:02d}" for year in range(2019, 2026) for month in range(1, 13)]
    return counted.unstack(fill_value=0).reindex(index=names, columns=months, fill_value=0)
