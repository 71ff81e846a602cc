"""`python -m staff_demo`: the dashboard with staff pages and a sign-in provider, both on this machine only."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import uvicorn

from staff_demo.provider import Provider
from staff_demo.settings import secrets_toml, write_private

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run both until interrupted; returns the exit code of the dashboard."""
    parser = argparse.ArgumentParser(prog="python -m staff_demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8501, help="port of the dashboard (default 8501)")
    parser.add_argument("--provider-port", type=int, default=8509, help="port of the sign-in provider")
    options = parser.parse_args()
    app = f"http://localhost:{options.port}"
    issuer = f"http://localhost:{options.provider_port}"
    client_secret = secrets.token_urlsafe(24)
    provider = Provider(issuer, "ovp-dashboard", client_secret, f"{app}/oauth2callback")
    server = uvicorn.Server(
        uvicorn.Config(provider.app(), host="127.0.0.1", port=options.provider_port, log_level="warning")
    )
    threading.Thread(target=server.run, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="staff-demo-") as folder:
        settings = write_private(
            Path(folder) / "secrets.toml", secrets_toml(issuer, app, "ovp-dashboard", client_secret)
        )
        print(
            f"Staff dashboard: {app}   sign in at the top left; people and logs are invented (Ctrl+C stops it)"
        )
        try:
            return subprocess.call(
                [sys.executable, "-m", "asgi", "--port", str(options.port)],
                cwd=ROOT,
                env=os.environ | {"OVP_STAFF": "1", "OVP_SECRETS": str(settings)},
            )
        except KeyboardInterrupt:
            return 0
        finally:
            server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
