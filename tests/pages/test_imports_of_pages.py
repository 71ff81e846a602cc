"""A page brings only the libraries it needs: a cold server answers sooner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixture_release import write_release

ROOT = Path(__file__).resolve().parents[2]
# Streamlit itself loads a small part of Plotly; a figure loads the rest.
OPEN = """
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("dashboard.py", default_timeout=120)
if sys.argv[1] != "overview":
    app.switch_page(f"pages/public/{sys.argv[1]}.py")
app.run()
assert not app.exception, app.exception[0].value
print(json.dumps([name for name in ("plotly.graph_objs._figure", "statsmodels", "altair") if name in sys.modules]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "needed"),
    [
        ("overview", {"plotly.graph_objs._figure"}),
        ("places", {"altair"}),
        ("method", set()),
        ("claims", set()),
    ],
)
def test_a_page_imports_no_library_it_does_not_need(page: str, needed: set[str], tmp_path: Path) -> None:
    write_release(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", OPEN, page],
        cwd=ROOT,
        env={**os.environ, "OVP_HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert set(json.loads(ran.stdout.splitlines()[-1])) <= needed
