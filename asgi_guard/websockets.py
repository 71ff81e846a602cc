"""Reads each message a browser sends before Streamlit does.

Streamlit takes some messages from anyone that only a developer should send: clearing the caches wipes those of
all users. The public process lets through what clicking on a page sends, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from asgi_guard.addresses import client_address
from asgi_guard.limits import OpenSockets, TokenBucket
from asgi_guard.settings import GuardSettings

LOG = logging.getLogger("ovp.guard")

FROM_ANYONE = frozenset({"rerun_script", "stop_script", "app_heartbeat", "backend_operation_request"})
FROM_STAFF = FROM_ANYONE | {"file_urls_request"}
OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})

POLICY, TOO_BIG, UNSUPPORTED, TRY_LATER = 1008, 1009, 1003, 1013


def verdict(data: bytes, staff: bool, largest: int) -> int | None:
    """The close code for a message that may not pass, None for one that may."""
    if len(data) > largest:
        return TOO_BIG
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return UNSUPPORTED
    kind = message.WhichOneof("type")
    if kind not in (FROM_STAFF if staff else FROM_ANYONE):
        return POLICY
    if kind == "backend_operation_request":
        operations = {field.name for field, _ in message.backend_operation_request.ListFields()}
        if operations - OPERATIONS - {"request_id", "session_id"}:
            return POLICY
    return None


class WebSocketGuard:
    """Counts sockets, slows down a socket that sends too fast, closes one that sends what it may not."""

    def __init__(self, app: ASGIApp, settings: GuardSettings, sockets: OpenSockets) -> None:
        self.app = app
        self.settings = settings
        self.sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        address = client_address(scope, self.settings.proxies)
        if (
            self.sockets.total >= self.settings.sockets
            or self.sockets.by_address[address] >= self.settings.sockets_per_address
        ):
            LOG.warning("websocket refused: no room")
            await send({"type": "websocket.close", "code": TRY_LATER})
            return
        self.sockets.enter(address)
        try:
            await self._guarded(scope, receive, send)
        finally:
            self.sockets.leave(address)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        bucket = TokenBucket(self.settings.messages_per_second, self.settings.message_burst)
        closed = False

        async def checked_receive() -> Message:
            nonlocal closed
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            wait = bucket.wait()
            if wait:
                await asyncio.sleep(wait)  # the sender's own connection fills up; nobody else waits
            data = message.get("bytes")
            code = UNSUPPORTED
            if data is not None:
                code = verdict(data, self.settings.staff, self.settings.largest_message) or 0
            if not code:
                return message
            LOG.warning("websocket closed: message not allowed (code %d)", code)
            await send({"type": "websocket.close", "code": code})
            closed = True
            return {"type": "websocket.disconnect", "code": code}

        async def open_send(message: Message) -> None:
            if not closed:
                await send(message)

        await self.app(scope, checked_receive, open_send)
