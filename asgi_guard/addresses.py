"""Who is asking: host names the app answers to, and the address of the client behind a proxy."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi_guard.answers import answer, wrong_host
from asgi_guard.settings import GuardSettings


class HostAllowList:
    """Answers only to its own names: a foreign Host header is how cached pages and links get poisoned."""

    def __init__(self, app: ASGIApp, settings: GuardSettings) -> None:
        self.app = app
        self.hosts = settings.hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            given = Headers(scope=scope).getlist("host")
            if len(given) != 1 or not is_allowed(given[0], self.hosts):
                await answer(scope, receive, send, wrong_host())
                return
        await self.app(scope, receive, send)


def is_allowed(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether a Host header names one of `hosts` (`*.example.org` stands for its subdomains)."""
    name, colon, port = host.strip().lower().rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host.strip().lower(), ""
    if port and not port.isdigit():
        return False
    name = name.rstrip(".")
    return any(
        name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:])) for allowed in hosts
    )


def client_address(scope: Scope, proxies: tuple[str, ...]) -> str:
    """The address of the client: the last one in X-Forwarded-For that a trusted proxy added."""
    direct = (scope.get("client") or ("unknown", 0))[0]
    if direct not in proxies:
        return direct
    chain = [part.strip() for part in Headers(scope=scope).get("x-forwarded-for", "").split(",")]
    for address in reversed([part for part in chain if part]):
        if address not in proxies:
            return address
    return direct
