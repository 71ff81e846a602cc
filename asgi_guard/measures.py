"""What the operator sees: one log line a request without personal data, and figures on a port of their own.

A log line names the kind of address, never the address itself, its query, its sender or a cookie. Figures are in
the text format of Prometheus at http://127.0.0.1:OVP_METRICS_PORT/, only where that is set.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asgi_guard.limits import OpenSockets

LOG = logging.getLogger("ovp.access")
BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
KINDS = (
    ("/api/", "api"),
    ("/briefs", "brief"),
    ("/_stcore/upload_file", "upload"),
    ("/_stcore/stream", "socket"),
    ("/_stcore/", "streamlit"),
    ("/static/", "file"),
    ("/media/", "media"),
    ("/auth/", "sign_in"),
    ("/oauth2callback", "sign_in"),
    ("/health", "health"),
    ("/ready", "health"),
)


def kind_of(path: str) -> str:
    """The kind of an address: few, so that neither log nor figures can hold what somebody typed."""
    return next((kind for start, kind in KINDS if path.startswith(start)), "page")


@dataclass
class Figures:
    """Counters of one process."""

    sockets: OpenSockets
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: Counter[tuple[str, float]] = field(default_factory=Counter)
    total_seconds: Counter[str] = field(default_factory=Counter)
    opened: int = 0

    def saw(self, kind: str, status: int, seconds: float) -> None:
        self.requests[(kind, status)] += 1
        self.total_seconds[kind] += seconds
        for bucket in BUCKETS:
            if seconds <= bucket:
                self.seconds[(kind, bucket)] += 1

    def text(self) -> str:
        """Text format of Prometheus, version 0.0.4."""
        lines = ["# TYPE ovp_requests_total counter"]
        for (kind, status), number in sorted(self.requests.items()):
            lines.append(f'ovp_requests_total{{kind="{kind}",status="{status}"}} {number}')
        lines.append("# TYPE ovp_request_seconds histogram")
        kinds = sorted({kind for kind, _ in self.requests})
        for kind in kinds:
            count = sum(number for (name, _), number in self.requests.items() if name == kind)
            for bucket in BUCKETS:
                number = self.seconds[(kind, bucket)]
                lines.append(f'ovp_request_seconds_bucket{{kind="{kind}",le="{bucket}"}} {number}')
            lines.append(f'ovp_request_seconds_bucket{{kind="{kind}",le="+Inf"}} {count}')
            lines.append(f'ovp_request_seconds_sum{{kind="{kind}"}} {self.total_seconds[kind]:.6f}')
            lines.append(f'ovp_request_seconds_count{{kind="{kind}"}} {count}')
        lines += ["# TYPE ovp_sockets_open gauge", f"ovp_sockets_open {self.sockets.total}"]
        lines += ["# TYPE ovp_sockets_total counter", f"ovp_sockets_total {self.opened}"]
        return "\n".join(lines) + "\n"


class Measures:
    """Counts and logs every answer; outermost but for the headers, so that refusals count too."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app = app
        self.figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            self.figures.opened += 1
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            seconds = time.perf_counter() - started
            kind = kind_of(scope["path"])
            self.figures.saw(kind, status, seconds)
            if LOG.isEnabledFor(logging.INFO):
                about = {
                    "kind": kind,
                    "method": _method(scope),
                    "status": status,
                    "ms": round(1000 * seconds, 1),
                }
                LOG.info(json.dumps(about))


def _method(scope: Scope) -> str:
    known = {"GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PATCH"}
    return scope["method"] if scope["method"] in known else "OTHER"


def serve_figures(figures: Figures, port: int) -> ThreadingHTTPServer:
    """Answer on this machine only, in a thread of its own. Raises OSError when the port is taken."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = figures.text().encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    threading.Thread(target=server.serve_forever, daemon=True, name="figures").start()
    return server
