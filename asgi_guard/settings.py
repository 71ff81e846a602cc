"""What the guard allows, from the environment of the process. Every setting has a safe default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

SITE = re.compile(r"(https://(\*\.)?[a-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:\d{1,5})?")
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
    embed_from            sites that may show public pages in a frame (OVP_EMBED_FROM, comma separated, such as
                          https://www.example.org); never the staff process
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
    embed_from: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> GuardSettings:
        """Read OVP_HOSTS, OVP_STAFF, OVP_HTTPS, OVP_PROXIES, OVP_SOCKETS, OVP_SOCKETS_PER_ADDRESS,
        OVP_REQUESTS_PER_SECOND, OVP_REQUEST_BURST,
        OVP_METRICS_PORT, OVP_ACCESS_LOG, OVP_EMBED_FROM. Raises ValueError for a number that is none and for
        an address that is no site."""
        given = os.environ if environment is None else environment
        return cls(
            hosts=(*LOCAL_HOSTS, *_names(given.get("OVP_HOSTS", ""))),
            staff=given.get("OVP_STAFF") == "1",
            https=given.get("OVP_HTTPS") == "1",
            proxies=_names(given.get("OVP_PROXIES", "")),
            sockets=_number(given, "OVP_SOCKETS", cls.sockets),
            sockets_per_address=_number(given, "OVP_SOCKETS_PER_ADDRESS", cls.sockets_per_address),
            requests_per_second=_number(given, "OVP_REQUESTS_PER_SECOND", cls.requests_per_second),
            request_burst=_number(given, "OVP_REQUEST_BURST", cls.request_burst),
            metrics_port=_number(given, "OVP_METRICS_PORT", cls.metrics_port),
            access_log=given.get("OVP_ACCESS_LOG") == "1",
            embed_from=_sites(given.get("OVP_EMBED_FROM", "")),
        )


Number = TypeVar("Number", int, float)


def _number(given: Mapping[str, str], name: str, default: Number) -> Number:
    try:
        return type(default)(given.get(name, default))
    except ValueError:
        raise ValueError(f"{name}: {given[name][:80]!r} is no number. Correct the setting.") from None


def _sites(text: str) -> tuple[str, ...]:
    """Origins for `frame-ancestors`. Anything but scheme, host and port could change the policy's other rules."""
    names = _names(text)
    for name in names:
        if not SITE.fullmatch(name):
            raise ValueError(
                f"OVP_EMBED_FROM: {name[:80]!r} is no site. Write it as https://www.example.org, without a path."
            )
    return names


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())
