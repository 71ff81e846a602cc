"""The guard around the served app, as Starlette middleware.

    from asgi_guard import middleware
    app = streamlit.starlette.App("dashboard.py", middleware=middleware(), secrets=staff_secrets())

Outermost first: headers (on every answer), figures and log, host names, shut doors, rates, websocket messages.
"""

from __future__ import annotations

import logging
import sys

from starlette.middleware import Middleware

from asgi_guard.addresses import HostAllowList
from asgi_guard.doors import ShutDoors
from asgi_guard.headers import SecurityHeaders
from asgi_guard.limits import OpenSockets, RequestRate
from asgi_guard.measures import Figures, Measures, serve_figures
from asgi_guard.secrets import staff_secrets
from asgi_guard.settings import GuardSettings
from asgi_guard.websockets import WebSocketGuard

__all__ = ["GuardSettings", "middleware", "staff_secrets"]


def middleware(settings: GuardSettings | None = None) -> list[Middleware]:
    """The guard of one process, from its environment unless `settings` are given."""
    settings = settings or GuardSettings.from_environment()
    sockets = OpenSockets()
    figures = Figures(sockets)
    if settings.metrics_port:
        serve_figures(figures, settings.metrics_port)
    if settings.access_log:
        _log_to_standard_output()
    return [
        Middleware(SecurityHeaders, settings=settings),
        Middleware(Measures, figures=figures),
        Middleware(HostAllowList, settings=settings),
        Middleware(ShutDoors, settings=settings),
        Middleware(RequestRate, settings=settings, sockets=sockets),
        Middleware(WebSocketGuard, settings=settings, sockets=sockets),
    ]


def _log_to_standard_output() -> None:
    log = logging.getLogger("ovp.access")
    if not log.handlers:
        log.addHandler(logging.StreamHandler(sys.stdout))
    log.setLevel(logging.INFO)
    log.propagate = False
