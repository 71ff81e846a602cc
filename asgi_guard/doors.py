"""Doors of Streamlit's server that stay shut: metrics, the agent interface, uploads outside the staff process."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from asgi_guard.answers import answer, not_found, refused, too_long
from asgi_guard.settings import GuardSettings

SHUT = (
    "/_stcore/metrics",
    "/_stcore/agent",
    "/_stcore/script-health-check",
    "/_stcore/bidi-components",
    "/component/",
    "/app/static",
)
UPLOADS = "/_stcore/upload_file"
SIGN_IN = ("/auth/", "/oauth2callback")
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ShutDoors:
    """Turns away what no page of this app needs.

    In the public process: uploads, sign-in routes and every method that writes. In both: metrics (they are for
    the operator's own port), the agent interface, component files, odd paths.
    """

    def __init__(self, app: ASGIApp, settings: GuardSettings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if len(path) + len(scope.get("query_string", b"")) > self.settings.longest_query:
            await answer(scope, receive, send, too_long())
            return
        parts = path.replace("\\", "/").split("/")
        if ".." in parts or "\x00" in path or any(shut in path for shut in SHUT):
            await answer(scope, receive, send, not_found())
            return
        if scope["type"] == "websocket":
            if not path.endswith("/_stcore/stream"):
                await answer(scope, receive, send, not_found())
                return
        elif not self.settings.staff:
            if any(door in path for door in SIGN_IN):
                await answer(scope, receive, send, not_found())
                return
            if UPLOADS in path or scope["method"] not in READING:
                await answer(scope, receive, send, refused())
                return
        elif scope["method"] not in READING and UPLOADS not in path:
            await answer(scope, receive, send, refused())
            return
        await self.app(scope, receive, send)
