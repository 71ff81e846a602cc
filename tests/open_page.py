"""Open a public page as a visitor does, through dashboard.py, and read it."""

from __future__ import annotations

import html
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
SPOKEN = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "code")


def open_page(page: str, **choices: object) -> AppTest:
    """The page after its first run, opened by a link that carries `choices`."""
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=90)
    for name, value in choices.items():
        app.query_params[name] = value
    if page != "overview":
        app.switch_page(f"pages/public/{page}.py")
    app.run()
    assert not app.exception, app.exception[0].value
    return app


def text_of(app: AppTest) -> str:
    """All words on the page, boxes and tables included, dollar signs as people see them."""
    parts = [str(element.value) for kind in SPOKEN for element in app.get(kind)]
    parts += [html.unescape(re.sub(r"<[^>]+>", " ", element.proto.body)) for element in app.get("html")]
    parts += [frame.value.to_string() for frame in (*app.dataframe, *app.table)]
    return "\n".join(parts).replace("\\$", "$")
