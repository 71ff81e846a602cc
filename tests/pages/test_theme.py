"""The theme's colors can be read: WCAG 2.2 AA, computed from the settings, no browser needed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from presentation.palette import DARK, LIGHT

ROOT = Path(__file__).resolve().parents[2]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
SMALL_PRINT = 0.6  # opacity Streamlit 1.67 gives captions
AA = 4.5


def rgb(color: str) -> tuple[float, ...]:
    return tuple(int(color[place : place + 2], 16) for place in (1, 3, 5))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Contrast ratio as WCAG 2.2 defines it."""

    def luminance(color: tuple[float, ...]) -> float:
        parts = [part / 255 for part in color]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def faded(color: str, behind: str, opacity: float) -> tuple[float, ...]:
    return tuple(
        opacity * front + (1 - opacity) * back for front, back in zip(rgb(color), rgb(behind), strict=True)
    )


@pytest.mark.parametrize("background", ["backgroundColor", "secondaryBackgroundColor"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_small_print_can_be_read_as_streamlit_fades_it(theme: str, background: str) -> None:
    colors = THEME[theme]
    behind = colors[background]
    assert contrast(faded(colors["textColor"], behind, SMALL_PRINT), rgb(behind)) >= AA


@pytest.mark.parametrize("color", ["textColor", "linkColor"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_links_can_be_read(theme: str, color: str) -> None:
    colors = THEME[theme]
    for behind in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(rgb(colors[color]), rgb(colors[behind])) >= AA


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_white_text_can_be_read_on_buttons_and_buttons_be_seen(theme: str) -> None:
    colors = THEME[theme]
    assert contrast((255, 255, 255), rgb(colors["primaryColor"])) >= AA
    for behind in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(rgb(colors["primaryColor"]), rgb(colors[behind])) >= 3  # WCAG 1.4.11


def test_charts_have_the_colors_of_the_theme() -> None:
    for theme, palette in (("light", LIGHT), ("dark", DARK)):
        assert palette.text == THEME[theme]["textColor"]
        assert palette.background == THEME[theme]["backgroundColor"]
