"""Whether a page can be read when the letters are large: WCAG 1.4.4 (200 %) and 1.4.10 (320 pixels wide)."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.screens import settled

# A window of 1280 x 1024 at 200 %, and the width that WCAG asks for (the same window at 400 %).
WINDOWS = ((640, 512), (320, 256))

# Text outside the window and text of which a part is hidden, letter by letter. Charts, tables and code may scroll
# within themselves; what only screen readers get, and what a closed fold holds, is not looked at.
FAULTS = """() => {
  const faults = [];
  const root = document.querySelector('[data-testid="stMain"]');
  for (const box of [document.documentElement, root]) {
    if (box.scrollWidth > box.clientWidth) faults.push(`the page is ${box.scrollWidth - box.clientWidth} px too wide`);
  }
  const drawn = '[data-testid="stPlotlyChart"], [data-testid="stVegaLiteChart"], [data-testid="stDataFrame"]';
  const words = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = words.nextNode(); text; text = words.nextNode()) {
    const holder = text.parentElement;
    if (!text.data.trim() || holder.closest(drawn + ', style')) continue;
    if (!holder.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const line of range.getClientRects()) {
      let fault = line.right > innerWidth + 1 || line.left < -1 ? 'is outside the window' : '';
      for (let at = holder; at !== root; at = at.parentElement) {
        const style = getComputedStyle(at), box = at.getBoundingClientRect();
        if (box.width <= 1 || box.height <= 1) { fault = ''; break; }  // for screen readers only
        if (['auto', 'scroll'].includes(style.overflowX)) { fault = ''; break; }
        const beside = line.right > box.right + 1 || line.left < box.left - 1;
        const below = line.bottom > box.bottom + 4 || line.top < box.top - 4;  // lines are taller than letters
        if ((beside && style.overflowX !== 'visible') || (below && style.overflowY !== 'visible')) fault = 'is cut off';
      }
      if (fault) { faults.push(`${fault}: ${text.data.trim().slice(0, 80)}`); break; }
    }
  }
  for (const box of root.querySelectorAll('input')) {
    if (box.checkVisibility() && box.scrollWidth > box.clientWidth + 1) faults.push(`is cut off: ${box.value}`);
  }
  return faults;
}"""


def faults(page: Page, width: int, height: int) -> list[str]:
    """What cannot be read on the open page in a window of that many CSS pixels, drawn at twice as many dots."""
    session = page.context.new_cdp_session(page)
    session.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": False},
    )
    settled(page)
    return list(page.evaluate(FAULTS))
