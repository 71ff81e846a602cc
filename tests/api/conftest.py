"""A server with two planted releases, and a count of the bytes it sends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.door import ApiDoor
from api.limits import WorkLimit
from api.routes import Interface
from tests.fixture.release import CITY, monthly_counts, publish

OLD, NEW = "2026.2.0", "2026.3.0"
TABLES = f"/api/v1/releases/{NEW}/tables"


@dataclass
class Meter:
    """ASGI application that notes each request's method, path, range, status and bytes sent."""

    app: ASGIApp
    seen: list[dict[str, object]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        entry: dict[str, object] = {
            "method": scope["method"], "path": scope["path"], "range": headers.get("range", ""), "bytes": 0,
        }  # fmt: skip

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            else:
                entry["bytes"] = int(str(entry["bytes"])) + len(message.get("body", b""))
            await send(message)

        self.seen.append(entry)
        await self.app(scope, receive, counted)

    @property
    def bytes_sent(self) -> int:
        return sum(int(str(entry["bytes"])) for entry in self.seen)


@dataclass
class Served:
    url: str
    meter: Meter
    home: Path

    def get(self, path: str, **settings: object) -> httpx.Response:
        return httpx.get(self.url + path, **{"timeout": 60, **settings})  # type: ignore[arg-type]


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"not the interface"})


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    counts = monthly_counts()
    older = counts.copy()
    older.loc[older.index[5], "count"] += 1
    publish(home, OLD, counts=older, current=False)
    publish(home, NEW, counts=counts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(home))
        meter = Meter(ApiDoor(nothing_here, Interface(WorkLimit(0))))
        yield from serve(meter, home)


def serve(meter: Meter, home: Path) -> Iterator[Served]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(meter, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", meter, home)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def meter(served: Served) -> Meter:
    served.meter.seen.clear()
    return served.meter


__all__ = ["CITY", "NEW", "OLD", "TABLES"]
