"""Rates and room: a token bucket for each address, and a count of open websockets."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi_guard.addresses import client_address
from asgi_guard.answers import answer, busy, too_many
from asgi_guard.settings import GuardSettings

REMEMBERED_ADDRESSES = 10_000
# A person who opens a page; everything else (data, briefs, files) stays open when the pages are full.
NEVER_BUSY = ("/api/", "/briefs", "/static/", "/_stcore/", "/media/", "/ready", "/healthz", "/robots.txt")


@dataclass
class TokenBucket:
    """Lets `burst` through at once and `rate` a second after that."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    tokens: float = field(init=False)
    seen: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.burst
        self.seen = self.clock()

    def wait(self) -> float:
        """Take one token; seconds to wait until it is there (0: go on)."""
        now = self.clock()
        self.tokens = min(self.burst, self.tokens + (now - self.seen) * self.rate) - 1
        self.seen = now
        return 0.0 if self.tokens >= 0 else -self.tokens / self.rate

    def take(self) -> bool:
        """Take one token if there is one; a refusal costs nothing."""
        if self.wait() == 0:
            return True
        self.tokens += 1
        return False


@dataclass
class OpenSockets:
    """How many websockets are open, in all and for each address."""

    total: int = 0
    by_address: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> None:
        self.total += 1
        self.by_address[address] += 1

    def leave(self, address: str) -> None:
        self.total -= 1
        self.by_address[address] -= 1
        if not self.by_address[address]:
            del self.by_address[address]


class RequestRate:
    """Turns an address away that asks too fast, and new visitors to pages while all sockets are taken."""

    def __init__(self, app: ASGIApp, settings: GuardSettings, sockets: OpenSockets) -> None:
        self.app = app
        self.settings = settings
        self.sockets = sockets
        self.buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not self._bucket(client_address(scope, self.settings.proxies)).take():
                await answer(scope, receive, send, too_many())
                return
            if self.sockets.total >= self.settings.sockets and _opens_a_page(scope):
                await answer(scope, receive, send, busy())
                return
        await self.app(scope, receive, send)

    def _bucket(self, address: str) -> TokenBucket:
        if address not in self.buckets:
            self.buckets[address] = TokenBucket(
                self.settings.requests_per_second, self.settings.request_burst
            )
            if len(self.buckets) > REMEMBERED_ADDRESSES:
                self.buckets.popitem(last=False)
        self.buckets.move_to_end(address)
        return self.buckets[address]


def _opens_a_page(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].startswith(NEVER_BUSY)
