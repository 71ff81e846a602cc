"""What the guard allows, from the environment of the process. Every setting has a safe default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class GuardSettings:
    """Limits of one process.

    hosts                 names the app answers to (OVP_HOSTS, comma separated; `*.example.org` for subdomains)
    staff                 true in the staff process (OVP_STAFF=1): only there may files be uploaded
    https                 true behind TLS (OVP_HTTPS=1): browsers are told to stay on it
    proxies               addresses whose X-Forwarded-For is believed (OVP_PROXIES)
    sockets, per_address  open websockets in all, and from one address
    messages_per_second   what one websocket may send, after a burst
    requests_per_second   what one address may ask for over HTTP, after a burst
    metrics_port          port of this machine with figures for the operator (OVP_METRICS_PORT; 0: none)
    access_log            one line a request, without personal data (OVP_ACCESS_LOG=1)
    """

    hosts: tuple[str, ...] = LOCAL_HOSTS
    staff: bool = False
    https: bool = False
    proxies: tuple[str, ...] = ()
    sockets: int = 400
    sockets_per_address: int = 250
    messages_per_second: float = 10.0
    message_burst: int = 60
    largest_message: int = 256 * 1024
    requests_per_second: float = 200.0
    request_burst: int = 1500
    longest_query: int = 4096
    metrics_port: int = 0
    access_log: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> GuardSettings:
        """Read OVP_HOSTS, OVP_STAFF, OVP_HTTPS, OVP_PROXIES, OVP_SOCKETS, OVP_SOCKETS_PER_ADDRESS,
        OVP_REQUESTS_PER_SECOND, OVP_REQUEST_BURST,
        OVP_METRICS_PORT, OVP_ACCESS_LOG. Raises ValueError for a number that is none."""
        given = os.environ if environment is None else environment
        return cls(
            hosts=(*LOCAL_HOSTS, *_names(given.get("OVP_HOSTS", ""))),
            staff=given.get("OVP_STAFF") == "1",
            https=given.get("OVP_HTTPS") == "1",
            proxies=_names(given.get("OVP_PROXIES", "")),
            sockets=int(given.get("OVP_SOCKETS", cls.sockets)),
            sockets_per_address=int(given.get("OVP_SOCKETS_PER_ADDRESS", cls.sockets_per_address)),
            requests_per_second=float(given.get("OVP_REQUESTS_PER_SECOND", cls.requests_per_second)),
            request_burst=int(given.get("OVP_REQUEST_BURST", cls.request_burst)),
            metrics_port=int(given.get("OVP_METRICS_PORT", cls.metrics_port)),
            access_log=given.get("OVP_ACCESS_LOG") == "1",
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())
