"""Takes `/api/` before Streamlit's own middleware does: data need no session, cookie or second gzip."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from api.routes import ROOT, Interface


class ApiDoor:
    """ASGI middleware: the interface at its address, the app inside for everything else."""

    def __init__(self, app: ASGIApp, interface: Interface | None = None) -> None:
        self.app = app
        self.interface = interface or Interface()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] == ROOT or scope["path"].startswith(ROOT + "/")):
            await self.interface(scope, receive, send)
        else:
            await self.app(scope, receive, send)
