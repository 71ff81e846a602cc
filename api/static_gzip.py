"""Streamlit's scripts and styles, compressed once and kept.

Streamlit serves them uncompressed, to save the work of compressing on every request. Their names carry a
hash of their content, so each is compressed at most once here: 7.8 MB of a chart page become 2.6 MB.
"""

from __future__ import annotations

import gzip
from collections.abc import MutableMapping
from typing import Any

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/static/"
COMPRESSIBLE = ("javascript", "text/css", "json", "svg", "wasm")
KEPT_BYTES = 32 * 1024 * 1024
SMALLEST = 1_000


class StaticGzip:
    """ASGI middleware around the app for GET and HEAD of `/static/…` from clients that take gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or not scope["path"].startswith(PREFIX)
            or scope["method"] not in ("GET", "HEAD")
            or "range" in (headers := Headers(scope=scope))
            or "if-none-match" in headers
            or "gzip" not in headers.get("accept-encoding", "")
        ):
            await self.app(scope, receive, send)
            return
        kept = self._kept.get(scope["path"]) or await self._make(scope, receive, send)
        if kept is None:
            return
        head, body = kept
        await send({"type": "http.response.start", "status": 200, "headers": list(head)})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _make(
        self, scope: Scope, receive: Receive, send: Send
    ) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        """Ask the app for the file and compress it; passes on and returns None what stays as it is."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        inner: MutableMapping[str, Any] = dict(scope) | {"method": "GET"}
        await self.app(inner, receive, collect)
        start = messages[0]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        headers = MutableHeaders(raw=[(key, value) for key, value in start["headers"]])
        fits = (
            start["status"] == 200
            and len(body) >= SMALLEST
            and "content-encoding" not in headers
            and any(kind in headers.get("content-type", "") for kind in COMPRESSIBLE)
            and self._bytes < KEPT_BYTES
        )
        if not fits:
            if scope["method"] == "HEAD":
                body = b""
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return None
        packed = await anyio.to_thread.run_sync(lambda: gzip.compress(body, 6, mtime=0))
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(packed))
        headers.add_vary_header("Accept-Encoding")
        if "etag" in headers:
            headers["etag"] = headers["etag"].rstrip('"') + '-gzip"'
        self._kept[scope["path"]] = (headers.raw, packed)
        self._bytes += len(packed)
        return self._kept[scope["path"]]
