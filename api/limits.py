"""A limit on work: answers that must be made first, so that one client cannot take the server from the rest.

Answers that are kept cost next to nothing and are limited, like everything served, by `asgi_guard`.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict

from api.errors import ApiError

LONGEST_QUERY = 2_000
CLIENTS_REMEMBERED = 10_000


class WorkLimit:
    """A token bucket for each client address: `rate` answers made a second, `burst` at once.

    Environment: OVP_API_WORK_RATE (default 20; 0 switches the limit off), OVP_API_WORK_BURST (300).
    """

    def __init__(self, rate: float | None = None, burst: float | None = None) -> None:
        self.rate = float(os.environ.get("OVP_API_WORK_RATE", "20")) if rate is None else rate
        self.burst = float(os.environ.get("OVP_API_WORK_BURST", "300")) if burst is None else burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one answer to be made. Raises ApiError 429 with Retry-After when the client is too fast."""
        if self.rate <= 0:
            return
        now = time.monotonic()
        tokens, then = self._buckets.pop(client, (self.burst, now))
        tokens = min(self.burst, tokens + (now - then) * self.rate)
        if tokens < 1:
            self._buckets[client] = (tokens, now)
            wait = max(1, round((1 - tokens) / self.rate + 0.5))
            raise ApiError(
                429,
                "too_many_requests",
                f"Too many different requests from this address. Wait {wait} s, or download whole tables.",
                {"retry-after": str(wait)},
            )
        self._buckets[client] = (tokens - 1, now)
        while len(self._buckets) > CLIENTS_REMEMBERED:
            self._buckets.popitem(last=False)
