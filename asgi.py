"""The served app: the dashboard, the public interface and health routes behind one guard.

    python -m asgi --port 8501        (what `make run` does)

Also works as `streamlit run asgi.py` and as `uvicorn asgi:app`.
"""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager
from streamlit.starlette import App

import asgi_guard
from api.door import ApiDoor
from api.static_gzip import StaticGzip
from api.table_files import forget_gone_releases
from etl import warehouse

DASHBOARD = Path(__file__).resolve().with_name("dashboard.py")
log = logging.getLogger("asgi")


async def health(_: Request) -> PlainTextResponse:
    """Whether the process is there."""
    return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})


async def ready(_: Request) -> JSONResponse:
    """Whether it can answer: the release in use opens and is read."""
    try:
        release = await anyio.to_thread.run_sync(_read_release)
    except warehouse.ReleaseError as error:
        return JSONResponse(
            {"ready": False, "code": error.code}, status_code=503, headers={"cache-control": "no-store"}
        )
    return JSONResponse({"ready": True, "release": release}, headers={"cache-control": "no-store"})


async def overview(request: Request) -> RedirectResponse:
    """The front page by its name: Streamlit serves its default page at the root only."""
    query = request.url.query
    # Relative, so that it is right behind a proxy that serves the app under a path.
    return RedirectResponse(f"./?{query}" if query else "./")


def _read_release() -> str:
    release = warehouse.open_release()
    return str(release.query("release")["release_id"].iloc[0])


@asynccontextmanager
async def lifespan(_: App) -> AsyncGenerator[dict[str, Any], None]:
    """Import what pages need before the first visitor does, and drop files of releases that are gone."""
    await anyio.to_thread.run_sync(_import_heavy_libraries)
    gone = await anyio.to_thread.run_sync(forget_gone_releases)
    if gone:
        log.info("forgot cached files of %d releases that are no longer here", len(gone))
    yield {}


def _import_heavy_libraries() -> None:
    # The first visitor would wait about three seconds for these.
    import altair
    import pandas
    import plotly.graph_objects
    import plotly.io

    assert altair and pandas and plotly
    # What is loaded now stays for good: collections need not walk over it again.
    gc.collect()
    gc.freeze()


# Streamlit takes a folder named `pages` for its old way of listing pages, until the first run of the
# script has said otherwise: the first visitor of a fresh server who came by a link to a page would be told
# that there is no such page.
PagesManager.uses_pages_directory = False

try:
    asgi_guard.GuardSettings.from_environment()
except ValueError as error:
    sys.exit(f"The server was not started. {error}")

app = App(
    DASHBOARD,
    lifespan=lifespan,
    routes=[Route("/health", health), Route("/ready", ready), Route("/overview", overview)],
    middleware=[*asgi_guard.middleware(), Middleware(ApiDoor), Middleware(StaticGzip)],
    secrets=asgi_guard.staff_secrets(),
)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m asgi", description="Serve the dashboard.")
    parser.add_argument("--port", type=int, default=8501, help="port to listen on (default 8501)")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on (default: this machine)")
    arguments = parser.parse_args()
    # Streamlit checks host names of its own accord, for websockets only: the same list for both.
    hosts = [host.strip("[]") for host in asgi_guard.GuardSettings.from_environment().hosts]
    app.run(
        config={
            "server.port": arguments.port,
            "server.address": arguments.address,
            "server.allowedHosts": hosts,
        }
    )


if __name__ == "__main__":
    main()
