"""Security headers on every answer.

The content policy is what stops a data value that reached markdown from fetching a picture elsewhere (a beacon),
and a script from running at all: scripts come from this server only, plus the one line that Streamlit's own page
holds, allowed by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asgi_guard.settings import GuardSettings

INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def inline_script_hashes() -> tuple[str, ...]:
    """Hashes of the inline scripts of the installed Streamlit's page."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = INLINE_SCRIPT.findall(page.read_text(encoding="utf-8"))
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def content_policy(embed_from: Sequence[str] = ()) -> str:
    """The Content-Security-Policy. `unsafe-inline` is for styles only: Streamlit writes them as it runs.

    embed_from: sites that may show a page in a frame.
    """
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", *inline_script_hashes())),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "media-src": "'self' blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "frame-src": "'none'",
        "frame-ancestors": " ".join(embed_from) or "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class SecurityHeaders:
    """Adds the headers to every HTTP answer, also to those of inner middleware and of errors."""

    def __init__(self, app: ASGIApp, settings: GuardSettings) -> None:
        self.app = app
        # Staff pages are never framed: a click there could be stolen.
        embed_from = () if settings.staff else settings.embed_from
        self.headers = {
            "content-security-policy": content_policy(embed_from),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
            "cross-origin-opener-policy": "same-origin",
            "x-permitted-cross-domain-policies": "none",
        }
        if not embed_from:  # this older header knows no list of sites
            self.headers["x-frame-options"] = "DENY"
        if settings.https:
            self.headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers)
