"""Colors, once for all charts: safe for color-blind readers, in a light and a dark form.

Based on the set of Okabe and Ito (2008). Color is never alone: each role also has a dash and a symbol.
Every line color has a contrast of at least 3 : 1 against its background, text 4.5 : 1 (WCAG 2.2 AA).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a role is drawn: color, line dash and marker symbol (Plotly's names)."""

    color: str
    dash: str = "solid"
    symbol: str = "circle"
    width: float = 2.0


@dataclass(frozen=True)
class Palette:
    """One theme's colors. `steps` runs from few to many; `changes` maps a class of change to a color."""

    background: str
    text: str
    muted: str
    grid: str
    phase: str
    phase_evaluated: str
    band_opacity: float
    roles: dict[str, Look]
    steps: tuple[str, ...]
    changes: dict[str, str]


LIGHT = Palette(
    background="#ffffff",
    text="#101317",
    muted="#59616b",
    grid="#e3e6ea",
    phase="#f3f4f6",
    phase_evaluated="#e4eef6",
    band_opacity=0.22,
    roles={
        "observed": Look("#101317", "solid", "circle", 1.6),
        "expected": Look("#0072b2", "dash", "square", 2.4),
        "comparison": Look("#7a5195", "dot", "diamond", 1.8),
        "estimate": Look("#59616b", "solid", "circle", 2.0),
        "headline": Look("#0072b2", "solid", "diamond", 3.0),
        "fewer": Look("#0072b2", "solid", "triangle-down", 2.0),
        "more": Look("#c04a00", "solid", "triangle-up", 2.0),
        "neutral": Look("#6c757d", "solid", "circle", 2.0),
    },
    steps=("#edf4fa", "#c3dcee", "#8fbfe0", "#4f9bca", "#0072b2", "#004a75"),
    changes={
        "fewer_than_expected": "#0072b2",
        "more_than_expected": "#c04a00",
        "little_or_no_change": "#8c959f",
        "cannot_tell": "#d5dae0",
        "too_few": "#eef0f3",
    },
)

DARK = Palette(
    background="#14171a",
    text="#eceff2",
    muted="#aab3bd",
    grid="#343a41",
    phase="#1f2429",
    phase_evaluated="#1c3345",
    band_opacity=0.28,
    roles={
        "observed": Look("#eceff2", "solid", "circle", 1.6),
        "expected": Look("#56b4e9", "dash", "square", 2.4),
        "comparison": Look("#d0a3e6", "dot", "diamond", 1.8),
        "estimate": Look("#aab3bd", "solid", "circle", 2.0),
        "headline": Look("#56b4e9", "solid", "diamond", 3.0),
        "fewer": Look("#56b4e9", "solid", "triangle-down", 2.0),
        "more": Look("#ee8a3c", "solid", "triangle-up", 2.0),
        "neutral": Look("#8f99a3", "solid", "circle", 2.0),
    },
    steps=("#1d2a35", "#1f4560", "#1f648f", "#2f86bd", "#56b4e9", "#a9d9f5"),
    changes={
        "fewer_than_expected": "#56b4e9",
        "more_than_expected": "#ee8a3c",
        "little_or_no_change": "#7d8791",
        "cannot_tell": "#3a424a",
        "too_few": "#23282d",
    },
)


def palette(is_dark: bool = False) -> Palette:
    return DARK if is_dark else LIGHT
