"""Figures, logs, settings and unit files: what the operator relies on."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from streamlit import config

from asgi_guard.limits import OpenSockets
from asgi_guard.measures import Figures, kind_of
from asgi_guard.settings import GuardSettings
from tests.trust.serving import ROOT, free_port, serve

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_figures_are_served_on_their_own_port_and_hold_nothing_that_was_typed(tmp_path):
    port = free_port()
    environment = {"OVP_HOME": str(tmp_path), "OVP_METRICS_PORT": str(port), "OVP_ACCESS_LOG": "1"}
    with serve(tmp_path, environment) as served:
        for path in ("/", "/_stcore/health", "/secret-name?query=jane", "/_stcore/metrics"):
            httpx.get(served.url + path, headers={"user-agent": "jane", "cookie": "a=jane"})
        figures = httpx.get(f"http://127.0.0.1:{port}/").text
        log = served.log.read_text()
    assert 'ovp_requests_total{kind="page",status="200"}' in figures
    assert 'ovp_requests_total{kind="streamlit",status="404"} 1' in figures
    assert re.search(r"^ovp_sockets_open 0$", figures, re.MULTILINE)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert len(lines) >= 4 and set(lines[0]) == {"kind", "method", "status", "ms"}
    for text in (figures, log):
        assert "jane" not in text and "secret-name" not in text and "127.0.0.1" not in text


def test_the_histogram_adds_up():
    figures = Figures(OpenSockets())
    for seconds in (0.005, 0.2, 9.0):
        figures.saw("api", 200, seconds)
    text = figures.text()
    assert 'le="0.01"} 1' in text and 'le="0.5"} 2' in text and 'le="+Inf"} 3' in text


def test_kinds_are_few():
    assert {kind_of(path) for path in ("/", "/x", "/ward/6", "/%2e%2e")} == {"page"}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("runner.postScriptGC", False),
        ("client.showErrorDetails", "none"),
        ("client.toolbarMode", "viewer"),
        ("client.disableDataExport", True),
        ("server.enableXsrfProtection", True),
        ("server.enableStaticServing", False),
        ("server.fileWatcherType", "none"),
        ("browser.gatherUsageStats", False),
        ("runner.magicEnabled", False),
        ("server.address", "127.0.0.1"),
    ],
)
def test_the_served_settings_are_set_and_streamlit_still_knows_them(option, value):
    """`postScriptGC` is hidden: an update of Streamlit may drop it without a word."""
    import tomllib

    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    section, name = option.split(".")
    assert settings[section][name] == value
    assert option in config._config_options_template


def test_every_setting_of_the_environment_is_in_the_manual():
    used = set()
    for folder in ("asgi_guard", "etl", "presentation", "api"):
        for path in (ROOT / folder).rglob("*.py"):
            used |= set(re.findall(r"\"(OVP_[A-Z_]+)\"", path.read_text(encoding="utf-8")))
    used |= set(re.findall(r"\"(OVP_[A-Z_]+)\"", (ROOT / "access.py").read_text(encoding="utf-8")))
    missing = sorted(name for name in used if name not in OPERATIONS)
    assert not missing, f"docs/operations.md lacks {missing}"


def test_defaults_in_the_manual_are_those_of_the_code():
    assert f"| {GuardSettings.sockets}, {GuardSettings.sockets_per_address} |" in OPERATIONS
    assert f"| {GuardSettings.requests_per_second:.0f}, {GuardSettings.request_burst} |" in OPERATIONS


@pytest.mark.parametrize("path", sorted((ROOT / "deploy").glob("*.service")), ids=lambda path: path.name)
def test_a_unit_starts_a_module_that_exists_and_takes_no_more_than_it_needs(path: Path):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(path.read_text(encoding="utf-8"))
    service = unit["Service"]
    module = re.search(r"-m ([\w.]+)", service["ExecStart"])[1]
    assert (ROOT / (module.replace(".", "/") + ".py")).is_file()
    assert service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"
    assert service["User"] != "root"


def test_the_public_unit_cannot_reach_the_private_store():
    text = (ROOT / "deploy" / "outreach-public@.service").read_text(encoding="utf-8")
    hidden = re.search(r"^InaccessiblePaths=(.*)$", text, re.MULTILINE)[1]
    for folder in ("private", "inbox", "ledger", "staff-secrets.toml"):
        assert folder in hidden
    assert "OVP_STAFF" not in text and "OVP_SECRETS" not in text


def test_units_pass_systemd_where_it_is_here():
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not here")
    for path in sorted((ROOT / "deploy").glob("*.service")):
        ended = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False
        )
        wrong = [
            line for line in ended.stderr.splitlines() if path.name in line and "not executable" not in line
        ]
        assert not wrong, wrong


def test_the_image_runs_without_root_and_holds_no_secret():
    text = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER outreach$", text, re.MULTILINE)
    assert "secret" not in text.lower().replace("the secrets file mounted", "")
    assert text.index("USER outreach") < text.index('CMD ["sh"')
