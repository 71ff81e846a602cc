"""Pictures of every page: `python -m tests.browser.screens [--home FOLDER] [--out FOLDER] [PAGE …]`.

Desktop (1280 pixels wide) and phone (390), the whole page, light; the overview also dark.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.served import CHROMIUM, ROOT, serve

WIDTHS = {"desktop": 1280, "phone": 390}
LARGEST = 400_000
VIEWS = {
    "overview": "/",
    "results": "/results",
    "places": "/places",
    "places-ward": "/places?kind=ward&area=6",
    "places-neighborhoods": "/places?kind=neighborhood",
    "outreach": "/outreach",
    "method": "/method",
    "record": "/record",
    "promises": "/promises",
    "results-not-estimable": "/results?phase=withdrawn",
    "routes": "/routes",
    "routes-simulated": "/routes?program=simulated-outreach",
    "requests": "/requests",
    "funding": "/funding",
    "requests-madison": "/requests?program=focused-interruption",
    "funding-madison": "/funding?program=focused-interruption",
    "claims": "/claims",
    "requests-simulated": "/requests?program=simulated-outreach",
    "funding-simulated": "/funding?program=simulated-outreach",
    "evidence": "/evidence",
    "briefing": "/briefing",
    "downloads": "/downloads",
    "overview-simulated": "/?program=simulated-outreach",
    "outreach-simulated": "/outreach?program=simulated-outreach",
}


def whole_page(page: Page, address: str, width: int) -> bytes:
    """A picture of the page from top to bottom; Streamlit scrolls inside, so the window is made as tall."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    settled(page)
    for _ in range(4):
        height = _height(page)
        page.set_viewport_size({"width": width, "height": min(height + 40, 14000)})
        settled(page)
        if _height(page) == height:
            break
    return page.screenshot()


def _height(page: Page) -> int:
    return int(
        page.evaluate(
            "() => Math.ceil(document.querySelector('[data-testid=\"stMainBlockContainer\"]')"
            "?.getBoundingClientRect().height ?? document.body.scrollHeight)"
        )
    )


# The script has run to its end, every part of the page has been fetched and drawn, the page's own style applies,
# nothing moves or fades.
QUIET = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  const main = document.querySelector('[data-testid="stMainBlockContainer"]');
  const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
  const plots = [...document.querySelectorAll('[data-testid="stPlotlyChart"]')];
  return app?.dataset.testScriptState === 'notRunning'
    && main?.querySelector('h1') !== null
    && getComputedStyle(main).getPropertyValue('--page-style').trim() === 'on'
    && !document.querySelector('[data-testid="stStatusWidget"], [data-testid="stSkeleton"], [data-stale="true"]')
    && charts.every(chart => chart.querySelector('svg, canvas'))
    && plots.every(plot => plot.querySelector('svg.main-svg'))
    && document.fonts.status === 'loaded'
    && document.getAnimations().every(moving => moving.playState === 'finished');
}"""


def settled(page: Page) -> None:
    """Wait until the script has run and nothing is being drawn any more: quiet, and quiet still after a while."""
    for _ in range(3):
        page.wait_for_function(QUIET, timeout=60_000)
        page.wait_for_timeout(400)


def shrink(png: bytes) -> bytes:
    """A PNG under 400 KB: fewer colors first, then smaller."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colors, scale in ((256, 1.0), (128, 1.0), (128, 0.85), (128, 0.7), (128, 0.6), (96, 0.5)):
        size = (round(image.width * scale), round(image.height * scale))
        small = image if scale == 1.0 else image.resize(size, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        # The fast octree keeps the few strong colors of charts among much white.
        small.quantize(colors, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST:
            break
    return out.getvalue()


def take(browser: Browser, address: str, out: Path, names: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        for device, width in WIDTHS.items():
            for theme in ("light", "dark") if name == "overview" else ("light",):
                context = browser.new_context(color_scheme=theme)
                suffix = "" if theme == "light" else "-dark"
                path = out / f"{name}-{device}{suffix}.png"
                path.write_bytes(shrink(whole_page(context.new_page(), address + VIEWS[name], width)))
                context.close()
                print(f"{path.name}: {path.stat().st_size // 1024} KB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help=f"of: {', '.join(VIEWS)} (default: all)")
    parser.add_argument("--home", type=Path, help="folder of releases (default: OVP_HOME or var)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screens")
    given = parser.parse_args()
    unknown = sorted(set(given.pages) - set(VIEWS))
    if unknown:
        parser.error(f"no such page: {', '.join(unknown)}")
    with serve(given.home) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM or None)
        take(browser, address, given.out, given.pages or list(VIEWS))
        browser.close()


if __name__ == "__main__":
    main()
