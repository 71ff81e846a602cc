"""Serves a small dashboard with the project's own guard, access rules and staff pages."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvicorn
from streamlit import config
from streamlit.starlette import App

from asgi_guard import middleware, staff_secrets

DASHBOARD = Path(__file__).parent / "small_app" / "dashboard.py"

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    config.set_option("runner.postScriptGC", False)
    config.set_option("client.showErrorDetails", "none")
    config.set_option("server.fileWatcherType", "none")
    config.set_option("browser.gatherUsageStats", False)
    config.set_option("server.port", port)
    app = App(
        os.environ.get("TEST_DASHBOARD", str(DASHBOARD)), middleware=middleware(), secrets=staff_secrets()
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", server_header=False)
