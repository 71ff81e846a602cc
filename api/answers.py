"""What is sent back: JSON kept ready in memory, files with byte ranges, plain errors.

Each answer is an ASGI application that can be called any number of times, so an answer that cannot
change (a release never does) is made once and kept.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.types import Receive, Scope, Send

from api.ranges import RangeNotSatisfiable, byte_range

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
GZIP_FROM_BYTES = 800
IN_MEMORY_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 256 * 1024

# Public data for any page of any origin; ranges need a preflight and these headers made readable.
CORS = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"accept-ranges, content-range, content-length, etag, content-disposition",
    ),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
]


def request_header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def matches(etag: str, header: str) -> bool:
    """Whether an If-None-Match header names the tag (weak comparison, RFC 9110 section 13.1.2)."""
    if header.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == wanted for tag in header.split(","))


@dataclass
class JsonAnswer:
    """A JSON object, kept as bytes and gzip, with its own tag for each."""

    content: Any
    status: int = 200
    cache_control: str = IMMUTABLE
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    def __post_init__(self) -> None:
        if isinstance(self.content, str):
            self._body = self.content.encode("utf-8")
        else:
            self._body = json.dumps(
                self.content, ensure_ascii=False, allow_nan=False, separators=(",", ":")
            ).encode("utf-8")
        self.content = None
        digest = hashlib.sha256(self._body).hexdigest()[:32]
        self._tags = {False: f'"{digest}"', True: f'"{digest}-gzip"'}
        self._packed = gzip.compress(self._body, 6, mtime=0) if len(self._body) >= GZIP_FROM_BYTES else b""
        self._ready = {packed: self._make_headers(packed) for packed in (False, True)}

    @property
    def size(self) -> int:
        return len(self._body) + len(self._packed)

    def _make_headers(self, packed: bool) -> list[tuple[bytes, bytes]]:
        body = self._packed if packed else self._body
        headers = [
            (b"content-type", f"{self.media_type}; charset=utf-8".encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", self.cache_control.encode()),
            (b"vary", b"accept-encoding"),
            *CORS,
            *[(key.lower().encode(), value.encode("latin-1")) for key, value in self.headers.items()],
        ]
        if self.status == 200:
            headers.append((b"etag", self._tags[packed].encode()))
        if packed:
            headers.append((b"content-encoding", b"gzip"))
        return headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        packed = bool(self._packed) and "gzip" in request_header(scope, b"accept-encoding")
        headers = self._ready[packed]
        asked = request_header(scope, b"if-none-match") if self.status == 200 else ""
        if asked and (matches(self._tags[True], asked) or matches(self._tags[False], asked)):
            kept = [(k, v) for k, v in headers if k not in (b"content-length", b"content-type")]
            await send({"type": "http.response.start", "status": 304, "headers": kept})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else (self._packed if packed else self._body)
        await send({"type": "http.response.body", "body": body})


@dataclass
class FileAnswer:
    """A file that never changes. `sha256` is its content's and becomes the tag.

    Small files are kept in memory; larger ones are read in pieces by a worker thread. `packed` is the same
    file as gzip, sent under a tag of its own to clients that take it and ask for the whole file.
    """

    path: Path
    sha256: str
    media_type: str
    file_name: str
    headers: dict[str, str] = field(default_factory=dict)
    packed: Path | None = None

    def __post_init__(self) -> None:
        self.length = self.path.stat().st_size
        self._content = self.path.read_bytes() if self.length <= IN_MEMORY_BYTES else None
        self.packed_answer = self._as_packed() if self.packed is not None else None
        self.etag = f'"{self.sha256[:32]}"'
        self._common = [
            (b"content-type", self.media_type.encode()),
            (b"accept-ranges", b"bytes"),
            (b"etag", self.etag.encode()),
            (b"last-modified", formatdate(self.path.stat().st_mtime, usegmt=True).encode()),
            (b"cache-control", IMMUTABLE.encode()),
            (b"content-disposition", f'attachment; filename="{self.file_name}"'.encode()),
            *([(b"vary", b"accept-encoding")] if self.packed is not None else []),
            *CORS,
            *[(key.lower().encode(), value.encode("latin-1")) for key, value in self.headers.items()],
        ]

    def _as_packed(self) -> FileAnswer:
        """The answer that sends the gzip: no ranges, since a range is one of the plain file."""
        assert self.packed is not None
        headers = {**self.headers, "content-encoding": "gzip", "vary": "accept-encoding"}
        answer = FileAnswer(self.packed, self.sha256, self.media_type, self.file_name, headers)
        answer.etag = f'"{self.sha256[:32]}-gzip"'
        answer._common = [(k, v) for k, v in answer._common if k not in (b"etag", b"accept-ranges")]
        answer._common.append((b"etag", answer.etag.encode()))
        return answer

    @property
    def size(self) -> int:
        packed = self.packed_answer.size if self.packed_answer is not None else 0
        return packed + (len(self._content) if self._content is not None else 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.packed_answer is not None and not request_header(scope, b"range"):
            asked = request_header(scope, b"if-none-match")
            plain = asked and matches(self.etag, asked)
            if not plain and "gzip" in request_header(scope, b"accept-encoding"):
                await self.packed_answer(scope, receive, send)
                return
        asked = request_header(scope, b"if-none-match")
        if asked and matches(self.etag, asked):
            kept = [(k, v) for k, v in self._common if k != b"content-type"]
            await send({"type": "http.response.start", "status": 304, "headers": kept})
            await send({"type": "http.response.body", "body": b""})
            return
        wanted = request_header(scope, b"range")
        condition = request_header(scope, b"if-range")
        if condition and condition != self.etag:
            wanted = ""
        try:
            part = byte_range(wanted, self.length)
        except RangeNotSatisfiable:
            headers = [
                *self._common,
                (b"content-range", f"bytes */{self.length}".encode()),
                (b"content-length", b"0"),
            ]
            await send({"type": "http.response.start", "status": 416, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        first, last = part or (0, self.length - 1)
        headers = [*self._common, (b"content-length", str(last - first + 1).encode())]
        if part:
            headers.append((b"content-range", f"bytes {first}-{last}/{self.length}".encode()))
        await send({"type": "http.response.start", "status": 206 if part else 200, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        elif self._content is not None:
            await send({"type": "http.response.body", "body": self._content[first : last + 1]})
        else:
            await self._stream(first, last, send)

    async def _stream(self, first: int, last: int, send: Send) -> None:
        descriptor = await anyio.to_thread.run_sync(os.open, self.path, os.O_RDONLY)
        try:
            at = first
            while at <= last:
                wanted = min(CHUNK_BYTES, last - at + 1)
                piece = await anyio.to_thread.run_sync(os.pread, descriptor, wanted, at)
                if not piece:
                    # Shorter than announced: end the connection rather than pad the file.
                    raise OSError(f"{self.path.name} ended at byte {at} of {self.length}")
                at += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": at <= last})
        finally:
            os.close(descriptor)


def error_answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JsonAnswer:
    """The JSON of an error; never cached."""
    return JsonAnswer({"code": code, "message": message}, status, "no-store", headers or {})
