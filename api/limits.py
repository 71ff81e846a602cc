"""Limits on rate and size, so that one client cannot take the server from the others."""

from __future__ import annotations

import os
import time
from collections import OrderedDict

from api.errors import ApiError

LONGEST_QUERY = 2_000
CLIENTS_REMEMBERED = 10_000


class RateLimit:
    """A token bucket for each client address: `rate` requests a second, `burst` at once.

    Environment: OVP_API_RATE (default 100; 0 switches the limit off), OVP_API_BURST (default 400).
    """

    def __init__(self, rate: float | None = None, burst: float | None = None) -> None:
        self.rate = float(os.environ.get("OVP_API_RATE", "100")) if rate is None else rate
        self.burst = float(os.environ.get("OVP_API_BURST", "400")) if burst is None else burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, cost: float = 1.0) -> None:
        """Count one request. Raises ApiError 429 with Retry-After when the client is too fast."""
        if self.rate <= 0:
            return
        now = time.monotonic()
        tokens, then = self._buckets.pop(client, (self.burst, now))
        tokens = min(self.burst, tokens + (now - then) * self.rate)
        if tokens < cost:
            self._buckets[client] = (tokens, now)
            wait = max(1, round((cost - tokens) / self.rate + 0.5))
            raise ApiError(
                429,
                "too_many_requests",
                f"Too many requests from this address. Wait {wait} seconds; tables can be downloaded whole.",
                {"retry-after": str(wait)},
            )
        self._buckets[client] = (tokens - cost, now)
        while len(self._buckets) > CLIENTS_REMEMBERED:
            self._buckets.popitem(last=False)
